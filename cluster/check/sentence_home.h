/* sentence_home: sentences about phones and gateways: who moves when a CallManager dies, and that
 * nobody does when it lives. */
#ifndef CLUSTER_CHECK_SENTENCE_HOME_H
#define CLUSTER_CHECK_SENTENCE_HOME_H

#include "cluster/check/check.h"

check_judge sentence_home_phones;
check_judge sentence_home_gateways;
check_judge sentence_home_none_lost;
check_judge sentence_home_publisher;
check_judge sentence_home_unmoved;

#endif
