/* sim_cluster: up to five real replicas over sim_raft in a tiny world: one clock, connections with
 * delay, disks that survive. For the tests of sim_raft.
 *
 * It judges while it runs: whatever a replica applies has to be what the first one that came so far
 * applied, in the same order, with the same registry behind it. So nothing that was ever applied,
 * and so nothing that was ever acknowledged, can be lost without notice. */
#ifndef TESTS_UNIT_SIM_CLUSTER_H
#define TESTS_UNIT_SIM_CLUSTER_H

#include "cluster/replica/replica.h"
#include "cluster/sim/sim_raft.h"

#define SIM_CLUSTER_MAX 5

struct sim_cluster;

struct sim_node {
    struct sim_cluster *cluster;
    struct proc_id id;
    struct sim_disk *disk;
    struct sim_raft *raft; /* NULL: it does not run */
    void *memory;          /* of its lives, one after the other; poisoned between them */
    struct replica *replica;
    struct registry *registry;
    struct world world;
    uint64_t life;               /* incarnation */
    size_t at;                   /* of what was applied anywhere, so much was applied here */
    uint64_t restored;           /* snapshots taken over, from a peer or from disk */
    uint64_t taken;              /* snapshots */
    uint64_t confirmed, refused; /* answers to replica_confirm */
    enum err failure;            /* why it ended by itself */
};

/* One batch as it was applied first. */
struct sim_applied {
    uint64_t index;
    uint64_t sum;  /* of what it says */
    uint64_t hash; /* of the registry then */
};

struct sim_mail {
    struct sim_mail *next;
    struct instant at;
    uint16_t from, to; /* places of nodes, from 0 */
    uint64_t from_life, to_life;
    size_t len;
    uint8_t bytes[];
};

struct sim_cluster {
    uint32_t n;
    struct rand_state rand;
    struct instant now;
    struct topology topology;
    struct sim_node nodes[SIM_CLUSTER_MAX];
    struct sim_mail *mail;                                 /* by time, then age */
    struct instant last[SIM_CLUSTER_MAX][SIM_CLUSTER_MAX]; /* so that connections keep order */
    bool down[SIM_CLUSTER_MAX][SIM_CLUSTER_MAX];           /* connection closed, both ways */
    bool mute[SIM_CLUSTER_MAX][SIM_CLUSTER_MAX];           /* what [from] sends to [to] vanishes */
    struct duration delay_min, delay_max;
    struct registry *model; /* fed with what was applied first */
    struct msg_proposed answer;
    struct msg request;
    struct sim_applied *applied;
    size_t applied_n, applied_room;
    uint64_t submitted, acknowledged; /* batches; acknowledged: applied at who took it */
    uint64_t events, digest;
};

/* Nothing runs yet. */
struct sim_cluster *sim_cluster_new(uint32_t n, uint64_t seed);
void sim_cluster_free(struct sim_cluster *c);
/* ERR_OK, or what replica_start says; then it does not run. */
enum err sim_cluster_start(struct sim_cluster *c, uint32_t i);
void sim_cluster_start_all(struct sim_cluster *c);
/* The process dies; with its machine, or alone. Its peers notice, or only its silence. */
void sim_cluster_kill(struct sim_cluster *c, uint32_t i, bool machine, bool noticed);

/* One with a leader. */
struct sim_cluster *sim_cluster_serving(uint32_t n, uint64_t seed);
/* Fails unless all agree within 20 s. */
void sim_cluster_settles(struct sim_cluster *c);
void sim_cluster_faults(struct sim_cluster *c, uint32_t i, struct sim_disk_faults faults);
struct sim_disk_stats sim_cluster_disk(const struct sim_cluster *c, uint32_t i);

/* One event; false: there is none up to `end`, which it is now. */
bool sim_cluster_step(struct sim_cluster *c, struct instant end);
void sim_cluster_run(struct sim_cluster *c, int64_t ms);
bool sim_cluster_until(struct sim_cluster *c, bool (*done)(struct sim_cluster *c), int64_t ms);

/* Who serves as leader, of the greatest term; n: nobody. */
uint32_t sim_cluster_leader(const struct sim_cluster *c);
bool sim_cluster_has_leader(struct sim_cluster *c);
/* All run, and applied all that any of them ever applied or has in its log. */
bool sim_cluster_agrees(struct sim_cluster *c);
/* A batch for the leader; false: nobody takes it. */
bool sim_cluster_submit(struct sim_cluster *c);
/* Every batch is applied before the next is submitted; fails after five times two seconds. */
void sim_cluster_write(struct sim_cluster *c, uint32_t batches);

/* Close or open the connections between two nodes. */
void sim_cluster_cut(struct sim_cluster *c, uint32_t a, uint32_t b, bool cut);
/* What `from` sends to `to` is lost in silence. */
void sim_cluster_mute(struct sim_cluster *c, uint32_t from, uint32_t to, bool mute);

#endif
