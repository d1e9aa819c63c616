/* scenario1_calls: the sentences of scenario 1 about calls and their records; what each promises
 * stands in the table of scenario1.c. */
#ifndef CLUSTER_CHECK_SCENARIO1_CALLS_H
#define CLUSTER_CHECK_SCENARIO1_CALLS_H

#include "cluster/check/check.h"

check_judge scenario1_calls_stay;
check_judge scenario1_calls_media;
check_judge scenario1_calls_features;
check_judge scenario1_calls_after_hangup;
check_judge scenario1_calls_setup;
check_judge scenario1_calls_records;
check_judge scenario1_calls_wrapup;
check_judge scenario1_calls_second;

#endif
