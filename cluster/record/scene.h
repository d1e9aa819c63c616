/* scene: a cluster at one moment: what its processes are, and where the devices are.
 *
 *   living cluster --asked by cluster/control/survey--+
 *                                                     +--> scene --> tables, JSON, live view
 *   recorded run ----replayed by replay---------------+
 *
 * Whoever shows a cluster shows a scene, and need not know where it came from. What no record holds
 * (memory, the outbox of a PG) is zero in a scene that is `recorded`, and shown as unknown. */
#ifndef CLUSTER_RECORD_SCENE_H
#define CLUSTER_RECORD_SCENE_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define SCENE_WHY_LEN 160

enum scene_state { SCENE_DOWN, SCENE_UP, SCENE_HUNG, SCENE_STARTING };

struct scene_proc {
    enum scene_state state;
    int64_t pid; /* 0: none */
    /* What it is by the topology says which of these is filled, if it is up. */
    struct msg_op_node_status node;
    struct msg_op_pg_status pg;
    struct msg_op_icm_status icm;
    struct msg_op_fleet_status fleet;
};

struct scene {
    bool recorded;
    int64_t at_us, wall_us; /* the moment, on the clock of the cluster and on the wall */
    struct scene_proc procs[PROCS_MAX]; /* procs[v - 1] is the one of proc_id v */
    /* What scene_sum_up adds. */
    struct proc_id leader; /* none: no leader is known */
    uint64_t term;
    uint64_t commit; /* the leader's */
    uint32_t nodes, nodes_up;
    /* Sums over fleets. */
    uint32_t phones, gateways, phones_registered, gateways_registered;
    uint32_t calls, preserved, media_flowing;
    uint32_t agents, agents_logged_in, agents_ready;
    bool any_answered;
};

/* Where the devices are, by the registry of one node. */
struct scene_homes {
    uint32_t total;         /* phones and gateways */
    uint32_t registered;    /* with whomever */
    uint32_t at_home;       /* with the first living member of their group */
    uint32_t gateways_away; /* not at home */
    uint32_t in_call;       /* owner lost, call preserved */
    uint32_t unregistered;
    uint32_t away_busy;        /* not at home, and in a call: they may stay where they are */
    uint32_t phones_away_busy; /* the phones among them */
    uint32_t by_node[PROCS_MAX];
    uint64_t index;
};

const char *scene_state_word(enum scene_state state);
/* Fill the sums of a scene whose processes are filled. */
void scene_sum_up(const struct topology *t, struct scene *s);

/* Whose word about the devices counts: the leader's, else that of any node that is up; none. */
struct proc_id scene_node(const struct scene *s, const struct topology *t);
/* The PG side of a pair that is active; none if there is none. */
struct proc_id scene_active(const struct scene *s, const struct topology *t, uint32_t pair);
/* A node whose CallManager serves: up, with the service and a lease. */
bool scene_serves(const struct scene *s, const struct topology *t, struct proc_id node);
/* Entries that a node is behind the leader. */
uint64_t scene_trails(const struct scene *s, struct proc_id node);

/* Nobody can say where the devices are. */
void scene_no_homes(const struct topology *t, struct scene_homes *ret);
/* Count them. `rows` are all devices as one node has them at `index`; `busy[v]`: device v has a leg
 * (NULL: not known, then away_busy is 0). */
void scene_count_homes(const struct scene *s, const struct topology *t,
                       const struct msg_op_device *rows, uint32_t n, uint64_t index,
                       const bool *busy, struct scene_homes *ret);
/* Healthy as the contract has it: everything up, one leader, leases, devices at home or busy, one
 * active side a pair with all monitors, agents logged in. `ret_why`: the first thing that is not.
 */
bool scene_healthy(const struct scene *s, const struct topology *t, const struct scene_homes *homes,
                   char ret_why[SCENE_WHY_LEN]);

#endif
