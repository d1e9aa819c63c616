#include "node/role/pg/opc_parts.h"

#include <string.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t mix(uint64_t hash, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        hash = (hash ^ (value & 0xff)) * FNV_PRIME;
        value >>= 8;
    }
    return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
    }
    return (hash ^ 0xff) * FNV_PRIME;
}

/* Everything of a part, as numbers, in the order of the wire. */
#define MIX(type, name, bound) MIX_##type(name)
#define MIX_U32(name)          hash = mix(hash, m->name);
#define MIX_U64(name)          hash = mix(hash, m->name);
#define MIX_I64(name)          hash = mix(hash, (uint64_t)m->name);
#define MIX_BOOL(name)         hash = mix(hash, m->name);
#define MIX_ENUM(name)         hash = mix(hash, m->name);
#define MIX_DEVICE(name)       hash = mix(hash, m->name.v);
#define MIX_CALL(name)         hash = mix(hash, m->name.v);
#define MIX_AGENT(name)        hash = mix(hash, m->name.v);
#define MIX_NUMBER(name)       hash = mix_text(hash, m->name);
#define MIX_STR(name)          hash = mix_text(hash, m->name);

static uint64_t hash_agent(const struct msg_private_agent *m)
{
    uint64_t hash = FNV_BASIS;
    FIELDS_PRIVATE_AGENT(MIX)
    return hash;
}

static uint64_t hash_leg(const struct msg_private_leg *m)
{
    uint64_t hash = FNV_BASIS;
    FIELDS_PRIVATE_LEG(MIX)
    return hash;
}

static void of_agent(const struct opc *o, const struct opc_agent *a, struct msg_private_agent *m)
{
    const struct opc_device *d = &o->devices[a->info.device.v];
    *m = (struct msg_private_agent){
        .seq = o->seq,
        .agent = a->info.id,
        .state = a->state,
        .device = a->info.device,
        .epoch = a->epoch,
        .since_us = a->since_us,
        .login_us = a->login_us,
        .skill = a->info.skill,
        .before = a->before,
        .reason_code = a->reason_code,
        .reserved = a->reserved,
        .deadline_us = a->deadline_us,
        .in_service = d->in_service,
        .device_epoch = d->epoch,
        .snapshot = d->snapshot,
        .wrap_due = a->wrapping != 0,
        .missed = a->missed,
    };
}

static void of_call(const struct opc *o, const struct opc_call *call, struct msg_private_leg *m)
{
    *m = (struct msg_private_leg){
        .seq = o->seq,
        .call = call->id,
        .agent = call->agent != 0 ? o->agents[call->agent - 1].info.id : (struct agent_id){0},
        .icr_call_key = call->icr_call_key,
        .leg = call->legs_made,
        .segment = call->segment,
        .day = call->day,
        .key = call->key,
        .key_seq = call->key_seq,
        .begin_us = call->begin_us,
        .skill = call->skill,
        .parent = call->parent,
        .end_us = call->linger_us,
        .queue_us = call->queue_us,
        .request = call->request,
        .tries = call->tries,
        .waiting = call->waiting,
        .moved = call->moved,
        .point = call->point,
    };
    memcpy(m->from, call->from, sizeof m->from);
    memcpy(m->to, call->to, sizeof m->to);
}

static void of_leg(const struct opc *o, const struct opc_leg *leg, struct msg_private_leg *m)
{
    *m = (struct msg_private_leg){
        .seq = o->seq,
        .call = leg->call,
        .device = leg->device,
        .agent = leg->agent,
        .icr_call_key = leg->icr_call_key,
        .leg = leg->leg,
        .segment = leg->segment,
        .day = leg->day,
        .key = leg->key,
        .key_seq = leg->key_seq,
        .state = leg->state,
        .begin_us = leg->begin_us,
        .ring_us = leg->ring_us,
        .answer_us = leg->answer_us,
        .hold_us = leg->hold_us,
        .held_at_us = leg->held_at_us,
        .skill = leg->skill,
        .parent = leg->parent,
        .child = leg->child,
        .end_us = leg->end_us,
        .queue_us = leg->queue_us,
        .delay_us = leg->delay_us,
        .call_type = leg->call_type,
        .disposition = leg->disposition,
        .inbound = leg->inbound,
    };
    memcpy(m->from, leg->from, sizeof m->from);
    memcpy(m->to, leg->to, sizeof m->to);
    memcpy(m->text, leg->text, sizeof m->text);
}

/* The counters, in the message that ends the transfer. */
static void of_end(const struct opc *o, struct msg_private_leg *m)
{
    *m = (struct msg_private_leg){.seq = o->seq,
                                  .last = true,
                                  .icr_call_key = o->keys,
                                  .segment = o->epoch,
                                  .request = o->requests,
                                  .begin_us = o->at_us,
                                  .end_us = o->deadline_us};
}

uint64_t opc_state_digest(const struct opc *o)
{
    struct msg_private_agent agent;
    struct msg_private_leg leg;
    of_end(o, &leg);
    /* Sums, because places in the tables may differ after a transfer; `last` marks the counters. */
    uint64_t digest = hash_leg(&leg);
    for (uint32_t i = 0; i < o->agents_n; i++) {
        of_agent(o, &o->agents[i], &agent);
        digest += hash_agent(&agent);
    }
    for (uint32_t i = 1; i <= o->calls_max; i++) {
        if (call_id_some(o->calls[i].id)) {
            of_call(o, &o->calls[i], &leg);
            digest += hash_leg(&leg);
        }
    }
    for (uint32_t i = 1; i <= o->legs_max; i++) {
        if (call_id_some(o->legs[i].call)) {
            of_leg(o, &o->legs[i], &leg);
            digest += hash_leg(&leg);
        }
    }
    return digest;
}

void opc_state_export(const struct opc *o, void *context,
                      void (*give)(void *context, const struct msg *msg))
{
    struct msg out;
    out.kind = MSG_PRIVATE_AGENT;
    out.correlation = 0;
    for (uint32_t i = 0; i < o->agents_n; i++) {
        of_agent(o, &o->agents[i], &out.private_agent);
        give(context, &out);
    }
    out.private_agent = (struct msg_private_agent){.seq = o->seq, .last = true};
    give(context, &out);
    out.kind = MSG_PRIVATE_LEG;
    for (uint32_t i = 1; i <= o->calls_max; i++) {
        if (call_id_some(o->calls[i].id)) {
            of_call(o, &o->calls[i], &out.private_leg);
            give(context, &out);
        }
    }
    for (uint32_t i = 1; i <= o->legs_max; i++) {
        if (call_id_some(o->legs[i].call)) {
            of_leg(o, &o->legs[i], &out.private_leg);
            give(context, &out);
        }
    }
    of_end(o, &out.private_leg);
    give(context, &out);
}

enum err opc_state_import_agent(struct opc *o, const struct msg_private_agent *m)
{
    if (m->last) {
        return ERR_OK;
    }
    uint32_t place = opc_place(o, m->agent);
    if (place == 0) {
        return ERR_INVALID;
    }
    struct opc_agent *a = &o->agents[place - 1];
    struct opc_device *d = &o->devices[a->info.device.v];
    a->state = (enum agent_state)m->state;
    a->before = (enum agent_state)m->before;
    a->reason_code = m->reason_code;
    a->epoch = m->epoch;
    a->since_us = m->since_us;
    a->login_us = m->login_us;
    a->reserved = m->reserved;
    a->deadline_us = m->deadline_us;
    a->missed = m->missed;
    d->in_service = m->in_service;
    d->epoch = m->device_epoch;
    d->snapshot = m->snapshot;
    return ERR_OK;
}

static enum err take_call(struct opc *o, const struct msg_private_leg *m)
{
    if (!call_id_some(m->call) || opc_table_call(o, m->call) != NULL || m->point.v > o->devices_n) {
        return ERR_INVALID;
    }
    struct opc_call *call = opc_table_add_call(o, m->call);
    if (call == NULL) {
        return ERR_FULL;
    }
    call->icr_call_key = m->icr_call_key;
    call->legs_made = m->leg;
    call->segment = m->segment;
    call->day = m->day;
    call->key = m->key;
    call->key_seq = m->key_seq;
    call->begin_us = m->begin_us;
    call->skill = m->skill;
    call->parent = m->parent;
    call->linger_us = m->end_us;
    call->queue_us = m->queue_us;
    call->request = m->request;
    call->tries = m->tries;
    call->waiting = m->waiting;
    call->moved = m->moved;
    call->point = m->point;
    call->agent = opc_place(o, m->agent);
    memcpy(call->from, m->from, sizeof call->from);
    memcpy(call->to, m->to, sizeof call->to);
    return ERR_OK;
}

static enum err take_leg(struct opc *o, const struct msg_private_leg *m)
{
    struct opc_call *call = opc_table_call(o, m->call);
    if (call == NULL || m->device.v > o->devices_n || m->icr_call_key == 0) {
        return ERR_INVALID;
    }
    struct opc_agent *a = opc_agent_on(o, m->device);
    bool wraps = m->state == LEG_ENDED;
    if (wraps && (a == NULL || a->wrapping != 0 || m->disposition == 0)) {
        return ERR_INVALID;
    }
    uint32_t made = call->legs_made;
    int64_t linger = call->linger_us;
    struct opc_leg *leg = opc_table_add_leg(o, call, m->device);
    if (leg == NULL) {
        return ERR_FULL;
    }
    call->legs_made = made;
    call->linger_us = linger;
    leg->agent = m->agent;
    leg->icr_call_key = m->icr_call_key;
    leg->leg = m->leg;
    leg->segment = m->segment;
    leg->day = m->day;
    leg->key = m->key;
    leg->key_seq = m->key_seq;
    leg->begin_us = m->begin_us;
    leg->ring_us = m->ring_us;
    leg->answer_us = m->answer_us;
    leg->hold_us = m->hold_us;
    leg->held_at_us = m->held_at_us;
    leg->skill = m->skill;
    leg->parent = m->parent;
    leg->child = m->child;
    leg->end_us = m->end_us;
    leg->queue_us = m->queue_us;
    leg->delay_us = m->delay_us;
    leg->call_type = m->call_type;
    leg->disposition = m->disposition;
    leg->inbound = m->inbound;
    memcpy(leg->from, m->from, sizeof leg->from);
    memcpy(leg->to, m->to, sizeof leg->to);
    memcpy(leg->text, m->text, sizeof leg->text);
    if (wraps) {
        opc_table_end_leg(o, leg);
        a->wrapping = opc_table_place(o, leg);
    } else {
        leg->state = (enum leg)m->state;
    }
    return ERR_OK;
}

/* What came is a state that an OPC can be in: every call has a leg, or is on its way to one. */
static bool coherent(const struct opc *o)
{
    for (uint32_t i = 1; i <= o->calls_max; i++) {
        const struct opc_call *call = &o->calls[i];
        if (call_id_some(call->id) && call->legs == 0 && call->linger_us == 0) {
            return false;
        }
    }
    return true;
}

enum err opc_state_import_leg(struct opc *o, const struct msg_private_leg *m)
{
    if (m->last) {
        if (!coherent(o)) {
            return ERR_INVALID;
        }
        o->seq = m->seq;
        o->keys = m->icr_call_key;
        o->epoch = m->segment;
        o->requests = m->request;
        o->at_us = m->begin_us;
        o->deadline_us = m->end_us;
        return ERR_OK;
    }
    return device_id_some(m->device) ? take_leg(o, m) : take_call(o, m);
}
