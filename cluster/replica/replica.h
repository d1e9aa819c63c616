/* replica: one libraft instance without I/O of its own, which applies what is committed to the
 * registry.
 *
 * The one sans-I/O module with callbacks: libraft runs over the `struct raft_io` that the world
 * gives (disk and TCP, or simulated) and calls in from there. What follows is told through hooks,
 * from inside such a callback, or is noticed by `replica_poll`, which the driver calls after every
 * event of its loop.
 *
 * A log entry is a format number and a length (4 bytes each, little endian), then a codec batch of
 * `propose` messages, padded to 8 bytes. One entry is in flight at a time; what arrives meanwhile
 * forms the next (group commit). libraft never gets a callback for a request: not every raft_io
 * could fire it; what became of a request is seen in the applied index. */
#ifndef CLUSTER_REPLICA_REPLICA_H
#define CLUSTER_REPLICA_REPLICA_H

#include "cluster/registry/registry.h"
#include "cluster/replica/replica_log.h"
#include "proto/world.h"

#include <raft.h>

#define REPLICA_ENTRY_MAX   262144 /* bytes of one log entry */
#define REPLICA_VOTERS_MAX  5      /* further nodes replicate without voting */
#define REPLICA_ADDRESS_LEN 48

struct replica_peer {
    struct proc_id id;
    char address[REPLICA_ADDRESS_LEN]; /* "ip:port", as the raft_io understands it */
};

struct replica_hooks {
    void *context;
    /* A batch was applied on this node, in log order. */
    void (*applied)(void *context, uint64_t index, const struct msg_propose *propose,
                    const struct msg_proposed *proposed);
    /* What replica_confirm asked for: everything committed before that is applied here, up to
     * `index`; or not ok: this node is no leader any more. */
    void (*confirmed)(void *context, bool ok, uint64_t index);
};

struct replica_config {
    struct proc_id self;
    const struct topology *topology;
    struct registry *registry; /* borrowed; nobody else applies to it */
    const struct world *world; /* borrowed; for traces only */
    struct raft_io *io; /* borrowed until replica_close is done; start and send get wrapped */
    uint32_t peers_n;   /* all nodes of the topology in its order, this one included; the */
    struct replica_peer peers[NODES_MAX]; /* first REPLICA_VOTERS_MAX are voters */
    uint32_t snapshot_every; /* entries between two snapshots; 0: REPLICA_FSM_SNAPSHOT_EVERY */
    struct replica_hooks hooks;
};

struct replica {
    struct raft raft;
    struct raft_fsm fsm;
    struct replica_config config;
    int (*io_start)(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick, raft_io_recv_cb recv);
    raft_io_tick_cb io_tick;
    raft_io_recv_cb io_recv;
    int (*io_send)(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                   raft_io_send_cb cb);
    int (*io_snapshot_get)(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb);
    int (*io_set_term)(struct raft_io *io, raft_term term);
    int (*io_set_vote)(struct raft_io *io, raft_id id);
    int (*io_truncate)(struct raft_io *io, raft_index index);
    int (*io_append)(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb);
    struct raft_message *receiving; /* libraft is at it; NULL: none */
    uint64_t last_index, last_term; /* of the log before that */
    uint64_t kept_term;             /* on disk */
    bool refusing;                  /* libraft answers a message of an earlier term */
    struct replica_log log;         /* for those who want to read it */
    struct raft_apply apply;
    struct raft_barrier barrier;
    struct raft_transfer transfer;
    bool running, closed;
    bool entry_busy, barrier_busy, confirm_wanted, confirm_busy;
    enum err failure; /* ERR_OK: none */
    struct instant barrier_at,
        passed;                  /* when the latest barrier, the latest that passed, was begun */
    uint64_t serving_term;       /* this leader passed its barrier in this term; 0: never */
    enum raft_standing standing; /* as last noticed */
    uint64_t term;               /* as last noticed */
    struct proc_id lost_leader;  /* its connection closed, in lost_term; act at lost_at */
    uint64_t lost_term;
    struct instant lost_at, lost_until;
    uint64_t hashed;  /* index of the last hash that was traced */
    size_t log_bytes; /* applied since the last snapshot */
    size_t next_len;  /* of the entry that forms while one is in flight */
    uint8_t next[REPLICA_ENTRY_MAX];
    struct msg decoded, answer;
};

/* Make a stopped replica over `config->io`.
 *
 * Errors   ERR_INVALID, ERR_MEMORY, ERR_IO: libraft refuses; nothing is to be closed */
MUST_CHECK enum err replica_init(struct replica *r, const struct replica_config *config);
/* On the very first start write the configuration of all peers to disk (an older one stays), then
 * load and begin. Loads synchronously.
 *
 * Errors   ERR_IO, ERR_CORRUPT: the disk; replica_close must still be called */
MUST_CHECK enum err replica_start(struct replica *r);
/* Begin to close; replica_closed() turns true from a callback of the raft_io, and only then may the
 * storage go. */
void replica_close(struct replica *r);
bool replica_closed(const struct replica *r);

/* After every event of the loop: notice leadership, submit what waits. */
void replica_poll(struct replica *r, struct instant now);
struct instant replica_deadline(const struct replica *r);

/* Leader only: put a batch (a MSG_PROPOSE) into the entry that forms.
 * Errors   ERR_STATE: not the leader; ERR_FULL: the entry is full, come again after a commit */
MUST_CHECK enum err replica_submit(struct replica *r, const struct msg *propose);
/* Leader only: confirm by a barrier; those who ask while none is in flight share one. `confirmed`
 * follows, once for all who asked before it began.
 * Errors   ERR_STATE: not the leader */
MUST_CHECK enum err replica_confirm(struct replica *r);

/* News, not proof: the connection to `peer` closed. If it is the leader, an election begins at
 * once, the voters one after the other so that they do not split the vote. */
void replica_peer_lost(struct replica *r, struct instant now, struct proc_id peer);

/* A leader that is no use to the others hands over to another voter, if it can. */
void replica_yield(struct replica *r);

/* Hand over to a certain voter; whether it took over is seen in replica_leader.
 * Errors   ERR_STATE    not the leader, or already handing over
 *          ERR_INVALID  it is no other voter */
MUST_CHECK enum err replica_transfer(struct replica *r, struct proc_id to);

/* A page of the log, as replica_log_page. */
void replica_read_log(const struct replica *r, uint64_t after, uint32_t skip, struct msg *scratch,
                      struct msg_op_log *ret_page);

/* This node is leader and has passed its barrier. */
bool replica_serving(const struct replica *r);
/* When the latest barrier that passed was begun: a majority followed this node after that. */
struct instant replica_passed(const struct replica *r);
/* The leader as this node knows it; none: unknown. */
struct proc_id replica_leader(const struct replica *r);
uint64_t replica_term(const struct replica *r);
enum raft_standing replica_standing(const struct replica *r);
/* Index of the last applied log entry, barriers included. */
uint64_t replica_applied(const struct replica *r);
uint64_t replica_committed(const struct replica *r);
uint64_t replica_last(const struct replica *r);
/* Index that the last snapshot covers, taken here or installed; 0: none. One that is just being
 * installed counts. */
uint64_t replica_snapshot(const struct replica *r);
bool replica_is_voter(const struct replica *r, struct proc_id node);
/* How many voters there are, and which. */
uint32_t replica_voters(const struct replica *r, struct proc_id ret_ids[PROCS_MAX]);
/* What made it stop working; ERR_OK: nothing. The process must end: its disk is not trusted. */
enum err replica_failure(const struct replica *r);

#endif
