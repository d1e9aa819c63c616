#include "cluster/sim/sim_clock.h"

/* How much the clock has gained. Never faster than drift_ppm, so time never goes back. */
static int64_t gained(const struct sim_clock *c, int64_t true_us)
{
    int64_t phase = true_us % SIM_CLOCK_PERIOD_US;
    int64_t way = phase < SIM_CLOCK_PERIOD_US / 2 ? phase : SIM_CLOCK_PERIOD_US - phase;
    return way * c->drift_ppm / 1000000;
}

struct instant sim_clock_now(const struct sim_clock *c, int64_t true_us)
{
    return (struct instant){true_us + c->offset_us + gained(c, true_us)};
}

int64_t sim_clock_true(const struct sim_clock *c, struct instant at)
{
    if (at.us == INT64_MAX) {
        return INT64_MAX;
    }
    int64_t guess = at.us - c->offset_us;
    if (c->drift_ppm == 0 || guess <= 0) {
        return guess > 0 ? guess : 0;
    }
    /* The error shrinks by the drift with every round. */
    for (int i = 0; i < 3; i++) {
        guess = at.us - c->offset_us - gained(c, guess > 0 ? guess : 0);
    }
    guess = guess > 2 ? guess - 2 : 0;
    while (sim_clock_now(c, guess).us < at.us) {
        guess++;
    }
    return guess;
}

int64_t sim_clock_wall(const struct sim_clock *c, int64_t true_us)
{
    return SIM_CLOCK_WALL_US + true_us + c->skew_us;
}
