#include "cluster/record/replay_registry.h"

#include <stdlib.h>

static int by_index(const void *a, const void *b)
{
    const struct replay_change *x = a;
    const struct replay_change *y = b;
    if (x->device.v != y->device.v) {
        return x->device.v < y->device.v ? -1 : 1;
    }
    if (x->index != y->index) {
        return x->index < y->index ? -1 : 1;
    }
    if (x->epoch != y->epoch) {
        return x->epoch < y->epoch ? -1 : 1;
    }
    if (x->state != y->state) {
        return x->state < y->state ? -1 : 1;
    }
    return (x->at_us > y->at_us) - (x->at_us < y->at_us);
}

enum err replay_registry_init(struct replay_registry *r, const struct history *h)
{
    size_t n = 0;
    *r = (struct replay_registry){0};
    for (size_t i = 0; i < h->events_n; i++) {
        n += h->events[i].kind == EVENT_OWNER_CHANGED ? 1 : 0;
    }
    r->changes = calloc(n + 1, sizeof r->changes[0]);
    r->changes_of = calloc(h->devices_n + 1, sizeof r->changes_of[0]);
    if (r->changes == NULL || r->changes_of == NULL) {
        return ERR_MEMORY;
    }
    n = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_OWNER_CHANGED && e->device.v >= 1 && e->device.v <= h->devices_n) {
            r->changes[n++] = (struct replay_change){.device = e->device,
                                                     .index = (uint64_t)e->value,
                                                     .epoch = e->epoch,
                                                     .state = (enum device_state)e->value2,
                                                     .node = e->peer,
                                                     .at_us = e->at.us};
        }
    }
    if (n > 1) {
        qsort(r->changes, n, sizeof r->changes[0], by_index);
    }
    for (size_t i = 0; i < n; i++) {
        struct history_span *span = &r->changes_of[r->changes[i].device.v];
        span->first = span->n == 0 ? (uint32_t)i : span->first;
        span->n++;
    }
    return ERR_OK;
}

const struct replay_change *replay_registry_at(const struct replay_registry *r,
                                               struct device_id device, uint64_t index)
{
    const struct history_span *span = &r->changes_of[device.v];
    const struct replay_change *found = NULL;
    for (uint32_t i = 0; i < span->n; i++) {
        const struct replay_change *c = &r->changes[span->first + i];
        if (c->index > index) {
            break;
        }
        if (found == NULL || c->index != found->index || c->epoch != found->epoch ||
            c->state != found->state) {
            found = c;
        }
    }
    return found;
}

void replay_registry_deinit(struct replay_registry *r)
{
    free(r->changes);
    free(r->changes_of);
    *r = (struct replay_registry){0};
}
