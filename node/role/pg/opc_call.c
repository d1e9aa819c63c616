#include "node/role/pg/opc_parts.h"
#include "node/role/pg/tcd.h"

#include <string.h>

/* The reasons for which the end of a leg is a failure and not something that a person did. */
static bool is_cut(enum reason reason)
{
    return reason == REASON_NODE_LOST || reason == REASON_SERVICE_LOST ||
           reason == REASON_OUT_OF_SERVICE || reason == REASON_DROPPED_IN_SETUP;
}

static void full(struct opc *o, struct call_id call)
{
    opc_put(o, &(struct opc_output){.kind = OPC_FULL, .call = call});
}

static void write_row(struct opc *o, const struct opc_leg *leg, enum reason cut)
{
    struct msg_record_tcd row;
    tcd_of_leg(o, leg, cut, &row);
    opc_put(o, &(struct opc_output){.kind = OPC_TCD, .tcd = &row, .call = leg->call});
}

/* The call, with a key; one that is first seen in a snapshot is the second row of something. */
static struct opc_call *need_call(struct opc *o, struct call_id id, bool snapshot)
{
    struct opc_call *call = opc_table_call(o, id);
    if (call != NULL) {
        return call;
    }
    call = opc_table_add_call(o, id);
    if (call == NULL) {
        full(o, id);
        return NULL;
    }
    call->icr_call_key = ++o->keys;
    call->segment = snapshot ? 1 : 0;
    return call;
}

static uint32_t skill_number(const struct opc *o, const struct opc_agent *a)
{
    return a != NULL && a->info.skill < o->topology->skills_n
               ? o->topology->skills[a->info.skill].number
               : 0;
}

/* A new leg on a device, with what its call and its agent know. */
static struct opc_leg *begin(struct opc *o, const struct msg_device_event *e, bool snapshot)
{
    struct opc_call *call = need_call(o, e->call, snapshot);
    if (call == NULL) {
        return NULL;
    }
    struct opc_leg *leg = opc_table_add_leg(o, call, e->device);
    if (leg == NULL) {
        full(o, e->call);
        if (call->legs == 0 && call->linger_us == 0) {
            opc_table_drop_call(o, call);
        }
        return NULL;
    }
    leg->begin_us = o->at_us;
    leg->inbound = true;
    memcpy(leg->from, e->from, sizeof leg->from);
    memcpy(leg->to, e->to, sizeof leg->to);
    leg->call_type = opc_kind_of(o, leg);
    const struct opc_agent *a = opc_agent_on(o, e->device);
    if (a != NULL && a->state != AGENT_STATE_LOGGED_OFF) {
        leg->agent = a->info.id;
        leg->skill = skill_number(o, a);
    }
    if (snapshot) {
        return leg;
    }
    if (call->moved) {
        opc_kind_transferred(leg, call);
    } else if (a != NULL && call->agent != 0 && &o->agents[call->agent - 1] == a) {
        leg->call_type = TCD_TYPE_ROUTED;
        leg->day = call->day;
        leg->key = call->key;
        leg->key_seq = call->key_seq;
        leg->skill = call->skill;
        leg->queue_us = call->queue_us;
        leg->delay_us = o->at_us - (call->begin_us + call->queue_us);
    }
    return leg;
}

static void ask_route(struct opc *o, struct opc_call *call)
{
    if (call->tries == OPC_ROUTE_TRIES_MAX) {
        call->waiting = false;
        opc_put(o, &(struct opc_output){.kind = OPC_CTI,
                                        .device = call->point,
                                        .call = call->id,
                                        .request = call->request,
                                        .key = KEY_HANGUP,
                                        .number = ""});
        return;
    }
    ASSERT(o != NULL);
    call->tries++;
    call->request = ++o->requests;
    call->waiting = true;
    call->agent = 0;
    opc_put(o, &(struct opc_output){.kind = OPC_ROUTE_REQUEST,
                                    .call = call->id,
                                    .request = call->request,
                                    .number = call->to,
                                    .ani = call->from});
}

static void offered(struct opc *o, const struct msg_device_event *e, bool snapshot)
{
    if (opc_table_leg(o, e->call, e->device) != NULL) {
        return;
    }
    struct opc_leg *leg = begin(o, e, snapshot);
    if (leg == NULL) {
        return;
    }
    leg->state = LEG_QUEUED;
    leg->call_type = TCD_TYPE_ROUTED;
    struct opc_call *call = opc_table_call(o, e->call);
    struct device_info info;
    call->point = e->device;
    call->begin_us = o->at_us;
    call->queue_us = 0;
    call->tries = 0;
    memcpy(call->from, e->from, sizeof call->from);
    bool known = topology_device(o->topology, e->device, &info);
    ASSERT(known);
    memcpy(call->to, info.number, sizeof call->to);
    ask_route(o, call);
}

static void cancel_route(struct opc *o, struct opc_call *call, enum reason reason)
{
    if (call->waiting) {
        call->waiting = false;
        opc_put(o, &(struct opc_output){.kind = OPC_ROUTE_CANCEL,
                                        .call = call->id,
                                        .request = call->request,
                                        .reason = reason});
    }
}

/* The agent that the call was on its way to is free again. */
static void release_routed(struct opc *o, struct opc_call *call)
{
    if (call->agent != 0) {
        struct opc_agent *a = &o->agents[call->agent - 1];
        call->agent = 0;
        if (call_id_eq(a->reserved, call->id)) {
            opc_agent_release(o, a);
        }
    }
}

static void close_hold(struct opc *o, struct opc_leg *leg)
{
    if (leg->held_at_us != 0) {
        leg->hold_us += o->at_us - leg->held_at_us;
        leg->held_at_us = 0;
    }
}

/* A leg that a failure ends: its row is written now, with what is known, and is never amended. */
static void cut(struct opc *o, struct opc_leg *leg, enum reason reason)
{
    memset(leg->text, 0, sizeof leg->text);
    if (leg->state != LEG_ENDED) {
        write_row(o, leg, reason);
        opc_table_end_leg(o, leg);
    } else {
        write_row(o, leg, REASON_NONE);
    }
    opc_table_drop_leg(o, leg);
}

static void redirected(struct opc *o, struct opc_leg *leg)
{
    struct opc_call *call = opc_table_call(o, leg->call);
    call->queue_us = o->at_us - leg->begin_us;
    if (call->live == 1) {
        call->linger_us = o->at_us + o->topology->timers.reserve_timeout.us;
        opc_wake(o, call->linger_us);
    }
    opc_table_end_leg(o, leg);
    opc_table_drop_leg(o, leg);
}

static void left_point(struct opc *o, struct opc_leg *leg, enum reason reason)
{
    struct opc_call *call = opc_table_call(o, leg->call);
    if (reason == REASON_REDIRECTED) {
        redirected(o, leg);
        return;
    }
    cancel_route(o, call, reason);
    release_routed(o, call);
    /* A call that was gone when its node could be asked again: nobody saw how it ended there. */
    if (is_cut(reason) || reason == REASON_NO_CALL) {
        cut(o, leg, reason);
        return;
    }
    bool gave_up = reason == REASON_ABANDONED || reason == REASON_HUNG_UP;
    leg->disposition = gave_up ? TCD_ABANDONED_IN_QUEUE : TCD_ABORTED;
    leg->end_us = o->at_us;
    leg->day = call->day;
    leg->key = call->key;
    leg->key_seq = call->key_seq;
    leg->skill = call->skill;
    write_row(o, leg, REASON_NONE);
    opc_table_end_leg(o, leg);
    opc_table_drop_leg(o, leg);
}

/* It was sent on to an agent and never arrived there: the one row that it gets. */
static void lost_on_the_way(struct opc *o, struct opc_call *call, enum reason reason)
{
    struct opc_leg leg = {
        .call = call->id,
        .device = call->point,
        .point = true,
        .inbound = true,
        .state = LEG_ENDED,
        .icr_call_key = call->icr_call_key,
        .parent = call->parent,
        .leg = 1,
        .segment = call->segment,
        .day = call->day,
        .key = call->key,
        .key_seq = call->key_seq,
        .skill = call->skill,
        .call_type = TCD_TYPE_ROUTED,
        .disposition = TCD_ABANDONED_IN_NETWORK,
        .begin_us = call->begin_us,
        .end_us = o->at_us,
    };
    memcpy(leg.from, call->from, sizeof leg.from);
    memcpy(leg.to, call->to, sizeof leg.to);
    write_row(o, &leg, is_cut(reason) || reason == REASON_PROVIDER_LOST ? reason : REASON_NONE);
    release_routed(o, call);
    call->linger_us = 0;
    if (call->legs == 0) {
        opc_table_drop_call(o, call);
    }
}

/* How a leg on a phone ended, unless that is known already. */
static uint32_t disposition_of(const struct opc_leg *leg, enum reason reason)
{
    if (leg->answer_us != 0) {
        if (reason == REASON_TRANSFERRED) {
            return TCD_ANNOUNCED_TRANSFER;
        }
        if (reason == REASON_CONFERENCED) {
            return TCD_CONFERENCED;
        }
        return leg->call_type == TCD_TYPE_ROUTED ? TCD_HANDLED : TCD_HANDLED_OTHER;
    }
    if (!leg->inbound) {
        return reason == REASON_TRANSFERRED ? TCD_ANNOUNCED_TRANSFER : TCD_DROP_NO_ANSWER;
    }
    return reason == REASON_NO_ANSWER ? TCD_RING_NO_ANSWER : TCD_ABANDONED_RING;
}

static void left_phone(struct opc *o, struct opc_leg *leg, enum reason reason)
{
    struct opc_agent *a = opc_agent_on(o, leg->device);
    if (is_cut(reason)) {
        cut(o, leg, reason);
        if (a != NULL && o->devices[a->info.device.v].legs == 0) {
            opc_agent_settle(o, a);
        }
        return;
    }
    if (leg->disposition == TCD_NONE) {
        leg->disposition = disposition_of(leg, reason);
    }
    if (reason == REASON_CONFERENCED && leg->call_type == TCD_TYPE_CONSULT) {
        leg->call_type = TCD_TYPE_CONSULT_CONFERENCE;
    }
    close_hold(o, leg);
    leg->end_us = o->at_us;
    opc_table_end_leg(o, leg);
    if (a != NULL) {
        opc_agent_leg_ended(o, a, leg);
    } else {
        write_row(o, leg, REASON_NONE);
        opc_table_drop_leg(o, leg);
    }
}

static void disconnected(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = opc_table_leg(o, e->call, e->device);
    if (leg == NULL) {
        return;
    }
    if (leg->point) {
        left_point(o, leg, (enum reason)e->reason);
    } else {
        left_phone(o, leg, (enum reason)e->reason);
    }
}

static void failed(struct opc *o, const struct msg_device_event *e)
{
    struct opc_call *call = opc_table_call(o, e->call);
    if (o->devices[e->device.v].point && call != NULL && call->live == 0 && call->linger_us != 0) {
        lost_on_the_way(o, call, (enum reason)e->reason);
    } /* a leg that is there hears DISCONNECTED next */
}

static void busy(struct opc *o, struct device_id device, enum agent_state state)
{
    struct opc_agent *a = opc_agent_on(o, device);
    if (a != NULL) {
        opc_agent_busy(o, a, state);
    }
}

static void originated(struct opc *o, const struct msg_device_event *e)
{
    if (opc_table_leg(o, e->call, e->device) != NULL) {
        return;
    }
    bool consult = o->devices[e->device.v].legs > 0;
    struct opc_leg *leg = begin(o, e, false);
    if (leg == NULL) {
        return;
    }
    leg->state = LEG_DIALING;
    leg->inbound = false;
    if (consult) {
        opc_kind_consult(o, leg);
    } else {
        busy(o, e->device, AGENT_STATE_CALL_INITIATED);
    }
    leg->call_type = opc_kind_of(o, leg);
}

/* The leg that an event is about: it may have come over from another call. NULL: there is none. */
static struct opc_leg *find_moved(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = opc_table_leg(o, e->call, e->device);
    if (leg != NULL || !call_id_some(e->old_call)) {
        return leg;
    }
    leg = opc_table_leg(o, e->old_call, e->device);
    if (leg == NULL) {
        return NULL;
    }
    struct opc_call *to = need_call(o, e->call, leg->segment != 0);
    if (to == NULL) {
        return NULL;
    }
    to->moved = true;
    opc_table_move_leg(o, leg, to);
    if (leg->inbound) {
        opc_kind_transferred(leg, to);
        leg->parent = to->icr_call_key;
    }
    return leg;
}

static void ringing(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = find_moved(o, e);
    if (leg == NULL) {
        leg = begin(o, e, false);
        if (leg == NULL) {
            return;
        }
        leg->state = LEG_RINGING;
        leg->ring_us = o->at_us;
    }
    if (leg->state == LEG_RINGING) {
        struct opc_agent *a = opc_agent_on(o, e->device);
        ASSERT(a != NULL); /* nothing rings at a route point */
        a->missed = 0;
        opc_agent_busy(o, a, AGENT_STATE_RESERVED);
    }
}

static void connected(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = find_moved(o, e);
    if (leg == NULL) {
        leg = begin(o, e, o->devices[e->device.v].snapshot);
        if (leg == NULL) {
            return;
        }
    }
    if (leg->answer_us == 0) {
        leg->answer_us = o->at_us;
    }
    close_hold(o, leg);
    leg->state = LEG_CONNECTED;
    busy(o, e->device, AGENT_STATE_TALKING);
}

static void held(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = opc_table_leg(o, e->call, e->device);
    if (leg == NULL || leg->state != LEG_CONNECTED) {
        return;
    }
    leg->state = LEG_HOLDING;
    leg->held_at_us = o->at_us;
    busy(o, e->device, AGENT_STATE_HELD);
}

static void transferred(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = opc_table_leg(o, e->call, e->device);
    if (leg != NULL) {
        leg->disposition = call_id_some(e->old_call) ? TCD_ANNOUNCED_TRANSFER : TCD_BLIND_TRANSFER;
        opc_table_call(o, e->call)->moved = true;
    }
}

static void conferenced(struct opc *o, const struct msg_device_event *e)
{
    struct opc_leg *leg = find_moved(o, e);
    if (leg == NULL) {
        return;
    }
    leg->disposition = TCD_CONFERENCED;
    if (leg->call_type == TCD_TYPE_TRANSFER_IN && call_id_some(e->old_call)) {
        leg->call_type = TCD_TYPE_CONFERENCE;
    }
    close_hold(o, leg);
    leg->state = LEG_CONNECTED;
    if (leg->answer_us == 0) {
        leg->answer_us = o->at_us;
    }
    busy(o, e->device, AGENT_STATE_TALKING);
}

/* A call that was there before this activation: a second row, unlinked, without router key. */
static void snapshot(struct opc *o, const struct msg_device_event *e)
{
    if (o->devices[e->device.v].point) {
        offered(o, e, true);
        return;
    }
    if (opc_table_leg(o, e->call, e->device) != NULL) {
        return;
    }
    struct opc_leg *leg = begin(o, e, true);
    if (leg == NULL) {
        return;
    }
    enum leg state = e->state == LEG_IDLE ? LEG_CONNECTED : (enum leg)e->state;
    struct device_info info;
    bool known = topology_device(o->topology, e->device, &info);
    ASSERT(known);
    leg->inbound = strcmp(e->to, info.number) == 0 || state == LEG_RINGING;
    leg->call_type = opc_kind_of(o, leg);
    leg->state = state;
    leg->answer_us = o->at_us;
    if (state == LEG_RINGING) {
        leg->answer_us = 0;
        leg->ring_us = o->at_us;
        busy(o, e->device, AGENT_STATE_RESERVED);
    } else if (state == LEG_HOLDING || state == LEG_CONSULTING) {
        leg->state = LEG_HOLDING;
        leg->held_at_us = o->at_us;
        busy(o, e->device, AGENT_STATE_HELD);
    } else if (state == LEG_CONNECTED || state == LEG_HELD) {
        leg->state = LEG_CONNECTED;
        busy(o, e->device, AGENT_STATE_TALKING);
    } else {
        leg->answer_us = 0;
        leg->inbound = false;
        leg->call_type = opc_kind_of(o, leg);
        leg->state = LEG_DIALING;
        if (o->devices[e->device.v].legs == 1) {
            busy(o, e->device, AGENT_STATE_CALL_INITIATED);
        }
    }
}

static void snapshot_end(struct opc *o, struct device_id device)
{
    struct opc_device *d = &o->devices[device.v];
    struct opc_agent *a = opc_agent_on(o, device);
    if (!d->snapshot) {
        return;
    }
    d->snapshot = false;
    if (a != NULL && d->legs == 0 && a->deadline_us == 0 && a->wrapping == 0) {
        opc_agent_settle(o, a);
    }
}

static void service(struct opc *o, struct device_id device, bool in_service, uint32_t epoch)
{
    struct opc_agent *a = opc_agent_on(o, device);
    if (a != NULL) {
        opc_agent_service(o, a, in_service, epoch);
    } else {
        o->devices[device.v].in_service = in_service;
        o->devices[device.v].epoch = epoch;
    }
}

/* What can happen at a route point; the rest is about phones. */
static bool happens_at_point(uint32_t kind)
{
    return kind == DEVICE_EVENT_OFFERED || kind == DEVICE_EVENT_DISCONNECTED ||
           kind == DEVICE_EVENT_FAILED || kind == DEVICE_EVENT_SNAPSHOT ||
           kind == DEVICE_EVENT_SNAPSHOT_END || kind == DEVICE_EVENT_IN_SERVICE ||
           kind == DEVICE_EVENT_OUT_OF_SERVICE;
}

void opc_call_event(struct opc *o, const struct msg_device_event *e)
{
    if (e->device.v == 0 || e->device.v > o->devices_n) {
        return;
    }
    struct opc_device *d = &o->devices[e->device.v];
    struct opc_agent *a = opc_agent_on(o, e->device);
    bool about_call = e->kind != DEVICE_EVENT_IN_SERVICE &&
                      e->kind != DEVICE_EVENT_OUT_OF_SERVICE &&
                      e->kind != DEVICE_EVENT_SNAPSHOT_END;
    if ((a == NULL && !d->point) || (about_call && !call_id_some(e->call)) ||
        (d->point && !happens_at_point(e->kind))) {
        return;
    }
    if (a != NULL && about_call) {
        opc_put(o, &(struct opc_output){
                       .kind = OPC_CALL, .agent = d->agent - 1, .call = e->call, .event = e});
    }
    switch ((enum device_event)e->kind) {
    case DEVICE_EVENT_IN_SERVICE:
        service(o, e->device, true, e->epoch);
        return;
    case DEVICE_EVENT_OUT_OF_SERVICE:
        opc_call_cut_device(o, e->device,
                            is_cut((enum reason)e->reason) ? (enum reason)e->reason
                                                           : REASON_OUT_OF_SERVICE);
        service(o, e->device, false, e->epoch);
        return;
    case DEVICE_EVENT_ORIGINATED:
        originated(o, e);
        return;
    case DEVICE_EVENT_OFFERED:
        if (d->point) {
            offered(o, e, false);
        } /* the caller's own leg waits there too; it was told by ORIGINATED */
        return;
    case DEVICE_EVENT_RINGING:
        ringing(o, e);
        return;
    case DEVICE_EVENT_CONNECTED:
    case DEVICE_EVENT_RETRIEVED:
        connected(o, e);
        return;
    case DEVICE_EVENT_HELD:
        held(o, e);
        return;
    case DEVICE_EVENT_TRANSFERRED:
        transferred(o, e);
        return;
    case DEVICE_EVENT_CONFERENCED:
        conferenced(o, e);
        return;
    case DEVICE_EVENT_DISCONNECTED:
        disconnected(o, e);
        return;
    case DEVICE_EVENT_FAILED:
        failed(o, e);
        return;
    case DEVICE_EVENT_SNAPSHOT:
        snapshot(o, e);
        return;
    case DEVICE_EVENT_SNAPSHOT_END:
        snapshot_end(o, e->device);
        return;
    case DEVICE_EVENT_NONE:
    case DEVICE_EVENT_COUNT:
        return;
    }
}

void opc_call_monitored(struct opc *o, const struct msg_private_input *in)
{
    struct device_id device = in->event.device;
    if (device.v == 0 || device.v > o->devices_n) {
        return;
    }
    o->devices[device.v].snapshot = in->in_service;
    service(o, device, in->in_service, in->event.epoch);
}

void opc_call_routed(struct opc *o, const struct msg_private_input *in)
{
    struct opc_call *call = opc_table_call(o, in->event.call);
    if (call == NULL || call->request != in->id || !call->waiting) {
        return; /* the caller gave up, or it was asked again meanwhile */
    }
    call->day = in->day;
    call->key = in->key;
    call->key_seq = in->key_seq;
    call->skill = in->skill;
    struct opc_output cti = {.kind = OPC_CTI,
                             .device = call->point,
                             .call = call->id,
                             .request = call->request,
                             .key = KEY_ROUTE,
                             .number = ""};
    if (in->reason_code == ROUTE_LABEL) {
        uint32_t place = opc_place(o, in->agent);
        struct opc_agent *a = place != 0 ? &o->agents[place - 1] : NULL;
        if (a == NULL || a->state != AGENT_STATE_READY ||
            !o->devices[a->info.device.v].in_service) {
            ask_route(o, call); /* the OPC's word is the truth: it is told to the controller too */
            return;
        }
        call->waiting = false;
        call->agent = place;
        opc_agent_reserve(o, a, call->id);
        cti.number = in->event.to;
    } else if (in->reason_code == ROUTE_NONE) {
        call->waiting = false;
        cti.key = KEY_HANGUP;
    }
    opc_put(o, &cti);
}

void opc_call_route_failed(struct opc *o, const struct msg_private_input *in)
{
    struct opc_call *call = opc_table_call(o, in->event.call);
    if (call == NULL || call->request != in->id || call->waiting || call->agent == 0) {
        return;
    }
    struct opc_agent *a = &o->agents[call->agent - 1];
    release_routed(o, call);
    /* Neither a busy phone nor one that nobody serves is tried again at once. */
    if (in->reason == REASON_BUSY && a->state == AGENT_STATE_READY) {
        opc_agent_set(o, a, AGENT_STATE_NOT_READY, OPC_REASON_BUSY);
    } else if (in->reason == REASON_UNREGISTERED && a->state == AGENT_STATE_READY) {
        opc_agent_set(o, a, AGENT_STATE_NOT_READY, OPC_REASON_RONA);
    }
    if (in->reason != REASON_NO_CALL && opc_table_leg(o, call->id, call->point) != NULL) {
        ask_route(o, call);
    }
}

void opc_call_unanswered(struct opc *o, struct call_id id, const struct opc_agent *a)
{
    struct opc_call *call = opc_table_call(o, id);
    if (call != NULL && call->agent != 0 && &o->agents[call->agent - 1] == a &&
        opc_table_leg(o, id, call->point) != NULL) {
        ask_route(o, call);
    }
}

void opc_call_cut_device(struct opc *o, struct device_id device, enum reason reason)
{
    for (uint32_t i = 1; i <= o->legs_max && o->devices[device.v].legs > 0; i++) {
        struct opc_leg *leg = &o->legs[i];
        if (!call_id_some(leg->call) || !device_id_eq(leg->device, device) ||
            leg->state == LEG_ENDED) {
            continue;
        }
        if (leg->point) {
            left_point(o, leg, reason);
        } else {
            cut(o, leg, reason);
        }
    }
}

void opc_call_cut_all(struct opc *o, enum reason reason)
{
    ASSERT(reason != REASON_NONE);
    for (uint32_t i = 1; i <= o->calls_max && o->calls_n > 0; i++) {
        struct opc_call *call = &o->calls[i];
        if (!call_id_some(call->id)) {
            continue;
        }
        cancel_route(o, call, reason);
        call->agent = 0;
        if (call->live == 0 && call->linger_us != 0) {
            lost_on_the_way(o, call, REASON_PROVIDER_LOST);
        }
    }
    for (uint32_t i = 1; i <= o->legs_max && o->legs_n > 0; i++) {
        if (call_id_some(o->legs[i].call)) {
            cut(o, &o->legs[i], reason);
        }
    }
    for (uint32_t i = 0; i < o->agents_n; i++) {
        o->agents[i].wrapping = 0;
        o->agents[i].reserved = (struct call_id){0};
        o->agents[i].deadline_us = 0;
    }
    o->deadline_us = 0;
    ASSERT(o->legs_n == 0);
    ASSERT(o->calls_n == 0);
}

void opc_call_tick(struct opc *o)
{
    uint32_t left = o->calls_n;
    for (uint32_t i = 1; i <= o->calls_max && left > 0; i++) {
        struct opc_call *call = &o->calls[i];
        if (!call_id_some(call->id)) {
            continue;
        }
        left--;
        if (call->linger_us == 0) {
            continue;
        }
        if (call->linger_us > o->at_us) {
            opc_wake(o, call->linger_us);
        } else {
            lost_on_the_way(o, call, REASON_NONE);
        }
    }
}
