/* raft_cluster: up to three real members in one process: libraft on disk and TCP, LINK_MEMBER in
 * memory, real time. For the tests of replica, member and raft_disk. */
#ifndef TESTS_UNIT_RAFT_CLUSTER_H
#define TESTS_UNIT_RAFT_CLUSTER_H

#include "cluster/replica/member.h"
#include "node/runtime/raft_disk.h"
#include "tests/unit/cluster_fixture.h"

#include <uv.h>

#define CLUSTER_RESULTS_MAX 32768

struct cluster;

struct cluster_node {
    struct cluster *cluster;
    struct proc_id id;
    char folder[128];
    bool running;
    uint64_t incarnation;
    struct raft_disk *disk;
    struct member *member;
    struct registry *registry;
    struct world world;
    uint32_t results_n, changes, reads_n;
    struct msg_command_result results[CLUSTER_RESULTS_MAX]; /* by tag */
    uint8_t told[CLUSTER_RESULTS_MAX];                      /* how often, by tag */
    bool early; /* a result came before the local registry held it */
    enum reason read_reason;
    uint64_t read_index;
    uint32_t events[EVENT_COUNT];
    uint32_t refused[ERR_COUNT]; /* who was not let in by raft_tcp */
    char failure[RAFT_DISK_TEXT_LEN];
};

struct cluster_mail {
    struct cluster_mail *next;
    struct proc_id from, to;
    struct msg msg;
};

struct cluster {
    uv_loop_t loop;
    uv_timer_t pulse;
    struct topology topology;
    uint32_t n;
    struct cluster_node nodes[FIXTURE_NODES];
    bool cut[FIXTURE_NODES][FIXTURE_NODES]; /* LINK_MEMBER only */
    struct cluster_mail *mail, **mail_end;
    char folder[96];
};

/* A cluster of the first n nodes over fresh folders; nothing runs yet. */
struct cluster *cluster_new(uint32_t n, uint32_t phones);
void cluster_free(struct cluster *c);
/* Node numbers run from 0. Starting again is a new incarnation over the old folder. */
void cluster_start(struct cluster *c, uint32_t node);
/* All its connections close; what it had in memory is gone. */
void cluster_kill(struct cluster *c, uint32_t node);
void cluster_start_all(struct cluster *c);

/* "127.x.y.z:port" of a node's libraft. */
void cluster_address(uint32_t node, char ret_address[RAFT_ADDRESS_LEN]);

struct instant cluster_now(void);
/* Run until `done` or for so many ms; true: it is done. */
bool cluster_until(struct cluster *c, bool (*done)(struct cluster *c), int64_t ms);
/* The node that serves as leader; n if there is none. */
uint32_t cluster_leader(const struct cluster *c);
bool cluster_has_leader(struct cluster *c);
/* All running nodes applied what the first of them did, and have its hash. */
bool cluster_agrees(struct cluster *c);
/* All CallManagers of running nodes are up in the registry of the leader. */
bool cluster_services_up(struct cluster *c);

/* Cut or heal LINK_MEMBER between two nodes. */
void cluster_cut(struct cluster *c, uint32_t a, uint32_t b, bool cut);
/* Incarnation of the CallManager of a node now. */
struct incarnation cluster_callmanager(const struct cluster *c, uint32_t node);
void cluster_register(struct cluster *c, uint32_t node, uint32_t device, uint64_t counter,
                      uint64_t tag);

#endif
