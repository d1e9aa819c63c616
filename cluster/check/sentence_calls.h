/* sentence_calls: sentences about calls in progress, their media and features, and their records.
 */
#ifndef CLUSTER_CHECK_SENTENCE_CALLS_H
#define CLUSTER_CHECK_SENTENCE_CALLS_H

#include "cluster/check/check.h"

/* When the CallManager of their phones died. */
check_judge sentence_calls_stay;
check_judge sentence_calls_media;
check_judge sentence_calls_features;
check_judge sentence_calls_after_hangup;
check_judge sentence_calls_setup;
/* When it lives, and only CTI or a PG side failed. */
check_judge sentence_calls_go_on;
check_judge sentence_calls_features_stay;
/* Their records. The second one: none, if the PG did not switch. */
check_judge sentence_calls_records;
check_judge sentence_calls_wrapup;
check_judge sentence_calls_data_lost;
check_judge sentence_calls_second;

#endif
