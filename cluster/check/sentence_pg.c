#include "cluster/check/sentence_pg.h"

#include "cluster/check/sentence.h"

#include <string.h>

#define MS              1000
#define NOTICE_SLACK_US INT64_C(700000)

void sentence_pg_lost(const struct history *h, struct check_result *ret)
{
    struct sentence_sides sides;
    if (!sentence_must_switch(h, ret, &sides)) {
        return;
    }
    int64_t t0 = history_fault(h)->from, down = -1;
    struct proc_id own = h->topology->procs[sides.before.v - 1].ctimanager_node;
    uint64_t foreign = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, sides.before)) {
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
                  topology_name(h->topology, sides.before));
        return;
    }
    check_say(ret, check_verdict(1, foreign),
              "%s lost its provider after %lld ms; connections to another CTI Manager: %llu",
              topology_name(h->topology, sides.before), (long long)(down / MS),
              (unsigned long long)foreign);
}

uint64_t sentence_pg_monitors(const struct history *h, uint32_t pair)
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

void sentence_pg_taken(const struct history *h, struct check_result *ret)
{
    struct sentence_sides sides;
    if (!sentence_must_switch(h, ret, &sides)) {
        return;
    }
    int64_t t0 = history_fault(h)->from;
    uint64_t due = sentence_pg_monitors(h, h->topology->procs[sides.other.v - 1].pair);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, sides.other) && e->at.us >= t0) {
            bool all = e->value2 >= 0 && (uint64_t)e->value2 >= due;
            check_say(ret, all ? VERDICT_PASS : VERDICT_FAIL,
                      "%s active after %lld ms, with %lld of %llu monitors confirmed",
                      topology_name(h->topology, sides.other), (long long)((e->at.us - t0) / MS),
                      (long long)e->value2, (unsigned long long)due);
            return;
        }
    }
    check_say(ret, VERDICT_FAIL, "%s never became active", topology_name(h->topology, sides.other));
}

void sentence_pg_noticed(const struct history *h, struct check_result *ret)
{
    struct sentence_sides sides;
    const struct topology_timers *t = &h->topology->timers;
    if (!sentence_must_switch(h, ret, &sides)) {
        return;
    }
    int64_t t0 = history_fault(h)->from;
    int64_t bound = t->private_heartbeat.us * ((int64_t)t->private_misses + 1) + NOTICE_SLACK_US;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_LINK_DOWN && e->at.us >= t0 && proc_id_eq(e->proc, sides.other) &&
            proc_id_eq(e->peer, sides.before) && strcmp(e->text, "private") == 0) {
            check_say(ret, e->at.us - t0 <= bound ? VERDICT_PASS : VERDICT_FAIL,
                      "%s missed %s after %lld ms; the bound is %lld ms",
                      topology_name(h->topology, sides.other),
                      topology_name(h->topology, sides.before), (long long)((e->at.us - t0) / MS),
                      (long long)(bound / MS));
            return;
        }
    }
    check_say(ret, VERDICT_FAIL, "%s never missed %s", topology_name(h->topology, sides.other),
              topology_name(h->topology, sides.before));
}

/* A side that nothing happened to says nothing of itself. */
static void keeps_control(const struct history *h, const struct sentence_sides *sides,
                          struct check_result *ret)
{
    uint64_t changes = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool gave_up = (e->kind == EVENT_PG_STANDBY || e->kind == EVENT_PROVIDER_DOWN) &&
                       proc_id_eq(e->proc, sides->before);
        bool other = e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, sides->other);
        changes += e->at.us >= history_fault(h)->from && (gave_up || other) ? 1 : 0;
    }
    check_say(ret, check_verdict(1, changes),
              "its CTI Manager lives: %s stays active; %llu times it, or its provider, did not",
              topology_name(h->topology, sides->before), (unsigned long long)changes);
}

void sentence_pg_as_due(const struct history *h, struct check_result *ret)
{
    struct sentence_sides sides;
    if (sentence_switches(h, &sides)) {
        sentence_pg_taken(h, ret);
    } else if (proc_id_some(sides.before)) {
        keeps_control(h, &sides, ret);
    } else {
        check_say(ret, VERDICT_INCONCLUSIVE, "no PG side was active, or nothing failed");
    }
}

void sentence_pg_routed(const struct history *h, struct check_result *ret)
{
    struct sentence_sides sides;
    bool switches = sentence_switches(h, &sides);
    struct proc_id side = switches ? sides.other : sides.before;
    if (!proc_id_some(side)) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no PG side was active, or nothing failed");
        return;
    }
    int64_t t0 = history_fault(h)->from, active = switches ? -1 : t0, first = -1;
    uint64_t routed = 0, asked = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->at.us < t0) {
            continue;
        }
        if (e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, side) && active < 0) {
            active = e->at.us;
        } else if (active >= 0 && e->kind == EVENT_ROUTE_REQUESTED && proc_id_eq(e->proc, side)) {
            asked++;
        } else if (active >= 0 && e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL) {
            first = first < 0 ? e->at.us - active : first;
            routed++;
        }
    }
    uint64_t bad = asked > 0 && routed == 0 ? 1 : 0;
    check_say(ret, check_verdict(routed, bad),
              "%llu calls routed by %s, the first %lld ms after %s", (unsigned long long)routed,
              topology_name(h->topology, side), (long long)(first / MS),
              switches ? "it was active" : "the failure");
}

/* What a side that came back has of a standby. */
struct standby {
    uint64_t providers, states, activations;
};

void sentence_pg_stands_by(const struct history *h, struct check_result *ret)
{
    struct sentence_sides sides;
    struct standby is = {0};
    if (!sentence_must_switch(h, ret, &sides)) {
        return;
    }
    int64_t taken = HISTORY_FOREVER;
    if (sentence_returned(h, ret) < 0) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, sides.other) &&
            e->at.us >= history_fault(h)->from && taken == HISTORY_FOREVER) {
            taken = e->at.us;
        }
        if (!proc_id_eq(e->proc, sides.before)) {
            continue;
        }
        is.providers += e->kind == EVENT_PROVIDER_UP && e->at.us >= history_fault(h)->from;
        is.states += e->kind == EVENT_PG_SYNCED && proc_id_eq(e->peer, sides.other) &&
                     e->at.us >= history_fault(h)->from;
        is.activations += e->kind == EVENT_PG_ACTIVE && e->at.us >= history_fault(h)->from;
    }
    bool stands = is.providers > 0 && is.states > 0 && taken != HISTORY_FOREVER;
    check_say(
        ret, check_verdict(stands, is.activations + (stands ? 0 : 1)),
        "%s opened %llu providers since the failure, was given the state of %s %llu times, and "
        "was active %llu times",
        topology_name(h->topology, sides.before), (unsigned long long)is.providers,
        topology_name(h->topology, sides.other), (unsigned long long)is.states,
        (unsigned long long)is.activations);
}

void sentence_pg_stays(const struct history *h, struct check_result *ret)
{
    int64_t back = sentence_returned(h, ret);
    struct proc_id active = {0};
    uint64_t changes = 0;
    if (back < 0) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_ACTIVE) {
            changes += e->at.us >= back && !proc_id_eq(e->proc, active) ? 1 : 0;
            active = e->proc;
        }
    }
    check_say(ret, check_verdict(proc_id_some(active) ? 1 : 0, changes),
              "%s is active; %llu changes since the return", topology_name(h->topology, active),
              (unsigned long long)changes);
}
