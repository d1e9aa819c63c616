/* sentence_rolling: sentences about processes that are started anew one after the other. */
#ifndef CLUSTER_CHECK_SENTENCE_ROLLING_H
#define CLUSTER_CHECK_SENTENCE_ROLLING_H

#include "cluster/check/check.h"

/* Every node, PG side and controller was, and never two at a time. */
check_judge sentence_rolling_all;
/* Calls are routed between any two of them. */
check_judge sentence_rolling_routed;
/* A pair is without an active side for no longer than a switch takes. */
check_judge sentence_rolling_control;

#endif
