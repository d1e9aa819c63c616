/* topology_text: a topology that was made in code as the text of a topology file. */
#ifndef CLUSTER_CONTROL_TOPOLOGY_TEXT_H
#define CLUSTER_CONTROL_TOPOLOGY_TEXT_H

#include "node/base/topology.h"

#include <stdio.h>

/* Read again it is the same topology, but for its hash, which is that of the text. */
void topology_text_write(FILE *f, const struct topology *t);

#endif
