/* break: make a fault and undo it, exactly: the signal or the order, the moment, the note. */
#ifndef CLUSTER_CONTROL_BREAK_H
#define CLUSTER_CONTROL_BREAK_H

#include "cluster/control/break_how.h"
#include "cluster/control/faults.h"
#include "cluster/control/operator.h"
#include "cluster/record/scene.h"

/* false: no such word. */
bool break_how_named(const char *word, enum break_how *ret);

/* Whether it can be done to a service (SERVICE_NONE: to a process), and by the cluster's backend;
 * says so if not. */
MUST_CHECK int break_possible(const struct cluster *c, enum service service, enum break_how how);
/* Whether it is broken so already: down, or hung or unplugged if that is what is wanted; then it is
 * said (OUTCOME_EXISTS). */
MUST_CHECK int break_fresh(const struct cluster *c, const struct scene *s, struct proc_id target,
                           enum service service, enum break_how how);
/* Break a process, or one service of it (SERVICE_NONE: all). `*ret_t0_us` is the moment at which
 * the signal was sent or the order given. Says what is wrong. */
MUST_CHECK int break_make(struct operator_desk *o, const struct cluster *c, struct proc_id target,
                          enum service service, enum break_how how, int64_t *ret_t0_us);
/* Bring it back: plug it in, continue, start the process, start the service; whatever is missing.
 */
MUST_CHECK int break_undo(struct operator_desk *o, const struct cluster *c, struct proc_id target,
                          enum service service);

#endif
