/* sim_shrink: a seed that fails, with as few of its faults and as little of its traffic as it takes
 * to fail before the same judge. */
#ifndef CLUSTER_CONTROL_SIM_SHRINK_H
#define CLUSTER_CONTROL_SIM_SHRINK_H

#include "cluster/control/sim_seed.h"

/* Play the seed again and again, `jobs` at a time, and say what is left of it. Answers an outcome:
 * NO (it fails), or DONE (it does not, and nothing was shrunk). */
int sim_shrink(const struct sim_seed *ask, uint64_t seed, uint32_t jobs, bool json, bool quiet);

#endif
