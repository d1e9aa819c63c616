#include "cluster/record/replay.h"

#include "cluster/record/replay_legs.h"
#include "cluster/record/replay_lives.h"
#include "cluster/record/replay_registry.h"

#include <stdlib.h>
#include <string.h>

struct agent {
    struct agent_info info;
    enum agent_state state;
    uint32_t reason_code;
    int64_t since_us; /* 0: nothing was told yet */
};

struct replay {
    const struct history *history;
    const struct topology *topology;
    int64_t wall_us;
    struct replay_registry registry;
    struct agent *agents;
    uint32_t agents_n;
    /* The moment. */
    int64_t at_us;
    size_t next; /* event to be taken */
    struct scene scene;
    struct replay_lives lives;
    struct replay_legs legs;
};

static enum err find_agents(struct replay *r)
{
    r->agents_n = topology_agents_total(r->topology);
    r->agents = calloc((size_t)r->agents_n + 1, sizeof r->agents[0]);
    return r->agents != NULL ? ERR_OK : ERR_MEMORY;
}

static void rewind_to_begin(struct replay *r)
{
    r->next = 0;
    replay_lives_init(&r->lives, r->history);
    for (uint32_t i = 0; i < r->agents_n; i++) {
        r->agents[i] = (struct agent){.state = AGENT_STATE_LOGGED_OFF};
        bool known = topology_agent(r->topology, i, &r->agents[i].info);
        ASSERT(known);
    }
    replay_legs_clear(&r->legs);
}

enum err replay_new(const struct history *history, int64_t wall_us, struct replay **ret_replay)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return ERR_MEMORY;
    }
    r->history = history;
    r->topology = history->topology;
    r->wall_us = wall_us;
    r->at_us = INT64_MIN;
    replay_legs_init(&r->legs, history);
    enum err err = replay_registry_init(&r->registry, history);
    if (err == ERR_OK) {
        err = find_agents(r);
    }
    if (err != ERR_OK) {
        replay_free(&r);
        return err;
    }
    rewind_to_begin(r);
    *ret_replay = r;
    return ERR_OK;
}

void replay_free(struct replay **replay)
{
    struct replay *r = *replay;
    if (r == NULL) {
        return;
    }
    replay_legs_deinit(&r->legs);
    replay_registry_deinit(&r->registry);
    free(r->agents);
    free(r);
    *replay = NULL;
}

int64_t replay_end(const struct history *h)
{
    int64_t end = h->end_us;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *stop = &h->events[i];
        if (stop->kind != EVENT_PROCESS_STOP ||
            !history_up(h, stop->proc, SERVICE_NONE, stop->at.us - 1)) {
            continue; /* or a fault took it before */
        }
        bool for_good = true;
        for (uint32_t k = 0; k < h->outages_n; k++) {
            const struct history_outage *o = &h->outages[k];
            bool this_one = proc_id_eq(o->proc, stop->proc) && o->service == SERVICE_NONE &&
                            o->from <= stop->at.us && o->until > stop->at.us;
            for_good = for_good && (!this_one || (!o->injected && o->until == HISTORY_FOREVER));
        }
        if (for_good && stop->at.us - 1 < end) {
            end = stop->at.us - 1;
        }
    }
    return end > h->begin_us ? end : h->end_us;
}

/* -- Events. -- */

static void take_agent(struct replay *r, const struct event *e)
{
    for (uint32_t i = 0; e->kind == EVENT_AGENT_STATE && i < r->agents_n; i++) {
        struct agent *a = &r->agents[i];
        if (a->info.id.v == (uint32_t)e->value) {
            a->state = (enum agent_state)e->value2;
            a->reason_code = (uint32_t)strtoul(e->text, NULL, 10);
            a->since_us = e->at.us;
            return;
        }
    }
}

static enum err take(struct replay *r, const struct event *e)
{
    replay_lives_take(&r->lives, e);
    take_agent(r, e);
    if (e->kind == EVENT_PROCESS_START && history_kind(r->history, e->proc) == PROC_FLEET) {
        replay_legs_lost(&r->legs, e->proc);
    }
    return replay_legs_take(&r->legs, e);
}

/* -- The scene. -- */

static void fill_node(const struct replay *r, struct proc_id proc, struct msg_op_node_status *n)
{
    const struct replay_life *life = &r->lives.of[proc.v - 1];
    n->raft = life->raft;
    n->term = life->term;
    n->commit = n->applied = n->last = life->applied;
    n->snapshot = life->snapshot;
    n->hash = life->hash_index == life->applied ? life->hash : 0;
    n->callmanager = life->services[SERVICE_CALLMANAGER];
    n->ctimanager = life->services[SERVICE_CTIMANAGER];
    n->lease = life->lease;
    n->devices = topology_devices(r->topology);
    for (uint32_t v = 1; v <= n->devices; v++) {
        const struct replay_change *c =
            replay_registry_at(&r->registry, (struct device_id){v}, life->applied);
        struct device_info info;
        if (c == NULL || c->state != DEVICE_STATE_REGISTERED ||
            !topology_device(r->topology, c->device, &info)) {
            continue;
        }
        n->registered++;
        bool served = n->callmanager && proc_id_eq(c->node, proc);
        n->phones += served && info.kind == DEVICE_KIND_PHONE ? 1 : 0;
        n->gateways += served && info.kind == DEVICE_KIND_GATEWAY ? 1 : 0;
        n->route_points += served && info.kind == DEVICE_KIND_ROUTE_POINT ? 1 : 0;
    }
}

static void fill_pg(const struct replay *r, struct proc_id proc, struct msg_op_pg_status *g)
{
    const struct topology *t = r->topology;
    const struct replay_life *life = &r->lives.of[proc.v - 1];
    const uint32_t pair = t->procs[proc.v - 1].pair;
    g->active = life->active;
    g->epoch = replay_lives_epoch(&r->lives, proc);
    g->provider_up = life->provider;
    g->controller_up = life->controllers != 0;
    g->peer_up = life->peer;
    g->monitors = life->monitors;
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        g->monitors_wanted += t->dialled[i].pair == pair ? 1 : 0;
    }
    for (uint32_t i = 0; i < r->agents_n; i++) {
        const struct agent *a = &r->agents[i];
        if (a->info.pair == pair) {
            g->monitors_wanted++;
            g->agents_logged_in += a->state != AGENT_STATE_LOGGED_OFF ? 1 : 0;
            g->agents_ready += a->state == AGENT_STATE_READY ? 1 : 0;
        }
    }
}

static void fill_icm(const struct replay *r, struct proc_id proc, struct msg_op_icm_status *m)
{
    m->state = r->lives.of[proc.v - 1].mds;
    m->active_pg = r->lives.granted;
    m->epoch = proc_id_some(r->lives.granted) ? replay_lives_epoch(&r->lives, m->active_pg) : 0;
    m->tcd_rows = r->lives.tcd_rows[proc.v - 1];
    m->queued = replay_legs_queued(&r->legs);
    m->routed = r->lives.routed[proc.v - 1];
}

/* Desktops are open while their pair has an active side. */
static bool has_desktop(const struct replay *r, uint32_t pair)
{
    return proc_id_some(scene_active(&r->scene, r->topology, pair));
}

static void fill_fleet(struct replay *r, struct proc_id proc, struct msg_op_fleet_status *f)
{
    for (uint32_t v = 1; v <= r->history->devices_n; v++) {
        struct device_info info;
        const struct device_id device = {v};
        if (!topology_device(r->topology, device, &info) || !proc_id_eq(info.fleet, proc)) {
            continue;
        }
        bool served = proc_id_some(history_home(r->history, device, r->at_us));
        bool phone = info.kind == DEVICE_KIND_PHONE;
        f->phones += phone ? 1 : 0;
        f->phones_registered += phone && served ? 1 : 0;
        f->gateways += phone ? 0 : 1;
        f->gateways_registered += !phone && served ? 1 : 0;
    }
    for (uint32_t i = 0; i < r->agents_n; i++) {
        const struct agent *a = &r->agents[i];
        struct device_info info;
        if (!topology_device(r->topology, a->info.device, &info) || !proc_id_eq(info.fleet, proc)) {
            continue;
        }
        bool open = has_desktop(r, a->info.pair);
        f->agents++;
        f->agents_logged_in += open && a->state != AGENT_STATE_LOGGED_OFF ? 1 : 0;
        f->agents_ready += open && a->state == AGENT_STATE_READY ? 1 : 0;
    }
    replay_legs_count(&r->legs, proc, f);
}

static void fill(struct replay *r, struct proc_id proc)
{
    struct scene_proc *p = &r->scene.procs[proc.v - 1];
    switch (r->topology->procs[proc.v - 1].kind) {
    case PROC_NODE:
        fill_node(r, proc, &p->node);
        return;
    case PROC_PG:
        fill_pg(r, proc, &p->pg);
        return;
    case PROC_ICM:
        fill_icm(r, proc, &p->icm);
        return;
    case PROC_FLEET:
        fill_fleet(r, proc, &p->fleet);
        return;
    case PROC_NONE:
    case PROC_RECORDER:
        return;
    }
    UNREACHABLE("every kind is listed");
}

/* What one node has applied is committed. */
static void raise_commit(struct scene *s, uint32_t procs_n)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < procs_n; i++) {
        most = s->procs[i].node.applied > most ? s->procs[i].node.applied : most;
    }
    for (uint32_t i = 0; i < procs_n; i++) {
        if (s->procs[i].node.raft == RAFT_STATE_LEADER) {
            s->procs[i].node.commit = most;
        }
    }
}

enum err replay_to(struct replay *r, int64_t at_us, struct scene *ret_scene)
{
    const struct history *h = r->history;
    if (at_us < r->at_us) {
        rewind_to_begin(r);
    }
    r->at_us = at_us;
    for (; r->next < h->events_n && h->events[r->next].at.us <= at_us; r->next++) {
        enum err err = take(r, &h->events[r->next]);
        if (err != ERR_OK) {
            return err;
        }
    }
    r->scene = (struct scene){.recorded = true, .at_us = at_us, .wall_us = r->wall_us + at_us};
    for (uint16_t v = 1; v <= r->topology->procs_n; v++) {
        struct scene_proc *p = &r->scene.procs[v - 1];
        p->state = replay_lives_state(&r->lives, (struct proc_id){v}, at_us);
        p->pid = p->state == SCENE_DOWN ? 0 : r->lives.of[v - 1].pid;
    }
    /* Fleets last: whether a desktop is open is seen at the sides of its PG. */
    for (int fleets = 0; fleets <= 1; fleets++) {
        for (uint16_t v = 1; v <= r->topology->procs_n; v++) {
            bool fleet = r->topology->procs[v - 1].kind == PROC_FLEET;
            if (r->scene.procs[v - 1].state == SCENE_UP && fleet == (fleets == 1)) {
                fill(r, (struct proc_id){v});
            }
        }
    }
    raise_commit(&r->scene, r->topology->procs_n);
    scene_sum_up(r->topology, &r->scene);
    *ret_scene = r->scene;
    return ERR_OK;
}

/* -- Lists. -- */

static bool node_is_up(const struct replay *r, struct proc_id node)
{
    return node.v >= 1 && node.v <= r->topology->procs_n &&
           r->topology->procs[node.v - 1].kind == PROC_NODE &&
           r->scene.procs[node.v - 1].state == SCENE_UP;
}

enum err replay_devices(const struct replay *r, struct proc_id node,
                        struct msg_op_device **ret_rows, uint32_t *ret_n, uint64_t *ret_index)
{
    if (!node_is_up(r, node)) {
        return ERR_STATE;
    }
    const uint64_t index = r->lives.of[node.v - 1].applied;
    const uint32_t n = topology_devices(r->topology);
    struct msg_op_device *rows = calloc((size_t)n + 1, sizeof rows[0]);
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t v = 1; v <= n; v++) {
        const struct replay_change *c =
            replay_registry_at(&r->registry, (struct device_id){v}, index);
        struct device_info info = {0};
        struct msg_op_device *row = &rows[v - 1];
        bool known = topology_device(r->topology, (struct device_id){v}, &info);
        ASSERT(known);
        *row = (struct msg_op_device){.device = {v}, .kind = info.kind};
        if (c != NULL) {
            row->node = c->node;
            row->epoch = c->epoch;
            row->state = c->state;
            row->since_us = c->at_us;
        }
    }
    *ret_rows = rows;
    *ret_n = n;
    *ret_index = index;
    return ERR_OK;
}

enum err replay_calls(struct replay *r, struct msg_op_call **ret_rows, uint32_t *ret_n)
{
    size_t legs_n = 0;
    const struct replay_leg *legs = replay_legs_sorted(&r->legs, &legs_n);
    struct msg_op_call *rows = calloc(legs_n + 1, sizeof rows[0]);
    uint32_t n = 0;
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < legs_n; i++) {
        struct device_info info;
        if (!topology_device(r->topology, legs[i].device, &info) ||
            r->scene.procs[info.fleet.v - 1].state != SCENE_UP) {
            continue;
        }
        rows[n] = (struct msg_op_call){.call = legs[i].call,
                                       .device = legs[i].device,
                                       .other = legs[i].other,
                                       .state = legs[i].state,
                                       .for_us = r->at_us - legs[i].begin_us,
                                       .preserved = legs[i].preserved};
        memcpy(rows[n].from, legs[i].from, sizeof rows[n].from);
        memcpy(rows[n].to, legs[i].to, sizeof rows[n].to);
        n++;
    }
    *ret_rows = rows;
    *ret_n = n;
    return ERR_OK;
}

enum err replay_agents(const struct replay *r, struct msg_op_agent **ret_rows, uint32_t *ret_n)
{
    struct msg_op_agent *rows = calloc((size_t)r->agents_n + 1, sizeof rows[0]);
    uint32_t n = 0;
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < r->agents_n; i++) {
        const struct agent *a = &r->agents[i];
        if (!has_desktop(r, a->info.pair)) {
            continue;
        }
        struct proc_id home = history_home(r->history, a->info.device, r->at_us);
        rows[n++] = (struct msg_op_agent){.agent = a->info.id,
                                          .state = a->state,
                                          .device = a->info.device,
                                          .skill = r->topology->skills[a->info.skill].number,
                                          .for_us = a->since_us != 0 ? r->at_us - a->since_us : 0,
                                          .reason_code = a->reason_code,
                                          .in_service = proc_id_some(home)};
    }
    *ret_rows = rows;
    *ret_n = n;
    return ERR_OK;
}

enum err replay_homes(struct replay *r, const struct scene *scene, struct scene_homes *ret_homes)
{
    struct msg_op_device *rows = NULL;
    uint32_t n = 0;
    uint64_t index = 0;
    scene_no_homes(r->topology, ret_homes);
    struct proc_id node = scene_node(scene, r->topology);
    if (!proc_id_some(node)) {
        return ERR_OK;
    }
    enum err err = replay_devices(r, node, &rows, &n, &index);
    bool *busy = calloc(DEVICES_MAX + 1, sizeof *busy);
    if (err == ERR_OK && busy == NULL) {
        err = ERR_MEMORY;
    }
    if (err == ERR_OK) {
        for (size_t i = 0; i < r->legs.legs_n; i++) {
            busy[r->legs.legs[i].device.v] = true;
        }
        scene_count_homes(scene, r->topology, rows, n, index, busy, ret_homes);
    }
    free(busy);
    free(rows);
    return err;
}
