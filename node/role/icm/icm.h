/* icm: the central controller: it routes calls, says which PG side is active, and keeps the
 * records.
 *
 * Route requests and agents' states count only under the epoch of the active side; records count
 * under any (docs/protocol.md, "PG pair", "Agents and records"). */
#ifndef NODE_ROLE_ICM_ICM_H
#define NODE_ROLE_ICM_ICM_H

#include "node/role/icm/grants.h"
#include "node/role/icm/outbox.h"
#include "node/role/icm/router.h"

struct icm {
    const struct topology *topology;
    const struct world *world;
    struct grants grants;
    struct outbox outbox;
    struct router router;
    uint64_t rejected;
};

void icm_init(struct icm *icm, const struct topology *topology, const struct world *world);
/* One message that an earlier life stored: grants and ranges of keys; others are passed over. */
void icm_restore(struct icm *icm, const struct msg *msg);
/* The same of the other side of the controller, which was alone when this one was, too: what it
 * began does not begin again. */
void icm_heard(struct icm *icm, const struct msg *msg);
/* `wall_us` is the wall clock at `now`; RouterCallKeyDay follows from it. */
void icm_start(struct icm *icm, struct instant now, int64_t wall_us);
/* The same for a side of a pair that begins without a partner: nothing is known of the PGs, and the
 * other side may have given keys meanwhile. */
void icm_begin(struct icm *icm, struct instant now, int64_t wall_us, enum side side);
/* A message on CONTROLLER. What makes no sense is counted and traced. */
void icm_message(struct icm *icm, struct instant now, struct proc_id peer, const struct msg *msg);
/* Count and trace what makes no sense. */
void icm_reject(struct icm *icm, struct proc_id peer, enum reason reason, const char *why);
void icm_link_up(struct icm *icm, struct instant now, struct proc_id peer);
void icm_link_down(struct icm *icm, struct instant now, struct proc_id peer);
void icm_stored(struct icm *icm, struct instant now, uint64_t ticket);
struct instant icm_deadline(const struct icm *icm);
void icm_tick(struct icm *icm, struct instant now);
/* All but how many rows the record store has. */
void icm_status(const struct icm *icm, struct msg_op_icm_status *ret_status);

#endif
