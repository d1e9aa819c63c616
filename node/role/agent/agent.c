#include "node/role/agent/agent.h"

#include "node/role/agent/desk.h"

#include <string.h>

#define CONSULT_PATIENCE_MS 4000 /* the other agent does not answer: take the caller back */
#define CONSULT_TALK_MS     600
#define HOLD_MS             700
#define THINK_MS            200
#define DESKTOP_PERCENT     50 /* of hold and retrieve are pressed on the desktop */

void agent_init(struct agent *a, const struct agent_hall *hall, uint32_t nth)
{
    struct agent_info info;
    const struct topology *t = hall->topology;
    bool known = topology_agent(t, nth, &info);
    ASSERT(known);
    memset(a, 0, sizeof *a);
    a->id = info.id;
    a->device = info.device;
    a->skill = info.skill;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        if (p->kind == PROC_PG && p->pair == info.pair) {
            a->sides[p->side == SIDE_B] = (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    a->desk_at = INSTANT_NEVER;
    a->phone_at = INSTANT_NEVER;
    a->hangup_at = INSTANT_NEVER;
    a->rand.v = t->traffic.seed ^ ((uint64_t)info.id.v << 32);
}

void agent_start(struct agent *a, struct agent_hall *hall, struct instant now)
{
    (void)hall;
    a->since = now;
}

void agent_link_up(struct agent *a, struct agent_hall *hall, struct instant now,
                   struct proc_id peer)
{
    desk_link_up(a, hall, now, peer);
}

void agent_link_down(struct agent *a, struct agent_hall *hall, struct instant now,
                     struct proc_id peer)
{
    desk_link_down(a, hall, now, peer);
}

void agent_message(struct agent *a, struct agent_hall *hall, struct instant now,
                   struct proc_id peer, const struct msg *msg)
{
    desk_message(a, hall, now, peer, msg);
}

enum reason agent_request(struct agent *a, struct agent_hall *hall, struct instant now,
                          enum agent_request request, bool *ret_asked)
{
    return desk_request(a, hall, now, request, ret_asked);
}

bool agent_in_call(const struct agent *a)
{
    return desk_phase(a) == DESK_CALL;
}

struct instant agent_deadline(const struct agent *a)
{
    return instant_min(a->desk_at, instant_min(a->phone_at, a->hangup_at));
}

static struct instant after(struct agent *a, struct instant now, int64_t mean_ms)
{
    return instant_add(now, desk_draw(a, duration_ms(mean_ms)));
}

static bool established(enum leg state)
{
    return state == LEG_CONNECTED || state == LEG_HOLDING || state == LEG_HELD;
}

static void rest(struct agent *a)
{
    a->call = (struct call_id){0};
    a->consult = (struct call_id){0};
    a->leg = LEG_IDLE;
    a->consult_leg = LEG_IDLE;
    a->hands_off = false;
    a->plan = AGENT_PLAN_TALK;
    a->step = 0;
    a->phone_at = INSTANT_NEVER;
    a->hangup_at = INSTANT_NEVER;
}

/* The call is connected: how long it will be, and what happens in it. */
static void plan_call(struct agent *a, const struct agent_hall *hall, struct instant now)
{
    const struct topology_traffic *t = &hall->topology->traffic;
    struct duration talk = desk_draw(a, t->talk_mean);
    uint64_t dice = rand_below(&a->rand, 100);
    a->hangup_at = instant_add(now, talk);
    a->phone_at = INSTANT_NEVER;
    a->plan = AGENT_PLAN_TALK;
    a->step = 0;
    if (!a->incoming) {
        return;
    }
    if (dice < t->hold_percent) {
        a->plan = AGENT_PLAN_HOLD;
    } else if (dice < t->hold_percent + t->transfer_percent) {
        a->plan = dice % 2 == 0 ? AGENT_PLAN_TRANSFER : AGENT_PLAN_BLIND;
    } else if (dice < t->hold_percent + t->transfer_percent + t->conference_percent) {
        a->plan = AGENT_PLAN_CONFERENCE;
    } else {
        return;
    }
    a->phone_at = (struct instant){now.us + talk.us / 2};
}

static void talk_on(struct agent *a, struct instant now)
{
    a->plan = AGENT_PLAN_TALK;
    a->step = 0;
    a->phone_at = a->leg == LEG_HOLDING ? after(a, now, THINK_MS) : INSTANT_NEVER;
}

static void consult_ended(struct agent *a, struct instant now)
{
    a->consult = (struct call_id){0};
    a->consult_leg = LEG_IDLE;
    talk_on(a, now);
}

static void call_ended(struct agent *a, struct instant now, bool answered)
{
    if (answered) {
        a->last = a->call;
    }
    if (!call_id_some(a->consult)) {
        rest(a);
        return;
    }
    /* The caller left while this agent consults: the consultation is the call now. */
    a->call = a->consult;
    a->leg = a->consult_leg;
    a->consult = (struct call_id){0};
    a->consult_leg = LEG_IDLE;
    a->plan = AGENT_PLAN_TALK;
    a->phone_at = INSTANT_NEVER;
    a->hangup_at = after(a, now, CONSULT_TALK_MS);
}

static void consult_moved(struct agent *a, struct instant now, enum leg state)
{
    if (a->consult_leg != LEG_CONNECTED && state == LEG_CONNECTED) {
        a->step = 2;
        a->phone_at = after(a, now, CONSULT_TALK_MS);
    }
    a->consult_leg = state;
}

static void call_moved(struct agent *a, const struct agent_hall *hall, struct instant now,
                       enum leg state)
{
    enum leg was = a->leg;
    a->leg = state;
    if (state == LEG_RINGING && was != LEG_RINGING) {
        a->phone_at = instant_add(now, desk_draw(a, hall->topology->traffic.ring_mean));
    } else if (established(state) && !established(was)) {
        plan_call(a, hall, now);
    } else if (state == LEG_HOLDING && was == LEG_CONNECTED && a->plan == AGENT_PLAN_HOLD) {
        a->step = 1;
        a->phone_at = after(a, now, HOLD_MS);
    } else if (state == LEG_CONNECTED && was == LEG_HOLDING && !call_id_some(a->consult)) {
        a->plan = AGENT_PLAN_TALK;
        a->phone_at = INSTANT_NEVER;
    }
}

void agent_phone(struct agent *a, struct agent_hall *hall, struct instant now, struct call_id call,
                 enum leg state, bool incoming, bool answered)
{
    if (state == LEG_ENDED) {
        if (call_id_some(a->consult) && call_id_eq(call, a->consult)) {
            consult_ended(a, now);
        } else if (call_id_eq(call, a->call)) {
            call_ended(a, now, answered);
        }
        return;
    }
    bool setup = state == LEG_DIALING || state == LEG_RINGBACK || state == LEG_QUEUED;
    if (!call_id_some(a->call)) {
        a->call = call;
        a->incoming = incoming;
        a->leg = LEG_IDLE;
    } else if (!call_id_eq(call, a->call) && setup && !incoming) {
        a->consult = call;
    }
    if (call_id_some(a->consult) && call_id_eq(call, a->consult)) {
        consult_moved(a, now, state);
        return;
    }
    a->call = call; /* a transfer or a conference may have moved the leg to another call */
    call_moved(a, hall, now, state);
}

void agent_refused(struct agent *a, struct agent_hall *hall, struct instant now, enum key key)
{
    (void)hall;
    if (key != KEY_HANGUP && key != KEY_ANSWER && !a->hands_off && !call_id_some(a->consult)) {
        talk_on(a, now);
        if (key == KEY_RETRIEVE) {
            a->phone_at = INSTANT_NEVER; /* once is enough; hanging up ends it */
        }
    }
}

void agent_hands_off(struct agent *a)
{
    a->hands_off = true;
    a->phone_at = INSTANT_NEVER;
    a->hangup_at = INSTANT_NEVER;
}

/* The number of another agent of the pair, at random. */
static const char *colleague(struct agent *a, const struct agent_hall *hall,
                             struct agent_info *ret_info)
{
    uint32_t n = topology_agents_total(hall->topology);
    for (uint32_t i = 0; i < 8; i++) {
        if (topology_agent(hall->topology, (uint32_t)rand_below(&a->rand, n), ret_info) &&
            !agent_id_eq(ret_info->id, a->id)) {
            return ret_info->number;
        }
    }
    return "";
}

static void press(struct agent *a, struct agent_hall *hall, struct instant now, enum key key,
                  const char *number)
{
    bool either = key == KEY_HOLD || key == KEY_RETRIEVE;
    if (either && rand_below(&a->rand, 100) < DESKTOP_PERCENT &&
        desk_control(a, hall, a->call, key, number)) {
        return;
    }
    if (hall->key(hall->context, a->device, key, number) != REASON_NONE) {
        agent_refused(a, hall, now, key);
    }
}

/* The first step of a plan that needs a colleague. */
static void consult(struct agent *a, struct agent_hall *hall, struct instant now, enum key key)
{
    struct agent_info info;
    const char *number = colleague(a, hall, &info);
    if (number[0] == '\0') {
        talk_on(a, now);
        return;
    }
    a->step = 1;
    a->phone_at = key == KEY_TRANSFER_BLIND ? INSTANT_NEVER : after(a, now, CONSULT_PATIENCE_MS);
    a->hangup_at.us += CONSULT_PATIENCE_MS * 1000LL;
    press(a, hall, now, key, number);
}

static void step_consult(struct agent *a, struct agent_hall *hall, struct instant now,
                         enum key begin, enum key complete)
{
    if (a->step == 0) {
        consult(a, hall, now, begin);
    } else if (a->step == 2 && a->consult_leg == LEG_CONNECTED) {
        a->step = 3;
        press(a, hall, now, complete, "");
    } else if (call_id_some(a->consult) && a->step == 1) {
        press(a, hall, now, KEY_HANGUP, ""); /* nobody answers there */
    } else {
        talk_on(a, now);
    }
}

static void step_plan(struct agent *a, struct agent_hall *hall, struct instant now)
{
    if (a->leg == LEG_RINGING) {
        press(a, hall, now, KEY_ANSWER, "");
        return;
    }
    switch (a->plan) {
    case AGENT_PLAN_TALK:
        if (a->leg == LEG_HOLDING) {
            press(a, hall, now, KEY_RETRIEVE, "");
        }
        return;
    case AGENT_PLAN_HOLD:
        if (a->leg == LEG_CONNECTED && a->step == 0) {
            press(a, hall, now, KEY_HOLD, "");
        } else if (a->leg == LEG_HOLDING) {
            press(a, hall, now, KEY_RETRIEVE, "");
        }
        return;
    case AGENT_PLAN_TRANSFER:
        step_consult(a, hall, now, KEY_TRANSFER, KEY_TRANSFER_COMPLETE);
        return;
    case AGENT_PLAN_BLIND:
        consult(a, hall, now, KEY_TRANSFER_BLIND);
        return;
    case AGENT_PLAN_CONFERENCE:
        step_consult(a, hall, now, KEY_CONFERENCE, KEY_CONFERENCE_COMPLETE);
        return;
    }
    UNREACHABLE("every plan is listed");
}

void agent_tick(struct agent *a, struct agent_hall *hall, struct instant now)
{
    desk_tick(a, hall, now);
    if (a->hands_off) {
        a->phone_at = INSTANT_NEVER;
        a->hangup_at = INSTANT_NEVER;
        return;
    }
    if (instant_reached(now, a->phone_at)) {
        a->phone_at = INSTANT_NEVER;
        step_plan(a, hall, now);
    }
    if (instant_reached(now, a->hangup_at)) {
        if (call_id_some(a->consult)) {
            a->hangup_at = after(a, now, CONSULT_TALK_MS); /* first things first */
            return;
        }
        a->hangup_at = INSTANT_NEVER;
        press(a, hall, now, KEY_HANGUP, "");
    }
}
