#include "node/role/icm/outbox.h"

#include <string.h>

void outbox_init(struct outbox *o)
{
    memset(o, 0, sizeof *o);
}

static struct outbox_side *side_of(struct outbox *o, struct proc_id peer)
{
    ASSERT(peer.v >= 1);
    ASSERT(peer.v <= PROCS_MAX);
    return &o->sides[peer.v - 1];
}

void outbox_add(struct outbox *o, struct proc_id peer, uint64_t ticket, uint64_t outbox)
{
    struct outbox_side *s = side_of(o, peer);
    struct outbox_entry entry = {.ticket = ticket, .outbox = outbox};
    if (s->n == OUTBOX_WAITING_MAX) {
        s->waiting[(s->first + s->n - 1) % OUTBOX_WAITING_MAX] = entry;
        return;
    }
    s->waiting[(s->first + s->n) % OUTBOX_WAITING_MAX] = entry;
    s->n++;
}

uint64_t outbox_stored(struct outbox *o, struct proc_id peer, uint64_t ticket)
{
    struct outbox_side *s = side_of(o, peer);
    uint64_t highest = 0;
    while (s->n > 0 && s->waiting[s->first].ticket <= ticket) {
        highest = s->waiting[s->first].outbox;
        s->first = (s->first + 1) % OUTBOX_WAITING_MAX;
        s->n--;
    }
    return highest;
}
