#include "cluster/control/target.h"

#include "cluster/control/tick.h"

#include <string.h>

enum role {
    ROLE_LEADER,
    ROLE_FOLLOWER,
    ROLE_PUBLISHER,
    ROLE_ACTIVE,
    ROLE_STANDBY,
    ROLE_SUBSCRIBER,
    ROLE_CTIMANAGER,
    ROLE_CALLMANAGER
};

static const char *const roles[] = {[ROLE_LEADER] = "leader",
                                    [ROLE_FOLLOWER] = "follower",
                                    [ROLE_PUBLISHER] = "publisher",
                                    [ROLE_ACTIVE] = "pg:active",
                                    [ROLE_STANDBY] = "pg:standby",
                                    [ROLE_SUBSCRIBER] = "any:subscriber",
                                    [ROLE_CTIMANAGER] = "pg:ctimanager",
                                    [ROLE_CALLMANAGER] = "phones:callmanager"};
#define ROLES_N (sizeof roles / sizeof roles[0])

struct nearest target_nearest(const char *word, const struct topology *t)
{
    struct nearest near = nearest_to(word);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        nearest_offer(&near, t->procs[i].name);
    }
    for (size_t i = 0; i < ROLES_N; i++) {
        nearest_offer(&near, roles[i]);
    }
    return near;
}

int target_known(const char *word, const struct topology *t)
{
    struct nearest near = target_nearest(word, t);
    if (near.distance == 0) {
        return OUTCOME_DONE;
    }
    return outcome_error(OUTCOME_USAGE, "rehome status",
                         "there is no process or role '%s'; the nearest name is '%s'", word,
                         near.best);
}

/* An active PG side is wired to it. */
static bool serves_pg(const struct topology *t, const struct scene *s, uint32_t node)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        if (p->kind == PROC_PG && s->procs[i].pg.active && p->ctimanager_node.v == node + 1) {
            return true;
        }
    }
    return false;
}

/* It serves more phones than each node before it, and not fewer than those after it. */
static bool serves_most(const struct topology *t, const struct scene *s, uint32_t node)
{
    uint32_t phones = s->procs[node].node.phones;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->procs[i];
        if (t->procs[i].kind == PROC_NODE && p->state == SCENE_UP && i != node &&
            (p->node.phones > phones || (i < node && p->node.phones == phones))) {
            return false;
        }
    }
    return phones > 0;
}

static bool plays(enum role role, const struct topology *t, const struct scene *s, uint32_t i)
{
    const struct topology_proc *p = &t->procs[i];
    bool up = s->procs[i].state == SCENE_UP;
    switch (role) {
    case ROLE_LEADER:
        return s->leader.v == i + 1;
    case ROLE_FOLLOWER:
        return up && p->kind == PROC_NODE && s->procs[i].node.raft == RAFT_STATE_FOLLOWER;
    case ROLE_PUBLISHER:
        return p->kind == PROC_NODE && p->publisher;
    case ROLE_ACTIVE:
        return up && p->kind == PROC_PG && s->procs[i].pg.active;
    case ROLE_STANDBY:
        return up && p->kind == PROC_PG && !s->procs[i].pg.active;
    case ROLE_SUBSCRIBER:
        return up && p->kind == PROC_NODE && !p->publisher;
    case ROLE_CTIMANAGER:
        return up && p->kind == PROC_NODE && s->procs[i].node.ctimanager && serves_pg(t, s, i);
    case ROLE_CALLMANAGER:
        return up && p->kind == PROC_NODE && serves_most(t, s, i);
    }
    UNREACHABLE("all roles are above");
}

int target_find(const char *word, const struct topology *t, const struct scene *s,
                struct proc_id *ret)
{
    int code = target_known(word, t);
    if (code != OUTCOME_DONE) {
        return code;
    }
    *ret = topology_proc_named(t, word);
    if (proc_id_some(*ret)) {
        return OUTCOME_DONE;
    }
    uint32_t n = 0;
    struct proc_id fit[PROCS_MAX];
    for (uint32_t r = 0; r < ROLES_N; r++) {
        for (uint32_t i = 0; strcmp(roles[r], word) == 0 && i < t->procs_n; i++) {
            if (plays((enum role)r, t, s, i)) {
                fit[n++].v = (uint16_t)(i + 1);
            }
        }
    }
    if (n == 0) {
        return outcome_error(OUTCOME_UNREACHABLE, "rehome status", "nobody is %s at the moment",
                             word);
    }
    /* "any" is whoever: by the clock, so that it is not always the first. */
    *ret = fit[strncmp(word, "any:", 4) == 0 ? (uint64_t)tick_now_us() % n : 0];
    return OUTCOME_DONE;
}
