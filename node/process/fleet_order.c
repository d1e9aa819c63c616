#include "node/process/fleet_order.h"

#include "node/process/fleet_op.h"

#include <stdio.h>
#include <string.h>

#define EFFECT_MS 5000 /* an effect that has not come by then is answered with TIMEOUT */
#define TEXT_MAX  96

static void finish(struct fleet *f, struct fleet_wait *w, enum reason reason, uint64_t value,
                   const char *text)
{
    ASSERT(w->used);
    w->used = false;
    fleet_op_done(f, w->peer, w->id, reason, value, text);
}

static struct fleet_wait *wait_for(struct fleet *f, struct proc_id peer, uint64_t id)
{
    for (uint32_t i = 0; i < FLEET_WAITS_MAX; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used) {
            f->waits_n = i < f->waits_n ? f->waits_n : i + 1;
            *w = (struct fleet_wait){.used = true,
                                     .peer = peer,
                                     .id = id,
                                     .until = instant_add(f->now, duration_ms(EFFECT_MS))};
            return w;
        }
    }
    return NULL;
}

void fleet_order_gone(struct fleet *f, struct proc_id peer)
{
    for (uint32_t i = 0; i < f->waits_n; i++) {
        f->waits[i].used = f->waits[i].used && !proc_id_eq(f->waits[i].peer, peer);
    }
}

struct instant fleet_order_deadline(const struct fleet *f)
{
    struct instant first = INSTANT_NEVER;
    for (uint32_t i = 0; i < f->waits_n; i++) {
        if (f->waits[i].used) {
            first = instant_min(first, f->waits[i].until);
        }
    }
    return first;
}

void fleet_order_tick(struct fleet *f)
{
    for (uint32_t i = 0; i < f->waits_n; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used || !instant_reached(f->now, w->until)) {
            continue;
        }
        if (w->closed) {
            finish(f, w, REASON_NOT_ACTIVE, 0, "no side has a desktop open for this agent");
        } else {
            finish(f, w, REASON_TIMEOUT, 0, "the effect was not seen in time");
        }
    }
}

/* ---- Phones ---- */

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
           (key == KEY_RETRIEVE && (state == LEG_CONNECTED || state == LEG_HELD)) ||
           ((key == KEY_ANSWER || key == KEY_CONFERENCE_COMPLETE) && state == LEG_CONNECTED);
}

/* Is the end of a leg what the key was pressed for? NONE: it is, or another leg is to follow. */
static enum reason ended(enum key key, enum reason reason, bool *ret_done)
{
    bool joins = key == KEY_CONFERENCE_COMPLETE && reason == REASON_CONFERENCED;
    bool left =
        (key == KEY_TRANSFER_COMPLETE || key == KEY_TRANSFER_BLIND) && reason == REASON_TRANSFERRED;
    *ret_done = !joins; /* the consultation is over, and the other call is the conference */
    return left ? REASON_NONE : reason;
}

void fleet_order_notice(struct fleet *f, const struct notice *n)
{
    for (uint32_t i = 0; i < f->waits_n; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used || w->key == KEY_NONE || !device_id_eq(w->device, n->device)) {
            continue;
        }
        if (n->kind == NOTICE_KEY && n->key == w->key && n->reason != REASON_NONE) {
            finish(f, w, n->reason, n->call.v, "");
        } else if (n->kind == NOTICE_LEG && reached(w->key, n->state)) {
            finish(f, w, REASON_NONE, n->call.v, leg_text(n->state));
        } else if (n->kind == NOTICE_ENDED) {
            bool done = true;
            enum reason reason = ended(w->key, n->reason, &done);
            if (done) {
                finish(f, w, reason, n->call.v, "");
            }
        } else if (n->kind == NOTICE_PRESERVED) {
            finish(f, w, REASON_PRESERVED, n->call.v, "");
        }
    }
}

static void why_not(const struct phone *p, enum reason reason, char *ret_text)
{
    const struct call_leg *leg = phone_leg(p);
    ret_text[0] = '\0';
    if (leg != NULL && (reason == REASON_BAD_STATE || reason == REASON_BUSY)) {
        snprintf(ret_text, TEXT_MAX, "phone %s is %s", p->number, leg_text(leg->state));
    } else if (reason == REASON_NO_CALL || reason == REASON_OUT_OF_SERVICE) {
        snprintf(ret_text, TEXT_MAX, "phone %s is %s", p->number,
                 p->station.state == STATION_REGISTERED ? "idle" : "not registered");
    }
}

void fleet_order_phone(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    struct device_id device = topology_number(f->topology, c->number);
    struct phone *p = fleet_phone(f, device);
    if (p == NULL) {
        fleet_op_done(f, peer, c->id, REASON_UNKNOWN_NUMBER, 0,
                      "no phone of this fleet has that number");
        return;
    }
    enum key key = (enum key)c->key;
    const struct call_leg *leg = phone_leg(p);
    bool answered = key == KEY_ANSWER && leg != NULL && leg->state == LEG_CONNECTED;
    uint64_t call = leg != NULL ? leg->call.v : 0;
    enum reason reason = answered ? REASON_NONE : phone_key(p, &f->site, f->now, key, c->to);
    if (reason == REASON_NONE && !phone_idle(p)) {
        p->person.by_hand = true;
        struct agent *a = fleet_agent_at(f, device);
        if (a != NULL) {
            agent_hands_off(a);
        }
    }
    bool now = answered || key == KEY_HANGUP || c->value == FLEET_ORDER_NO_WAIT;
    struct fleet_wait *w = now || reason != REASON_NONE ? NULL : wait_for(f, peer, c->id);
    if (w != NULL) {
        w->device = device;
        w->key = key;
    } else {
        char text[TEXT_MAX] = "";
        why_not(p, reason, text);
        if (reason == REASON_NONE && !now) {
            reason = REASON_FULL;
            snprintf(text, sizeof text, "it was sent, but too many wait for effects");
        }
        fleet_op_done(f, peer, c->id, reason, call, text);
    }
    fleet_touch(f, device);
}

/* ---- Agents ---- */

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

/* Why the agent cannot, in words. */
static void why_agent(const struct agent *a, enum agent_request request, enum reason reason,
                      char *ret_text)
{
    const char *state = agent_state_text(a->state);
    ret_text[0] = '\0';
    if (reason == REASON_OUT_OF_SERVICE) {
        snprintf(ret_text, TEXT_MAX, "the agent can log in when the phone is registered");
    } else if (reason != REASON_BAD_STATE) {
        return;
    } else if (a->state == AGENT_STATE_LOGGED_OFF) {
        snprintf(ret_text, TEXT_MAX, "the agent is %s: log in first", state);
    } else if (request == AGENT_REQUEST_WRAPUP_DONE) {
        snprintf(ret_text, TEXT_MAX, "the agent is %s: there is no wrap-up to end", state);
    } else if (request == AGENT_REQUEST_LOGOUT) {
        snprintf(ret_text, TEXT_MAX, "the agent is %s: log out after the call", state);
    }
}

static void refuse(struct fleet *f, struct fleet_wait *w, const struct agent *a, enum reason reason)
{
    char text[TEXT_MAX];
    why_agent(a, w->request, reason, text);
    finish(f, w, reason, 0, text);
}

static void done(struct fleet *f, struct fleet_wait *w, const struct agent *a)
{
    finish(f, w, REASON_NONE, 0, agent_state_text(a->state));
}

/* The PG took note of it: what the agent is after the call. */
static void noted(struct fleet *f, struct fleet_wait *w, const struct agent *a)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "the agent is %s: %s after the call", agent_state_text(a->state),
             w->request == AGENT_REQUEST_READY ? "ready" : "not ready");
    finish(f, w, REASON_NONE, FLEET_ORDER_NOTED, text);
}

/* Ask, or wait for the desktop. */
static void ask(struct fleet *f, struct fleet_wait *w, struct agent *a)
{
    bool asked = false;
    enum reason reason = agent_request(a, &f->hall, f->now, w->request, &asked);
    w->closed = reason == REASON_NOT_ACTIVE;
    if (w->closed) {
        return;
    }
    if (reason != REASON_NONE) {
        refuse(f, w, a, reason);
    } else if (!asked) {
        done(f, w, a);
    } else if (w->no_wait) {
        finish(f, w, REASON_NONE, 0, "asked");
    }
}

void fleet_order_desktop(struct fleet *f, struct agent *a, const struct msg *msg)
{
    for (uint32_t i = 0; i < f->waits_n; i++) {
        struct fleet_wait *w = &f->waits[i];
        if (!w->used || !agent_id_eq(w->agent, a->id)) {
            continue;
        }
        const struct msg_desktop_result *r = &msg->desktop_result;
        bool result = msg->kind == MSG_DESKTOP_RESULT && r->request == w->request;
        if (a->desk != AGENT_DESK_OPEN) {
            w->closed = true;
        } else if (w->closed || msg->kind == MSG_DESKTOP_OPENED) {
            ask(f, w, a); /* what was asked at another desktop may be lost */
        } else if (granted(w->request, a->state)) {
            done(f, w, a);
        } else if (result && r->reason != REASON_NONE) {
            refuse(f, w, a, (enum reason)r->reason);
        } else if (result && agent_in_call(a)) {
            noted(f, w, a);
        }
    }
}

void fleet_order_agent(struct fleet *f, struct proc_id peer, const struct msg_op_command *c)
{
    struct agent_info info;
    struct agent *a = NULL;
    if (topology_agent_by_id(f->topology, c->agent, &info)) {
        a = fleet_agent_at(f, info.device);
    }
    if (a == NULL) {
        fleet_op_done(f, peer, c->id, REASON_BAD_REQUEST, 0, "no such agent in this fleet");
        return;
    }
    struct fleet_wait *w = wait_for(f, peer, c->id);
    if (w == NULL) {
        fleet_op_done(f, peer, c->id, REASON_FULL, 0, "too many wait for effects");
        return;
    }
    w->agent = a->id;
    w->request = (enum agent_request)c->request;
    w->no_wait = c->value == FLEET_ORDER_NO_WAIT;
    ask(f, w, a);
    fleet_touch(f, info.device);
}
