/* topology_scale: a topology with more or fewer phones, agents and calls than its file says. */
#ifndef NODE_RUNTIME_TOPOLOGY_SCALE_H
#define NODE_RUNTIME_TOPOLOGY_SCALE_H

#include "node/runtime/topology_file.h"
#include "node/runtime/topology_raw.h"

/* Apply `change`. Ranges keep their proportions; ranges that would run into the next one push it
 * up, and the agents on it with it. ERR_INVALID: it cannot be done, said on `complaints`. */
MUST_CHECK enum err topology_scale_apply(struct raw_topology *raw,
                                         const struct topology_change *change, FILE *complaints);

#endif
