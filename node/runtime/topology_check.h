/* topology_check: complains about a topology file that can be read and makes no sense. */
#ifndef NODE_RUNTIME_TOPOLOGY_CHECK_H
#define NODE_RUNTIME_TOPOLOGY_CHECK_H

#include "node/runtime/topology_raw.h"

/* Every complaint goes to the file's stream, with the place of the value that it is about. */
void topology_check_all(struct yaml_file *f, const struct raw_topology *raw);

#endif
