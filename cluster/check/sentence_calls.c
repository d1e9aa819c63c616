#include "cluster/check/sentence_calls.h"

#include "cluster/check/judges.h"
#include "cluster/check/ledger.h"
#include "cluster/check/sentence.h"

#include <string.h>

#define MS 1000
/* The row is written when the PG notices, a few of its private heartbeats after the fault: in lab
 * and in srnd it has five seconds. */
#define RECORD_HEARTBEATS 10
#define RECORD_US         INT64_C(4000000)
#define NEWS_US           INT64_C(300000)

/* In progress on a device of a dead node at the fault. */
static bool in_progress(const struct history *h, const struct history_outage *fault,
                        const struct history_leg *leg)
{
    return leg->begin_us < fault->from && (leg->open || leg->end_us > fault->from) &&
           sentence_took(h, history_home(h, leg->device, fault->from));
}

void sentence_calls_stay(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t stayed = 0, early = 0;
    if (fault == NULL) {
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (!leg->preserved || !sentence_is_phone(h, leg->device) || !in_progress(h, fault, leg)) {
            continue;
        }
        const struct history_move *move = history_rehomed(h, leg->device, fault->from);
        bool before_end = move != NULL && (leg->open || move->at < leg->end_us);
        early += before_end ? 1 : 0;
        stayed += before_end ? 0 : 1;
    }
    check_say(ret, check_verdict(stayed, early),
              "%llu phones stayed unregistered for the rest of their call, %llu did not",
              (unsigned long long)stayed, (unsigned long long)early);
}

void sentence_calls_media(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t kept = 0, bad = 0;
    int64_t longest = 0;
    if (fault == NULL) {
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        /* Who waited for the other party's last word has a gap at the end, after the hang-up. */
        if (!leg->preserved || leg->reason == REASON_MEDIA_LOST) {
            continue;
        }
        int64_t pause = check_call_pause(h, leg);
        longest = pause > longest ? pause : longest;
        bad += pause > check_call_pause_max(h) ? 1 : 0;
        kept++;
    }
    check_say(ret, check_verdict(kept, bad), "%llu preserved legs, the longest pause %lld ms",
              (unsigned long long)kept, (long long)(longest / MS));
}

void sentence_calls_features(const struct history *h, struct check_result *ret)
{
    uint64_t refused = 0, holds = 0, transfers = 0, conferences = 0;
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    if (fault == NULL) {
        return;
    }
    struct check_result done = {.verdict = VERDICT_INCONCLUSIVE};
    check_call_2(h, &done);
    for (size_t i = history_from(h, fault->from); i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind != EVENT_KEY_REFUSED || e->reason != REASON_PRESERVED ||
            history_kind(h, e->proc) != PROC_FLEET) {
            continue;
        }
        refused++;
        holds += e->value == KEY_HOLD ? 1 : 0;
        transfers += e->value == KEY_TRANSFER || e->value == KEY_TRANSFER_BLIND ? 1 : 0;
        conferences += e->value == KEY_CONFERENCE ? 1 : 0;
    }
    check_say(ret, check_verdict(refused, done.verdict == VERDICT_FAIL ? 1 : 0),
              "%llu keys refused (%llu hold, %llu transfer, %llu conference); %s",
              (unsigned long long)refused, (unsigned long long)holds, (unsigned long long)transfers,
              (unsigned long long)conferences,
              done.verdict == VERDICT_FAIL ? "but some were done" : "none was done");
}

void sentence_calls_after_hangup(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t back = 0, late = 0;
    int64_t slowest = 0, bound = h->topology->timers.home_bound.us;
    if (fault == NULL) {
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (!leg->preserved || leg->open || !sentence_is_phone(h, leg->device) ||
            !in_progress(h, fault, leg) || leg->end_us + bound > h->end_us) {
            continue;
        }
        const struct history_move *move = history_rehomed(h, leg->device, fault->from);
        bool in_time = move != NULL && move->at <= leg->end_us + bound;
        back += in_time ? 1 : 0;
        late += in_time ? 0 : 1;
        if (in_time && move->at - leg->end_us > slowest) {
            slowest = move->at - leg->end_us;
        }
    }
    check_say(ret, check_verdict(back, late),
              "%llu phones registered after their call, the slowest %lld ms after it; %llu did not",
              (unsigned long long)back, (long long)(slowest / MS), (unsigned long long)late);
}

void sentence_calls_setup(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    uint64_t dropped = 0, other = 0;
    if (fault == NULL) {
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (!in_progress(h, fault, leg) || leg->begin_us > fault->from - NEWS_US) {
            continue;
        }
        bool setup = leg->answer_us == 0 || leg->answer_us > fault->from;
        if (leg->answer_us > fault->from && leg->answer_us < fault->from + NEWS_US) {
            continue; /* the last that was heard of the node: it is up, and was not at the fault */
        }
        if (!setup && leg->reason != REASON_DROPPED_IN_SETUP) {
            continue;
        }
        bool ended = !leg->open && leg->end_us < fault->from + h->topology->timers.home_bound.us &&
                     leg->answer_us <= fault->from;
        bool named = leg->reason == REASON_DROPPED_IN_SETUP;
        dropped += ended && named ? 1 : 0;
        other += ended && named ? 0 : 1;
    }
    check_say(ret, check_verdict(dropped, other),
              "%llu legs in setup or in mid-transfer dropped and logged as dropped, %llu did not",
              (unsigned long long)dropped, (unsigned long long)other);
}

/* The judged entries of agents' legs that were in progress at the fault, and that it took out of
 * view: all of a pair's, if its active side changes, else those of the dead CallManager. */
static bool wanted(const struct history *h, const struct history_outage *fault,
                   const struct ledger_entry *entry)
{
    struct sentence_sides sides;
    if (entry->leg == UINT32_MAX || entry->at_route_point || entry->found == LEDGER_LEFT_OUT) {
        return false;
    }
    const struct history_leg *leg = &h->legs[entry->leg];
    return leg->begin_us < fault->from - EXPECT_SLACK_US &&
           leg->end_us > fault->from + EXPECT_SLACK_US &&
           (sentence_switches(h, &sides) ||
            sentence_took(h, history_home(h, leg->device, fault->from)));
}

/* The judged entries of agents' legs that were over at the fault, but not written yet. */
static bool wrapping(const struct history *h, const struct history_outage *fault,
                     const struct ledger_entry *entry)
{
    if (entry->leg == UINT32_MAX || entry->at_route_point || entry->found == LEDGER_LEFT_OUT) {
        return false;
    }
    const struct history_leg *leg = &h->legs[entry->leg];
    return agent_id_some(leg->agent) && leg->answer_us != 0 && leg->end_us < fault->from &&
           leg->end_us > fault->from - expect_wrapup_most(h);
}

static const struct history_row *cut_row(const struct history *h, const struct ledger_entry *entry)
{
    for (uint32_t i = 0; i < entry->rows_n && i < LEDGER_ROWS_MAX; i++) {
        if (h->rows[entry->rows[i]].partial) {
            return &h->rows[entry->rows[i]];
        }
    }
    return NULL;
}

/* Make the ledger and look at every leg that is picked. */
static bool each_leg(const struct history *h, struct check_result *ret,
                     bool (*pick)(const struct history *h, const struct history_outage *fault,
                                  const struct ledger_entry *entry),
                     void (*look)(const struct history *h, const struct history_outage *fault,
                                  const struct ledger_entry *entry, uint64_t counts[4]),
                     uint64_t counts[4])
{
    struct ledger l;
    const struct history_outage *fault = sentence_fault(h, ret);
    if (fault == NULL) {
        return false;
    }
    if (ledger_make(h, &l) != ERR_OK || !l.conclusive) {
        check_say(ret, VERDICT_INCONCLUSIVE, "%s", l.why_not != NULL ? l.why_not : "out of memory");
        ledger_free(&l);
        return false;
    }
    for (size_t i = 0; i < l.entries_n; i++) {
        if (pick(h, fault, &l.entries[i])) {
            look(h, fault, &l.entries[i], counts);
        }
    }
    ledger_free(&l);
    return true;
}

static void look_records(const struct history *h, const struct history_outage *fault,
                         const struct ledger_entry *entry, uint64_t counts[4])
{
    const struct history_leg *leg = &h->legs[entry->leg];
    const struct history_row *row = cut_row(h, entry);
    /* Duration has the time in the queue in it, before this leg began; the talk has not. */
    bool talked = leg->answer_us != 0 && leg->answer_us < fault->from;
    int64_t until_fault = talked ? fault->from - leg->answer_us : 0;
    int64_t soon = RECORD_US + RECORD_HEARTBEATS * h->topology->timers.private_heartbeat.us;
    bool in_time = row != NULL && row->at_us <= fault->from + soon;
    bool so_far =
        row != NULL && row->talk_s * INT64_C(1000000) <= until_fault + soon + INT64_C(1000000);
    counts[in_time && so_far ? 0 : 1]++;
}

void sentence_calls_records(const struct history *h, struct check_result *ret)
{
    uint64_t counts[4] = {0};
    if (each_leg(h, ret, wanted, look_records, counts)) {
        check_say(ret, check_verdict(counts[0], counts[1]),
                  "%llu legs in progress have a record of the time of the failure, %llu have not",
                  (unsigned long long)counts[0], (unsigned long long)counts[1]);
    }
}

static void look_wrapup(const struct history *h, const struct history_outage *fault,
                        const struct ledger_entry *entry, uint64_t counts[4])
{
    const struct history_leg *leg = &h->legs[entry->leg];
    const struct history_row *row = cut_row(h, entry);
    (void)fault;
    counts[0] += leg->wrapup[0] != '\0' ? 1 : 0;
    counts[2] += row != NULL ? 1 : 0;
    counts[1] += row != NULL && row->wrapup[0] != '\0' ? 1 : 0;
}

void sentence_calls_wrapup(const struct history *h, struct check_result *ret)
{
    uint64_t counts[4] = {0};
    if (each_leg(h, ret, wanted, look_wrapup, counts)) {
        check_say(
            ret, check_verdict(counts[2], counts[1]),
            "%llu agents entered wrap-up after the failure, %llu of %llu cut records hold any",
            (unsigned long long)counts[0], (unsigned long long)counts[1],
            (unsigned long long)counts[2]);
    }
}

static void look_second(const struct history *h, const struct history_outage *fault,
                        const struct ledger_entry *entry, uint64_t counts[4])
{
    const struct history_row *row = cut_row(h, entry);
    struct sentence_sides sides;
    (void)fault;
    counts[0]++;
    counts[2] += entry->rows_n == 2 ? 1 : 0;
    bool linked = false;
    for (uint32_t i = 0; row != NULL && i < entry->rows_n && i < LEDGER_ROWS_MAX; i++) {
        const struct history_row *other = &h->rows[entry->rows[i]];
        linked = linked || (other != row && other->router_key != 0 &&
                            other->router_key == row->router_key && other->day == row->day);
    }
    counts[1] += entry->rows_n > (sentence_switches(h, &sides) ? 2 : 1) || linked ? 1 : 0;
}

void sentence_calls_second(const struct history *h, struct check_result *ret)
{
    uint64_t counts[4] = {0};
    if (each_leg(h, ret, wanted, look_second, counts)) {
        check_say(ret, check_verdict(counts[0], counts[1]),
                  "%llu of %llu legs in progress have a further record; %llu have more, or a "
                  "linked one",
                  (unsigned long long)counts[2], (unsigned long long)counts[0],
                  (unsigned long long)counts[1]);
    }
}

/* When the side that had the control lost it, or the other side was given it: what is written from
 * then on was cut. */
static int64_t cut_at(const struct history *h, const struct history_outage *fault)
{
    struct sentence_sides sides;
    if (!sentence_switches(h, &sides)) {
        return HISTORY_FOREVER;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool gave_up = (e->kind == EVENT_PG_STANDBY || e->kind == EVENT_PROVIDER_DOWN) &&
                       proc_id_eq(e->proc, sides.before);
        bool taken = e->kind == EVENT_PG_GRANTED && proc_id_eq(e->peer, sides.other);
        if (e->at.us >= fault->from && (gave_up || taken)) {
            return e->at.us;
        }
    }
    return HISTORY_FOREVER;
}

/* When a PG side wrote the row, by its own word: the time in a row is that of a wall clock. */
static int64_t written_at(const struct history *h, const struct history_row *row)
{
    for (size_t i = 0; i < h->events_n; i++) {
        if (h->events[i].kind == EVENT_TCD_WRITTEN && h->events[i].value == row->key) {
            return h->events[i].at.us;
        }
    }
    return h->begin_us;
}

static void look_wrapping(const struct history *h, const struct history_outage *fault,
                          const struct ledger_entry *entry, uint64_t counts[4])
{
    int64_t at = cut_at(h, fault);
    for (uint32_t i = 0; i < entry->rows_n && i < LEDGER_ROWS_MAX; i++) {
        const struct history_row *row = &h->rows[entry->rows[i]];
        if (written_at(h, row) >= at) {
            counts[3]++;
            counts[1] += row->wrapup[0] != '\0' ? 1 : 0;
        }
    }
}

void sentence_calls_data_lost(const struct history *h, struct check_result *ret)
{
    uint64_t counts[4] = {0};
    if (each_leg(h, ret, wanted, look_wrapup, counts) &&
        each_leg(h, ret, wrapping, look_wrapping, counts)) {
        check_say(ret, check_verdict(counts[2] + counts[3], counts[1]),
                  "%llu records of calls that were cut, %llu of wrap-ups that were cut; %llu hold "
                  "what was entered",
                  (unsigned long long)counts[2], (unsigned long long)counts[3],
                  (unsigned long long)counts[1]);
    }
}

/* Connected at the fault, on whatever phone or gateway. */
static bool was_connected(const struct history_outage *fault, const struct history_leg *leg)
{
    return leg->answer_us != 0 && leg->answer_us < fault->from &&
           (leg->open || leg->end_us > fault->from);
}

static bool is_struck(const struct history *h, const struct history_outage *fault,
                      struct device_id device)
{
    return sentence_took(h, history_home(h, device, fault->from));
}

/* A party of the call lost its CallManager by the fault, or the call itself did: one phone consults
 * another through the CallManager of the call that it holds. */
static bool has_struck_party(const struct history *h, const struct history_outage *fault,
                             struct call_id call)
{
    for (size_t i = 0; i < h->legs_n; i++) {
        if (call_id_eq(h->legs[i].call, call) && is_struck(h, fault, h->legs[i].device)) {
            return true;
        }
    }
    return sentence_took(h, call_id_owner(call));
}

/* The leg left its call, for another one, while the fault became known. */
static bool leaves(const struct history_outage *fault, const struct history_leg *leg)
{
    return (leg->reason == REASON_TRANSFERRED || leg->reason == REASON_CONFERENCED) &&
           leg->end_us > fault->from && leg->end_us < fault->from + NEWS_US;
}

/* The same; or a party consulted somebody who did, and a phone drops both calls then; or the call
 * was being transferred. */
static bool touches_dead(const struct history *h, const struct history_outage *fault,
                         struct call_id call)
{
    bool touches = has_struck_party(h, fault, call);
    for (size_t i = 0; i < h->legs_n && !touches; i++) {
        touches = call_id_eq(h->legs[i].call, call) && leaves(fault, &h->legs[i]);
        for (size_t k = 0; k < h->legs_n && call_id_eq(h->legs[i].call, call) && !touches; k++) {
            const struct history_leg *other = &h->legs[k];
            touches = device_id_eq(other->device, h->legs[i].device) &&
                      sentence_is_phone(h, other->device) && other->begin_us < fault->from &&
                      (other->open || other->end_us > fault->from) &&
                      has_struck_party(h, fault, other->call);
        }
    }
    return touches;
}

static bool failed(enum reason reason)
{
    return reason == REASON_DROPPED_IN_SETUP || reason == REASON_NODE_LOST ||
           reason == REASON_SERVICE_LOST || reason == REASON_OUT_OF_SERVICE ||
           reason == REASON_UNREGISTERED || reason == REASON_MEDIA_LOST;
}

static bool some_callmanager_is_dead(const struct history *h, int64_t at)
{
    bool dead = false;
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        dead = dead || (h->topology->procs[v - 1].kind == PROC_NODE &&
                        !history_up(h, (struct proc_id){v}, SERVICE_CALLMANAGER, at));
    }
    return dead;
}

/* The other party sent this one on, to a phone of a dead node: that is an answer. */
static bool sent_nowhere(const struct history *h, const struct history_leg *leg)
{
    for (size_t i = 0; i < h->legs_n && leg->reason == REASON_UNREGISTERED; i++) {
        const struct history_leg *other = &h->legs[i];
        if (call_id_eq(other->call, leg->call) && other->reason == REASON_TRANSFERRED &&
            other->end_us <= leg->end_us && other->end_us > leg->end_us - NEWS_US &&
            some_callmanager_is_dead(h, leg->end_us)) {
            return true;
        }
    }
    return false;
}

void sentence_calls_go_on(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_fault(h, ret);
    struct check_result media = {.verdict = VERDICT_INCONCLUSIVE};
    uint64_t kept = 0, bad = 0;
    int64_t next = sentence_next(h);
    if (fault == NULL) {
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (was_connected(fault, leg) && !touches_dead(h, fault, leg->call) &&
            (leg->end_us < next || next == HISTORY_FOREVER)) {
            bool hurt = leg->preserved || (failed(leg->reason) && !sent_nowhere(h, leg));
            bad += hurt ? 1 : 0;
            kept += hurt ? 0 : 1;
        }
    }
    check_call_1(h, &media);
    bool pause = media.verdict == VERDICT_FAIL;
    check_say(ret, check_verdict(kept, bad + (pause ? 1 : 0)),
              "%llu connected legs went on with their CallManager, %llu did not; %s",
              (unsigned long long)kept, (unsigned long long)bad,
              pause ? media.observed : "no media paused");
}

/* Whether a leg of this call was connected at the fault. */
static bool call_was_connected(const struct history *h, const struct history_outage *fault,
                               struct call_id call)
{
    for (size_t i = 0; i < h->legs_n; i++) {
        if (call_id_eq(h->legs[i].call, call) && was_connected(fault, &h->legs[i])) {
            return true;
        }
    }
    return false;
}

void sentence_calls_features_stay(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_fault(h, ret);
    uint64_t done = 0, refused = 0, preserved = 0;
    int64_t next = sentence_next(h);
    if (fault == NULL) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->at.us < fault->from || e->at.us >= next || history_kind(h, e->proc) != PROC_FLEET) {
            continue;
        }
        bool feature = e->value == LEG_HOLDING || e->value == LEG_CONSULTING;
        done += e->kind == EVENT_CALL_STATE && feature && call_was_connected(h, fault, e->call);
        refused +=
            e->kind == EVENT_KEY_REFUSED && (e->reason == REASON_PRESERVED || failed(e->reason));
        preserved += e->kind == EVENT_CALL_PRESERVED;
    }
    check_say(ret, check_verdict(done, refused + preserved),
              "%llu times a call from before was put on hold or a colleague consulted; %llu keys "
              "were refused for want of a CallManager, %llu calls lost theirs",
              (unsigned long long)done, (unsigned long long)refused, (unsigned long long)preserved);
}
