/* sentence_control: sentences about the times in which neither side of a PG pair can have the
 * control: each has lost its life, its CTI Manager, or the CallManager beside that. */
#ifndef CLUSTER_CHECK_SENTENCE_CONTROL_H
#define CLUSTER_CHECK_SENTENCE_CONTROL_H

#include "cluster/check/check.h"

/* Nobody is active, and nothing is routed. */
check_judge sentence_control_none;
/* It comes back with a PG side, and with a CTI Manager. */
check_judge sentence_control_back;
/* Calls are routed then. */
check_judge sentence_control_routed;

#endif
