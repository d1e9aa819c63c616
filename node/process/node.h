/* node: a Unified CM node as a process: a member of the cluster, and its two services, each of
 * which can fail alone.
 *
 *                 +--LOCAL--+
 *   CallManager --+         +-- CTI Manager      either: up, or down (crashed, stopped)
 *        \                      /
 *         member + registry (always)
 *
 * A service that crashes loses its links and its memory without a word; the process then says so to
 * the registry (SERVICE_DOWN), and to the other service if that is the CTI Manager. A service that
 * starts has a new incarnation: that of the process times NODE_STARTS_MAX, and a count. */
#ifndef NODE_PROCESS_NODE_H
#define NODE_PROCESS_NODE_H

#include "cluster/replica/member.h"
#include "node/role/callmanager/callmanager.h"
#include "node/role/ctimanager/ctimanager.h"
#include "proto/world.h"

#define NODE_STARTS_MAX     1000 /* starts of one service in one life of the process */
#define NODE_OPERATIONS_MAX 64   /* operators that wait for an answer */
#define NODE_QUIET_MS       200  /* nothing applied for so long: the state's hash is traced */
#define NODE_START_LIMIT_MS 5000 /* a started service that is not up by then: TIMEOUT */
#define NODE_TRANSFER_TERMS 4    /* election timeouts until a hand-over came to nothing */

struct node_config {
    const struct topology *topology;
    struct proc_id self;
    struct incarnation incarnation;
    const struct world *world;
    struct raft_io *io;
    uint32_t peers_n; /* all nodes, with the addresses that the raft_io understands */
    struct replica_peer peers[NODES_MAX];
    uint32_t snapshot_every; /* entries of the log; 0: as many as usual */
    /* How much memory the process uses, in KiB; may be NULL. */
    uint64_t (*memory_kib)(void);
};

struct node_service {
    bool up;
    uint32_t starts;
    struct incarnation incarnation;
};

/* What an operator waits for. */
struct node_operation {
    bool used;
    struct proc_id peer;
    uint64_t id;
    uint64_t ticket;      /* of the proposal or the read: answers to older ones are not for it */
    uint32_t after, most; /* OP_LIST */
    enum service service; /* SERVICE_START: until it is up; else none */
    struct proc_id transferee; /* OP_TRANSFER: until it leads; else none */
    struct instant until;      /* of these two */
    char text[EVENT_TEXT_LEN]; /* of a write: key=value */
    char was[EVENT_TEXT_LEN];  /* the value that it replaces */
};

struct node {
    struct node_config config;
    struct registry registry;
    struct member member;
    struct callmanager callmanager;
    struct ctimanager ctimanager;
    struct node_service services[SERVICE_COUNT];
    bool serving_told; /* what the CTI Manager knows of the local CallManager */
    bool again;        /* something was proposed while the member was polled */
    struct instant now;
    uint64_t tickets;
    uint32_t operations_n; /* beyond these none was ever used */
    struct node_operation operations[NODE_OPERATIONS_MAX];
    bool transferring;                       /* one of them waits for another leader */
    struct instant changed[DEVICES_MAX + 1]; /* when this node saw a device change */
    uint64_t hashed;                         /* index of the last hash that was traced when quiet */
    uint64_t seen;                           /* index that was applied when we last looked */
    struct instant quiet_at;
    struct msg out;
    bool ended;       /* SHUTDOWN was asked for, or `failure`: the driver looks after each event */
    enum err failure; /* the member could not start, or its disk failed */
};

/* Make a stopped node; its storage (about 20 MiB, much of it never touched) is the caller's and
 * zeroed.
 * Errors   as of member_init and ctimanager_init: nothing is held */
MUST_CHECK enum err node_init(struct node *n, const struct node_config *config);
/* After node_closed, or instead of a start. */
void node_deinit(struct node *n);
/* Entry points for a driver; `n` must outlive them. */
struct process node_entries(struct node *n);
/* After every event of the loop, libraft's own included. */
void node_poll(struct node *n, struct instant now);
/* libraft's connection with a peer closed. */
void node_peer_lost(struct node *n, struct instant now, struct proc_id peer);
/* Leave politely: services stop, the member begins to close. */
void node_stop(struct node *n, struct instant now);
bool node_closed(const struct node *n);

/* For node_op.c. Answer whether anything changed. */
bool node_service_start(struct node *n, enum service service);
bool node_service_end(struct node *n, enum service service, bool polite);
/* Propose for an operator; its result comes to node_op_result. */
MUST_CHECK enum err node_propose(struct node *n, const struct msg_command *command,
                                 uint64_t ticket);

#endif
