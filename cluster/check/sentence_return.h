/* sentence_return: sentences about the return of what failed: who goes home, and that all nodes
 * hold the same. */
#ifndef CLUSTER_CHECK_SENTENCE_RETURN_H
#define CLUSTER_CHECK_SENTENCE_RETURN_H

#include "cluster/check/check.h"

check_judge sentence_return_idle;
check_judge sentence_return_busy;
check_judge sentence_return_gateways;
check_judge sentence_return_hash;

#endif
