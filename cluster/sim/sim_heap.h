/* sim_heap: everything that is going to happen, in the order of its time; what has one time happens
 * in the order in which it was pushed.
 *
 * An item is a call to be made later. Nothing is ever taken out of the middle: whoever changes its
 * mind finds out when its item comes (by a generation or a time of its own) and lets it pass. */
#ifndef CLUSTER_SIM_SIM_HEAP_H
#define CLUSTER_SIM_SIM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void sim_call(void *self, void *data, uint64_t number);

struct sim_item {
    int64_t at_us; /* true time */
    uint64_t seq;
    sim_call *call;
    void *self, *data;
    uint64_t number;
};

struct sim_heap {
    struct sim_item *items;
    size_t n, cap;
    uint64_t seq;
    int64_t now_us; /* the time of the item that was popped last */
};

void sim_heap_init(struct sim_heap *h);
/* What `data` points to is not freed: its owners do that. */
void sim_heap_deinit(struct sim_heap *h);
/* at_us  not before now_us */
void sim_heap_push(struct sim_heap *h, int64_t at_us, sim_call *call, void *self, void *data,
                   uint64_t number);
/* Pop the first item and make its call, unless it lies after `until_us`; then the time is that.
 * false: nothing was left to do. */
bool sim_heap_run(struct sim_heap *h, int64_t until_us);

#endif
