#include "node/role/pg/feed.h"

#include "node/base/plant.h"

void feed_begin(struct feed *f, uint64_t provider)
{
    *f = (struct feed){.provider = provider, .ack_at = INSTANT_NEVER};
}

enum feed_verdict feed_take(struct feed *f, struct instant now, uint64_t provider, uint64_t seq)
{
    if (provider != f->provider || f->provider == 0) {
        return FEED_STRANGE;
    }
    if (seq <= f->applied) {
        f->taken += PLANTED(TWICE) ? 1 : 0;
        return PLANTED(TWICE) ? FEED_APPLY : FEED_REPEATED;
    }
    if (seq != f->applied + 1 && !PLANTED(PASS_OVER)) {
        return FEED_GAP;
    }
    if (f->applied == f->acked) {
        f->ack_at = instant_add(now, duration_ms(FEED_ACK_MS));
    }
    f->applied = seq;
    f->taken++;
    return FEED_APPLY;
}

bool feed_ack_due(const struct feed *f, struct instant now)
{
    return f->applied - f->acked >= FEED_ACK_EVENTS || instant_reached(now, feed_deadline(f));
}

void feed_acked(struct feed *f)
{
    ASSERT(f->acked <= f->applied);
    f->acked = f->applied;
    f->ack_at = INSTANT_NEVER;
}

struct instant feed_deadline(const struct feed *f)
{
    return f->applied != f->acked ? f->ack_at : INSTANT_NEVER;
}
