#include "cluster/record/scene.h"

#include <stdarg.h>
#include <stdio.h>

const char *scene_state_word(enum scene_state state)
{
    static const char *const words[] = {[SCENE_DOWN] = "down",
                                        [SCENE_UP] = "up",
                                        [SCENE_HUNG] = "hung",
                                        [SCENE_STARTING] = "starting"};
    return words[state];
}

void scene_sum_up(const struct topology *t, struct scene *s)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->procs[i];
        bool up = p->state == SCENE_UP;
        s->any_answered = s->any_answered || (up && t->procs[i].kind != PROC_RECORDER);
        if (t->procs[i].kind == PROC_NODE) {
            s->nodes++;
            s->nodes_up += up ? 1 : 0;
            if (up && p->node.raft == RAFT_STATE_LEADER && p->node.term >= s->term) {
                s->leader.v = (uint16_t)(i + 1);
                s->term = p->node.term;
                s->commit = p->node.commit;
            }
        } else if (t->procs[i].kind == PROC_FLEET && up) {
            s->phones += p->fleet.phones;
            s->gateways += p->fleet.gateways;
            s->phones_registered += p->fleet.phones_registered;
            s->gateways_registered += p->fleet.gateways_registered;
            s->calls += p->fleet.calls;
            s->preserved += p->fleet.preserved;
            s->media_flowing += p->fleet.media_flowing;
            s->agents += p->fleet.agents;
            s->agents_logged_in += p->fleet.agents_logged_in;
            s->agents_ready += p->fleet.agents_ready;
        }
    }
}

struct proc_id scene_node(const struct scene *s, const struct topology *t)
{
    if (proc_id_some(s->leader)) {
        return s->leader;
    }
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_NODE && s->procs[i].state == SCENE_UP) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

struct proc_id scene_active(const struct scene *s, const struct topology *t, uint32_t pair)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_PG && t->procs[i].pair == pair &&
            s->procs[i].state == SCENE_UP && s->procs[i].pg.active) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

bool scene_serves(const struct scene *s, const struct topology *t, struct proc_id node)
{
    const struct topology_proc *p = topology_proc_of(t, node);
    const struct scene_proc *sp = &s->procs[node.v - 1];
    return p != NULL && p->kind == PROC_NODE && sp->state == SCENE_UP && sp->node.callmanager &&
           sp->node.lease;
}

static struct proc_id first_living(const struct scene *s, const struct topology *t, uint32_t group)
{
    const struct topology_group *g = &t->groups[group];
    for (uint32_t i = 0; i < g->members_n; i++) {
        if (scene_serves(s, t, g->members[i])) {
            return g->members[i];
        }
    }
    return (struct proc_id){0};
}

uint64_t scene_trails(const struct scene *s, struct proc_id node)
{
    const struct scene_proc *p = &s->procs[node.v - 1];
    return s->commit > p->node.applied ? s->commit - p->node.applied : 0;
}

void scene_no_homes(const struct topology *t, struct scene_homes *ret)
{
    uint32_t total = topology_devices(t) - t->dialled_n;
    *ret = (struct scene_homes){.total = total, .unregistered = total};
}

static bool is_busy(const bool *busy, struct device_id device)
{
    return busy != NULL && device.v <= DEVICES_MAX && busy[device.v];
}

void scene_count_homes(const struct scene *s, const struct topology *t,
                       const struct msg_op_device *rows, uint32_t n, uint64_t index,
                       const bool *busy, struct scene_homes *ret)
{
    scene_no_homes(t, ret);
    ret->index = index;
    for (uint32_t i = 0; i < n; i++) {
        struct device_info info;
        if (!topology_device_place(t, rows[i].device, &info) ||
            info.kind == DEVICE_KIND_ROUTE_POINT) {
            continue;
        }
        bool served = rows[i].state == DEVICE_STATE_REGISTERED && proc_id_some(rows[i].node);
        bool home = served && proc_id_eq(first_living(s, t, info.group), rows[i].node);
        if (served) {
            ret->registered++;
            if (rows[i].node.v <= PROCS_MAX) {
                ret->by_node[rows[i].node.v - 1]++;
            }
            ret->gateways_away += !home && info.kind == DEVICE_KIND_GATEWAY ? 1 : 0;
        } else if (rows[i].state == DEVICE_STATE_IN_CALL) {
            ret->in_call++;
        }
        ret->at_home += home ? 1 : 0;
        bool away_busy = !home && is_busy(busy, rows[i].device);
        ret->away_busy += away_busy ? 1 : 0;
        ret->phones_away_busy += away_busy && info.kind == DEVICE_KIND_PHONE ? 1 : 0;
    }
    ret->unregistered = ret->total - ret->registered - ret->in_call;
}

__attribute__((format(printf, 2, 3))) static bool not_healthy(char *ret_why, const char *format,
                                                              ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ret_why, SCENE_WHY_LEN, format, args);
    va_end(args);
    return false;
}

/* All that are not up are named; but the recorder, whom the cluster never needs. */
static bool processes_healthy(const struct scene *s, const struct topology *t, char *why)
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->procs_n && n < SCENE_WHY_LEN; i++) {
        if (t->procs[i].kind != PROC_RECORDER && s->procs[i].state != SCENE_UP) {
            n += (size_t)snprintf(why + n, SCENE_WHY_LEN - n, "%s%s is %s", n > 0 ? ", " : "",
                                  t->procs[i].name, scene_state_word(s->procs[i].state));
        }
    }
    return n == 0;
}

static bool nodes_healthy(const struct scene *s, const struct topology *t, char *why)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        const struct msg_op_node_status *n = &s->procs[i].node;
        if (p->kind != PROC_NODE) {
            continue;
        }
        if (p->callmanager && !n->callmanager) {
            return not_healthy(why, "the CallManager of %s is down", p->name);
        }
        if (p->ctimanager && !n->ctimanager) {
            return not_healthy(why, "the CTI Manager of %s is down", p->name);
        }
        if (!n->lease) {
            return not_healthy(why, "%s has no lease", p->name);
        }
    }
    return proc_id_some(s->leader) ? true : not_healthy(why, "there is no Raft leader");
}

static bool pgs_healthy(const struct scene *s, const struct topology *t, char *why)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        const struct msg_op_pg_status *g = &s->procs[i].pg;
        if (p->kind != PROC_PG) {
            continue;
        }
        if (!g->controller_up) {
            return not_healthy(why, "%s has no path to the central controller", p->name);
        }
        if (!g->provider_up) {
            return not_healthy(why, "%s has no provider at its CTI Manager", p->name);
        }
        if (g->active && g->monitors < g->monitors_wanted) {
            return not_healthy(why, "%s has %u of %u monitors", p->name, g->monitors,
                               g->monitors_wanted);
        }
        if (!proc_id_some(scene_active(s, t, p->pair))) {
            return not_healthy(why, "no side of PG pair %u is active", p->pair);
        }
    }
    return true;
}

/* Two controller sides are to serve as a pair; one alone has nobody to be a pair with. */
static bool controllers_healthy(const struct scene *s, const struct topology *t, char *why)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        enum mds_state state = (enum mds_state)s->procs[i].icm.state;
        if (t->procs[i].kind == PROC_ICM && state != MDS_STATE_NONE &&
            state != MDS_STATE_PAIRED_ENABLED && state != MDS_STATE_PAIRED_DISABLED) {
            return not_healthy(why, "%s is %s", t->procs[i].name, mds_state_text(state));
        }
    }
    return true;
}

bool scene_healthy(const struct scene *s, const struct topology *t, const struct scene_homes *homes,
                   char ret_why[SCENE_WHY_LEN])
{
    ret_why[0] = '\0';
    if (!processes_healthy(s, t, ret_why) || !nodes_healthy(s, t, ret_why) ||
        !pgs_healthy(s, t, ret_why) || !controllers_healthy(s, t, ret_why)) {
        return false;
    }
    uint32_t away = homes->total - homes->at_home;
    if (away > homes->away_busy) {
        return not_healthy(ret_why, "%u idle phones and gateways of %u are away from home",
                           away - homes->away_busy, homes->total);
    }
    uint32_t agents = topology_agents_total(t);
    if (s->agents_logged_in < agents) {
        return not_healthy(ret_why, "%u of %u agents are logged in", s->agents_logged_in, agents);
    }
    return true;
}
