/* member_lead: the leader's half of a member: takes batches and answers them, grants leases, finds
 * dead nodes, confirms reads. For member.c only. */
#ifndef CLUSTER_REPLICA_MEMBER_LEAD_H
#define CLUSTER_REPLICA_MEMBER_LEAD_H

#include "cluster/replica/member.h"

/* A batch came from a node, ourselves included. */
void member_lead_propose(struct member *m, struct proc_id from, const struct msg *msg);
/* A batch was applied here: answer its origin, if we lead. */
void member_lead_applied(struct member *m, const struct msg_proposed *proposed);
void member_lead_renew(struct member *m, struct instant now, struct proc_id from,
                       const struct msg_lease_renew *renew);
/* A node, ourselves included, asks which index is linearizable. */
void member_lead_read(struct member *m, struct proc_id from, uint64_t seq);
void member_lead_confirmed(struct member *m, bool ok, uint64_t index);

/* This node began or ceased to serve. */
void member_lead_begin(struct member *m, struct instant now);
void member_lead_end(struct member *m);
/* Batches that did not fit try again. */
void member_lead_poll(struct member *m);
/* Take silent nodes for dead. */
void member_lead_tick(struct member *m, struct instant now);
/* What came of our NODE_DOWN. */
void member_lead_down_done(struct member *m, struct proc_id node);
/* Until when a leader may trust itself: a majority of voters followed it. */
struct instant member_lead_lease(const struct member *m, struct instant now);

#endif
