/* sides: who is on which side of a partition: "a,b / c,d". */
#ifndef CLUSTER_CONTROL_SIDES_H
#define CLUSTER_CONTROL_SIDES_H

#include "cluster/control/survey.h"

/* Whoever is on no other side. */
#define SIDES_REST "rest"

/* Read processes and roles as target_find knows them; one of the sides may be SIDES_REST. Sides are
 * sets, 1 << proc.v. Says what is wrong: OUTCOME_USAGE, or OUTCOME_UNREACHABLE if nobody plays a
 * role now. */
MUST_CHECK int sides_find(const char *text, const struct topology *t, const struct scene *s,
                          uint64_t *ret_from, uint64_t *ret_to);
/* What is wrong with sides. */
struct sides_wrong {
    char why[256];
    const char *near; /* the process or role that is nearest to what there is not; NULL: none */
};

/* Whether there are two sides, of words that are known, and none is on both of them; so much can be
 * said without a cluster that answers. */
bool sides_look(const char *text, const struct topology *t, struct sides_wrong *ret);
/* The same; what is wrong is said, OUTCOME_USAGE. */
MUST_CHECK int sides_known(const char *text, const struct topology *t);

#endif
