/* judges: the checkers of the invariants of docs/design (section 9); their list is check.c. */
#ifndef CLUSTER_CHECK_JUDGES_H
#define CLUSTER_CHECK_JUDGES_H

#include "cluster/check/check.h"

/* An acknowledged registration is in every later state of the registry until it is replaced. */
check_judge check_reg_1;
/* Nothing under an older epoch after the newer one's commit; no new work without a lease. */
check_judge check_reg_2;
/* Registrations and linearizable lookups have an order that explains every answer. */
check_judge check_reg_3;
/* The same index, the same hash. */
check_judge check_reg_4;

/* After a fault every idle device is at the first living member of its group within the bound. */
check_judge check_home_1;
/* A device of a healthy CallManager stays, or goes to an earlier member of its group. */
check_judge check_home_2;

/* The media of an established call has no gap of more than 500 ms. */
check_judge check_call_1;
/* The longest pause of a leg's media, in us; 0 if it is long and came after the other party had
 * hung up. */
int64_t check_call_pause(const struct history *h, const struct history_leg *leg);
/* So long it may be, in us: ten intervals of the media; in lab and in srnd half a second. */
int64_t check_call_pause_max(const struct history *h);
/* A preserved call refuses everything but hang-up. */
check_judge check_call_2;

/* Each CTI event once and in order; no gap that is passed over. */
check_judge check_cti_1;
/* A provider only at one's own CTI Manager. */
check_judge check_cti_2;

/* One active side an epoch. */
check_judge check_pg_1;
/* The active side changes only because it failed. */
check_judge check_pg_2;

/* The ledger is clean. */
check_judge check_tcd_1;
/* A row stays as it was stored. */
check_judge check_tcd_2;
/* The loggers of both controller sides hold the same rows, once they have met. */
check_judge check_tcd_3;

/* No call for an agent whose phone is out of service; no 50003 without cause. */
check_judge check_agent_1;
/* One leader a term, and only the leader serves. */
check_judge check_raft_1;
/* A node's term never goes back, not even over a restart; what it has applied not before one. */
check_judge check_raft_2;
/* A new leader serves only with everything that anybody applied before. */
check_judge check_raft_3;
/* Healthy again within the bound. */
check_judge check_live_1;

#endif
