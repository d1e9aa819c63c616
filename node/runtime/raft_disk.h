/* raft_disk: libraft's I/O in the real world: its log and snapshots on disk, its messages over
 * raft_tcp, with what it lacks: a check of the files before the start, and a mark of how far the
 * log reached. */
#ifndef NODE_RUNTIME_RAFT_DISK_H
#define NODE_RUNTIME_RAFT_DISK_H

#include "cluster/replica/replica.h"
#include "node/runtime/raft_greeting.h"

#define RAFT_DISK_TEXT_LEN 512

struct uv_loop_s;
struct raft_disk;

struct raft_disk_config {
    struct uv_loop_s *loop;
    const char *folder;                    /* exists; belongs to this process */
    const struct raft_greeting_book *book; /* who this is, and who its peers are; copied */
    void *context;
    /* A connection with a peer closed: news for member_peer_lost. */
    void (*peer_lost)(void *context, struct proc_id peer);
    /* Somebody who is no node of this cluster was not let in. */
    void (*refused)(void *context, enum err why);
    /* Storage failed (ERR_IO), or the port is taken (ERR_IN_USE): log `what` and end the process;
     * the log is not trusted any more. */
    void (*failed)(void *context, enum err why, const char *what);
};

/* Read all files of a folder as libraft would, but refuse what it would pass over: a truncated or
 * damaged closed segment, a gap, a damaged open segment that goes on with valid data or ends below
 * the mark, a bad snapshot. A torn last write above the mark is fine.
 *
 * ret_text  empty, or a sentence that names the file; a warning if the answer is ERR_OK
 * Errors    ERR_CORRUPT, ERR_IO; nothing is ever changed on disk */
MUST_CHECK enum err raft_disk_check(const char *folder, char ret_text[RAFT_DISK_TEXT_LEN]);

/* Whether a node has begun to keep its term and vote in this folder; also if that cannot be seen.
 */
bool raft_disk_has_vote(const char *folder);

/* Make the I/O. Does not check: call raft_disk_check first.
 * Errors   ERR_MEMORY, ERR_IO: nothing is made */
MUST_CHECK enum err raft_disk_new(const struct raft_disk_config *config, struct raft_disk **ret);
/* For struct member_config; valid until raft_disk_free. */
struct raft_io *raft_disk_io(struct raft_disk *d);
/* Only after member_closed(), or if it was never initialised. The loop must run once more. */
void raft_disk_free(struct raft_disk **d);

#endif
