#include "cluster/check/sentence_agents.h"

#include "cluster/check/sentence.h"

#include <string.h>

#define NEWS_US   INT64_C(1500000)
#define REST_US   INT64_C(5000000)
#define NO_ANSWER "32767"

/* Whether the agent was at work shortly before the fault, and with which phone. */
static bool was_logged_in(const struct history *h, const struct agent_info *info, int64_t at)
{
    bool in = false;
    for (size_t i = 0; i < h->events_n && h->events[i].at.us < at; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_AGENT_STATE && e->value == info->id.v) {
            in = e->value2 != AGENT_STATE_LOGGED_OFF;
        } else if (e->kind == EVENT_AGENT_LOGOUT && e->value == info->id.v) {
            in = false;
        }
    }
    return in;
}

static bool was_logged_out(const struct history *h, const struct agent_info *info, int64_t from,
                           int64_t *ret_at)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->at.us >= from && e->kind == EVENT_AGENT_LOGOUT && e->value == info->id.v &&
            e->value2 == LOGOUT_PHONE_LOST) {
            *ret_at = e->at.us;
            return true;
        }
    }
    return false;
}

/* The same, by what happened at `from`: an agent whose phone goes home, from another node to the
 * first of its group, is logged out for that, too. */
static bool was_put_out(const struct history *h, const struct agent_info *info, int64_t from)
{
    struct device_info phone;
    int64_t at = 0;
    if (!was_logged_out(h, info, from, &at) ||
        !topology_device_place(h->topology, info->device, &phone)) {
        return false;
    }
    struct proc_id home = h->topology->groups[phone.group].members[0];
    const struct history_span *span = &h->moves_of[info->device.v];
    for (uint32_t i = 1; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        struct proc_id before = h->moves[span->first + i - 1].node;
        if (proc_id_eq(move->node, home) && proc_id_some(before) && !proc_id_eq(before, home) &&
            move->at >= from - NEWS_US && move->at <= at) {
            return false;
        }
    }
    return true;
}

/* Calls for the agent while its phone was lost, the way of the news left out. */
static uint64_t calls_meanwhile(const struct history *h, const struct agent_info *info, int64_t t0)
{
    const struct history_move *move = history_rehomed(h, info->device, t0);
    int64_t until = move != NULL ? move->at : HISTORY_FOREVER;
    uint64_t n = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        n += e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL && e->value == info->id.v &&
                     e->at.us > t0 + NEWS_US && e->at.us < until
                 ? 1
                 : 0;
    }
    return n;
}

/* One whose phone had gone home by the registry, and had not heard of it yet, is logged out for
 * that, maybe before the failure. */
void sentence_agents_out(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t due = 0, out = 0, calls = 0;
    if (fault == NULL) {
        return;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        int64_t at = 0;
        if (!topology_agent(h->topology, i, &info) ||
            !sentence_took(h, history_home(h, info.device, fault->from)) ||
            !was_logged_in(h, &info, fault->from)) {
            continue;
        }
        bool moved = !sentence_took(h, history_owner(h, info.device, fault->from - 1));
        int64_t since = moved ? fault->from - NEWS_US : fault->from;
        due++;
        out += was_logged_out(h, &info, since, &at) ? 1 : 0;
        calls += calls_meanwhile(h, &info, fault->from);
    }
    check_say(ret, check_verdict(out, due - out + calls),
              "%llu of %llu agents logged out with 50003, %llu calls for them meanwhile",
              (unsigned long long)out, (unsigned long long)due, (unsigned long long)calls);
}

static bool at_work_again(const struct history *h, const struct agent_info *info, int64_t from)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->at.us > from && e->kind == EVENT_AGENT_STATE && e->value == info->id.v &&
            e->value2 != AGENT_STATE_LOGGED_OFF && e->value2 != AGENT_STATE_UNKNOWN) {
            return true;
        }
    }
    return false;
}

void sentence_agents_back(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t due = 0, back = 0, early = 0;
    if (fault == NULL) {
        return;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        int64_t at = 0;
        if (!topology_agent(h->topology, i, &info) || !was_logged_out(h, &info, fault->from, &at)) {
            continue;
        }
        const struct history_move *move = history_rehomed(h, info.device, fault->from);
        int64_t able = move == NULL ? HISTORY_FOREVER : move->at > at ? move->at : at;
        bool again = at_work_again(h, &info, at);
        if (!again && able > h->end_us - h->topology->timers.live_bound.us) {
            early++; /* the phone came back too late to ask for more */
            continue;
        }
        due++;
        back += again ? 1 : 0;
    }
    check_say(ret, check_verdict(back > early ? back : 0, due - back),
              "%llu of %llu logged in again, %llu have time left", (unsigned long long)back,
              (unsigned long long)due, (unsigned long long)early);
}

void sentence_agents_others(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t due = 0, out = 0;
    if (fault == NULL) {
        return;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        if (!topology_agent(h->topology, i, &info) ||
            sentence_took(h, history_home(h, info.device, fault->from)) ||
            !was_logged_in(h, &info, fault->from)) {
            continue;
        }
        due++;
        out += was_put_out(h, &info, fault->from) ? 1 : 0;
    }
    check_say(ret, check_verdict(due - out, out),
              "%llu of %llu agents of other subscribers stayed logged in",
              (unsigned long long)(due - out), (unsigned long long)due);
}

void sentence_agents_none_out(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_fault(h, ret);
    uint64_t due = 0, out = 0;
    if (fault == NULL) {
        return;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        if (topology_agent(h->topology, i, &info) && was_logged_in(h, &info, fault->from)) {
            due++;
            out += was_put_out(h, &info, fault->from) ? 1 : 0;
        }
    }
    check_say(ret, check_verdict(due - out, out), "%llu of %llu agents logged out with 50003",
              (unsigned long long)out, (unsigned long long)due);
}

/* What an agent was at the fault, and what it is after a call: what it was last of the two when it
 * had none, or asked for in the call. */
struct standing {
    enum agent_state state, idle;
    int64_t since;
};

static bool is_idle(enum agent_state state)
{
    return state == AGENT_STATE_READY || state == AGENT_STATE_NOT_READY;
}

static struct standing standing_at(const struct history *h, struct agent_id agent, int64_t at)
{
    struct standing s = {.state = AGENT_STATE_LOGGED_OFF, .idle = AGENT_STATE_NOT_READY};
    for (size_t i = 0; i < h->events_n && h->events[i].at.us < at; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_AGENT_AFTER && e->value == agent.v) {
            s.idle = (enum agent_state)e->value2;
        }
        if (e->kind != EVENT_AGENT_STATE || e->value != agent.v) {
            continue;
        }
        s.state = (enum agent_state)e->value2;
        s.idle = is_idle(s.state) ? s.state : s.idle;
        s.since = e->at.us;
    }
    return s;
}

enum kept { KEPT_UNKNOWN, KEPT_YES, KEPT_NO };

static bool is_about(const struct event *e, struct agent_id agent, int64_t t0)
{
    return e->kind == EVENT_AGENT_STATE && e->value == agent.v && e->at.us >= t0;
}

/* No call is routed to an agent who rests, and he does not become available. (A colleague may
 * still call him.) */
static enum kept rests_on(const struct history *h, struct agent_id agent, int64_t t0)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool call = e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL && e->value == agent.v &&
                    e->at.us >= t0;
        bool left = is_about(e, agent, t0) &&
                    (e->value2 == AGENT_STATE_READY || e->value2 == AGENT_STATE_WORK_READY ||
                     e->value2 == AGENT_STATE_LOGGED_OFF);
        if (call || left) {
            return KEPT_NO;
        }
    }
    return KEPT_YES;
}

/* Whether the agent is, after the fault, what it was: told by its next state, if it was idle, and
 * by its next idle state, if it was not. */
static enum kept goes_on(const struct history *h, struct agent_id agent, const struct standing *s,
                         int64_t t0)
{
    enum agent_state idle = s->idle;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        enum agent_state state = (enum agent_state)e->value2;
        if (e->kind == EVENT_AGENT_AFTER && e->value == agent.v && e->at.us >= t0) {
            idle = state;
        }
        if (!is_about(e, agent, t0)) {
            continue;
        }
        if (state == AGENT_STATE_LOGGED_OFF) {
            return KEPT_NO;
        }
        if (s->state == AGENT_STATE_READY) {
            return state == AGENT_STATE_NOT_READY ? KEPT_NO : KEPT_YES;
        }
        if (is_idle(state)) { /* one who did not answer is not ready by his own doing */
            bool same = state == idle;
            return strcmp(e->text, NO_ANSWER) == 0 ? KEPT_UNKNOWN : same ? KEPT_YES : KEPT_NO;
        }
    }
    return KEPT_UNKNOWN;
}

/* An agent rests who has been not ready for longer than one who is about to go ready. */
static enum kept kept(const struct history *h, struct agent_id agent, const struct standing *s,
                      int64_t t0)
{
    if (s->state == AGENT_STATE_LOGGED_OFF) {
        return KEPT_UNKNOWN;
    }
    if (s->state == AGENT_STATE_NOT_READY) {
        return s->since < t0 - REST_US ? rests_on(h, agent, t0) : KEPT_UNKNOWN;
    }
    return goes_on(h, agent, s, t0);
}

/* Without one who was available and one who rested it was not tried. */
void sentence_agents_states(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_fault(h, ret);
    uint64_t ready = 0, resting = 0, busy = 0, other = 0;
    if (fault == NULL) {
        return;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        if (!topology_agent(h->topology, i, &info)) {
            continue;
        }
        struct standing s = standing_at(h, info.id, fault->from);
        enum kept is = kept(h, info.id, &s, fault->from);
        bool yes = is == KEPT_YES;
        other += is == KEPT_NO ? 1 : 0;
        ready += yes && s.state == AGENT_STATE_READY ? 1 : 0;
        resting += yes && s.state == AGENT_STATE_NOT_READY ? 1 : 0;
        busy += yes && !is_idle(s.state) ? 1 : 0;
    }
    bool tried = ready != 0 && resting != 0;
    check_say(ret, check_verdict(tried ? ready + resting + busy : 0, other),
              "%llu available agents stayed so, %llu not ready, %llu were after their call or "
              "wrap-up what they were before; %llu were not",
              (unsigned long long)ready, (unsigned long long)resting, (unsigned long long)busy,
              (unsigned long long)other);
}
