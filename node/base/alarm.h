/* alarm: one deadline for each of n numbered things, and the earliest of them at once.
 *
 * A binary heap over numbers 0 .. n-1 that knows where each number stands in it, so that a deadline
 * can be moved in O(log n). Equal deadlines come in the order of their numbers. */
#ifndef NODE_BASE_ALARM_H
#define NODE_BASE_ALARM_H

#include "node/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alarm {
    uint32_t n;
    uint32_t armed;     /* how many have a deadline: the heap's length */
    struct instant *at; /* by number; INSTANT_NEVER: none */
    uint32_t *heap;     /* numbers */
    uint32_t *place;    /* by number: where it stands in the heap */
};

/* The memory that `n` things need, to be aligned for int64_t. */
size_t alarm_size(uint32_t n);
/* `memory` has alarm_size(n) bytes and outlives the alarm. Nothing is armed. */
void alarm_init(struct alarm *a, uint32_t n, void *memory);
/* Give `id` a deadline, move it, or (INSTANT_NEVER) take it away. */
void alarm_set(struct alarm *a, uint32_t id, struct instant at);
/* The earliest deadline; INSTANT_NEVER if there is none. */
struct instant alarm_next(const struct alarm *a);
/* Take the earliest that is reached, and disarm it; false: none is. */
bool alarm_due(struct alarm *a, struct instant now, uint32_t *ret_id);

#endif
