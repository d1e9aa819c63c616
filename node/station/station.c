#include "node/station/station.h"

#include "node/base/plant.h"

#define START_GRACE_MS      500 /* for the first member of the group to come up; at least, else */
#define START_ELECTIONS     3   /* elections */
#define PAUSE_MIN_MS        50
#define PAUSE_MAX_MS        250
#define REGISTER_TIMEOUT_MS 1000 /* at least; else ELECTIONS elections */
#define ELECTIONS           4
#define ASK_HOME_AGAIN_PART 12  /* of the fall-back watch: 250 ms in lab, 10 s in srnd */
#define HOME_SETTLE_MS      300 /* after a call: its end is heard by then, if nothing is wrong */
#define COUNTER_BITS        20
#define COUNTER_JUMP        (1u << 16)

/* What may happen to a station; everything that is not in the table is rejected. */
enum input {
    INPUT_ASK,       /* a request goes out */
    INPUT_ACCEPTED,  /* acknowledged by the CallManager that was asked */
    INPUT_EXHAUSTED, /* nobody of the group can be asked now */
    INPUT_LOST_IDLE, /* the CallManager is lost, no call to keep */
    INPUT_LOST_BUSY, /* the CallManager is lost, an established call lives */
    INPUT_CALL_OVER, /* the preserved call ended */
    INPUTS
};

#define TO(state) (STATION_##state + 1)

static const uint8_t moves[STATION_STATES][INPUTS] = {
    [STATION_UNREGISTERED] =
        {
            [INPUT_ASK] = TO(REGISTERING),
            [INPUT_EXHAUSTED] = TO(UNREGISTERED),
        },
    [STATION_REGISTERING] =
        {
            [INPUT_ASK] = TO(REGISTERING),
            [INPUT_ACCEPTED] = TO(REGISTERED),
            [INPUT_EXHAUSTED] = TO(UNREGISTERED),
        },
    [STATION_REGISTERED] =
        {
            [INPUT_ACCEPTED] = TO(REGISTERED),
            [INPUT_LOST_IDLE] = TO(UNREGISTERED),
            [INPUT_LOST_BUSY] = TO(PRESERVED),
        },
    [STATION_PRESERVED] = {[INPUT_CALL_OVER] = TO(UNREGISTERED)},
};

#define TEXT(prefix, name, word, meaning) [prefix##_##name] = #word,
static const char *const state_words[STATION_STATES] = {STATION_STATE_MAP(TEXT)};

const char *station_state_text(enum station_state state)
{
    return (unsigned)state < STATION_STATES ? state_words[state] : "?";
}

static void fsm_move(struct station *s, enum input input)
{
    uint8_t to = moves[s->state][input];
    ASSERT(to != 0);
    s->state = (enum station_state)(to - 1);
    if (s->state == STATION_REGISTERED) {
        ASSERT(proc_id_some(s->owner));
    }
}

static const struct topology_group *group_of(const struct station *s, const struct site *site)
{
    return &site->topology->groups[s->group];
}

static struct instant after_ms(struct instant now, int64_t ms)
{
    return instant_add(now, duration_ms(ms));
}

static struct duration register_timeout(const struct site *site)
{
    struct duration d = {.us = ELECTIONS * site->topology->timers.raft_election.us};
    struct duration least = duration_ms(REGISTER_TIMEOUT_MS);
    return d.us > least.us ? d : least;
}

void station_init(struct station *s, const struct site *site, struct device_id device,
                  uint32_t group)
{
    ASSERT(device_id_some(device));
    ASSERT(group < site->topology->groups_n);
    *s = (struct station){
        .device = device,
        .group = group,
        .counter = site->incarnation.v << COUNTER_BITS,
        .deadline = INSTANT_NEVER,
        .rand = {.v = site->topology->traffic.seed ^ device.v},
    };
}

static void send_register(struct station *s, struct site *site, struct instant now,
                          struct proc_id node, bool fallback)
{
    s->counter++;
    s->asked = node;
    s->deadline = instant_add(now, register_timeout(site));
    /* Said before it is done: from the word on it may have an effect (REG-3). */
    struct event e = {.kind = EVENT_REGISTER_SENT,
                      .device = s->device,
                      .peer = node,
                      .epoch = s->epoch,
                      .value = (int64_t)s->counter};
    site_trace(site, &e);
    site->msg.station_register = (struct msg_station_register){
        .device = s->device, .counter = s->counter, .fallback = fallback};
    site_send(site, node, s->device, MSG_STATION_REGISTER);
}

/* Ask the next living member, or pause after a full round. Without any link there is nothing to
 * wait for but a link. */
static void ask_next(struct station *s, struct site *site, struct instant now)
{
    const struct topology_group *g = group_of(s, site);
    bool any = false;
    while (s->tried < g->members_n) {
        struct proc_id node = g->members[PLANTED(STAY_PUT) ? 0 : s->cursor % g->members_n];
        s->cursor = (s->cursor + 1) % g->members_n;
        s->tried++;
        if (site_up(site, node)) {
            fsm_move(s, INPUT_ASK);
            send_register(s, site, now, node, false);
            return;
        }
    }
    for (uint32_t i = 0; i < g->members_n; i++) {
        any = any || site_up(site, g->members[i]);
    }
    fsm_move(s, INPUT_EXHAUSTED);
    s->asked = (struct proc_id){0};
    s->tried = 0;
    s->cursor = 0;
    s->deadline =
        any ? after_ms(now, rand_between(&s->rand, PAUSE_MIN_MS, PAUSE_MAX_MS)) : INSTANT_NEVER;
}

void station_start(struct station *s, struct site *site, struct instant now)
{
    ASSERT(s->state == STATION_UNREGISTERED);
    int64_t elections = START_ELECTIONS * duration_to_ms(site->topology->timers.raft_election);
    s->deadline = after_ms(now, elections > START_GRACE_MS ? elections : START_GRACE_MS);
    if (site_up(site, group_of(s, site)->members[0])) {
        ask_next(s, site, now);
    }
}

/* When an earlier member than the owner may be gone home to; NEVER if there is none. Of several the
 * first one of the group, if it is worth waiting for: each move costs a registration. */
static struct instant home_time(const struct station *s, const struct site *site,
                                struct proc_id *ret_target)
{
    const struct topology_group *g = group_of(s, site);
    struct duration watch = {PLANTED(NO_WATCH) ? 0 : site->topology->timers.fallback_watch.us};
    struct instant times[GROUP_MEMBERS_MAX], first = INSTANT_NEVER;
    uint32_t n = 0;
    for (; n < g->members_n && !proc_id_eq(g->members[n], s->owner) && !PLANTED(NO_FALLBACK); n++) {
        bool up = site_up(site, g->members[n]);
        times[n] = up ? instant_add(site->up_since[g->members[n].v], watch) : INSTANT_NEVER;
        first = instant_min(first, times[n]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (times[i].us != INSTANT_NEVER.us &&
            times[i].us - first.us <= watch.us / ASK_HOME_AGAIN_PART) {
            *ret_target = g->members[i];
            return times[i];
        }
    }
    return INSTANT_NEVER;
}

/* When to think of home next, if that is not under way. */
static void plan_home(struct station *s, const struct site *site)
{
    struct proc_id target = {0};
    if (s->state == STATION_REGISTERED && s->home == STATION_HOME_NONE) {
        s->deadline = home_time(s, site, &target);
    }
}

void station_link_up(struct station *s, struct site *site, struct instant now, struct proc_id node)
{
    if (topology_rank(site->topology, s->group, node) == GROUP_MEMBERS_MAX) {
        return;
    }
    bool first = proc_id_eq(node, group_of(s, site)->members[0]);
    bool waiting = s->deadline.us == INSTANT_NEVER.us;
    if (s->state == STATION_UNREGISTERED && (waiting || first)) {
        s->tried = 0;
        s->cursor = 0;
        ask_next(s, site, now);
    } else {
        plan_home(s, site);
    }
}

static void trace_home(const struct station *s, struct site *site, enum event_kind kind)
{
    struct event e = {.kind = kind, .device = s->device, .peer = s->target, .epoch = s->epoch};
    site_trace(site, &e);
}

static void stay(struct station *s, struct site *site, struct instant now, struct duration pause)
{
    if (s->home == STATION_HOME_LET_GO || s->home == STATION_HOME_SENT) {
        trace_home(s, site, EVENT_FALLBACK_ENDED);
    }
    s->home = STATION_HOME_NONE;
    s->asked = (struct proc_id){0};
    s->target = (struct proc_id){0};
    s->deadline = instant_add(now, pause);
}

void station_idle(struct station *s, struct site *site, struct instant now)
{
    s->settled = after_ms(now, HOME_SETTLE_MS);
    if (s->state == STATION_REGISTERED && s->home == STATION_HOME_LET_GO && s->drains) {
        s->deadline = s->settled;
    } else if (s->state == STATION_REGISTERED && s->home == STATION_HOME_LET_GO) {
        stay(s, site, now, duration_ms(0)); /* it was in a call since; the owner may not wait */
    } else {
        plan_home(s, site);
    }
}

bool station_link_down(struct station *s, struct site *site, struct instant now,
                       struct proc_id node)
{
    if (s->state == STATION_REGISTERING && proc_id_eq(s->asked, node)) {
        ask_next(s, site, now);
        return false;
    }
    if (s->state != STATION_REGISTERED) {
        return false;
    }
    if (proc_id_eq(s->owner, node)) {
        return true;
    }
    if (s->home != STATION_HOME_NONE && proc_id_eq(s->target, node)) {
        stay(s, site, now, site->topology->timers.fallback_watch);
    }
    return false;
}

static void on_registered(struct station *s, struct site *site, struct proc_id peer,
                          const struct msg_station_registered *m, bool *ret_lost)
{
    bool travelling = s->state == STATION_REGISTERED && s->home == STATION_HOME_SENT;
    if (s->state != STATION_REGISTERING && !travelling) {
        return; /* an answer that came too late: this device asked elsewhere since */
    }
    if (m->counter != s->counter || !proc_id_eq(peer, s->asked)) {
        return;
    }
    if (m->epoch < s->epoch || m->epoch == 0) {
        site_reject(site, s->device, peer, "registered under an old epoch");
        return;
    }
    s->owner = peer;
    s->epoch = m->epoch;
    s->home = STATION_HOME_NONE;
    s->asked = (struct proc_id){0};
    s->target = (struct proc_id){0};
    s->tried = 0;
    s->cursor = 0;
    s->misses = 0;
    s->unanswered = false;
    fsm_move(s, INPUT_ACCEPTED);
    struct event e = {.kind = EVENT_REGISTERED,
                      .device = s->device,
                      .peer = peer,
                      .epoch = s->epoch,
                      .value = (int64_t)s->counter};
    site_trace(site, &e);
    site_notice(site, &(struct notice){.kind = NOTICE_REGISTERED, .device = s->device});
    plan_home(s, site);
    *ret_lost = travelling; /* whatever the old owner knew is not known here */
}

/* The owner lets few go at a time; the others ask again, spread over as long again. */
static struct duration ask_home_again(struct station *s, const struct site *site)
{
    int64_t pause = site->topology->timers.fallback_watch.us / ASK_HOME_AGAIN_PART;
    return (struct duration){pause + rand_between(&s->rand, 0, pause)};
}

static void on_refused(struct station *s, struct site *site, struct instant now,
                       struct proc_id peer, const struct msg_station_refused *m)
{
    if (m->counter != s->counter || !proc_id_eq(peer, s->asked)) {
        return;
    }
    if (m->reason != REASON_THROTTLED) {
        struct event e = {.kind = EVENT_REGISTER_REFUSED,
                          .device = s->device,
                          .peer = peer,
                          .reason = (enum reason)m->reason,
                          .value = (int64_t)s->counter};
        site_trace(site, &e);
    }
    if (s->state == STATION_REGISTERED) {
        stay(s, site, now, ask_home_again(s, site));
        return;
    }
    if (s->state != STATION_REGISTERING) {
        return;
    }
    if (m->reason == REASON_THROTTLED) {
        /* The same member once more, when it says. */
        const struct topology_group *g = group_of(s, site);
        s->cursor = topology_rank(site->topology, s->group, peer) % g->members_n;
        s->tried = s->tried > 0 ? s->tried - 1 : 0;
        s->asked = (struct proc_id){0};
        fsm_move(s, INPUT_EXHAUSTED);
        s->deadline = after_ms(now, (int64_t)m->retry_ms + rand_between(&s->rand, 1, PAUSE_MIN_MS));
        return;
    }
    if (m->reason == REASON_OLD_COUNTER) {
        s->counter += COUNTER_JUMP;
    }
    ask_next(s, site, now);
}

static void on_fallback_answer(struct station *s, struct site *site, struct instant now,
                               struct proc_id peer, const struct msg_station_fallback_answer *m)
{
    if (!station_served(s, peer, m->epoch) || s->home != STATION_HOME_ASKED) {
        return;
    }
    if (m->reason != REASON_NONE || !site_up(site, s->target)) {
        bool by_hand = m->reason == REASON_BY_HAND;
        stay(s, site, now,
             by_hand ? site->topology->timers.fallback_watch : ask_home_again(s, site));
        return;
    }
    /* From here on the owner lets nobody ring it; it travels when it is idle and has settled. */
    s->home = STATION_HOME_LET_GO;
    if (s->drains) {
        trace_home(s, site, EVENT_DRAIN);
    }
    s->deadline = s->settled.us > now.us ? s->settled : now;
}

void station_travel(struct station *s, struct site *site, struct instant now)
{
    ASSERT(s->state == STATION_REGISTERED);
    ASSERT(s->home == STATION_HOME_LET_GO);
    if (!site_up(site, s->target)) {
        stay(s, site, now, site->topology->timers.fallback_watch);
        return;
    }
    trace_home(s, site, EVENT_FALLBACK);
    s->home = STATION_HOME_SENT;
    send_register(s, site, now, s->target, true);
}

bool station_served(const struct station *s, struct proc_id peer, uint32_t epoch)
{
    return s->state == STATION_REGISTERED && proc_id_eq(s->owner, peer) && s->epoch == epoch;
}

bool station_message(struct station *s, struct site *site, struct instant now, struct proc_id peer,
                     const struct msg *msg, bool *ret_lost)
{
    *ret_lost = false;
    if (msg->kind == MSG_STATION_REGISTERED) {
        on_registered(s, site, peer, &msg->station_registered, ret_lost);
    } else if (msg->kind == MSG_STATION_REFUSED) {
        on_refused(s, site, now, peer, &msg->station_refused);
    } else if (msg->kind == MSG_STATION_FALLBACK_ANSWER) {
        on_fallback_answer(s, site, now, peer, &msg->station_fallback_answer);
    } else if (msg->kind == MSG_STATION_KEEPALIVE_ACK) {
        if (station_served(s, peer, msg->station_keepalive_ack.epoch) && !PLANTED(DEAF)) {
            s->unanswered = false;
            s->misses = 0;
        }
    } else if (msg->kind == MSG_STATION_RESET) {
        /* On its way home the old owner may speak before the new one: the new one's answer counts,
         * or, if none comes, the next reset. */
        *ret_lost =
            station_served(s, peer, msg->station_reset.epoch) && s->home != STATION_HOME_SENT;
    } else {
        return false;
    }
    return true;
}

static struct proc_id standby_of(const struct station *s, const struct site *site)
{
    const struct topology_group *g = group_of(s, site);
    for (uint32_t i = 0; i < g->members_n; i++) {
        if (!proc_id_eq(g->members[i], s->owner) && site_up(site, g->members[i])) {
            return g->members[i];
        }
    }
    return (struct proc_id){0};
}

bool station_keepalive(struct station *s, struct site *site, bool standby, bool forgive)
{
    bool served = s->state == STATION_REGISTERED;
    if (!served && s->state != STATION_PRESERVED) {
        return false;
    }
    struct proc_id other = standby ? standby_of(s, site) : (struct proc_id){0};
    if (proc_id_some(other)) {
        site->msg.station_keepalive = (struct msg_station_keepalive){.device = s->device};
        site_send(site, other, s->device, MSG_STATION_KEEPALIVE);
    }
    if (!served) {
        return false;
    }
    s->misses = forgive ? 0 : s->misses + (s->unanswered ? 1 : 0);
    if (s->misses >= site->topology->timers.phone_misses) {
        return true;
    }
    s->unanswered = true;
    site->msg.station_keepalive =
        (struct msg_station_keepalive){.device = s->device, .epoch = s->epoch};
    site_send(site, s->owner, s->device, MSG_STATION_KEEPALIVE);
    return false;
}

void station_lose(struct station *s, struct site *site, struct instant now, enum reason reason,
                  struct call_id call)
{
    ASSERT(s->state == STATION_REGISTERED);
    const struct topology_group *g = group_of(s, site);
    bool busy = call_id_some(call);
    struct event e = {.kind = EVENT_DEVICE_LOST,
                      .device = s->device,
                      .peer = s->owner,
                      .call = call,
                      .epoch = s->epoch,
                      .reason = reason,
                      .value = busy};
    site_trace(site, &e);
    fsm_move(s, busy ? INPUT_LOST_BUSY : INPUT_LOST_IDLE);
    site_notice(site, &(struct notice){.kind = NOTICE_LOST, .device = s->device, .reason = reason});
    s->home = STATION_HOME_NONE;
    s->target = (struct proc_id){0};
    s->asked = (struct proc_id){0};
    s->deadline = INSTANT_NEVER;
    s->unanswered = false;
    s->misses = 0;
    /* One whose link is still up has fallen silent: it is asked last. */
    uint32_t rank = topology_rank(site->topology, s->group, s->owner);
    s->cursor = reason == REASON_TIMEOUT ? (rank + 1) % g->members_n : 0;
    s->tried = 0;
    if (!busy) {
        ask_next(s, site, now);
        return;
    }
    struct proc_id other = standby_of(s, site);
    if (proc_id_some(other)) {
        site->msg.station_preserved =
            (struct msg_station_preserved){.device = s->device, .epoch = s->epoch, .call = call};
        site_send(site, other, s->device, MSG_STATION_PRESERVED);
    }
}

void station_free(struct station *s, struct site *site, struct instant now)
{
    if (s->state != STATION_PRESERVED) {
        return;
    }
    fsm_move(s, INPUT_CALL_OVER);
    s->tried = 0;
    ask_next(s, site, now);
}

static void think_of_home(struct station *s, struct site *site, struct instant now)
{
    struct proc_id target = {0};
    struct instant at = home_time(s, site, &target);
    if (!instant_reached(now, at)) {
        s->deadline = at;
        return;
    }
    s->home = STATION_HOME_ASKED;
    s->target = target;
    s->deadline = instant_add(now, register_timeout(site));
    site->msg.station_fallback =
        (struct msg_station_fallback){.device = s->device, .epoch = s->epoch, .target = target};
    site_send(site, s->owner, s->device, MSG_STATION_FALLBACK);
}

void station_tick(struct station *s, struct site *site, struct instant now, bool idle)
{
    if (!instant_reached(now, s->deadline)) {
        return;
    }
    s->deadline = INSTANT_NEVER;
    switch (s->state) {
    case STATION_UNREGISTERED:
    case STATION_REGISTERING:
        ask_next(s, site, now);
        return;
    case STATION_PRESERVED:
        return;
    case STATION_REGISTERED:
        break;
    case STATION_STATES:
        UNREACHABLE("no state");
    }
    switch (s->home) {
    case STATION_HOME_NONE:
        if (idle || s->drains) {
            think_of_home(s, site, now); /* else station_idle calls again */
        }
        return;
    case STATION_HOME_LET_GO:
        if (idle) {
            station_travel(s, site, now);
        }
        return;
    case STATION_HOME_ASKED:
    case STATION_HOME_SENT:
        stay(s, site, now, site->topology->timers.fallback_watch);
        return;
    }
}
