#include "node/process/traffic.h"

#include "node/base/err.h"

#define BEHIND_US 1000000 /* what a process slept through is not made up for */

void traffic_init(struct traffic *t, uint64_t seed)
{
    *t = (struct traffic){.rand = {.v = seed}};
    for (int k = 0; k < TRAFFIC_KINDS; k++) {
        t->streams[k].next = INSTANT_NEVER;
    }
}

void traffic_share(struct traffic *t, enum traffic_kind kind, uint32_t share, uint32_t whole)
{
    ASSERT(share <= whole);
    t->streams[kind].share = share;
    t->streams[kind].whole = whole;
}

/* Uniform from 0 to twice the mean: integers only, and no burst that an exponential would have. */
static struct instant draw(struct traffic *t, const struct traffic_stream *s, struct instant from)
{
    if (s->mps == 0 || s->share == 0) {
        return INSTANT_NEVER;
    }
    int64_t mean = (int64_t)(1000000000ULL * s->whole / s->share / s->mps);
    return (struct instant){from.us + rand_between(&t->rand, 1, 2 * mean + 1)};
}

void traffic_set(struct traffic *t, enum traffic_kind kind, struct instant now, uint32_t mps)
{
    struct traffic_stream *s = &t->streams[kind];
    s->mps = mps;
    s->next = draw(t, s, now);
}

struct instant traffic_deadline(const struct traffic *t)
{
    return instant_min(t->streams[TRAFFIC_AGENTS].next, t->streams[TRAFFIC_PHONES].next);
}

bool traffic_due(struct traffic *t, enum traffic_kind kind, struct instant now)
{
    struct traffic_stream *s = &t->streams[kind];
    if (!instant_reached(now, s->next) || s->next.us == INSTANT_NEVER.us) {
        return false;
    }
    bool behind = now.us - s->next.us > BEHIND_US;
    s->next = draw(t, s, behind ? now : s->next);
    return true;
}
