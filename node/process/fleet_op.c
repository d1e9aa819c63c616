#include "node/process/fleet_op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EFFECT_MS  5000 /* an effect that has not come by then is answered with TIMEOUT */
#define DIGITS_MAX 9

static void answer(struct fleet *f, struct proc_id peer, enum msg_kind kind)
{
    f->msg.kind = kind;
    f->msg.correlation = 0;
    world_send(f->world, LINK_OPERATOR, peer, &f->msg);
}

static void done(struct fleet *f, struct proc_id peer, uint64_t id, enum reason reason,
                 uint64_t value, const char *text)
{
    f->msg.op_done = (struct msg_op_done){.id = id, .reason = reason, .value = value};
    snprintf(f->msg.op_done.text, sizeof f->msg.op_done.text, "%s", text);
    answer(f, peer, MSG_OP_DONE);
}

static void finish(struct fleet *f, struct fleet_wait *w, enum reason reason, uint64_t value,
                   const char *text)
{
    ASSERT(w->used);
    w->used = false;
    done(f, w->peer, w->id, reason, value, text);
}

static struct fleet_wait *wait_for(struct fleet *f, struct proc_id peer, uint64_t id)
{
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used) {
            *w = (struct fleet_wait){.used = true,
                                     .peer = peer,
                                     .id = id,
                                     .until = instant_add(f->now, duration_ms(EFFECT_MS))};
            return w;
        }
    }
    return NULL;
}

void fleet_op_gone(struct fleet *f, struct proc_id peer)
{
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        f->waits[i].used = f->waits[i].used && !proc_id_eq(f->waits[i].peer, peer);
    }
}

struct instant fleet_op_deadline(const struct fleet *f)
{
    struct instant first = INSTANT_NEVER;
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        if (f->waits[i].used) {
            first = instant_min(first, f->waits[i].until);
        }
    }
    return first;
}

void fleet_op_tick(struct fleet *f)
{
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        if (f->waits[i].used && instant_reached(f->now, f->waits[i].until)) {
            finish(f, &f->waits[i], REASON_TIMEOUT, 0, "the effect was not seen in time");
        }
    }
}

/* The legs of all devices in one order: phones, then gateways. NULL: there are no more. */
static const struct call_leg *leg_at(const struct fleet *f, uint32_t nth, struct device_id *device)
{
    if (nth < f->phones_n * PHONE_LEGS) {
        const struct phone *p = &f->phones[nth / PHONE_LEGS];
        *device = p->station.device;
        return &p->legs[nth % PHONE_LEGS];
    }
    nth -= f->phones_n * PHONE_LEGS;
    for (uint32_t i = 0; i < f->gateways_n; i++) {
        const struct gateway *g = &f->gateways[i];
        if (nth < g->channels_n) {
            *device = g->station.device;
            return &g->channels[nth].leg;
        }
        nth -= g->channels_n;
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

#define PRESERVED_BIT 1u
#define FLOWING_BIT   2u

/* Count calls, not legs: a call is preserved if any leg of it is, and flows if all that have media
 * hear something. Each leg gives a pair: its call, and its bits. */
static void count_calls(struct fleet *f, struct msg_op_fleet_status *m)
{
    uint32_t n = 0;
    struct device_id device;
    const struct call_leg *leg;
    for (uint32_t i = 0; (leg = leg_at(f, i, &device)) != NULL; i++) {
        if (leg->state == LEG_IDLE) {
            continue;
        }
        bool flowing = device_id_some(leg->peer) && !leg->silent;
        f->calls[2 * n] = leg->call.v;
        f->calls[2 * n + 1] = (leg->preserved ? PRESERVED_BIT : 0) | (flowing ? FLOWING_BIT : 0);
        n++;
    }
    qsort(f->calls, n, 2 * sizeof f->calls[0], compare);
    for (uint32_t i = 0; i < n;) {
        uint64_t any = 0;
        uint64_t all = FLOWING_BIT;
        uint32_t k = i;
        for (; k < n && f->calls[2 * k] == f->calls[2 * i]; k++) {
            any |= f->calls[2 * k + 1];
            all &= f->calls[2 * k + 1];
        }
        m->calls++;
        m->preserved += (any & PRESERVED_BIT) != 0;
        m->media_flowing += (all & FLOWING_BIT) != 0;
        i = k;
    }
}

static void status(struct fleet *f, struct proc_id peer, uint64_t id)
{
    struct msg_op_fleet_status m = {.id = id,
                                    .phones = f->phones_n,
                                    .gateways = f->gateways_n,
                                    .agents = f->agents_n,
                                    .calls_done = f->calls_done,
                                    .legs_logged = f->log.written,
                                    .legs_pending = leg_log_waiting(&f->log)};
    for (uint32_t i = 0; i < f->phones_n; i++) {
        m.phones_registered += f->phones[i].station.state == STATION_REGISTERED;
    }
    for (uint32_t i = 0; i < f->gateways_n; i++) {
        m.gateways_registered += f->gateways[i].station.state == STATION_REGISTERED;
    }
    for (uint32_t i = 0; i < f->agents_n; i++) {
        const struct agent *a = &f->agents[i];
        bool in = a->desk == AGENT_DESK_OPEN && a->state != AGENT_STATE_LOGGED_OFF;
        m.agents_logged_in += in;
        m.agents_ready += in && a->state == AGENT_STATE_READY;
    }
    count_calls(f, &m);
    f->msg.op_fleet_status = m;
    answer(f, peer, MSG_OP_FLEET_STATUS);
}

static const struct station *station_at(const struct fleet *f, uint32_t nth)
{
    return nth < f->phones_n ? &f->phones[nth].station : &f->gateways[nth - f->phones_n].station;
}

static void list_devices(struct fleet *f, struct proc_id peer, const struct msg_op_list *ask)
{
    struct msg_op_devices *m = &f->msg.op_devices;
    memset(m, 0, sizeof *m);
    m->id = ask->id;
    m->last = true;
    for (uint32_t i = 0; i < f->phones_n + f->gateways_n; i++) {
        const struct station *s = station_at(f, i);
        if (s->device.v <= ask->after) {
            continue;
        }
        if (m->rows_n == MAX_op_device) {
            m->last = false;
            break;
        }
        bool served = s->state == STATION_REGISTERED;
        m->rows[m->rows_n++] = (struct msg_op_device){
            .device = s->device,
            .kind = i < f->phones_n ? DEVICE_KIND_PHONE : DEVICE_KIND_GATEWAY,
            .node = served ? s->owner : (struct proc_id){0},
            .epoch = s->epoch,
            .state = served                          ? DEVICE_STATE_REGISTERED
                     : s->state == STATION_PRESERVED ? DEVICE_STATE_IN_CALL
                                                     : DEVICE_STATE_UNREGISTERED,
        };
    }
    answer(f, peer, MSG_OP_DEVICES);
}

/* `after` is how many rows the asker has already. */
static void list_calls(struct fleet *f, struct proc_id peer, const struct msg_op_list *ask)
{
    struct msg_op_calls *m = &f->msg.op_calls;
    struct device_id device;
    const struct call_leg *leg;
    uint32_t seen = 0;
    memset(m, 0, sizeof *m);
    m->id = ask->id;
    m->last = true;
    for (uint32_t i = 0; (leg = leg_at(f, i, &device)) != NULL; i++) {
        if (leg->state == LEG_IDLE || ++seen <= ask->after) {
            continue;
        }
        if (m->rows_n == MAX_op_call) {
            m->last = false;
            break;
        }
        struct msg_op_call *row = &m->rows[m->rows_n++];
        *row = (struct msg_op_call){.call = leg->call,
                                    .device = device,
                                    .other = leg->peer,
                                    .state = leg->state,
                                    .for_us = instant_since(f->now, leg->begin).us,
                                    .preserved = leg->preserved};
        memcpy(row->from, leg->from, sizeof row->from);
        memcpy(row->to, leg->to, sizeof row->to);
    }
    answer(f, peer, MSG_OP_CALLS);
}

static void list_agents(struct fleet *f, struct proc_id peer, const struct msg_op_list *ask)
{
    struct msg_op_agents *m = &f->msg.op_agents;
    memset(m, 0, sizeof *m);
    m->id = ask->id;
    m->last = true;
    for (uint32_t i = 0; i < f->agents_n; i++) {
        const struct agent *a = &f->agents[i];
        if (a->id.v <= ask->after) {
            continue;
        }
        if (m->rows_n == MAX_op_agent) {
            m->last = false;
            break;
        }
        m->rows[m->rows_n++] = (struct msg_op_agent){
            .agent = a->id,
            .state = a->state,
            .device = a->device,
            .skill = f->topology->skills[a->skill].number,
            .for_us = instant_since(f->now, a->since).us,
            .reason_code = a->reason_code,
            .in_service = a->desk == AGENT_DESK_OPEN && a->in_service,
        };
    }
    answer(f, peer, MSG_OP_AGENTS);
}

/* Is this what the key was pressed for? */
static bool reached(enum key key, enum leg state)
{
    if (key == KEY_DIAL) {
        return state == LEG_RINGBACK || state == LEG_QUEUED || state == LEG_CONNECTED;
    }
    if (key == KEY_TRANSFER || key == KEY_CONFERENCE) {
        return state == LEG_RINGBACK || state == LEG_QUEUED;
    }
    return (key == KEY_HOLD && state == LEG_HOLDING) ||
           ((key == KEY_ANSWER || key == KEY_RETRIEVE || key == KEY_CONFERENCE_COMPLETE) &&
            state == LEG_CONNECTED);
}

static bool leaves(enum key key)
{
    return key == KEY_TRANSFER_COMPLETE || key == KEY_TRANSFER_BLIND;
}

void fleet_op_notice(struct fleet *f, const struct notice *n)
{
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used || w->key == KEY_NONE || !device_id_eq(w->device, n->device)) {
            continue;
        }
        if (n->kind == NOTICE_KEY && n->key == w->key && n->reason != REASON_NONE) {
            finish(f, w, n->reason, n->call.v, reason_meaning(n->reason));
        } else if (n->kind == NOTICE_LEG && reached(w->key, n->state)) {
            finish(f, w, REASON_NONE, n->call.v, leg_text(n->state));
        } else if (n->kind == NOTICE_ENDED) {
            bool left = leaves(w->key) && n->reason == REASON_TRANSFERRED;
            finish(f, w, left ? REASON_NONE : n->reason, n->call.v, reason_meaning(n->reason));
        } else if (n->kind == NOTICE_PRESERVED) {
            finish(f, w, REASON_PRESERVED, n->call.v, reason_meaning(REASON_PRESERVED));
        }
    }
}

static void press(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    struct device_id device = topology_number(f->topology, c->number);
    struct phone *p = fleet_phone(f, device);
    if (p == NULL) {
        done(f, peer, c->id, REASON_UNKNOWN_NUMBER, 0, "no phone of this fleet has that number");
        return;
    }
    enum key key = (enum key)c->key;
    const struct call_leg *leg = phone_leg(p);
    bool answered = key == KEY_ANSWER && leg != NULL && leg->state == LEG_CONNECTED;
    uint64_t call = leg != NULL ? leg->call.v : 0;
    struct agent *a = fleet_agent_at(f, device);
    enum reason reason = answered ? REASON_NONE : phone_key(p, &f->site, f->now, key, c->to);
    if (!phone_idle(p)) {
        p->person.by_hand = true;
        if (a != NULL) {
            agent_hands_off(a);
        }
    }
    bool now = answered || key == KEY_HANGUP || reason != REASON_NONE;
    struct fleet_wait *w = now ? NULL : wait_for(f, peer, c->id);
    if (w != NULL) {
        w->device = device;
        w->key = key;
    } else {
        const char *text = reason != REASON_NONE ? reason_meaning(reason)
                           : now                 ? "done"
                                                 : "sent; too many wait for effects";
        done(f, peer, c->id, reason, call, text);
    }
    fleet_touch(f, device);
}

static bool granted(enum agent_request request, enum agent_state state)
{
    switch (request) {
    case AGENT_REQUEST_LOGIN:
        return state != AGENT_STATE_LOGGED_OFF;
    case AGENT_REQUEST_LOGOUT:
        return state == AGENT_STATE_LOGGED_OFF;
    case AGENT_REQUEST_READY:
        return state == AGENT_STATE_READY;
    case AGENT_REQUEST_NOT_READY:
        return state == AGENT_STATE_NOT_READY;
    case AGENT_REQUEST_WRAPUP_DONE:
        return state == AGENT_STATE_READY || state == AGENT_STATE_NOT_READY;
    case AGENT_REQUEST_NONE:
    case AGENT_REQUEST_COUNT:
        break;
    }
    return true;
}

void fleet_op_desktop(struct fleet *f, const struct agent *a, const struct msg *msg)
{
    const struct msg_desktop_result *r = &msg->desktop_result;
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used || !agent_id_eq(w->agent, a->id)) {
            continue;
        }
        if (msg->kind == MSG_DESKTOP_RESULT && r->request == w->request &&
            r->reason != REASON_NONE) {
            finish(f, w, (enum reason)r->reason, 0, reason_meaning((enum reason)r->reason));
        } else if (a->desk != AGENT_DESK_OPEN) {
            finish(f, w, REASON_NOT_ACTIVE, 0, reason_meaning(REASON_NOT_ACTIVE));
        } else if (granted(w->request, a->state)) {
            finish(f, w, REASON_NONE, 0, agent_state_text(a->state));
        }
    }
}

static void ask_agent(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    struct agent_info info;
    struct agent *a = NULL;
    if (topology_agent_by_id(f->topology, c->agent, &info)) {
        a = fleet_agent_at(f, info.device);
    }
    if (a == NULL) {
        done(f, peer, c->id, REASON_BAD_REQUEST, 0, "no such agent in this fleet");
        return;
    }
    enum reason reason = agent_request(a, &f->hall, f->now, (enum agent_request)c->request);
    struct fleet_wait *w = reason == REASON_NONE ? wait_for(f, peer, c->id) : NULL;
    if (w != NULL) {
        w->agent = a->id;
        w->request = (enum agent_request)c->request;
    } else {
        done(f, peer, c->id, reason, 0, reason_meaning(reason));
    }
    fleet_touch(f, info.device);
}

static bool parse_rate(const char *text, uint32_t *ret)
{
    uint32_t n = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || i >= DIGITS_MAX) {
            return false;
        }
        n = 10 * n + (uint32_t)(text[i] - '0');
    }
    *ret = n;
    return true;
}

static void set_traffic(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    uint32_t phones = 0;
    if (!parse_rate(c->to, &phones)) {
        done(f, peer, c->id, REASON_BAD_REQUEST, 0, "`to` is a rate in thousandths");
        return;
    }
    traffic_set(&f->traffic, TRAFFIC_AGENTS, f->now, c->value);
    traffic_set(&f->traffic, TRAFFIC_PHONES, f->now, phones);
    done(f, peer, c->id, REASON_NONE, c->value, "done");
}

static void command(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    switch ((enum op_verb)c->verb) {
    case OP_VERB_PHONE:
        press(f, peer, c);
        return;
    case OP_VERB_AGENT:
        ask_agent(f, peer, c);
        return;
    case OP_VERB_TRAFFIC:
        set_traffic(f, peer, c);
        return;
    case OP_VERB_SHUTDOWN:
        done(f, peer, c->id, REASON_NONE, 0, "the fleet stops");
        f->stopping = true;
        return;
    case OP_VERB_NONE:
    case OP_VERB_SERVICE_STOP:
    case OP_VERB_SERVICE_CRASH:
    case OP_VERB_SERVICE_START:
    case OP_VERB_CONFIG_SET:
    case OP_VERB_FORWARD:
    case OP_VERB_LOOKUPS:
    case OP_VERB_COUNT:
        break;
    }
    done(f, peer, c->id, REASON_BAD_REQUEST, 0, "a fleet cannot do that");
}

void fleet_op_message(struct fleet *f, struct proc_id peer, const struct msg *msg)
{
    if (msg->kind == MSG_OP_STATUS) {
        status(f, peer, msg->op_status.id);
    } else if (msg->kind == MSG_OP_COMMAND) {
        command(f, peer, &msg->op_command);
    } else if (msg->kind == MSG_OP_LIST && msg->op_list.what == OP_LIST_DEVICES) {
        list_devices(f, peer, &msg->op_list);
    } else if (msg->kind == MSG_OP_LIST && msg->op_list.what == OP_LIST_CALLS) {
        list_calls(f, peer, &msg->op_list);
    } else if (msg->kind == MSG_OP_LIST && msg->op_list.what == OP_LIST_AGENTS) {
        list_agents(f, peer, &msg->op_list);
    } else {
        site_reject(&f->site, (struct device_id){0}, peer, "not for a fleet");
    }
}
