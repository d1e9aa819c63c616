#include "node/base/plant.h"
#include "node/role/pg/opc_parts.h"
#include "node/role/pg/tcd.h"

#include <string.h>

static uint32_t place_of(const struct opc *o, const struct opc_agent *a)
{
    return (uint32_t)(a - o->agents);
}

static bool idle(enum agent_state state)
{
    return state == AGENT_STATE_READY || state == AGENT_STATE_NOT_READY;
}

static bool wrapping_up(enum agent_state state)
{
    return state == AGENT_STATE_WORK_READY || state == AGENT_STATE_WORK_NOT_READY;
}

struct opc_agent *opc_agent_on(struct opc *o, struct device_id device)
{
    ASSERT(device.v <= o->devices_n);
    uint32_t place = o->devices[device.v].agent;
    return place != 0 ? &o->agents[place - 1] : NULL;
}

static struct opc_device *phone_of(struct opc *o, const struct opc_agent *a)
{
    return &o->devices[a->info.device.v];
}

/* The call that the state is about, and its key: the one that is promised, at the phone, or wrapped
 * up. None: the output is left as it is. */
static void name_call(struct opc *o, const struct opc_agent *a, struct opc_output *ret)
{
    const struct opc_leg *leg = NULL;
    if (wrapping_up(a->state) && a->wrapping != 0) {
        leg = &o->legs[a->wrapping];
    } else if (phone_of(o, a)->legs > 0 && a->state != AGENT_STATE_LOGGED_OFF && !idle(a->state)) {
        leg = opc_table_youngest(o, a->info.device, NULL);
    }
    const struct opc_call *promised =
        leg == NULL && a->state == AGENT_STATE_RESERVED ? opc_table_call(o, a->reserved) : NULL;
    if (leg != NULL) {
        ret->call = leg->call;
        ret->icr_call_key = leg->icr_call_key;
    } else if (promised != NULL) {
        ret->call = promised->id;
        ret->icr_call_key = promised->icr_call_key;
    }
}

void opc_agent_set(struct opc *o, struct opc_agent *a, enum agent_state state, uint32_t code)
{
    if (a->state == state && a->reason_code == code) {
        return;
    }
    a->state = state;
    a->reason_code = code;
    a->since_us = o->at_us;
    struct opc_output output = {
        .kind = OPC_AGENT, .agent = place_of(o, a), .device = a->info.device, .reason_code = code};
    name_call(o, a, &output);
    opc_put(o, &output);
}

static void forget_reservation(struct opc_agent *a)
{
    a->reserved = (struct call_id){0};
    a->deadline_us = 0;
}

void opc_agent_settle(struct opc *o, struct opc_agent *a)
{
    forget_reservation(a);
    if (a->state == AGENT_STATE_LOGGED_OFF || idle(a->state)) {
        return;
    }
    if (a->wrapping != 0) {
        bool ready = a->before == AGENT_STATE_READY;
        opc_agent_set(o, a, ready ? AGENT_STATE_WORK_READY : AGENT_STATE_WORK_NOT_READY, 0);
    } else {
        opc_agent_set(o, a, a->before, 0);
    }
}

void opc_agent_finish(struct opc *o, struct opc_agent *a, bool keep)
{
    if (a->wrapping == 0) {
        return;
    }
    struct opc_leg *leg = &o->legs[a->wrapping];
    ASSERT(leg->state == LEG_ENDED);
    a->wrapping = 0;
    if (!keep) {
        memset(leg->text, 0, sizeof leg->text);
    }
    struct msg_record_tcd row;
    tcd_of_leg(o, leg, REASON_NONE, &row);
    opc_put(o, &(struct opc_output){.kind = OPC_TCD, .tcd = &row, .call = leg->call});
    opc_table_drop_leg(o, leg);
}

void opc_agent_busy(struct opc *o, struct opc_agent *a, enum agent_state state)
{
    if (a->state == AGENT_STATE_LOGGED_OFF) {
        return;
    }
    if (idle(a->state)) {
        a->before = a->state;
    }
    a->deadline_us = 0;
    if (wrapping_up(a->state)) {
        if (state == AGENT_STATE_RESERVED) {
            return; /* it rings while the last call is wrapped up */
        }
        opc_agent_finish(o, a, true);
    }
    opc_agent_set(o, a, state, 0);
}

void opc_agent_reserve(struct opc *o, struct opc_agent *a, struct call_id call)
{
    ASSERT(a->state == AGENT_STATE_READY);
    a->reserved = call;
    opc_agent_busy(o, a, AGENT_STATE_RESERVED);
    a->deadline_us = o->at_us + o->topology->timers.reserve_timeout.us;
    opc_wake(o, a->deadline_us);
}

void opc_agent_release(struct opc *o, struct opc_agent *a)
{
    forget_reservation(a);
    if (a->state == AGENT_STATE_RESERVED && phone_of(o, a)->legs == 0) {
        opc_agent_settle(o, a);
    }
}

static void log_out(struct opc *o, struct opc_agent *a, uint32_t code)
{
    opc_agent_finish(o, a, true);
    forget_reservation(a);
    opc_put(o, &(struct opc_output){.kind = OPC_LOGOUT,
                                    .agent = place_of(o, a),
                                    .device = a->info.device,
                                    .reason_code = code,
                                    .for_us = o->at_us - a->login_us});
    opc_agent_set(o, a, AGENT_STATE_LOGGED_OFF, code);
    a->before = AGENT_STATE_NOT_READY;
    a->login_us = 0;
    a->epoch = 0;
}

void opc_agent_service(struct opc *o, struct opc_agent *a, bool in_service, uint32_t epoch)
{
    struct opc_device *phone = phone_of(o, a);
    if (PLANTED(ROUTE_TO_NOBODY) && !in_service) {
        opc_agent_settle(o, a);
        return;
    }
    bool changed = phone->in_service != in_service;
    phone->in_service = in_service;
    if (epoch > phone->epoch) {
        phone->epoch = epoch;
    }
    if (a->state != AGENT_STATE_LOGGED_OFF && (!in_service || epoch > a->epoch)) {
        log_out(o, a, LOGOUT_PHONE_LOST);
    }
    if (changed) {
        opc_put(o, &(struct opc_output){
                       .kind = OPC_SERVICE, .agent = place_of(o, a), .device = a->info.device});
    }
}

void opc_agent_leg_ended(struct opc *o, struct opc_agent *a, struct opc_leg *leg)
{
    ASSERT(leg->state == LEG_ENDED);
    bool mine = agent_id_some(leg->agent) && a->state != AGENT_STATE_LOGGED_OFF;
    bool rona = leg->disposition == TCD_RING_NO_ANSWER && leg->call_type == TCD_TYPE_ROUTED;
    bool wrap = mine && leg->inbound && leg->answer_us != 0 && a->wrapping == 0;
    if (wrap) {
        a->wrapping = opc_table_place(o, leg);
    } else {
        struct msg_record_tcd row;
        tcd_of_leg(o, leg, REASON_NONE, &row);
        opc_put(o, &(struct opc_output){.kind = OPC_TCD, .tcd = &row, .call = leg->call});
        opc_table_drop_leg(o, leg);
    }
    /* A leg from before the login leaves no wrap-up, but it did keep the agent busy. */
    if (a->state == AGENT_STATE_LOGGED_OFF || phone_of(o, a)->legs > 0 || wrapping_up(a->state)) {
        return;
    }
    if (mine && rona) {
        forget_reservation(a);
        a->before = AGENT_STATE_NOT_READY;
        opc_agent_set(o, a, AGENT_STATE_NOT_READY, OPC_REASON_RONA);
    } else {
        opc_agent_settle(o, a);
    }
}

static enum reason log_in(struct opc *o, struct opc_agent *a, struct device_id device)
{
    const struct opc_device *phone = phone_of(o, a);
    if (a->state != AGENT_STATE_LOGGED_OFF) {
        return REASON_BAD_STATE;
    }
    if (device_id_some(device) && !device_id_eq(device, a->info.device)) {
        return REASON_UNKNOWN_DEVICE;
    }
    if (!phone->in_service) {
        return REASON_OUT_OF_SERVICE;
    }
    a->epoch = phone->epoch;
    a->login_us = o->at_us;
    a->before = AGENT_STATE_NOT_READY;
    opc_agent_set(o, a, AGENT_STATE_NOT_READY, 0);
    return REASON_NONE;
}

/* READY and NOT_READY: at once, or after the call; out of wrap-up it ends that too. */
static enum reason go(struct opc *o, struct opc_agent *a, enum agent_state state, uint32_t code)
{
    if (a->state == AGENT_STATE_LOGGED_OFF) {
        return REASON_BAD_STATE;
    }
    bool other = a->before != state;
    a->before = state;
    if (wrapping_up(a->state)) {
        opc_agent_finish(o, a, true);
        opc_agent_set(o, a, state, code);
    } else if (idle(a->state)) {
        opc_agent_set(o, a, state, code);
    } else if (other) {
        opc_put(o, &(struct opc_output){.kind = OPC_AGENT_AFTER, .agent = place_of(o, a)});
    }
    return REASON_NONE;
}

static enum reason end_wrapup(struct opc *o, struct opc_agent *a)
{
    if (!wrapping_up(a->state)) {
        return REASON_BAD_STATE;
    }
    opc_agent_finish(o, a, true);
    opc_agent_settle(o, a);
    return REASON_NONE;
}

static enum reason leave(struct opc *o, struct opc_agent *a, uint32_t code)
{
    if (!idle(a->state) && !wrapping_up(a->state)) {
        return REASON_BAD_STATE;
    }
    log_out(o, a, code);
    return REASON_NONE;
}

static enum reason perform(struct opc *o, struct opc_agent *a, const struct msg_private_input *in)
{
    switch ((enum agent_request)in->request) {
    case AGENT_REQUEST_LOGIN:
        return log_in(o, a, in->event.device);
    case AGENT_REQUEST_LOGOUT:
        return leave(o, a, in->reason_code);
    case AGENT_REQUEST_READY:
        return go(o, a, AGENT_STATE_READY, 0);
    case AGENT_REQUEST_NOT_READY:
        return go(o, a, AGENT_STATE_NOT_READY, in->reason_code);
    case AGENT_REQUEST_WRAPUP_DONE:
        return end_wrapup(o, a);
    case AGENT_REQUEST_NONE:
    case AGENT_REQUEST_COUNT:
        break;
    }
    return REASON_BAD_REQUEST;
}

void opc_agent_request(struct opc *o, const struct msg_private_input *in)
{
    uint32_t place = opc_place(o, in->agent);
    if (place == 0) {
        return;
    }
    struct opc_agent *a = &o->agents[place - 1];
    enum reason reason = perform(o, a, in);
    opc_put(o, &(struct opc_output){.kind = OPC_RESULT,
                                    .agent = place - 1,
                                    .asked = (enum agent_request)in->request,
                                    .reason = reason});
}

void opc_agent_wrapup(struct opc *o, const struct msg_private_input *in)
{
    uint32_t place = opc_place(o, in->agent);
    if (place == 0) {
        return;
    }
    const struct opc_agent *a = &o->agents[place - 1];
    struct opc_leg *leg = a->wrapping != 0 ? &o->legs[a->wrapping] : NULL;
    if (leg == NULL || !call_id_eq(leg->call, in->event.call)) {
        leg = opc_table_leg(o, in->event.call, a->info.device);
    }
    if (leg != NULL) {
        memcpy(leg->text, in->text, sizeof leg->text);
    } /* else the row is written already, and is never amended (TCD-2) */
}

/* A call that was routed here did not come. Once is bad luck. */
static void count_missed(struct opc *o, struct opc_agent *a)
{
    if (++a->missed >= OPC_MISSED_MAX && a->state == AGENT_STATE_READY) {
        a->missed = 0;
        a->before = AGENT_STATE_NOT_READY;
        opc_agent_set(o, a, AGENT_STATE_NOT_READY, OPC_REASON_MISSED);
    }
}

void opc_agent_tick(struct opc *o)
{
    for (uint32_t i = 0; i < o->agents_n; i++) {
        struct opc_agent *a = &o->agents[i];
        if (a->deadline_us == 0) {
            continue;
        }
        if (a->deadline_us <= o->at_us) {
            struct call_id call = a->reserved;
            opc_agent_release(o, a);
            count_missed(o, a);
            opc_call_unanswered(o, call, a);
        } else {
            opc_wake(o, a->deadline_us);
        }
    }
}
