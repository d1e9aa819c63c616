#include "node/role/agent/desk.h"

#include <stdio.h>
#include <string.h>

#define OPEN_AGAIN_MIN_MS 200
#define OPEN_AGAIN_MAX_MS 500
#define OPEN_TIMEOUT_MS   2000
#define ASK_AGAIN_MIN_MS  800
#define ASK_AGAIN_MAX_MS  1200
#define RESULT_TIMEOUT_MS 3000

struct duration desk_draw(struct agent *a, struct duration mean)
{
    return (struct duration){rand_between(&a->rand, mean.us / 2, mean.us + mean.us / 2)};
}

static struct instant soon(struct agent *a, struct instant now, int64_t least_ms, int64_t most_ms)
{
    return instant_add(now, duration_ms(rand_between(&a->rand, least_ms, most_ms)));
}

static bool reachable(const struct agent_hall *hall, struct proc_id side)
{
    return proc_id_some(side) && hall->up[side.v];
}

static void send(struct agent *a, struct agent_hall *hall, enum msg_kind kind)
{
    hall->msg.kind = kind;
    hall->msg.correlation = a->device.v;
    world_send(hall->world, LINK_DESKTOP, a->sides[a->side], &hall->msg);
}

/* Open at this side, or at the other if this one cannot be reached. */
static void open_desk(struct agent *a, struct agent_hall *hall, struct instant now)
{
    if (!reachable(hall, a->sides[a->side])) {
        a->side = (a->side + 1) % AGENT_SIDES;
    }
    if (!reachable(hall, a->sides[a->side])) {
        a->desk = AGENT_DESK_CLOSED;
        a->desk_at = INSTANT_NEVER; /* until a link is up */
        return;
    }
    a->desk = AGENT_DESK_OPENING;
    a->desk_at = instant_add(now, duration_ms(OPEN_TIMEOUT_MS));
    hall->msg.desktop_open = (struct msg_desktop_open){.agent = a->id};
    send(a, hall, MSG_DESKTOP_OPEN);
}

/* The present side does not have the desktop: the other one, after a moment. */
static void close_desk(struct agent *a, struct instant now)
{
    a->desk = AGENT_DESK_CLOSED;
    a->asked = false;
    a->side = (a->side + 1) % AGENT_SIDES;
    a->desk_at = soon(a, now, OPEN_AGAIN_MIN_MS, OPEN_AGAIN_MAX_MS);
}

void desk_link_up(struct agent *a, struct agent_hall *hall, struct instant now, struct proc_id peer)
{
    bool mine = proc_id_eq(peer, a->sides[0]) || proc_id_eq(peer, a->sides[1]);
    if (mine && a->desk == AGENT_DESK_CLOSED && a->desk_at.us == INSTANT_NEVER.us) {
        open_desk(a, hall, now);
    }
}

void desk_link_down(struct agent *a, struct agent_hall *hall, struct instant now,
                    struct proc_id peer)
{
    (void)hall;
    if (a->desk != AGENT_DESK_CLOSED && proc_id_eq(peer, a->sides[a->side])) {
        close_desk(a, now);
    }
}

static void ask(struct agent *a, struct agent_hall *hall, struct instant now,
                enum agent_request request)
{
    hall->msg.desktop_request =
        (struct msg_desktop_request){.agent = a->id, .request = request, .device = a->device};
    send(a, hall, MSG_DESKTOP_REQUEST);
    a->asked = true;
    a->desk_at = instant_add(now, duration_ms(RESULT_TIMEOUT_MS));
}

enum desk_phase desk_phase(const struct agent *a)
{
    switch (a->state) {
    case AGENT_STATE_LOGGED_OFF:
        return DESK_OUT;
    case AGENT_STATE_LOGGED_ON:
    case AGENT_STATE_NOT_READY:
    case AGENT_STATE_READY:
    case AGENT_STATE_UNKNOWN:
    case AGENT_STATE_COUNT:
        return DESK_IDLE;
    case AGENT_STATE_WORK_READY:
    case AGENT_STATE_WORK_NOT_READY:
        return DESK_WRAPUP;
    case AGENT_STATE_TALKING:
    case AGENT_STATE_BUSY_OTHER:
    case AGENT_STATE_RESERVED:
    case AGENT_STATE_CALL_INITIATED:
    case AGENT_STATE_HELD:
    case AGENT_STATE_RETRIEVED:
    case AGENT_STATE_TRANSFERRED:
    case AGENT_STATE_CONFERENCED:
        return DESK_CALL;
    }
    UNREACHABLE("every state of an agent is listed");
}

/* When something is to be done about the state that the PG has just told. */
static void plan_desk(struct agent *a, struct agent_hall *hall, struct instant now)
{
    a->desk_at = INSTANT_NEVER;
    switch (a->state) {
    case AGENT_STATE_LOGGED_OFF:
        if (a->wish != AGENT_WISH_LOGGED_OUT && a->in_service) {
            a->desk_at = soon(a, now, 0, OPEN_AGAIN_MIN_MS);
        }
        return;
    case AGENT_STATE_LOGGED_ON:
    case AGENT_STATE_NOT_READY:
        if (a->wish == AGENT_WISH_WORK) {
            a->desk_at = soon(a, now, 0, OPEN_AGAIN_MIN_MS);
        }
        return;
    case AGENT_STATE_WORK_READY:
    case AGENT_STATE_WORK_NOT_READY:
        a->desk_at = instant_add(now, desk_draw(a, hall->topology->traffic.wrapup_mean));
        return;
    case AGENT_STATE_READY:
    case AGENT_STATE_TALKING:
    case AGENT_STATE_BUSY_OTHER:
    case AGENT_STATE_RESERVED:
    case AGENT_STATE_CALL_INITIATED:
    case AGENT_STATE_HELD:
    case AGENT_STATE_RETRIEVED:
    case AGENT_STATE_TRANSFERRED:
    case AGENT_STATE_CONFERENCED:
    case AGENT_STATE_UNKNOWN:
    case AGENT_STATE_COUNT:
        return;
    }
}

static void learn(struct agent *a, struct agent_hall *hall, struct instant now, uint32_t state,
                  bool in_service, uint32_t reason_code)
{
    bool news = a->state != (enum agent_state)state || a->in_service != in_service;
    if (a->state != (enum agent_state)state) {
        a->since = now;
    }
    a->state = (enum agent_state)state;
    a->in_service = in_service;
    a->reason_code = reason_code;
    if (a->state == AGENT_STATE_LOGGED_OFF && reason_code == LOGOUT_PHONE_LOST &&
        hall->topology->policies.login == LOGIN_MANUAL) {
        a->wish = AGENT_WISH_LOGGED_OUT;
    }
    if (news || a->desk_at.us == INSTANT_NEVER.us) {
        a->asked = false;
        plan_desk(a, hall, now);
    }
}

static void on_opened(struct agent *a, struct agent_hall *hall, struct instant now,
                      const struct msg_desktop_opened *m)
{
    if (a->desk != AGENT_DESK_OPENING) {
        return;
    }
    if (m->reason != REASON_NONE) {
        close_desk(a, now);
        return;
    }
    a->desk = AGENT_DESK_OPEN;
    a->asked = false;
    a->desk_at = INSTANT_NEVER;
    learn(a, hall, now, m->state, m->in_service, m->reason_code);
}

static void on_result(struct agent *a, struct instant now, const struct msg_desktop_result *m)
{
    bool told = !a->asked; /* the new state came first: what follows from it is planned */
    a->asked = false;
    if (m->reason == REASON_NOT_ACTIVE) {
        close_desk(a, now);
    } else if (m->reason == REASON_NONE && !told) {
        /* The state follows; should it not, think again. */
        a->desk_at = instant_add(now, duration_ms(RESULT_TIMEOUT_MS));
    } else if (m->reason != REASON_NONE) {
        a->desk_at = soon(a, now, ASK_AGAIN_MIN_MS, ASK_AGAIN_MAX_MS);
    }
}

void desk_message(struct agent *a, struct agent_hall *hall, struct instant now, struct proc_id peer,
                  const struct msg *msg)
{
    if (!proc_id_eq(peer, a->sides[a->side]) || a->desk == AGENT_DESK_CLOSED) {
        hall->lost++;
        return;
    }
    if (msg->kind == MSG_DESKTOP_OPENED) {
        on_opened(a, hall, now, &msg->desktop_opened);
    } else if (msg->kind == MSG_DESKTOP_CLOSED) {
        close_desk(a, now);
    } else if (a->desk != AGENT_DESK_OPEN) {
        hall->lost++;
    } else if (msg->kind == MSG_DESKTOP_AGENT) {
        const struct msg_desktop_agent *m = &msg->desktop_agent;
        learn(a, hall, now, m->state, m->in_service, m->reason_code);
    } else if (msg->kind == MSG_DESKTOP_RESULT) {
        on_result(a, now, &msg->desktop_result);
    } else if (msg->kind == MSG_DESKTOP_CONTROL_RESULT) {
        if (msg->desktop_control_result.reason != REASON_NONE) {
            agent_refused(a, hall, now, (enum key)msg->desktop_control_result.key);
        }
    } else if (msg->kind != MSG_DESKTOP_CALL) {
        hall->lost++; /* calls are seen on the phone itself */
    }
}

static void finish_wrapup(struct agent *a, struct agent_hall *hall, struct instant now)
{
    if (call_id_some(a->last)) {
        struct msg_desktop_wrapup *m = &hall->msg.desktop_wrapup;
        *m = (struct msg_desktop_wrapup){.agent = a->id, .call = a->last};
        a->wrapups++;
        snprintf(m->text, sizeof m->text, "W%u-%u", a->id.v, a->wrapups);
        struct event e = {.kind = EVENT_WRAPUP_ENTERED,
                          .device = a->device,
                          .call = a->last,
                          .peer = a->sides[a->side],
                          .value = a->id.v};
        snprintf(e.text, sizeof e.text, "%s", m->text);
        world_trace(hall->world, &e);
        hall->wrapup(hall->context, a->device, a->last, m->text);
        send(a, hall, MSG_DESKTOP_WRAPUP);
        a->last = (struct call_id){0};
    }
    ask(a, hall, now, AGENT_REQUEST_WRAPUP_DONE);
}

void desk_tick(struct agent *a, struct agent_hall *hall, struct instant now)
{
    if (!instant_reached(now, a->desk_at)) {
        return;
    }
    a->desk_at = INSTANT_NEVER;
    if (a->desk == AGENT_DESK_OPENING) {
        close_desk(a, now); /* no answer */
        return;
    }
    if (a->desk == AGENT_DESK_CLOSED) {
        open_desk(a, hall, now);
        return;
    }
    a->asked = false;
    if (desk_phase(a) == DESK_WRAPUP) {
        finish_wrapup(a, hall, now);
    } else if (a->state == AGENT_STATE_LOGGED_OFF && a->wish != AGENT_WISH_LOGGED_OUT) {
        ask(a, hall, now, AGENT_REQUEST_LOGIN);
    } else if ((a->state == AGENT_STATE_NOT_READY || a->state == AGENT_STATE_LOGGED_ON) &&
               a->wish == AGENT_WISH_WORK) {
        ask(a, hall, now, AGENT_REQUEST_READY);
    }
}

bool desk_control(struct agent *a, struct agent_hall *hall, struct call_id call, enum key key,
                  const char *number)
{
    if (a->desk != AGENT_DESK_OPEN || !a->in_service) {
        return false;
    }
    struct msg_desktop_control *m = &hall->msg.desktop_control;
    *m = (struct msg_desktop_control){.agent = a->id, .call = call, .key = key};
    snprintf(m->number, sizeof m->number, "%s", number);
    send(a, hall, MSG_DESKTOP_CONTROL);
    return true;
}

/* The buttons. In a call READY and NOT_READY are for after it. */
static const bool buttons[DESK_PHASES][AGENT_REQUEST_COUNT] = {
    [DESK_OUT] = {[AGENT_REQUEST_LOGIN] = true, [AGENT_REQUEST_LOGOUT] = true},
    [DESK_IDLE] = {[AGENT_REQUEST_LOGIN] = true,
                   [AGENT_REQUEST_LOGOUT] = true,
                   [AGENT_REQUEST_READY] = true,
                   [AGENT_REQUEST_NOT_READY] = true},
    [DESK_CALL] = {[AGENT_REQUEST_LOGIN] = true,
                   [AGENT_REQUEST_READY] = true,
                   [AGENT_REQUEST_NOT_READY] = true},
    [DESK_WRAPUP] = {[AGENT_REQUEST_LOGIN] = true,
                     [AGENT_REQUEST_LOGOUT] = true,
                     [AGENT_REQUEST_READY] = true,
                     [AGENT_REQUEST_NOT_READY] = true,
                     [AGENT_REQUEST_WRAPUP_DONE] = true},
};

/* Nothing would change; unless a request is on its way that may change it. */
static bool already(const struct agent *a, enum agent_request request)
{
    return !a->asked && ((request == AGENT_REQUEST_LOGIN && a->state != AGENT_STATE_LOGGED_OFF) ||
                         (request == AGENT_REQUEST_LOGOUT && a->state == AGENT_STATE_LOGGED_OFF) ||
                         (request == AGENT_REQUEST_READY && a->state == AGENT_STATE_READY) ||
                         (request == AGENT_REQUEST_NOT_READY && a->state == AGENT_STATE_NOT_READY));
}

static enum agent_wish wish_after(const struct agent *a, enum agent_request request)
{
    switch (request) {
    case AGENT_REQUEST_LOGOUT:
        return AGENT_WISH_LOGGED_OUT;
    case AGENT_REQUEST_NOT_READY:
        return AGENT_WISH_NOT_READY;
    case AGENT_REQUEST_READY:
        return AGENT_WISH_WORK;
    case AGENT_REQUEST_LOGIN:
        return a->wish == AGENT_WISH_LOGGED_OUT ? AGENT_WISH_NOT_READY : a->wish;
    case AGENT_REQUEST_WRAPUP_DONE:
    case AGENT_REQUEST_NONE:
    case AGENT_REQUEST_COUNT:
        break;
    }
    return a->wish;
}

enum reason desk_request(struct agent *a, struct agent_hall *hall, struct instant now,
                         enum agent_request request, bool *ret_asked)
{
    *ret_asked = false;
    if (request == AGENT_REQUEST_NONE || (unsigned)request >= AGENT_REQUEST_COUNT) {
        return REASON_BAD_REQUEST;
    }
    if (a->desk != AGENT_DESK_OPEN) {
        return REASON_NOT_ACTIVE;
    }
    if (!buttons[desk_phase(a)][request]) {
        return REASON_BAD_STATE;
    }
    if (request == AGENT_REQUEST_LOGIN && desk_phase(a) == DESK_OUT && !a->in_service) {
        return REASON_OUT_OF_SERVICE;
    }
    a->wish = wish_after(a, request);
    if (already(a, request)) {
        return REASON_NONE;
    }
    *ret_asked = true;
    if (request == AGENT_REQUEST_WRAPUP_DONE) {
        finish_wrapup(a, hall, now);
    } else {
        ask(a, hall, now, request);
    }
    return REASON_NONE;
}
