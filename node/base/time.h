/* time: instants and durations that cannot be confused, in microseconds; and the hybrid logical
 * clock.
 *
 * An instant is of the monotonic clock of its machine (in the simulation: virtual). Nothing below
 * floor 5 reads a clock: the driver says what time it is with everything that it delivers. */
#ifndef NODE_BASE_TIME_H
#define NODE_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct instant {
    int64_t us;
};

struct duration {
    int64_t us;
};

#define INSTANT_NEVER ((struct instant){.us = INT64_MAX})

static inline struct duration duration_ms(int64_t ms)
{
    return (struct duration){.us = ms * 1000};
}

static inline int64_t duration_to_ms(struct duration d)
{
    return d.us / 1000;
}

/* `i` moved by `d`; NEVER stays NEVER. */
static inline struct instant instant_add(struct instant i, struct duration d)
{
    if (i.us == INT64_MAX) {
        return i;
    }
    return (struct instant){.us = i.us + d.us};
}

static inline struct duration instant_since(struct instant later, struct instant earlier)
{
    return (struct duration){.us = later.us - earlier.us};
}

static inline bool instant_reached(struct instant now, struct instant deadline)
{
    return deadline.us <= now.us;
}

static inline struct instant instant_min(struct instant a, struct instant b)
{
    return a.us < b.us ? a : b;
}

/* Hybrid logical clock (Kulkarni et al. 2014): 48 bits of wall milliseconds, 16 bits of counter.
 * Never goes back, and what was caused by a message is later than the message. */
struct hlc {
    uint64_t v;
};

/* Advance for a local event or a send at wall time `wall_ms`. */
struct hlc hlc_tick(struct hlc *clock, int64_t wall_ms);
/* Advance for the receipt of `seen`; a peer's clock more than HLC_AHEAD_MS ahead is not followed.
 */
struct hlc hlc_merge(struct hlc *clock, struct hlc seen, int64_t wall_ms);
#define HLC_AHEAD_MS 60000

#endif
