/* sentence_registry: sentences about what the nodes agree on, and may write, while some of them are
 * away. */
#ifndef CLUSTER_CHECK_SENTENCE_REGISTRY_H
#define CLUSTER_CHECK_SENTENCE_REGISTRY_H

#include "cluster/check/check.h"

/* While the publisher is away. */
check_judge sentence_registry_leader;
check_judge sentence_registry_registers;
check_judge sentence_registry_config_refused;
check_judge sentence_registry_user_data;
/* While a majority of the nodes is. */
check_judge sentence_registry_no_leader;
check_judge sentence_registry_none_registers;
check_judge sentence_registry_user_data_refused;
check_judge sentence_registry_no_new_call;
/* When there is one again. */
check_judge sentence_registry_again;

#endif
