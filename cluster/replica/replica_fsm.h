/* replica_fsm: the state machine that libraft drives: entries into the registry, snapshots of it.
 * For replica.c only. */
#ifndef CLUSTER_REPLICA_REPLICA_FSM_H
#define CLUSTER_REPLICA_REPLICA_FSM_H

#include "cluster/replica/replica.h"

#define REPLICA_FSM_FORMAT 1 /* of an entry */
#define REPLICA_FSM_HEAD   8 /* bytes before its batches */
/* Log entries from snapshot to snapshot, unless they are large. */
#define REPLICA_FSM_SNAPSHOT_EVERY 1024

struct raft_fsm replica_fsm_make(struct replica *r);

#endif
