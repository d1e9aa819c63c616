/* replica_log: what stands in the log of Raft, for people to read.
 *
 * libraft keeps its log to itself; but whatever goes into it goes through the raft_io, so its load,
 * append, truncate and snapshot_put pass through here. The last entries are remembered, committed
 * or not, and of the newest of them the content. Nothing that libraft does depends on it. */
#ifndef CLUSTER_REPLICA_REPLICA_LOG_H
#define CLUSTER_REPLICA_REPLICA_LOG_H

#include "proto/msg.h"

#include <raft.h>

#define REPLICA_LOG_ROWS  1024    /* entries */
#define REPLICA_LOG_BYTES 1048576 /* of content, of all of them */

struct replica_log_row {
    uint64_t term;
    enum log_entry kind;
    uint32_t bytes;
    uint64_t at; /* of its content in the store */
};

struct replica_log {
    int (*load)(struct raft_io *io, raft_term *term, raft_id *voted_for,
                struct raft_snapshot **snapshot, raft_index *start_index,
                struct raft_entry *entries[], size_t *n_entries);
    int (*append)(struct raft_io *io, struct raft_io_append *req, const struct raft_entry entries[],
                  unsigned n, raft_io_append_cb cb);
    int (*truncate)(struct raft_io *io, raft_index index);
    int (*snapshot_put)(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                        const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb);
    uint64_t first, next;                          /* indices that are remembered: [first, next) */
    struct replica_log_row rows[REPLICA_LOG_ROWS]; /* index i is rows[i % REPLICA_LOG_ROWS] */
    uint64_t stored;                               /* bytes ever; the last of them are in store */
    uint8_t store[REPLICA_LOG_BYTES];
};

/* Wrap the functions of an io, that of the replica that the log is a part of. */
void replica_log_init(struct replica_log *l, struct raft_io *io);

/* Fill a page, but for commit, applied and snapshot: entries after `after`, of the first one what
 * comes after `skip` commands. `scratch` is overwritten. */
void replica_log_page(const struct replica_log *l, uint64_t after, uint32_t skip,
                      struct msg *scratch, struct msg_op_log *ret_page);

#endif
