/* target: whom `kill` and `start` mean: the name of a process, or a role that somebody plays now.
 */
#ifndef CLUSTER_CONTROL_TARGET_H
#define CLUSTER_CONTROL_TARGET_H

#include "cluster/control/survey.h"
#include "node/base/nearest.h"

/* A process by name or role: leader, follower, publisher, pg:active, pg:standby,
 * pg:ctimanager (the node whose CTI Manager serves the active PG side), phones:callmanager (the
 * node that serves the most phones), any:subscriber.
 * OUTCOME_USAGE with the nearest name; OUTCOME_UNREACHABLE if nobody plays that role now. */
MUST_CHECK int target_find(const char *word, const struct topology *t, const struct scene *s,
                           struct proc_id *ret);
/* The process or role that a word is (distance 0), or is nearest to. */
struct nearest target_nearest(const char *word, const struct topology *t);
/* Whether a word is a process or a role at all; else it is said, with the nearest name. */
MUST_CHECK int target_known(const char *word, const struct topology *t);

#endif
