/* sentence_agents: sentences about agents: who is logged out, who works again, who never noticed.
 */
#ifndef CLUSTER_CHECK_SENTENCE_AGENTS_H
#define CLUSTER_CHECK_SENTENCE_AGENTS_H

#include "cluster/check/check.h"

/* Those whose phones the dead CallManager served are logged out. */
check_judge sentence_agents_out;
check_judge sentence_agents_back;
/* Those of other CallManagers are not. */
check_judge sentence_agents_others;
/* Nobody is, because no phone went out of service. */
check_judge sentence_agents_none_out;
/* Each is what a PG switch leaves in place: available stays available, not ready
 * stays not ready, and after a call or wrap-up that was cut the agent is what it was before. */
check_judge sentence_agents_states;

#endif
