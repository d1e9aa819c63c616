/* icm_state: what the routers of both sides have in common, as messages: state transfer to a side
 * that returns, and a sum to compare two sides by. */
#ifndef NODE_ROLE_ICM_ICM_STATE_H
#define NODE_ROLE_ICM_ICM_STATE_H

#include "node/role/icm/icm.h"

typedef void icm_state_give(void *context, const struct msg *msg);

/* Everything as MDS_PAIR, MDS_AGENT and MDS_CALL, then its counters and the sum of all in `end`;
 * the rest of `end` is left alone. */
void icm_state_export(const struct icm *icm, void *context, icm_state_give *give,
                      struct msg_mds_end *end);
/* Nothing is known of PGs, agents and calls. */
void icm_state_clear(struct icm *icm);
/* ERR_INVALID: it makes no sense here; ERR_FULL; then the state is to be cleared and asked for
 * again. */
MUST_CHECK enum err icm_state_import(struct icm *icm, const struct msg *msg);
/* ERR_CORRUPT: what came is not what was sent. */
MUST_CHECK enum err icm_state_import_end(struct icm *icm, const struct msg_mds_end *end);
/* What must not be forgotten, as icm_restore takes it: grants and the range of keys. */
void icm_state_durable(const struct icm *icm, void *context, icm_state_give *give);

#endif
