/* sim_topology: clusters made in code: a plain description drawn from a seed, or given, becomes a
 * topology that obeys all rules of a topology file. */
#ifndef CLUSTER_SIM_SIM_TOPOLOGY_H
#define CLUSTER_SIM_SIM_TOPOLOGY_H

#include "node/base/rand.h"
#include "node/base/topology.h"

#include <stdint.h>

#define SIM_TOPOLOGY_NODES_MIN  3
#define SIM_TOPOLOGY_NODES_MAX  7
#define SIM_TOPOLOGY_PHONES_MIN 10
#define SIM_TOPOLOGY_PHONES_MAX 300

struct sim_topology_size {
    char profile[NAME_LEN];
    uint32_t nodes;       /* SIM_TOPOLOGY_NODES_MIN .. _MAX; the first is the publisher */
    uint32_t pairs;       /* of PGs: 1 or 2 */
    uint32_t fleets;      /* 1 or 2 */
    uint32_t groups;      /* 1 .. 3; each prefers other nodes */
    uint32_t phones;      /* SIM_TOPOLOGY_PHONES_MIN .. _MAX */
    uint32_t agents;      /* at most phones / 2 */
    uint32_t gateways;    /* 1 .. 4 */
    uint32_t controllers; /* sides of the central controller: 1 or 2 */
    uint32_t agent_calls_mps, phone_calls_mps;
    uint64_t traffic_seed;
};

/* What a seed of the swarm plays in. */
void sim_topology_draw(struct rand_state *rand, const char *profile,
                       struct sim_topology_size *ret_size);
/* The shape of the delivered default topology with `phones` phones. */
void sim_topology_default(uint32_t phones, const char *profile, struct sim_topology_size *ret_size);
/* Errors   ERR_UNKNOWN  no such profile; *ret_topology is undefined then */
MUST_CHECK enum err sim_topology_make(const struct sim_topology_size *size,
                                      struct topology *ret_topology);

#endif
