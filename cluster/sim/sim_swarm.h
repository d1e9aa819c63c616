/* sim_swarm: one seed of the swarm: a cluster, its traffic and its faults, all drawn from the seed;
 * first faults, then everything heals and the traffic stops; then the judges.
 *
 *   0 ── warm up ── faults, healing on the way ── all healed, no traffic ── bounds are over ──
 * judged
 */
#ifndef CLUSTER_SIM_SIM_SWARM_H
#define CLUSTER_SIM_SIM_SWARM_H

#include "cluster/check/check.h"
#include "cluster/sim/sim_topology.h"
#include "cluster/sim/sim_world.h"

#define SIM_SWARM_FAULTS_MAX 24
#define SIM_SWARM_ALL        ((1u << SIM_FAULT_KINDS) - 1)
#define SIM_SWARM_EVERY      ((1u << SIM_SWARM_FAULTS_MAX) - 1)

/* Everything that a run needs; drawn from a seed, and then free to be changed. */
struct sim_case {
    uint64_t seed;
    struct sim_topology_size size;
    int64_t warm_us, faults_us, calm_us; /* ends of the three phases */
    uint32_t snapshot_every;             /* entries of the log; 0: as many as usual */
    size_t faults_n;
    struct sim_fault faults[SIM_SWARM_FAULTS_MAX];
};

struct sim_outcome {
    enum verdict verdict;
    size_t results_n;
    struct check_result results[CHECK_RESULTS_MAX];
    uint64_t digest, events, legs, rows;
    uint64_t fired[SIM_FAULT_KINDS];
    uint64_t counts[EVENT_COUNT];
    int64_t virtual_us;
};

/* profile  "lab" or "srnd"; NULL: the seed draws
 * kinds    1 << kind of the faults that may occur */
void sim_swarm_draw(uint64_t seed, const char *profile, uint32_t kinds, struct sim_case *ret_case);
/* Less of a case: of its first `most` faults those whose bit is set in `only`, 1 << (number - 1);
 * and so many percent of its traffic. */
void sim_swarm_keep(struct sim_case *c, uint32_t only, size_t most);
void sim_swarm_traffic(struct sim_case *c, uint32_t percent);
/* What is done with a history while it is there; may be NULL. */
typedef void sim_swarm_look(void *context, const struct history *history);
void sim_swarm_run(const struct sim_case *c, sim_swarm_look *look, void *context,
                   struct sim_outcome *ret_outcome);
/* What a world came to, but for the judges' results. After sim_world_history. */
void sim_swarm_count(const struct sim_world *w, const struct history *h, struct sim_outcome *ret);

#endif
