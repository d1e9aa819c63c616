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
/* Sum up the moves of those that were idle, how many and how fast; once. A heal does it, too. */
void unfold_sum(struct unfold *u);
/* Read what is new, then sum up. */
void unfold_end(struct unfold *u);

#endif
