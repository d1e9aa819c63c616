#include "cluster/check/scenario1_agents.h"

#include <string.h>

#define DEVICE_OUT_OF_SERVICE 50003
#define MS                    1000
#define NEWS_US               INT64_C(1500000)

/* The PG side whose CTI Manager was on the dead node, and the other; none: it was not on it. */
static bool sides(const struct history *h, struct check_result *ret, struct proc_id *ret_lost,
                  struct proc_id *ret_other)
{
    const struct history_outage *fault = history_fault(h);
    *ret_lost = (struct proc_id){0};
    *ret_other = (struct proc_id){0};
    for (uint16_t v = 1; fault != NULL && v <= h->topology->procs_n; v++) {
        const struct topology_proc *p = &h->topology->procs[v - 1];
        if (p->kind != PROC_PG) {
            continue;
        }
        if (proc_id_eq(p->ctimanager_node, fault->proc)) {
            *ret_lost = (struct proc_id){v};
        } else {
            *ret_other = (struct proc_id){v};
        }
    }
    if (!proc_id_some(*ret_lost) || !proc_id_some(*ret_other)) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no PG side was wired to a CTI Manager that failed");
        return false;
    }
    return true;
}

void scenario1_agents_pg_a(const struct history *h, struct check_result *ret)
{
    struct proc_id lost, other;
    if (!sides(h, ret, &lost, &other)) {
        return;
    }
    int64_t t0 = history_fault(h)->from, down = -1;
    struct proc_id own = h->topology->procs[lost.v - 1].ctimanager_node;
    uint64_t foreign = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, lost)) {
            continue;
        }
        if (e->kind == EVENT_PROVIDER_DOWN && e->at.us >= t0 && down < 0) {
            down = e->at.us - t0;
        }
        bool opened = e->kind == EVENT_PROVIDER_UP ||
                      (e->kind == EVENT_LINK_UP && strcmp(e->text, "jtapi") == 0);
        foreign += opened && !proc_id_eq(e->peer, own) ? 1 : 0;
    }
    if (down < 0) {
        check_say(ret, VERDICT_FAIL, "%s never said that it lost its provider",
                  topology_name(h->topology, lost));
        return;
    }
    check_say(ret, check_verdict(1, foreign),
              "%s lost its provider after %lld ms; connections to another CTI Manager: %llu",
              topology_name(h->topology, lost), (long long)(down / MS),
              (unsigned long long)foreign);
}

static uint64_t monitors_due(const struct history *h, uint32_t pair)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < h->topology->dialled_n; i++) {
        n += h->topology->dialled[i].pair == pair ? 1 : 0;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        n += topology_agent(h->topology, i, &info) && info.pair == pair ? 1 : 0;
    }
    return n;
}

void scenario1_agents_pg_b(const struct history *h, struct check_result *ret)
{
    struct proc_id lost, other;
    if (!sides(h, ret, &lost, &other)) {
        return;
    }
    int64_t t0 = history_fault(h)->from;
    uint64_t due = monitors_due(h, h->topology->procs[other.v - 1].pair);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, other) && e->at.us >= t0) {
            bool all = e->value2 >= 0 && (uint64_t)e->value2 >= due;
            check_say(ret, all ? VERDICT_PASS : VERDICT_FAIL,
                      "%s active after %lld ms, with %lld of %llu monitors confirmed",
                      topology_name(h->topology, other), (long long)((e->at.us - t0) / MS),
                      (long long)e->value2, (unsigned long long)due);
            return;
        }
    }
    check_say(ret, VERDICT_FAIL, "%s never became active", topology_name(h->topology, other));
}

void scenario1_agents_routed(const struct history *h, struct check_result *ret)
{
    struct proc_id lost, other;
    if (!sides(h, ret, &lost, &other)) {
        return;
    }
    int64_t active = -1, first = -1;
    uint64_t routed = 0, asked = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->at.us < history_fault(h)->from) {
            continue;
        }
        if (e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, other) && active < 0) {
            active = e->at.us;
        } else if (active >= 0 && e->kind == EVENT_ROUTE_REQUESTED && proc_id_eq(e->proc, other)) {
            asked++;
        } else if (active >= 0 && e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL) {
            first = first < 0 ? e->at.us - active : first;
            routed++;
        }
    }
    uint64_t bad = asked > 0 && routed == 0 ? 1 : 0;
    check_say(ret, check_verdict(routed, bad),
              "%llu calls routed by the new side, the first %lld ms after it was active",
              (unsigned long long)routed, (long long)(first / MS));
}

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
            e->value2 == DEVICE_OUT_OF_SERVICE) {
            *ret_at = e->at.us;
            return true;
        }
    }
    return false;
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

void scenario1_agents_out(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = history_fault(h);
    uint64_t due = 0, out = 0, calls = 0;
    if (fault == NULL || history_kind(h, fault->proc) != PROC_NODE) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no subscriber failed");
        return;
    }
    for (uint32_t i = 0; i < topology_agents_total(h->topology); i++) {
        struct agent_info info;
        int64_t at = 0;
        if (!topology_agent(h->topology, i, &info) ||
            !proc_id_eq(history_home(h, info.device, fault->from), fault->proc) ||
            !was_logged_in(h, &info, fault->from)) {
            continue;
        }
        due++;
        out += was_logged_out(h, &info, fault->from, &at) ? 1 : 0;
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

void scenario1_agents_back(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = history_fault(h);
    uint64_t due = 0, back = 0;
    if (fault == NULL || history_kind(h, fault->proc) != PROC_NODE) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no subscriber failed");
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
        if (able > h->end_us - h->topology->timers.live_bound.us) {
            continue; /* the phone came back too late to ask for more */
        }
        due++;
        back += at_work_again(h, &info, at) ? 1 : 0;
    }
    check_say(ret, check_verdict(back, due - back), "%llu of %llu logged in again",
              (unsigned long long)back, (unsigned long long)due);
}
