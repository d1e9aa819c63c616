/* survey: what all processes of a cluster say of themselves at one moment, and whether that is
 * healthy. */
#ifndef CLUSTER_CONTROL_SURVEY_H
#define CLUSTER_CONTROL_SURVEY_H

#include "cluster/control/operator.h"

#include <sys/types.h>

#define SURVEY_WHY_LEN 160

enum survey_state { SURVEY_DOWN, SURVEY_UP, SURVEY_HUNG, SURVEY_STARTING };

struct survey_proc {
    enum survey_state state;
    pid_t pid; /* 0: none */
    /* What it is by the topology says which of these is filled, if it is up. */
    struct msg_op_node_status node;
    struct msg_op_pg_status pg;
    struct msg_op_icm_status icm;
    struct msg_op_fleet_status fleet;
};

struct survey {
    struct survey_proc procs[PROCS_MAX]; /* procs[v - 1] is the one of proc_id v */
    struct proc_id leader;               /* none: no leader with a lease is known */
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
struct survey_homes {
    uint32_t total;         /* phones and gateways */
    uint32_t registered;    /* with whomever */
    uint32_t at_home;       /* with the first living member of their group */
    uint32_t gateways_away; /* not at home */
    uint32_t in_call;       /* owner lost, call preserved */
    uint32_t unregistered;
    uint32_t away_busy; /* not at home, and in a call: they may stay where they are */
    uint32_t by_node[PROCS_MAX];
    uint64_t index;
};

void survey_take(struct operator_desk *o, const struct cluster *c, uint32_t timeout_ms,
                 struct survey *ret);
const char *survey_state_word(enum survey_state state);

/* All devices as one node has them, in the order of their numbers; `*ret_rows` is freed by the
 * caller. `*ret_reason`: why a linearizable read was refused. */
MUST_CHECK enum err survey_devices(struct operator_desk *o, struct proc_id node, bool linearizable,
                                   struct msg_op_device **ret_rows, uint32_t *ret_n,
                                   uint64_t *ret_index, enum reason *ret_reason);
MUST_CHECK enum err survey_calls(struct operator_desk *o, struct proc_id who,
                                 struct msg_op_call **ret_rows, uint32_t *ret_n);
MUST_CHECK enum err survey_agents(struct operator_desk *o, struct proc_id who,
                                  struct msg_op_agent **ret_rows, uint32_t *ret_n);
/* Whom to ask about devices: the leader, else any node that is up; none if there is none. */
struct proc_id survey_node(const struct survey *s, const struct topology *t);
/* The PG side of a pair that is active; none if there is none. */
struct proc_id survey_active(const struct survey *s, const struct topology *t, uint32_t pair);
/* A node whose CallManager serves: up, with the service and a lease. */
bool survey_serves(const struct survey *s, const struct topology *t, struct proc_id node);

MUST_CHECK enum err survey_homes(struct operator_desk *o, const struct cluster *c,
                                 const struct survey *s, struct survey_homes *ret);
/* Healthy as the contract has it: everything up, one leader, leases, devices at home or busy, one
 * active side a pair with all monitors, agents logged in. `ret_why`: the first thing that is not.
 */
bool survey_healthy(const struct survey *s, const struct topology *t,
                    const struct survey_homes *homes, char ret_why[SURVEY_WHY_LEN]);

#endif
