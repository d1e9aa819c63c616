/* sentence_gone: sentences about the time in which no side of the central controller lives. */
#ifndef CLUSTER_CHECK_SENTENCE_GONE_H
#define CLUSTER_CHECK_SENTENCE_GONE_H

#include "cluster/check/check.h"

/* Calls are offered to the PG meanwhile, and none is routed. */
check_judge sentence_gone_none_routed;
/* A caller is turned away only when the time for an answer is up. */
check_judge sentence_gone_wait;
/* What was written meanwhile is stored afterwards. */
check_judge sentence_gone_outbox;
/* All sides are back, one of them orders, and each logger has asked the other one. */
check_judge sentence_gone_pair;
/* Who waited when a controller served again is answered in time. */
check_judge sentence_gone_routed;

#endif
