#include "tests/unit/pg_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 100000

struct context {
    struct pg_world *w;
    int side;
};

static struct context contexts[2];
/* What the fake CTI Managers say of a device. */
static bool in_service[64];
static uint32_t epochs[64];
/* Calls that a snapshot tells: by device. */
static uint64_t living[64];

static int side_of(struct proc_id proc)
{
    return proc.v == PG_WORLD_A.v ? 0 : proc.v == PG_WORLD_B.v ? 1 : -1;
}

static void push(struct pg_world *w, enum link link, struct proc_id from, struct proc_id to,
                 const struct msg *msg)
{
    ASSERT(w->n < PG_WORLD_QUEUE);
    struct pg_world_item *item = &w->queue[(w->first + w->n++) % PG_WORLD_QUEUE];
    item->link = link;
    item->from = from;
    item->to = to;
    item->msg = malloc(sizeof *msg);
    ASSERT(item->msg != NULL);
    memcpy(item->msg, msg, sizeof *msg);
}

static void on_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct context *c = context;
    struct pg_world *w = c->w;
    ASSERT(msg_allowed(msg->kind, link));
    struct pg_world_side *s = &w->sides[c->side];
    bool up = link == LINK_PRIVATE      ? w->private_up && w->sides[1 - c->side].alive
              : link == LINK_JTAPI      ? s->cti_up
              : link == LINK_CONTROLLER ? w->controller_linked[c->side]
                                        : true;
    if (link == LINK_JTAPI) {
        ASSERT(proc_id_eq(peer, s->cti)); /* CTI-2 */
    }
    if (up) {
        push(w, link, s->self, peer, msg);
    }
}

static void on_listen(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static void on_connect(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    (void)link;
    (void)peer;
    (void)on;
}

static void on_trace(void *context, const struct event *event)
{
    struct context *c = context;
    struct pg_world_side *s = &c->w->sides[c->side];
    if (s->events_n < PG_WORLD_EVENTS) {
        s->events[s->events_n++] = *event;
    }
    if (event->kind == EVENT_PG_ACTIVE && s->monitored_n != PG_WORLD_AGENTS + 1) {
        s->active_before_monitors = true;
    }
}

static uint64_t on_store(void *context, const struct msg *msg)
{
    struct context *c = context;
    struct pg_world_side *s = &c->w->sides[c->side];
    if (msg->kind == MSG_RECORD_TCD) {
        ASSERT(s->rows_n < PG_WORLD_ROWS);
        s->rows[s->rows_n++] = msg->record_tcd;
    } else if (msg->kind == MSG_RECORD_LOGOUT) {
        ASSERT(s->logouts_n < PG_WORLD_ROWS);
        s->logouts[s->logouts_n++] = msg->record_logout;
    }
    return ++s->tickets;
}

static void on_trim(void *context, uint64_t outbox)
{
    (void)context;
    (void)outbox;
}

static void add_proc(struct topology *t, const char *name, enum proc_kind kind, enum side side,
                     uint16_t cti)
{
    struct topology_proc *p = &t->procs[t->procs_n++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kind = kind;
    p->side = side;
    p->pair = kind == PROC_PG ? 5000 : 0;
    p->ctimanager_node.v = cti;
    p->callmanager = kind == PROC_NODE;
    p->ctimanager = kind == PROC_NODE;
}

struct pg_world *pg_world_new(void)
{
    struct pg_world *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    struct topology *t = &w->topology;
    add_proc(t, "sub1", PROC_NODE, SIDE_NONE, 0);
    add_proc(t, "sub2", PROC_NODE, SIDE_NONE, 0);
    add_proc(t, "pga", PROC_PG, SIDE_A, 1);
    add_proc(t, "pgb", PROC_PG, SIDE_B, 2);
    add_proc(t, "icma", PROC_ICM, SIDE_A, 0);
    add_proc(t, "fleet", PROC_FLEET, SIDE_NONE, 0);
    t->groups_n = 1;
    t->groups[0] = (struct topology_group){.members_n = 2, .members = {{1}, {2}}};
    t->phones_n = 1;
    t->phones[0] = (struct topology_phones){
        .first = 1001, .count = PG_WORLD_AGENTS + 1, .fleet = PG_WORLD_FLEET};
    t->skills_n = 1;
    t->skills[0].number = 42;
    t->dialled_n = 1;
    snprintf(t->dialled[0].number, NUMBER_LEN, "80001");
    t->dialled[0].pair = 5000;
    t->agents_n = 1;
    t->agents[0] = (struct topology_agents){
        .first = 5001, .count = PG_WORLD_AGENTS, .phone = 1001, .pair = 5000};
    enum err err = topology_profile("lab", &t->timers);
    ASSERT(err == ERR_OK);
    w->now.us = 1000000;
    w->controller_up = true;
    for (uint32_t v = 0; v < 64; v++) {
        in_service[v] = true;
        epochs[v] = 1;
        living[v] = 0;
    }
    for (int i = 0; i < 2; i++) {
        struct pg_world_side *s = &w->sides[i];
        contexts[i] = (struct context){.w = w, .side = i};
        s->self = i == 0 ? PG_WORLD_A : PG_WORLD_B;
        s->cti.v = (uint16_t)(1 + i);
        s->world = (struct world){.context = &contexts[i],
                                  .send = on_send,
                                  .listen = on_listen,
                                  .connect = on_connect,
                                  .trace = on_trace,
                                  .store = on_store,
                                  .trim = on_trim};
    }
    return w;
}

static void drop_queue(struct pg_world *w, enum link link, struct proc_id who)
{
    for (uint32_t i = 0; i < w->n; i++) {
        struct pg_world_item *item = &w->queue[(w->first + i) % PG_WORLD_QUEUE];
        if (item->link == link && (proc_id_eq(item->from, who) || proc_id_eq(item->to, who))) {
            item->link = LINK_COUNT;
        }
    }
}

void pg_world_free(struct pg_world *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        free(w->queue[(w->first + i) % PG_WORLD_QUEUE].msg);
    }
    for (int i = 0; i < 2; i++) {
        if (w->sides[i].alive) {
            pg_deinit(&w->sides[i].pg);
        }
    }
    free(w);
}

struct device_id pg_world_point(const struct pg_world *w)
{
    return topology_route_point(&w->topology, 0);
}

static struct msg make(enum msg_kind kind)
{
    struct msg msg;
    memset(&msg, 0, sizeof msg);
    msg.kind = kind;
    return msg;
}

static void event_of(struct pg_world *w, int side, const struct msg_device_event *event)
{
    struct pg_world_side *s = &w->sides[side];
    if (!s->cti_up || s->provider == 0 || !s->monitored[event->device.v]) {
        return;
    }
    struct msg msg = make(MSG_CTI_EVENT);
    msg.cti_event.provider = s->provider;
    msg.cti_event.seq = ++s->seq;
    msg.cti_event.event = *event;
    push(w, LINK_JTAPI, s->cti, s->self, &msg);
}

static void confirm(struct pg_world *w, int side, struct device_id device)
{
    struct pg_world_side *s = &w->sides[side];
    struct msg msg = make(MSG_MONITOR_CONFIRMED);
    msg.monitor_confirmed.provider = s->provider;
    msg.monitor_confirmed.device = device;
    msg.monitor_confirmed.in_service = in_service[device.v];
    msg.monitor_confirmed.epoch = epochs[device.v];
    s->monitored_n += !s->monitored[device.v];
    s->monitored[device.v] = true;
    push(w, LINK_JTAPI, s->cti, s->self, &msg);
    if (!in_service[device.v]) {
        return;
    }
    struct msg_device_event e = {.device = device, .epoch = epochs[device.v]};
    if (living[device.v] != 0) {
        e.kind = DEVICE_EVENT_SNAPSHOT;
        e.call.v = living[device.v];
        e.state = device_id_eq(device, pg_world_point(w)) ? LEG_QUEUED : LEG_CONNECTED;
        event_of(w, side, &e);
    }
    e.kind = DEVICE_EVENT_SNAPSHOT_END;
    e.call.v = 0;
    event_of(w, side, &e);
}

static void tell_reach(struct pg_world *w, struct pg_world_side *s)
{
    struct msg out = make(MSG_PROVIDER_REACH);
    out.provider_reach.provider = s->provider;
    out.provider_reach.devices = s->reach;
    push(w, LINK_JTAPI, s->cti, s->self, &out);
}

static void cti_manager(struct pg_world *w, int side, const struct msg *msg)
{
    struct pg_world_side *s = &w->sides[side];
    if (msg->kind == MSG_PROVIDER_OPEN) {
        bool resumed =
            msg->provider_open.provider != 0 && msg->provider_open.provider == s->provider;
        if (!resumed) {
            s->provider = (uint64_t)(side + 1) * 1000 + ++s->tickets;
            s->seq = 0;
            memset(s->monitored, 0, sizeof s->monitored);
            s->monitored_n = 0;
        }
        struct msg out = make(MSG_PROVIDER_OPENED);
        out.provider_opened.provider = s->provider;
        out.provider_opened.resumed = resumed;
        out.provider_opened.in_service = !s->cti_out;
        out.provider_opened.reason = s->cti_out ? REASON_SERVICE_LOST : REASON_NONE;
        push(w, LINK_JTAPI, s->cti, s->self, &out);
        tell_reach(w, s);
    } else if (msg->kind == MSG_PROVIDER_CLOSE) {
        s->provider = 0;
        memset(s->monitored, 0, sizeof s->monitored);
        s->monitored_n = 0;
    } else if (msg->kind == MSG_MONITOR && !s->cti_out) {
        for (uint32_t i = 0; i < msg->monitor.devices_n; i++) {
            confirm(w, side, msg->monitor.devices[i].device);
        }
    } else if (msg->kind == MSG_CTI_REQUEST) {
        ASSERT(s->requests_n < PG_WORLD_ROWS);
        s->requests[s->requests_n++] = msg->cti_request;
        struct msg out = make(MSG_CTI_RESULT);
        out.cti_result.provider = s->provider;
        out.cti_result.id = msg->cti_request.id;
        out.cti_result.reason = s->refusal;
        push(w, LINK_JTAPI, s->cti, s->self, &out);
    }
}

static void grant(struct pg_world *w, int side)
{
    struct msg out = make(MSG_PG_GRANT);
    out.pg_grant.side = side == 0 ? SIDE_A : SIDE_B;
    out.pg_grant.pair = 5000;
    out.pg_grant.epoch = w->highest;
    out.pg_grant.active = proc_id_eq(w->active, w->sides[side].self);
    out.pg_grant.hello = w->hello[side];
    if (!w->controller_linked[side]) {
        return;
    }
    push(w, LINK_CONTROLLER, PG_WORLD_ICM, w->sides[side].self, &out);
}

/* As node/role/icm/grants.c does it, without a disk. */
static void controller(struct pg_world *w, int side, const struct msg *msg)
{
    struct proc_id self = w->sides[side].self;
    if (msg->kind == MSG_PG_HELLO) {
        const struct msg_pg_hello *m = &msg->pg_hello;
        bool mine = proc_id_eq(w->active, self);
        w->hello[side] = m->number;
        bool agreed = m->epoch > w->highest;
        const struct msg_pg_weight *own = &w->weight[side], *peer = &w->weight[1 - side];
        bool outweighs = w->weighed[side] && w->weighed[1 - side] && own->apart && peer->apart &&
                         own->devices > peer->devices;
        bool other =
            proc_id_some(w->active) && !mine && w->controller_linked[1 - side] && !outweighs;
        if (!m->wants_active) {
            w->active.v = mine ? 0 : w->active.v;
        } else if (other && !agreed) {
            w->refused++;
        } else if (!(mine && m->epoch == w->highest)) {
            w->highest = agreed ? m->epoch : w->highest + 1;
            bool told = proc_id_some(w->active) && !mine;
            w->active = self;
            if (told) {
                grant(w, 1 - side);
            }
        }
        grant(w, side);
    } else if (msg->kind == MSG_PG_WEIGHT) {
        w->weight[side] = msg->pg_weight;
        w->weighed[side] = true;
    } else if (msg->kind == MSG_ROUTE_REQUEST) {
        w->last_route = msg->route_request;
        w->routes++;
    } else if (msg->kind == MSG_AGENT_UPDATE) {
        w->agents[msg->agent_update.agent.v - 5001] = msg->agent_update;
    }
}

static void fleet(struct pg_world *w, const struct msg *msg)
{
    if (msg->kind == MSG_DESKTOP_OPENED) {
        w->opened[msg->desktop_opened.agent.v - 5001] = msg->desktop_opened;
    } else if (msg->kind == MSG_DESKTOP_RESULT) {
        w->result[msg->desktop_result.agent.v - 5001] = msg->desktop_result;
    } else if (msg->kind == MSG_DESKTOP_CONTROL_RESULT) {
        w->control = (enum reason)msg->desktop_control_result.reason;
    } else if (msg->kind == MSG_DESKTOP_CLOSED) {
        w->closed++;
    }
}

static void deliver(struct pg_world *w)
{
    struct pg_world_item item = w->queue[w->first];
    w->first = (w->first + 1) % PG_WORLD_QUEUE;
    w->n--;
    int to = side_of(item.to);
    int from = side_of(item.from);
    if (item.link != LINK_COUNT) {
        if (to >= 0 && w->sides[to].asleep) {
            ASSERT(w->sides[to].missed_n < PG_WORLD_MISSED);
            w->sides[to].missed[w->sides[to].missed_n++] = item;
            return;
        }
        if (to >= 0 && w->sides[to].alive) {
            pg_message(&w->sides[to].pg, w->now, item.link, item.from, item.msg);
        } else if (item.link == LINK_JTAPI && from >= 0) {
            cti_manager(w, from, item.msg);
        } else if (item.link == LINK_CONTROLLER && from >= 0) {
            controller(w, from, item.msg);
        } else if (item.link == LINK_DESKTOP) {
            fleet(w, item.msg);
        }
    }
    free(item.msg);
}

static void drain(struct pg_world *w)
{
    for (int steps = 0; w->n > 0; steps++) {
        ASSERT(steps < STEPS_MAX);
        deliver(w);
    }
    for (int i = 0; i < 2; i++) {
        struct pg_world_side *s = &w->sides[i];
        if (s->alive && !s->asleep && s->stored != s->tickets) {
            s->stored = s->tickets;
            pg_stored(&s->pg, w->now, s->stored);
        }
    }
}

void pg_world_run(struct pg_world *w, int64_t ms)
{
    struct instant end = instant_add(w->now, duration_ms(ms));
    drain(w);
    for (int steps = 0; w->now.us < end.us; steps++) {
        ASSERT(steps < STEPS_MAX);
        struct instant next = end;
        for (int i = 0; i < 2; i++) {
            if (w->sides[i].alive && !w->sides[i].asleep) {
                next = instant_min(next, pg_deadline(&w->sides[i].pg));
            }
        }
        w->now.us = next.us > w->now.us ? next.us : w->now.us + 1000;
        for (int i = 0; i < 2; i++) {
            if (w->sides[i].alive && !w->sides[i].asleep &&
                instant_reached(w->now, pg_deadline(&w->sides[i].pg))) {
                pg_tick(&w->sides[i].pg, w->now);
            }
        }
        drain(w);
    }
}

void pg_world_start(struct pg_world *w, int side)
{
    struct pg_world_side *s = &w->sides[side];
    ASSERT(!s->alive);
    enum err err = pg_init(&s->pg, &w->topology, s->self, &s->world);
    ASSERT(err == ERR_OK);
    s->alive = true;
    pg_start(&s->pg, w->now, (struct incarnation){1}, 0);
    w->controller_linked[side] = true;
    pg_link_up(&s->pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM);
    if (w->sides[1 - side].alive) {
        w->private_up = true;
        pg_link_up(&s->pg, w->now, LINK_PRIVATE, w->sides[1 - side].self);
        pg_link_up(&w->sides[1 - side].pg, w->now, LINK_PRIVATE, s->self);
    }
    s->cti_up = true;
    pg_link_up(&s->pg, w->now, LINK_JTAPI, s->cti);
    drain(w);
}

void pg_world_kill(struct pg_world *w, int side)
{
    struct pg_world_side *s = &w->sides[side];
    pg_deinit(&s->pg);
    s->alive = false;
    s->cti_up = false;
    s->provider = 0;
    s->monitored_n = 0;
    memset(s->monitored, 0, sizeof s->monitored);
    w->controller_linked[side] = false;
    drop_queue(w, LINK_PRIVATE, s->self);
    drop_queue(w, LINK_JTAPI, s->self);
    drop_queue(w, LINK_CONTROLLER, s->self);
    w->private_up = false;
    if (w->sides[1 - side].alive) {
        pg_link_down(&w->sides[1 - side].pg, w->now, LINK_PRIVATE, s->self, REASON_TIMEOUT);
    }
    drain(w);
}

void pg_world_sleep(struct pg_world *w, int side)
{
    w->sides[side].asleep = true;
}

void pg_world_service(struct pg_world *w, int side)
{
    struct pg_world_side *s = &w->sides[side];
    struct msg out = make(MSG_PROVIDER_STATE);
    out.provider_state = (struct msg_provider_state){.provider = s->provider, .in_service = true};
    s->cti_out = false;
    push(w, LINK_JTAPI, s->cti, s->self, &out);
}

void pg_world_reach(struct pg_world *w, int side, uint32_t devices)
{
    w->sides[side].reach = devices;
    if (w->sides[side].provider != 0) {
        tell_reach(w, &w->sides[side]);
        drain(w);
    }
}

void pg_world_controller(struct pg_world *w, bool up)
{
    w->controller_up = up;
    for (int i = 0; i < 2; i++) {
        struct pg_world_side *s = &w->sides[i];
        w->controller_linked[i] = up && s->alive && !s->asleep;
        w->weighed[i] = false;
        if (w->controller_linked[i]) {
            pg_link_up(&s->pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM);
        } else if (s->alive && !s->asleep) {
            pg_link_down(&s->pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM, REASON_TIMEOUT);
        }
    }
    drain(w);
}

void pg_world_missed(struct pg_world *w, int side, enum link link)
{
    if (link == LINK_CONTROLLER) {
        w->controller_linked[side] = false;
    } else {
        ASSERT(link == LINK_PRIVATE);
        w->private_up = false;
        pg_link_down(&w->sides[1 - side].pg, w->now, LINK_PRIVATE, w->sides[side].self,
                     REASON_TIMEOUT);
    }
    drain(w);
}

/* What came in meanwhile is read first, then the end of the sessions that the others gave up. */
void pg_world_wake(struct pg_world *w, int side)
{
    struct pg_world_side *s = &w->sides[side];
    struct pg_world_side *peer = &w->sides[1 - side];
    ASSERT(s->asleep);
    s->asleep = false;
    for (uint32_t i = 0; i < s->missed_n; i++) {
        const struct pg_world_item *item = &s->missed[i];
        pg_message(&s->pg, w->now, item->link, item->from, item->msg);
        free(item->msg);
    }
    s->missed_n = 0;
    if (!w->controller_linked[side]) {
        pg_link_down(&s->pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM, REASON_STALE_LINK);
        w->controller_linked[side] = w->controller_up;
        if (w->controller_up) {
            pg_link_up(&s->pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM);
        }
    }
    if (!w->private_up && peer->alive) {
        pg_link_down(&s->pg, w->now, LINK_PRIVATE, peer->self, REASON_STALE_LINK);
        w->private_up = true;
        pg_link_up(&s->pg, w->now, LINK_PRIVATE, peer->self);
        pg_link_up(&peer->pg, w->now, LINK_PRIVATE, s->self);
    }
    drain(w);
}

void pg_world_cti(struct pg_world *w, int side, bool up)
{
    struct pg_world_side *s = &w->sides[side];
    s->cti_up = up;
    if (up) {
        pg_link_up(&s->pg, w->now, LINK_JTAPI, s->cti);
    } else {
        s->provider = 0;
        s->monitored_n = 0;
        memset(s->monitored, 0, sizeof s->monitored);
        drop_queue(w, LINK_JTAPI, s->self);
        pg_link_down(&s->pg, w->now, LINK_JTAPI, s->cti, REASON_SERVICE_LOST);
    }
    drain(w);
}

void pg_world_private(struct pg_world *w, bool up)
{
    w->private_up = up;
    drop_queue(w, LINK_PRIVATE, PG_WORLD_A);
    for (int i = 0; i < 2; i++) {
        struct pg_world_side *s = &w->sides[i];
        if (up) {
            pg_link_up(&s->pg, w->now, LINK_PRIVATE, w->sides[1 - i].self);
        } else {
            pg_link_down(&s->pg, w->now, LINK_PRIVATE, w->sides[1 - i].self, REASON_TIMEOUT);
        }
    }
    drain(w);
}

void pg_world_event(struct pg_world *w, int side, enum device_event kind, struct device_id device,
                    uint64_t call, enum reason reason)
{
    struct msg_device_event e = {.device = device,
                                 .epoch = epochs[device.v],
                                 .call = {call},
                                 .kind = kind,
                                 .reason = reason};
    snprintf(e.from, sizeof e.from, "5551234");
    snprintf(e.to, sizeof e.to, "80001");
    bool ends = kind == DEVICE_EVENT_DISCONNECTED;
    living[device.v] = ends ? 0 : call != 0 ? call : living[device.v];
    event_of(w, side, &e);
    drain(w);
}

void pg_world_device(struct pg_world *w, bool up, struct device_id device, uint32_t epoch)
{
    in_service[device.v] = up;
    epochs[device.v] = epoch;
    for (int i = 0; i < 2; i++) {
        struct msg_device_event e = {.device = device, .epoch = epoch};
        e.kind = up ? DEVICE_EVENT_IN_SERVICE : DEVICE_EVENT_OUT_OF_SERVICE;
        e.reason = up ? REASON_NONE : REASON_NODE_LOST;
        event_of(w, i, &e);
    }
    drain(w);
}

static void desktop(struct pg_world *w, int side, const struct msg *msg)
{
    push(w, LINK_DESKTOP, PG_WORLD_FLEET, w->sides[side].self, msg);
    drain(w);
}

void pg_world_open(struct pg_world *w, int side, uint32_t nth)
{
    struct msg msg = make(MSG_DESKTOP_OPEN);
    msg.desktop_open.agent.v = 5001 + nth;
    desktop(w, side, &msg);
}

void pg_world_key(struct pg_world *w, int side, uint32_t nth, uint64_t call, enum key key)
{
    struct msg msg = make(MSG_DESKTOP_CONTROL);
    msg.desktop_control.agent.v = 5001 + nth;
    msg.desktop_control.call.v = call;
    msg.desktop_control.key = key;
    desktop(w, side, &msg);
}

void pg_world_ask(struct pg_world *w, int side, uint32_t nth, enum agent_request request)
{
    struct msg msg = make(MSG_DESKTOP_REQUEST);
    msg.desktop_request.agent.v = 5001 + nth;
    msg.desktop_request.request = request;
    msg.desktop_request.device.v = request == AGENT_REQUEST_LOGIN ? 1 + nth : 0;
    desktop(w, side, &msg);
}

void pg_world_wrapup(struct pg_world *w, int side, uint32_t nth, uint64_t call, const char *text)
{
    struct msg msg = make(MSG_DESKTOP_WRAPUP);
    msg.desktop_wrapup.agent.v = 5001 + nth;
    msg.desktop_wrapup.call.v = call;
    snprintf(msg.desktop_wrapup.text, sizeof msg.desktop_wrapup.text, "%s", text);
    desktop(w, side, &msg);
}

void pg_world_label(struct pg_world *w, int side, uint32_t nth)
{
    struct msg msg = make(MSG_ROUTE_ANSWER);
    msg.route_answer.request = w->last_route.request;
    msg.route_answer.call = w->last_route.call;
    msg.route_answer.kind = ROUTE_LABEL;
    msg.route_answer.agent.v = 5001 + nth;
    msg.route_answer.skill = 42;
    msg.route_answer.day = 7;
    msg.route_answer.key = 200 + w->routes;
    snprintf(msg.route_answer.label, NUMBER_LEN, "%u", 1001 + nth);
    push(w, LINK_CONTROLLER, PG_WORLD_ICM, w->sides[side].self, &msg);
    drain(w);
}

uint32_t pg_world_count(const struct pg_world_side *s, enum event_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->events_n; i++) {
        n += s->events[i].kind == kind;
    }
    return n;
}

bool pg_world_is_active(const struct pg_world *w, int side)
{
    return w->sides[side].alive && w->sides[side].pg.duplex.state == DUPLEX_ACTIVE;
}

void pg_world_routed_call(struct pg_world *w, int side, uint32_t nth, uint64_t call)
{
    struct device_id phone = {1 + nth};
    pg_world_event(w, side, DEVICE_EVENT_OFFERED, pg_world_point(w), call, REASON_NONE);
    pg_world_label(w, side, nth);
    pg_world_event(w, side, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), call, REASON_REDIRECTED);
    pg_world_event(w, side, DEVICE_EVENT_RINGING, phone, call, REASON_NONE);
    pg_world_run(w, 300);
    pg_world_event(w, side, DEVICE_EVENT_CONNECTED, phone, call, REASON_NONE);
}
