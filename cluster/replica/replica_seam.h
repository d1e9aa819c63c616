/* replica_seam: what libraft receives and sends passes through here, and what libraft 0.22.1 does
 * wrong is mended on the way. For replica.c only. */
#ifndef CLUSTER_REPLICA_REPLICA_SEAM_H
#define CLUSTER_REPLICA_REPLICA_SEAM_H

#include "cluster/replica/replica.h"

/* Put the seam between libraft and the raft_io of the replica's configuration: once, after
 * raft_init. */
void replica_seam_join(struct replica *r);
/* Of the last entry of libraft's log, as it is in memory; 0: it is empty. */
uint64_t replica_seam_last_term(const struct replica *r);

#endif
