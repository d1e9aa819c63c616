/* member: a node as a member of the cluster: brings the commands of the local roles into the
 * registry, whoever is the leader, keeps the lease, and, as leader, answers the others and finds
 * dead nodes.
 *
 * Sans-I/O over `struct world` on LINK_MEMBER; the replica below it is driven by its raft_io.
 *
 *   roles --member_propose--> queue --one batch at a time--> leader (self, or `propose`)
 *   roles <----result-------- once the leader answered AND the local registry holds it
 *
 * Callbacks (hooks) come from member_poll only: never from inside member_propose or any other call
 * of a role. Changes are told before the results that belong to them; so a CallManager that gets
 * the result of a REGISTER finds it in the registry. */
#ifndef CLUSTER_REPLICA_MEMBER_H
#define CLUSTER_REPLICA_MEMBER_H

#include "cluster/replica/replica.h"

#define MEMBER_QUEUE_MAX 20480 /* commands of the local roles not yet answered */
#define MEMBER_CHANGES_MAX \
    (2 * DEVICES_MAX + 1024) /* changes between two polls; more: CHANGE_ALL */
#define MEMBER_READS_MAX 64  /* linearizable reads of this node */
#define MEMBER_RENEWALS  32  /* lease renewals on their way */

struct member_hooks {
    void *context;
    /* What became of a command. reason NONE: done, `epoch` is the device's. The registry's own
     * reasons are final. NO_QUORUM: it was never sent, nothing happened. ROLLED_BACK: it was sent
     * and no answer came in time: unknown; ask the registry, or propose again. */
    void (*result)(void *context, struct instant now, uint64_t tag,
                   const struct msg_command_result *result, uint64_t index);
    /* The registry changed, on this node, in the order of the log. */
    void (*changed)(void *context, struct instant now, const struct registry_change *change);
    /* What became of member_read: the local registry may be read now, linearizably, at `index`; or
     * NO_QUORUM. */
    void (*read)(void *context, struct instant now, uint64_t tag, enum reason reason,
                 uint64_t index);
    /* The lease was got or lost. */
    void (*lease)(void *context, struct instant now, bool held);
};

struct member_config {
    struct proc_id self;
    struct incarnation incarnation; /* of this process */
    const struct topology *topology;
    const struct world *world;
    struct registry *registry; /* initialised by the member, with its own watch */
    struct raft_io *io;
    uint32_t peers_n;
    struct replica_peer peers[NODES_MAX]; /* as in struct replica_config */
    uint32_t snapshot_every;              /* the same */
    struct member_hooks hooks;
};

/* A command on its way. */
struct member_item {
    struct msg_command command;
    uint64_t tag;
    struct instant since;
    struct msg_command_result result;
    uint64_t index; /* of its entry, once answered */
    bool internal;  /* the member's own */
};

/* What is known of another node; the lower part is the leader's. */
struct member_peer {
    bool up;                /* our session on LINK_MEMBER */
    struct instant proven;  /* by our clock: after that it still followed us */
    struct instant counted; /* last sign of life; time that we ourselves were late is no silence */
    bool down_proposed;     /* NODE_DOWN is on its way: no lease for it */
    struct msg_propose waits; /* its batch that did not fit yet; commands_n 0: none */
    struct incarnation queued_incarnation;
    uint64_t queued_seq;   /* its batch that is in the replica's hands */
    uint64_t read_seq;     /* its read that waits to be confirmed; 0: none */
    uint64_t read_covered; /* the one that the running confirmation is good for; 0: none */
};

struct member_service_state {
    struct incarnation incarnation; /* 0: not ours to say */
    bool up;
    bool asked; /* a command about it is on its way */
    struct instant retry_at;
};

struct member_read_item {
    uint64_t tag;
    struct instant since;
    uint64_t seq;   /* of the read_index that it went with; 0: not asked yet */
    uint64_t index; /* to be applied first; 0: not known yet */
};

/* About 10 MiB, of which only what is used is ever touched; give it zeroed pages. */
struct member {
    struct member_config config;
    struct replica replica;
    struct duration give_up; /* how long a command may take */
    /* Queue: [head, answered) wait for the local registry, [answered, sent) are the batch on its
     * way, [sent, tail) wait to be sent. Positions only grow; the slot is position % MAX. */
    struct member_item queue[MEMBER_QUEUE_MAX];
    uint64_t head, answered, sent, tail;
    uint64_t seq;           /* of the batch on its way */
    bool sent_once;         /* it left this node at least once */
    struct proc_id sent_to; /* none: must be sent (again) */
    struct instant retry_at;
    struct msg batch; /* the batch on its way, as MSG_PROPOSE */
    /* Changes, a ring. */
    struct registry_change changes[MEMBER_CHANGES_MAX];
    uint32_t changes_first, changes_n;
    bool changes_lost;
    /* Lease. */
    bool leased;
    struct instant lease_until, renew_at;
    uint64_t renew_seq, lease_term;
    struct instant stamp; /* by the leader's clock of lease_term, to be given back to it */
    struct instant renewed[MEMBER_RENEWALS]; /* when renewal seq % MEMBER_RENEWALS was sent */
    /* Leader. */
    bool serving, confirm_busy;
    struct instant served_since;
    struct member_peer peers[PROCS_MAX];
    /* Services of this node. */
    struct member_service_state services[SERVICE_COUNT];
    /* Reads. */
    uint32_t reads_n;
    struct member_read_item reads[MEMBER_READS_MAX];
    uint64_t read_seq;
    bool read_asked; /* a read_index is on its way */
    struct instant read_retry_at;
    uint64_t dropped; /* messages that made no sense */
    struct msg out;
};

/* Make a stopped member (and its registry and replica). Errors as of replica_init. */
MUST_CHECK enum err member_init(struct member *m, const struct member_config *config);
/* Load and begin; asks the world to listen and to connect. Errors as of replica_start. */
MUST_CHECK enum err member_start(struct member *m, struct instant now);
/* Stop, as replica_close. */
void member_close(struct member *m);
bool member_closed(const struct member *m);

/* From the driver, LINK_MEMBER only. */
void member_message(struct member *m, struct instant now, struct proc_id peer,
                    const struct msg *msg);
void member_link_up(struct member *m, struct instant now, struct proc_id peer);
void member_link_down(struct member *m, struct instant now, struct proc_id peer);
/* The connection of libraft to a peer closed: news. If it is the leader, an election begins at once
 * (the real world: struct raft_disk_config.peer_lost). A link_down alone does not begin one:
 * libraft may still reach the leader. */
void member_peer_lost(struct member *m, struct instant now, struct proc_id peer);
struct instant member_deadline(const struct member *m);
void member_tick(struct member *m, struct instant now);
/* After every event of the loop, libraft's own included: delivers hooks, sends what waits. */
void member_poll(struct member *m, struct instant now);

/* Bring a command to the registry; `result` follows exactly once, with this tag.
 * Errors   ERR_FULL     MEMBER_QUEUE_MAX commands wait; nothing has changed
 *          ERR_INVALID  a text in it is not clean (codec_text_is_clean) */
MUST_CHECK enum err member_propose(struct member *m, struct instant now,
                                   const struct msg_command *command, uint64_t tag);
/* A service of this node is up with this incarnation, or down (crashed, stopped). The member keeps
 * the registry saying so: it proposes SERVICE_UP and SERVICE_DOWN, again after a NODE_DOWN that was
 * premature. The service itself watches REGISTRY_CHANGE_SERVICE. */
void member_service(struct member *m, struct instant now, enum service service,
                    struct incarnation incarnation, bool up);
/* Ask to read linearizably; `read` follows exactly once. ERR_FULL: MEMBER_READS_MAX wait. */
MUST_CHECK enum err member_read(struct member *m, struct instant now, uint64_t tag);

/* For an operator; as replica_transfer and replica_read_log. */
MUST_CHECK enum err member_transfer(struct member *m, struct proc_id to);
void member_read_log(struct member *m, uint64_t after, uint32_t skip, struct msg_op_log *ret_page);

/* May this node accept new work? */
bool member_has_lease(const struct member *m, struct instant now);
const struct registry *member_registry(const struct member *m);
const struct replica *member_replica(const struct member *m);

#endif
