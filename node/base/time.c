#include "node/base/time.h"

#include "node/base/err.h"

#define COUNTER_BITS 16

struct hlc hlc_tick(struct hlc *clock, int64_t wall_ms)
{
    ASSERT(wall_ms >= 0);
    uint64_t wall = (uint64_t)wall_ms << COUNTER_BITS;
    clock->v = wall > clock->v ? wall : clock->v + 1;
    return *clock;
}

struct hlc hlc_merge(struct hlc *clock, struct hlc seen, int64_t wall_ms)
{
    ASSERT(wall_ms >= 0);
    uint64_t bound = (uint64_t)(wall_ms + HLC_AHEAD_MS) << COUNTER_BITS;
    if (seen.v > clock->v && seen.v < bound) {
        clock->v = seen.v;
    }
    return hlc_tick(clock, wall_ms);
}
