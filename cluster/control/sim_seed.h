/* sim_seed: what one seed of `rehome sim` is played with, the playing, and the line that plays it
 * again. */
#ifndef CLUSTER_CONTROL_SIM_SEED_H
#define CLUSTER_CONTROL_SIM_SEED_H

#include "cluster/control/scenario.h"
#include "cluster/sim/sim_swarm.h"

#define SIM_SEED_LINE_LEN 256
#define SIM_SEED_LIMIT_S  600 /* for one seed */

/* All borrowed. */
struct sim_seed {
    const char *profile;             /* NULL: the seed draws */
    const char *kinds_text;          /* NULL: all */
    const char *report;              /* NULL: no run is kept */
    const struct scenario *scenario; /* NULL: the swarm */
    const char *scenario_word;       /* by which it was asked for */
    const struct scenario_trigger *trigger;
    const char *topology;
    const char *plant; /* NULL: no bug is planted */
    uint32_t kinds, faults_max;
    uint32_t only;    /* of the faults that are left: 1 << (number - 1) */
    uint32_t traffic; /* percent */
    bool alone;       /* no other seed is played: `report` is its folder, and it may speak */
    bool quiet;
};

/* The case of the swarm. */
void sim_seed_case(const struct sim_seed *s, uint64_t seed, struct sim_case *ret_case);
/* In a process of its own, which it ends if a run cannot be played or kept. */
void sim_seed_play(const struct sim_seed *s, uint64_t seed, struct sim_outcome *ret_outcome);
/* "rehome sim --seeds 42 --faults crash" */
void sim_seed_line(const struct sim_seed *s, uint64_t seed, char ret[SIM_SEED_LINE_LEN]);

#endif
