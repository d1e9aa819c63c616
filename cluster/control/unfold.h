/* unfold: tells a failure as it unfolds, from the events that the processes write: who noticed, who
 * leads, who took over, who moved. */
#ifndef CLUSTER_CONTROL_UNFOLD_H
#define CLUSTER_CONTROL_UNFOLD_H

#include "cluster/control/home.h"

struct unfold;

/* Tell on stderr what happens from `t0_us` on (quiet: only count). */
struct unfold *unfold_new(const struct cluster *c, int64_t t0_us, bool quiet);
void unfold_free(struct unfold **u);
/* Read what is new. */
void unfold_step(struct unfold *u);
/* The summary of the moves: how many, and how fast. */
void unfold_end(struct unfold *u);

#endif
