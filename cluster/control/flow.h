/* flow: the traffic that the fleets make: let it run, stop it, see what is left of it. */
#ifndef CLUSTER_CONTROL_FLOW_H
#define CLUSTER_CONTROL_FLOW_H

#include "cluster/control/survey.h"

#define FLOW_RESTERS_MAX 64

/* At the topology's rates, or none at all; calls that are up go on. Says what is wrong. */
MUST_CHECK int flow_set(struct operator_desk *o, const struct cluster *c, bool on);
/* Let those of the last `n` agents of the topology (at most FLOW_RESTERS_MAX) go not ready who were
 * not `told` yet; who is in a call does after it. Who was told now: a bit for each. An agent who is
 * not logged in at the moment was not. */
MUST_CHECK uint64_t flow_rest(struct operator_desk *o, const struct cluster *c, uint32_t n,
                              uint64_t told);
/* Whether no call is up, no agent at work, and every leg and record where it belongs, as of the
 * scene; what is still there stands in `ret_why`. */
MUST_CHECK bool flow_is_over(struct operator_desk *o, const struct cluster *c,
                             const struct scene *s, char ret_why[SCENE_WHY_LEN]);

#endif
