#include "cluster/check/sentence_registry.h"

#include "cluster/check/sentence.h"

#include <string.h>

#define MS 1000
/* What was committed or let in before is told so long at most. */
#define NEWS_US INT64_C(500000)

struct span {
    int64_t from, until;
};

/* While the publisher is away; false: it was not, and that is said. */
static bool publisher_away(const struct history *h, struct check_result *ret, struct span *ret_span)
{
    struct proc_id publisher = topology_publisher(h->topology);
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->injected && proc_id_eq(o->proc, publisher) && o->service == SERVICE_NONE) {
            *ret_span = (struct span){o->from, o->until};
            return true;
        }
    }
    check_say(ret, VERDICT_INCONCLUSIVE, "the publisher was never away");
    return false;
}

/* While no majority runs: from when the last node fell that mattered; false: there was always one,
 * and that is said. */
static bool without_quorum(const struct history *h, struct check_result *ret, struct span *ret_span)
{
    struct span span = {HISTORY_FOREVER, HISTORY_FOREVER};
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->from < span.from && !history_quorum(h, o->from)) {
            span.from = o->from;
        }
    }
    for (uint32_t i = history_first(h); i < h->outages_n && span.from != HISTORY_FOREVER; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->until > span.from && o->until < span.until && history_quorum(h, o->until)) {
            span.until = o->until;
        }
    }
    *ret_span = span;
    if (span.from == HISTORY_FOREVER) {
        check_say(ret, VERDICT_INCONCLUSIVE, "a majority of the nodes ran all the time");
    }
    return span.from != HISTORY_FOREVER;
}

static uint64_t count(const struct history *h, const struct span *span, enum event_kind kind,
                      enum reason reason)
{
    uint64_t n = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        n += e->kind == kind && e->reason == reason && e->at.us >= span->from &&
             e->at.us < span->until;
    }
    return n;
}

/* Writes that were taken or refused: of user data, whose key is a number, or of configuration. */
static uint64_t count_writes(const struct history *h, const struct span *span, enum event_kind kind,
                             bool user)
{
    uint64_t n = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        char number[NUMBER_LEN] = "";
        size_t length = strcspn(e->text, "=");
        if (e->kind != kind || e->at.us < span->from || e->at.us >= span->until ||
            length >= sizeof number) {
            continue;
        }
        memcpy(number, e->text, length);
        n += device_id_some(topology_number(h->topology, number)) == user;
    }
    return n;
}

/* Who led at `at`; none: nobody, or it is not known. */
static struct proc_id leader_at(const struct history *h, int64_t at)
{
    struct proc_id leader = {0};
    for (size_t i = 0; i < h->events_n && h->events[i].at.us < at; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER) {
            leader = e->proc;
        } else if (e->kind == EVENT_RAFT_STATE && proc_id_eq(e->proc, leader)) {
            leader = (struct proc_id){0};
        }
    }
    return leader;
}

static const struct event *first_serving(const struct history *h, int64_t from)
{
    for (size_t i = 0; i < h->events_n; i++) {
        if (h->events[i].kind == EVENT_RAFT_SERVING && h->events[i].at.us >= from) {
            return &h->events[i];
        }
    }
    return NULL;
}

void sentence_registry_leader(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_fault(h, ret);
    if (fault == NULL) {
        return;
    }
    struct proc_id leader = leader_at(h, fault->from);
    const struct event *next = first_serving(h, fault->from);
    if (!proc_id_some(leader)) {
        check_say(ret, VERDICT_INCONCLUSIVE, "nobody led before");
    } else if (history_up(h, leader, SERVICE_NONE, fault->from)) {
        check_say(ret, check_verdict(1, next != NULL && next->at.us < sentence_next(h) ? 1 : 0),
                  "%s led, and leads on", topology_name(h->topology, leader));
    } else if (next == NULL) {
        check_say(ret, VERDICT_FAIL, "%s led, and nobody does after it",
                  topology_name(h->topology, leader));
    } else {
        int64_t took = next->at.us - fault->from;
        check_say(ret, took <= h->topology->timers.live_bound.us ? VERDICT_PASS : VERDICT_FAIL,
                  "%s led; %s serves after %lld ms", topology_name(h->topology, leader),
                  topology_name(h->topology, next->proc), (long long)(took / MS));
    }
}

void sentence_registry_registers(const struct history *h, struct check_result *ret)
{
    struct span away;
    if (!publisher_away(h, ret, &away)) {
        return;
    }
    uint64_t acked = count(h, &away, EVENT_REGISTER_ACKED, REASON_NONE);
    uint64_t refused = count(h, &away, EVENT_REGISTER_REFUSED, REASON_NO_QUORUM);
    check_say(ret, check_verdict(acked, refused),
              "%llu registrations without the publisher, %llu refused for want of a quorum",
              (unsigned long long)acked, (unsigned long long)refused);
}

void sentence_registry_config_refused(const struct history *h, struct check_result *ret)
{
    struct span away;
    if (!publisher_away(h, ret, &away)) {
        return;
    }
    struct span late = {away.from + NEWS_US, away.until};
    uint64_t refused = count_writes(h, &away, EVENT_WRITE_REFUSED, false);
    uint64_t written = count_writes(h, &late, EVENT_CONFIG_WRITTEN, false);
    check_say(ret, check_verdict(refused, written),
              "configuration refused %llu times and written %llu times without the publisher",
              (unsigned long long)refused, (unsigned long long)written);
}

void sentence_registry_user_data(const struct history *h, struct check_result *ret)
{
    struct span away;
    if (!publisher_away(h, ret, &away)) {
        return;
    }
    uint64_t refused = count_writes(h, &away, EVENT_WRITE_REFUSED, true);
    uint64_t written = count_writes(h, &away, EVENT_CONFIG_WRITTEN, true);
    check_say(ret, check_verdict(written, refused),
              "user data written %llu times and refused %llu times without the publisher",
              (unsigned long long)written, (unsigned long long)refused);
}

/* When the last node that lives lost its lease; FOREVER: some node never did. */
static int64_t leases_lost(const struct history *h, const struct span *span)
{
    int64_t last = span->from;
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        const struct proc_id node = {v};
        int64_t lost = HISTORY_FOREVER;
        if (h->topology->procs[v - 1].kind != PROC_NODE ||
            !history_up(h, node, SERVICE_NONE, span->from)) {
            continue;
        }
        for (size_t i = 0; i < h->events_n && lost == HISTORY_FOREVER; i++) {
            const struct event *e = &h->events[i];
            if (e->kind == EVENT_LEASE_LOST && proc_id_eq(e->proc, node) &&
                e->at.us >= span->from && e->at.us < span->until) {
                lost = e->at.us;
            }
        }
        last = lost > last ? lost : last;
    }
    return last;
}

void sentence_registry_no_leader(const struct history *h, struct check_result *ret)
{
    struct span span;
    if (!without_quorum(h, ret, &span)) {
        return;
    }
    int64_t lost = leases_lost(h, &span);
    /* A leader may count a word that the dead node had sent; to stand for election takes longer. */
    struct span after = {span.from + h->topology->timers.raft_election.us, span.until};
    uint64_t serving = count(h, &after, EVENT_RAFT_SERVING, REASON_NONE);
    if (lost == HISTORY_FOREVER) {
        check_say(ret, VERDICT_FAIL, "a node that lives never lost its lease");
        return;
    }
    bool late = lost - span.from > h->topology->timers.home_bound.us;
    check_say(ret, check_verdict(1, serving + (late ? 1 : 0)),
              "no lease is left after %lld ms; %llu times somebody served as leader",
              (long long)((lost - span.from) / MS), (unsigned long long)serving);
}

void sentence_registry_none_registers(const struct history *h, struct check_result *ret)
{
    struct span span;
    if (!without_quorum(h, ret, &span)) {
        return;
    }
    struct span late = {span.from + NEWS_US, span.until};
    uint64_t refused = count(h, &span, EVENT_REGISTER_REFUSED, REASON_NO_QUORUM);
    uint64_t acked = count(h, &late, EVENT_REGISTER_ACKED, REASON_NONE);
    check_say(ret, check_verdict(refused, acked),
              "%llu registrations refused with NO_QUORUM, %llu acknowledged",
              (unsigned long long)refused, (unsigned long long)acked);
}

void sentence_registry_user_data_refused(const struct history *h, struct check_result *ret)
{
    struct span span;
    if (!without_quorum(h, ret, &span)) {
        return;
    }
    struct span late = {span.from + NEWS_US, span.until};
    uint64_t refused = count_writes(h, &span, EVENT_WRITE_REFUSED, true);
    uint64_t written = count_writes(h, &late, EVENT_CONFIG_WRITTEN, true);
    check_say(ret, check_verdict(refused, written),
              "user data refused %llu times and written %llu times", (unsigned long long)refused,
              (unsigned long long)written);
}

/* Who dials when no node has a lease is refused, and nobody gets through. */
void sentence_registry_no_new_call(const struct history *h, struct check_result *ret)
{
    struct span span;
    if (!without_quorum(h, ret, &span)) {
        return;
    }
    int64_t lost = leases_lost(h, &span);
    uint64_t refused = 0, connected = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        refused += e->kind == EVENT_KEY_REFUSED && e->value == KEY_DIAL &&
                   e->reason == REASON_NO_QUORUM && e->at.us >= span.from && e->at.us < span.until;
    }
    for (size_t i = 0; i < h->legs_n && lost != HISTORY_FOREVER; i++) {
        const struct history_leg *leg = &h->legs[i];
        connected +=
            leg->begin_us > lost + NEWS_US && leg->answer_us != 0 && leg->answer_us < span.until;
    }
    check_say(ret, check_verdict(refused, connected),
              "%llu new calls refused with NO_QUORUM, %llu connected", (unsigned long long)refused,
              (unsigned long long)connected);
}

void sentence_registry_again(const struct history *h, struct check_result *ret)
{
    struct span span;
    if (!without_quorum(h, ret, &span)) {
        return;
    }
    const struct event *serving = first_serving(h, span.until);
    if (span.until == HISTORY_FOREVER || serving == NULL) {
        check_say(ret, VERDICT_FAIL, "nobody serves as leader since");
        return;
    }
    struct span after = {span.until, HISTORY_FOREVER};
    int64_t took = serving->at.us - span.until;
    uint64_t acked = count(h, &after, EVENT_REGISTER_ACKED, REASON_NONE);
    bool late = took > h->topology->timers.live_bound.us;
    check_say(ret, check_verdict(acked, late ? 1 : 0),
              "%s serves %lld ms after the return; %llu registrations since",
              topology_name(h->topology, serving->proc), (long long)(took / MS),
              (unsigned long long)acked);
}
