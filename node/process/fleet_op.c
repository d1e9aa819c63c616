#include "node/process/fleet_op.h"

#include "node/process/fleet_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 9

static void answer(struct fleet *f, struct proc_id peer, enum msg_kind kind)
{
    f->msg.kind = kind;
    f->msg.correlation = 0;
    world_send(f->world, LINK_OPERATOR, peer, &f->msg);
}

void fleet_op_done(struct fleet *f, struct proc_id peer, uint64_t id, enum reason reason,
                   uint64_t value, const char *text)
{
    f->msg.op_done = (struct msg_op_done){.id = id, .reason = reason, .value = value};
    snprintf(f->msg.op_done.text, sizeof f->msg.op_done.text, "%s", text);
    answer(f, peer, MSG_OP_DONE);
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
        fleet_op_done(f, peer, c->id, REASON_BAD_REQUEST, 0, "`to` is a rate in thousandths");
        return;
    }
    traffic_set(&f->traffic, TRAFFIC_AGENTS, f->now, c->value);
    traffic_set(&f->traffic, TRAFFIC_PHONES, f->now, phones);
    fleet_op_done(f, peer, c->id, REASON_NONE, c->value, "done");
}

static void command(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    switch ((enum op_verb)c->verb) {
    case OP_VERB_PHONE:
        fleet_order_phone(f, peer, c);
        return;
    case OP_VERB_AGENT:
        fleet_order_agent(f, peer, c);
        return;
    case OP_VERB_TRAFFIC:
        set_traffic(f, peer, c);
        return;
    case OP_VERB_SHUTDOWN:
        fleet_op_done(f, peer, c->id, REASON_NONE, 0, "the fleet stops");
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
    fleet_op_done(f, peer, c->id, REASON_BAD_REQUEST, 0, "a fleet cannot do that");
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
