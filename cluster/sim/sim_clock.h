/* sim_clock: what a process takes the time for. True time is the simulation's; a process has a
 * monotonic clock that began somewhere and drifts, and a wall clock that jumps.
 *
 * The drift swings: for half a period the clock is fast, then as much slow, so that it stays near
 * the truth, as a clock under NTP does. */
#ifndef CLUSTER_SIM_SIM_CLOCK_H
#define CLUSTER_SIM_SIM_CLOCK_H

#include "node/base/time.h"

#define SIM_CLOCK_PERIOD_US INT64_C(120000000)
#define SIM_CLOCK_PPM_MAX   2000
/* 2026-01-01T00:00:00Z, the wall at true time 0. */
#define SIM_CLOCK_WALL_US INT64_C(1767225600000000)

struct sim_clock {
    int64_t offset_us; /* of the monotonic clock */
    int64_t drift_ppm; /* 0 .. SIM_CLOCK_PPM_MAX */
    int64_t skew_us;   /* of the wall clock */
};

struct instant sim_clock_now(const struct sim_clock *c, int64_t true_us);
/* The first true time at which the clock shows `at` or more; INT64_MAX for NEVER. */
int64_t sim_clock_true(const struct sim_clock *c, struct instant at);
int64_t sim_clock_wall(const struct sim_clock *c, int64_t true_us);

#endif
