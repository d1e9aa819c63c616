/* windows: the times in which a PG pair had no active side, from the events alone. */
#ifndef CLUSTER_CHECK_WINDOWS_H
#define CLUSTER_CHECK_WINDOWS_H

#include "cluster/check/history.h"

/* Fill h->windows, pair after pair, each in order of time. The outages are known already. */
void windows_find(struct history *h);
/* Whether both sides of a pair acted at some time in from..until: one had been granted, and the
 * other one, which was awake and had not heard of it, not let go yet. */
bool windows_both(const struct history *h, uint32_t pair, int64_t from, int64_t until);

#endif
