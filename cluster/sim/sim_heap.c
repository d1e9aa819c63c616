#include "cluster/sim/sim_heap.h"

#include "node/base/err.h"

#include <stdlib.h>

#define FIRST_CAP 1024
#define WAYS      4 /* children of an item: shallower than two, and in one or two cache lines */

void sim_heap_init(struct sim_heap *h)
{
    *h = (struct sim_heap){.cap = FIRST_CAP};
    h->items = malloc(h->cap * sizeof h->items[0]);
    ASSERT(h->items != NULL);
}

void sim_heap_deinit(struct sim_heap *h)
{
    free(h->items);
    *h = (struct sim_heap){0};
}

static bool before(const struct sim_item *a, const struct sim_item *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq < b->seq;
}

void sim_heap_push(struct sim_heap *h, int64_t at_us, sim_call *call, void *self, void *data,
                   uint64_t number)
{
    ASSERT(at_us >= h->now_us);
    if (h->n == h->cap) {
        h->cap *= 2;
        h->items = realloc(h->items, h->cap * sizeof h->items[0]);
        ASSERT(h->items != NULL);
    }
    struct sim_item item = {at_us, h->seq++, call, self, data, number};
    size_t at = h->n++;
    while (at > 0 && before(&item, &h->items[(at - 1) / WAYS])) {
        h->items[at] = h->items[(at - 1) / WAYS];
        at = (at - 1) / WAYS;
    }
    h->items[at] = item;
}

/* The last item goes where the first one was, and down from there. */
static void sift(struct sim_heap *h)
{
    struct sim_item item = h->items[--h->n];
    size_t at = 0;
    for (;;) {
        size_t child = at * WAYS + 1;
        size_t end = child + WAYS < h->n ? child + WAYS : h->n;
        size_t least = child;
        for (size_t i = child + 1; i < end; i++) {
            least = before(&h->items[i], &h->items[least]) ? i : least;
        }
        if (child >= h->n || before(&item, &h->items[least])) {
            break;
        }
        h->items[at] = h->items[least];
        at = least;
    }
    h->items[at] = item;
}

bool sim_heap_run(struct sim_heap *h, int64_t until_us)
{
    if (h->n == 0 || h->items[0].at_us > until_us) {
        h->now_us = until_us > h->now_us ? until_us : h->now_us;
        return false;
    }
    struct sim_item item = h->items[0];
    sift(h);
    ASSERT(item.at_us >= h->now_us);
    h->now_us = item.at_us;
    item.call(item.self, item.data, item.number);
    return true;
}
