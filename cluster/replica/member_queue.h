/* member_queue: the commands and reads of the local roles on their way. For member.c and
 * member_lead.c only. */
#ifndef CLUSTER_REPLICA_MEMBER_QUEUE_H
#define CLUSTER_REPLICA_MEMBER_QUEUE_H

#include "cluster/replica/member.h"

MUST_CHECK enum err member_queue_add(struct member *m, struct instant now,
                                     const struct msg_command *command, uint64_t tag,
                                     bool internal);
/* The answer to the batch on its way, from the leader or from the local registry; others are
 * ignored. */
void member_queue_answer(struct member *m, const struct msg_proposed *proposed);
/* The leader that has the batch is gone, or is none: send it anew at `at`. */
void member_queue_resend(struct member *m, struct instant at);
void member_queue_read_answer(struct member *m, const struct msg_read_index_answer *answer);

/* Hand over what is answered and applied here. */
void member_queue_deliver(struct member *m, struct instant now);
/* Make the next batch, send it or what is due again; ask for reads. */
void member_queue_send(struct member *m, struct instant now);
/* Give up on what is too old. */
void member_queue_tick(struct member *m, struct instant now);
struct instant member_queue_deadline(const struct member *m);

#endif
