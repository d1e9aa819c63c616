/* unfold: tells a failure as it unfolds, from the events that the processes write: who noticed, who
 * leads, who took over, who moved. */
#ifndef CLUSTER_CONTROL_UNFOLD_H
#define CLUSTER_CONTROL_UNFOLD_H

#include "cluster/control/home.h"

struct unfold;

/* Tell on stderr what happens from `t0_us` on (quiet: only count). */
struct unfold *unfold_new(const struct cluster *c, int64_t t0_us, bool quiet);
void unfold_free(struct unfold **u);
/* Read what is new; tell what nothing earlier can precede any more. The moves of those that were
 * idle, how many and how fast, are summed up once: when all are there, at a heal, or when asked. */
void unfold_step(struct unfold *u);
/* Tell all that is known, whatever may still come; `sum`: sum up the moves, too. */
void unfold_tell(struct unfold *u, bool sum);
/* Read what is new, then tell all of it. */
void unfold_end(struct unfold *u);

#endif
