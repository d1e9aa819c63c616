/* windows: the times in which a PG pair had no active side, from the events alone. */
#ifndef CLUSTER_CHECK_WINDOWS_H
#define CLUSTER_CHECK_WINDOWS_H

#include "cluster/check/history.h"

/* Fill h->windows and h->both, pair after pair, each in order of time. The outages are known
 * already. */
void windows_find(struct history *h);

#endif
