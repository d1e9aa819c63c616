#include "cluster/check/ledger.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct ledger ledger;

static void made(void)
{
    good_run_finish();
    assert_int_equal(ledger_make(&good, &ledger), ERR_OK);
}

static void freed(void)
{
    ledger_free(&ledger);
    history_free(&good);
}

static const struct ledger_entry *entry_of(uint32_t leg)
{
    for (size_t i = 0; i < ledger.entries_n; i++) {
        if (ledger.entries[i].leg == leg) {
            return &ledger.entries[i];
        }
    }
    fail_msg("leg %u is not in the ledger", leg);
    return NULL;
}

static void test_ledger__a_good_run_has_every_class_in_its_place(void **state)
{
    (void)state;
    good_run_make();
    made();
    assert_true(ledger.conclusive);
    assert_int_equal(entry_of(GOOD_LEG_KEPT)->found, LEDGER_TRUNCATED);
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_OK);
    assert_int_equal(ledger.by_class[LEDGER_TRUNCATED], 2);
    assert_int_equal(ledger.by_class[LEDGER_OK], 3);
    assert_int_equal(ledger.by_class[LEDGER_UNSEEN], 1);
    assert_int_equal(ledger.by_class[LEDGER_LOST], 0);
    assert_int_equal(ledger.by_class[LEDGER_UNEXPLAINED], 0);
    freed();
}

static void test_ledger__a_missing_row_is_lost(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    made();
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_LOST);
    freed();
}

static void test_ledger__a_row_missing_after_the_failure_is_lost(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_KEPT] = good_rows[--good.rows_n];
    made();
    assert_int_equal(entry_of(GOOD_LEG_KEPT)->found, LEDGER_LOST);
    freed();
}

static void test_ledger__a_second_row_of_a_whole_leg_is_a_duplicate(void **state)
{
    (void)state;
    good_run_make();
    good_rows[good.rows_n] = good_rows[GOOD_ROW_DONE];
    good_rows[good.rows_n++].key++;
    made();
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_DUPLICATE);
    freed();
}

static void test_ledger__a_row_of_nobody_is_unexplained(void **state)
{
    (void)state;
    good_run_make();
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_DONE];
    row->call.v = 0xdead;
    snprintf(row->instrument, sizeof row->instrument, "1019");
    made();
    assert_int_equal(ledger.by_class[LEDGER_UNEXPLAINED], 1);
    freed();
}

static void test_ledger__a_cut_row_far_from_any_failure_is_unexplained(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE].partial = true;
    made();
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_UNEXPLAINED);
    freed();
}

static void test_ledger__a_leg_that_is_seen_again_is_split(void **state)
{
    (void)state;
    good_run_make();
    /* The phone lives on sub2, so only the PG lost its view. */
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == EVENT_REGISTERED && e->device.v == 1 && e->epoch == 1) {
            e->peer = GOOD_SUB2;
        }
        if (e->kind == EVENT_DEVICE_LOST && e->device.v == 1) {
            e->kind = EVENT_LINK_UP;
        }
    }
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_KEPT];
    row->key = 77 << 16 | 1;
    row->partial = false;
    row->at_us = 29000 * GOOD_MS;
    made();
    assert_int_equal(entry_of(GOOD_LEG_KEPT)->predicted, LEDGER_SPLIT);
    assert_int_equal(entry_of(GOOD_LEG_KEPT)->found, LEDGER_SPLIT);
    freed();
}

static void test_ledger__near_the_monitors_either_class_is_right(void **state)
{
    (void)state;
    good_run_make();
    /* Began after the fault and ended while the new side took its monitors: 1005 was early. */
    struct event *granted = good_run_find(EVENT_PG_GRANTED, GOOD_ICMA, GOOD_FAULT);
    assert_non_null(granted);
    granted->at.us = GOOD_FAULT + 200 * GOOD_MS;
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_DONE];
    row->key = 55 << 16;
    row->recovery_key = 9055;
    row->call.v = 0x105;
    row->at_us = GOOD_FAULT + 2000 * GOOD_MS;
    snprintf(row->instrument, sizeof row->instrument, "1005");
    made();
    assert_int_equal(ledger.by_class[LEDGER_UNSEEN], 0);
    assert_int_equal(ledger.by_class[LEDGER_OK], 4);
    assert_int_equal(ledger.by_class[LEDGER_UNEXPLAINED], 0);
    freed();
}

static void test_ledger__the_second_row_of_a_split_leg_must_not_be_missing(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == EVENT_REGISTERED && e->device.v == 1 && e->epoch == 1) {
            e->peer = GOOD_SUB2;
        }
        if (e->kind == EVENT_DEVICE_LOST && e->device.v == 1) {
            e->kind = EVENT_LINK_UP;
        }
    }
    made();
    assert_int_equal(entry_of(GOOD_LEG_KEPT)->found, LEDGER_LOST);
    freed();
}

static void test_ledger__a_call_abandoned_in_the_queue_needs_its_row(void **state)
{
    (void)state;
    good_run_make();
    struct history_leg *leg = &good_legs[good.legs_n++];
    *leg = (struct history_leg){.device = {GOOD_GATEWAY},
                                .call = {0x900},
                                .begin_us = 8000 * GOOD_MS,
                                .end_us = 11000 * GOOD_MS,
                                .reason = REASON_ABANDONED};
    snprintf(leg->to, sizeof leg->to, "80001");
    made();
    assert_int_equal(ledger.by_class[LEDGER_LOST], 1);
    freed();
    good_run_make();
    good_legs[good.legs_n++] = *leg;
    good_rows[good.rows_n++] = (struct history_row){
        .call = {0x900}, .key = 99 << 16, .at_us = 11000 * GOOD_MS, .disposition = 2};
    made();
    assert_int_equal(ledger.by_class[LEDGER_LOST], 0);
    assert_int_equal(ledger.by_class[LEDGER_OK], 4);
    freed();
}

static void test_ledger__a_leg_in_flight_is_left_out(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_DONE].open = true;
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    made();
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_LEFT_OUT);
    freed();
}

static void test_ledger__a_row_that_may_still_be_on_its_way_is_left_out(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_DONE].begin_us = GOOD_END - 9000 * GOOD_MS;
    good_legs[GOOD_LEG_DONE].end_us = GOOD_END - 1000 * GOOD_MS;
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    made();
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_LEFT_OUT);
    freed();
}

static void test_ledger__a_transferred_leg_is_found_by_phone_and_time(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE].call.v = 0x777;
    made();
    assert_int_equal(entry_of(GOOD_LEG_DONE)->found, LEDGER_OK);
    freed();
}

static void test_ledger__a_killed_fleet_makes_it_inconclusive(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_FAULT, GOOD_GUEST, 50000 * GOOD_MS);
    e->peer = GOOD_FLEET;
    snprintf(e->text, sizeof e->text, "crash");
    made();
    assert_false(ledger.conclusive);
    freed();
}

/* A second fault: pgb, active since the first one, is gone or hangs at T, and pga has its state. */
#define T ((int64_t)50000 * GOOD_MS)

static void second_fault(const char *what)
{
    good_run_make();
    good_run_event(EVENT_PG_SYNCED, GOOD_PGA, 40000 * GOOD_MS)->peer = GOOD_PGB;
    good_run_fault(EVENT_FAULT, GOOD_PGB, what, T);
}

static void switched(void)
{
    second_fault("crash");
    good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
}

/* A leg at the phone of agent 5007; times from T, in ms. */
static uint32_t leg_at(int64_t begin_ms, int64_t end_ms)
{
    uint32_t at = (uint32_t)good.legs_n++;
    good_legs[at] = (struct history_leg){.device = {7},
                                         .agent = {5007},
                                         .call = {0x700},
                                         .incoming = true,
                                         .number = "1007",
                                         .to = "1007",
                                         .begin_us = T + begin_ms * GOOD_MS,
                                         .answer_us = T + begin_ms * GOOD_MS + 1,
                                         .end_us = T + end_ms * GOOD_MS,
                                         .reason = REASON_HUNG_UP};
    return at;
}

/* Its caller, who waits at the route point until the agent's phone rings (0: never). */
static uint32_t caller_at(int64_t begin_ms, int64_t end_ms, bool answered)
{
    uint32_t at = (uint32_t)good.legs_n++;
    good_legs[at] = (struct history_leg){.device = {GOOD_GATEWAY},
                                         .call = {0x700},
                                         .to = "80001",
                                         .begin_us = T + begin_ms * GOOD_MS,
                                         .answer_us = answered ? T + (end_ms - 500) * GOOD_MS : 0,
                                         .end_us = T + end_ms * GOOD_MS,
                                         .reason = answered ? REASON_HUNG_UP : REASON_ABANDONED};
    return at;
}

/* A row of that call: of the agent's phone, or of the route point. */
static void row_at(bool point, bool partial, int64_t at_ms)
{
    struct history_row *row = &good_rows[good.rows_n];
    *row = (struct history_row){.recovery_key = 8000 + (int64_t)good.rows_n,
                                .key = (int64_t)(800 + good.rows_n) << 16,
                                .at_us = T + at_ms * GOOD_MS,
                                .pair = 5000,
                                .call = {0x700},
                                .agent = {point ? 0 : 5007},
                                .disposition = partial ? 27 : 13,
                                .partial = partial};
    snprintf(row->instrument, sizeof row->instrument, "%s", point ? "80001" : "1007");
    good.rows_n++;
}

static enum ledger_class found_at(uint32_t leg)
{
    made();
    enum ledger_class found = entry_of(leg)->found;
    freed();
    return found;
}

static void test_ledger__a_caller_cut_in_the_queue_and_answered_later_has_one_row(void **state)
{
    (void)state;
    for (unsigned rows = 0; rows <= 2; rows++) {
        switched();
        uint32_t caller = caller_at(-3000, 9000, true);
        leg_at(5000, 9000);
        row_at(false, false, 9500);
        for (unsigned i = 0; i < rows; i++) {
            row_at(true, i == 0, 500);
        }
        assert_int_equal(found_at(caller), rows == 0   ? LEDGER_LOST
                                           : rows == 1 ? LEDGER_TRUNCATED
                                                       : LEDGER_DUPLICATE);
    }
}

static void test_ledger__a_caller_is_judged_when_the_agents_line_must_be_there(void **state)
{
    (void)state;
    switched();
    int64_t end_ms = (GOOD_END - T) / GOOD_MS;
    uint32_t caller = caller_at(-3000, end_ms - 5000, false);
    assert_int_equal(found_at(caller), LEDGER_LEFT_OUT);
    switched();
    caller = caller_at(-3000, end_ms - 8000, false);
    assert_int_equal(found_at(caller), LEDGER_LOST);
}

static void test_ledger__a_caller_who_talks_is_not_cut_at_the_route_point(void **state)
{
    (void)state;
    switched();
    uint32_t caller = caller_at(-9000, 9000, true);
    leg_at(-6000, 9000);
    row_at(false, true, 500);
    row_at(false, false, 9500);
    assert_int_equal(found_at(caller), LEDGER_LEFT_OUT);
    switched();
    caller = caller_at(-9000, 9000, true);
    leg_at(-6000, 9000);
    row_at(false, true, 500);
    row_at(false, false, 9500);
    row_at(true, true, 500);
    assert_int_equal(found_at(caller), LEDGER_DUPLICATE);
}

static void test_ledger__a_caller_cut_in_the_queue_who_gives_up_later_has_two_rows(void **state)
{
    (void)state;
    switched();
    uint32_t caller = caller_at(-3000, 9000, false);
    row_at(true, true, 500);
    assert_int_equal(found_at(caller), LEDGER_LOST);
    switched();
    caller = caller_at(-3000, 9000, false);
    row_at(true, true, 500);
    row_at(true, false, 9000);
    assert_int_equal(found_at(caller), LEDGER_SPLIT);
}

static void test_ledger__a_side_that_only_paused_cuts_nothing(void **state)
{
    (void)state;
    for (unsigned partial = 0; partial <= 1; partial++) {
        for (unsigned said = 0; said <= 1; said++) {
            second_fault("hang");
            good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T + 600 * GOOD_MS);
            if (said == 1) {
                good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, T + 610 * GOOD_MS)->peer = GOOD_PGB;
            }
            uint32_t leg = leg_at(-3000, 9000);
            row_at(false, partial == 1, 10000);
            assert_int_equal(found_at(leg), partial == 1 ? LEDGER_UNEXPLAINED : LEDGER_OK);
        }
    }
}

static void test_ledger__a_side_that_paused_and_crashed_later_is_cut_at_the_crash(void **state)
{
    (void)state;
    second_fault("hang");
    good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T + 600 * GOOD_MS);
    good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, T + 610 * GOOD_MS)->peer = GOOD_PGB;
    good_run_fault(EVENT_FAULT, GOOD_PGB, "crash", T + 6000 * GOOD_MS);
    good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 7000 * GOOD_MS);
    uint32_t leg = leg_at(-3000, 4000);
    row_at(false, false, 4500);
    assert_int_equal(found_at(leg), LEDGER_OK);
}

/* It slept for longer than its peer needs to miss it, and the controller did not answer: what it
 * heard after it woke up died with it. */
static void test_ledger__a_side_that_woke_up_unsure_and_died_wrote_nothing(void **state)
{
    (void)state;
    for (unsigned granted = 0; granted <= 1; granted++) {
        second_fault("hang");
        good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T + 600 * GOOD_MS);
        if (granted == 1) {
            good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, T + 610 * GOOD_MS)->peer = GOOD_PGB;
        }
        good_run_fault(EVENT_FAULT, GOOD_PGB, "crash", T + 6000 * GOOD_MS);
        good_run_fault(EVENT_FAULT, GOOD_PGA, "crash", T + 6100 * GOOD_MS);
        good_run_event(EVENT_PROCESS_START, GOOD_PGA, T + 8000 * GOOD_MS);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 4, T + 9000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 3000);
        assert_int_equal(found_at(leg), granted == 1 ? LEDGER_LOST : LEDGER_UNSEEN);
    }
}

/* The node of the call hung, and woke up before anybody had lost it: it told of the end of the leg
 * in between. If the phone had lost it before, there was no end to tell of. */
static void test_ledger__a_node_that_woke_up_in_time_told_of_the_end(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool partial = (c & 1) != 0, lost_first = (c & 2) != 0;
        good_run_make();
        struct event *home = good_run_event(EVENT_REGISTERED, GOOD_FLEET, T - 5000 * GOOD_MS);
        home->device.v = 7;
        home->peer = GOOD_SUB2;
        home->epoch = 9;
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "hang", T);
        int64_t lost_at = T + (lost_first ? 1000 : 4002) * GOOD_MS;
        good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, lost_at)->device.v = 7;
        good_run_fault(EVENT_HEAL, GOOD_SUB2, "hang", T + 4000 * GOOD_MS);
        good_run_event(EVENT_PROVIDER_DOWN, GOOD_PGB, T + 4001 * GOOD_MS)->peer = GOOD_SUB2;
        good_run_event(EVENT_PG_STANDBY, GOOD_PGB, T + 4001 * GOOD_MS);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 5000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 2000);
        row_at(false, partial, 4001);
        assert_int_equal(found_at(leg), partial      ? LEDGER_TRUNCATED
                                        : lost_first ? LEDGER_UNEXPLAINED
                                                     : LEDGER_OK);
    }
}

static void test_ledger__a_side_that_hung_and_was_replaced_is_cut_at_the_hang(void **state)
{
    (void)state;
    for (unsigned rows = 1; rows <= 2; rows++) {
        second_fault("hang");
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T + 4000 * GOOD_MS);
        good_run_event(EVENT_PG_STANDBY, GOOD_PGB, T + 4010 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 9000);
        row_at(false, true, 990);
        if (rows == 2) {
            row_at(false, false, 10000);
        }
        assert_int_equal(found_at(leg), rows == 2 ? LEDGER_SPLIT : LEDGER_LOST);
    }
}

static void test_ledger__each_switch_that_a_leg_outlives_is_one_row_more(void **state)
{
    (void)state;
    for (unsigned partial = 1; partial <= 3; partial++) {
        switched();
        good_run_event(EVENT_PROCESS_START, GOOD_PGB, T + 1500 * GOOD_MS);
        good_run_event(EVENT_PG_SYNCED, GOOD_PGB, T + 2000 * GOOD_MS)->peer = GOOD_PGA;
        good_run_fault(EVENT_FAULT, GOOD_PGA, "crash", T + 4000 * GOOD_MS);
        good_run_activates(GOOD_PGB, GOOD_SUB2, 4, T + 5000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 9000);
        for (unsigned i = 0; i < partial; i++) {
            row_at(false, true, 990 + 4000 * i);
        }
        row_at(false, false, 10000);
        assert_int_equal(found_at(leg), partial == 1   ? LEDGER_LOST
                                        : partial == 2 ? LEDGER_SPLIT
                                                       : LEDGER_DUPLICATE);
    }
}

static void test_ledger__what_only_dead_sides_knew_is_unseen(void **state)
{
    (void)state;
    enum {
        PEER_KNEW,
        PEER_DIED_TOO,
        KILLED_WHEN_HUNG,
        PEER_WAS_NOT_SYNCED,
        PEER_HAD_SLEPT,
        PEER_GOT_IT_AGAIN,
        CASES
    };
    for (unsigned c = 0; c < CASES; c++) {
        second_fault(c == KILLED_WHEN_HUNG ? "hang" : "crash");
        if (c == KILLED_WHEN_HUNG) {
            good_run_fault(EVENT_FAULT, GOOD_PGB, "crash", T + 50 * GOOD_MS);
        }
        if (c == PEER_DIED_TOO || c == KILLED_WHEN_HUNG) {
            good_run_fault(EVENT_FAULT, GOOD_PGA, "crash", T + 100 * GOOD_MS);
            good_run_event(EVENT_PROCESS_START, GOOD_PGA, T + 3000 * GOOD_MS);
        } else if (c == PEER_WAS_NOT_SYNCED) {
            struct event *down = good_run_event(EVENT_LINK_DOWN, GOOD_PGA, T - 50 * GOOD_MS);
            snprintf(down->text, sizeof down->text, "private");
        } else if (c == PEER_HAD_SLEPT || c == PEER_GOT_IT_AGAIN) {
            good_run_fault(EVENT_FAULT, GOOD_PGA, "hang", T - 9000 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_PGA, "hang", T - 8000 * GOOD_MS);
        }
        if (c == PEER_GOT_IT_AGAIN) {
            good_run_event(EVENT_PG_SYNCED, GOOD_PGA, T - 7900 * GOOD_MS)->peer = GOOD_PGB;
        }
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 4000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 2000);
        bool known = c == PEER_KNEW || c == PEER_GOT_IT_AGAIN;
        assert_int_equal(found_at(leg), known ? LEDGER_LOST : LEDGER_UNSEEN);
    }
}

static void test_ledger__a_leg_in_wrapup_is_whole_although_its_side_is_lost(void **state)
{
    (void)state;
    for (unsigned partial = 0; partial <= 1; partial++) {
        switched();
        uint32_t leg = leg_at(-9000, -1200);
        row_at(false, partial == 1, 500);
        assert_int_equal(found_at(leg), partial == 1 ? LEDGER_UNEXPLAINED : LEDGER_OK);
    }
}

static void test_ledger__a_row_waits_for_the_line_of_a_leg_that_the_fleet_saw(void **state)
{
    (void)state;
    enum { IN_FLIGHT, JUST_OVER, LONG_OVER, NEVER_SEEN, CASES };
    static const enum ledger_class classes[CASES] = {LEDGER_LEFT_OUT, LEDGER_LEFT_OUT,
                                                     LEDGER_UNEXPLAINED, LEDGER_UNEXPLAINED};
    for (unsigned c = 0; c < CASES; c++) {
        switched();
        row_at(false, true, 500);
        if (c != NEVER_SEEN) {
            struct event *begin = good_run_event(EVENT_CALL_BEGIN, GOOD_FLEET, T - 3000 * GOOD_MS);
            begin->device.v = 7;
            begin->call.v = 0x700;
        }
        if (c == JUST_OVER || c == LONG_OVER) {
            int64_t end = c == JUST_OVER ? GOOD_END - 3000 * GOOD_MS : T + 2000 * GOOD_MS;
            struct event *over = good_run_event(EVENT_CALL_END, GOOD_FLEET, end);
            over->device.v = 7;
            over->call.v = 0x700;
        }
        assert_int_equal(found_at(UINT32_MAX), classes[c]);
    }
}

/* A network that is cut does to each party something else: how often the leg was cut is open, but
 * not that it has one end, and that somebody had it in view. */
static void test_ledger__a_cut_network_leaves_the_number_of_cut_rows_open(void **state)
{
    (void)state;
    static const struct {
        unsigned partial, whole;
        enum ledger_class found;
    } cases[] = {{0, 0, LEDGER_LOST},  {0, 1, LEDGER_OK},          {1, 0, LEDGER_TRUNCATED},
                 {1, 1, LEDGER_SPLIT}, {0, 2, LEDGER_UNEXPLAINED}, {2, 1, LEDGER_DUPLICATE}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        second_fault("partition");
        good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 4000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 9000);
        for (unsigned i = 0; i < cases[c].partial + cases[c].whole; i++) {
            row_at(false, i < cases[c].partial, 9500 + 500 * (int64_t)i);
        }
        assert_int_equal(found_at(leg), cases[c].found);
    }
}

/* pgb is cut off and does not hear that pga has the pair: both see the end of the leg, until it
 * lets go. Had it let go before, or been replaced while it hung, it would not have acted then. */
static void test_ledger__an_end_that_both_sides_saw_is_two_whole_rows(void **state)
{
    (void)state;
    enum { UNHEARD, LET_GO_BEFORE, HUNG, CASES };
    for (unsigned c = 0; c < CASES; c++) {
        second_fault("partition");
        good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 8000 * GOOD_MS);
        if (c == HUNG) {
            good_run_fault(EVENT_FAULT, GOOD_PGB, "hang", T + 200 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T + 5000 * GOOD_MS);
        }
        int64_t lets_go = T + (c == LET_GO_BEFORE ? 900 : 6000) * GOOD_MS;
        good_run_event(EVENT_PG_STANDBY, GOOD_PGB, lets_go);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 3000);
        row_at(false, false, 3500);
        row_at(false, false, 6000);
        assert_int_equal(found_at(leg), c == UNHEARD ? LEDGER_SPLIT : LEDGER_UNEXPLAINED);
    }
}

/* It was joined to another call while the network kept news back: one end, and another begin. */
static void test_ledger__a_join_that_was_missed_is_two_whole_rows(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool joined = (c & 1) != 0, cut = (c & 2) != 0;
        good_run_make();
        if (cut) {
            good_run_fault(EVENT_FAULT, GOOD_SUB1, "partition", T - 1000 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_SUB1, "partition", T);
        }
        uint32_t leg = leg_at(-3000, 3000);
        good_legs[leg].moved_from.v = joined ? 0x701 : 0;
        row_at(false, false, 200);
        row_at(false, false, 3500);
        good_rows[good.rows_n - 2].call.v = joined ? 0x701 : 0x700;
        enum ledger_class found = found_at(leg);
        assert_true(joined && cut ? found == LEDGER_SPLIT : found > LEDGER_UNSEEN);
    }
}

/* The CallManager of the call was cut off from the phone: it never rang, but the PG had it. */
static void test_ledger__a_leg_that_never_reached_its_phone_needs_a_reason(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut <= 1; cut++) {
        good_run_make();
        if (cut == 1) {
            good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", T - 500 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", T + 4000 * GOOD_MS);
        }
        good_run_event(EVENT_ROUTED, GOOD_PGB, T)->call.v = 0x700;
        row_at(false, true, 1000);
        assert_int_equal(found_at(UINT32_MAX), cut == 1 ? LEDGER_LEFT_OUT : LEDGER_UNEXPLAINED);
    }
}

/* It was transferred away, and back to the same agent: the first row is not the second leg's. */
static void test_ledger__a_call_that_comes_back_has_a_row_for_each_leg(void **state)
{
    (void)state;
    good_run_make();
    uint32_t first = leg_at(0, 2000), second = leg_at(4500, 9500);
    row_at(false, false, 5900);
    row_at(false, false, 13000);
    made();
    assert_int_equal(entry_of(first)->found, LEDGER_OK);
    assert_int_equal(entry_of(second)->found, LEDGER_OK);
    freed();
}

/* The same, and the agent was in wrap-up of the first one when the PG lost its provider: both rows
 * are written then, near the end of the first leg and far from that of the second. */
static void test_ledger__a_cut_row_is_of_the_leg_that_went_on_then(void **state)
{
    (void)state;
    switched();
    uint32_t first = leg_at(-4000, -1200), second = leg_at(-900, 9000);
    row_at(false, false, 10);
    row_at(false, true, 11);
    row_at(false, false, 9500);
    made();
    assert_int_equal(entry_of(first)->found, LEDGER_OK);
    assert_int_equal(entry_of(second)->found, LEDGER_SPLIT);
    freed();
}

/* The caller's CallManager died, and he gave up before he noticed: the PG heard of the dead node
 * only. Had another node died, it would have heard of the end. */
static void test_ledger__a_caller_who_gave_up_unheard_is_cut_in_the_queue(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool partial = (c & 1) != 0, elsewhere = (c & 2) != 0;
        good_run_make();
        struct event *home = good_run_event(EVENT_REGISTERED, GOOD_FLEET, T - 3100 * GOOD_MS);
        home->device.v = GOOD_GATEWAY;
        home->peer = elsewhere ? GOOD_SUB2 : GOOD_PUB;
        home->epoch = 9;
        good_run_fault(EVENT_FAULT, GOOD_PUB, "power", T);
        uint32_t caller = caller_at(-3000, 1000, false);
        row_at(true, partial, 900);
        assert_int_equal(found_at(caller), !partial    ? LEDGER_OK
                                           : elsewhere ? LEDGER_UNEXPLAINED
                                                       : LEDGER_TRUNCATED);
    }
}

/* His CallManager hung when he dialled, and found the call when it woke up: offered, and dropped.
 * One that was well by then had no reason to. */
static void test_ledger__a_caller_whose_node_wakes_up_late_may_be_cut_at_once(void **state)
{
    (void)state;
    for (unsigned well = 0; well <= 1; well++) {
        good_run_make();
        struct event *home = good_run_event(EVENT_REGISTERED, GOOD_FLEET, T - 7000 * GOOD_MS);
        home->device.v = GOOD_GATEWAY;
        home->peer = GOOD_PUB;
        home->epoch = 9;
        good_run_fault(EVENT_FAULT, GOOD_PUB, "hang", T - 6900 * GOOD_MS);
        int64_t heals = well == 1 ? T - 5000 * GOOD_MS : T;
        good_run_fault(EVENT_HEAL, GOOD_PUB, "hang", heals);
        uint32_t caller = caller_at(-3000, 1, false);
        good_legs[caller].reason = REASON_DROPPED_IN_SETUP;
        row_at(true, true, 1);
        assert_int_equal(found_at(caller), well == 1 ? LEDGER_UNEXPLAINED : LEDGER_TRUNCATED);
    }
}

/* The phone of the agent whom he was routed to was at a node that hung: it rings when he is gone.
 */
static void test_ledger__a_phone_that_rings_too_late_has_not_taken_the_caller(void **state)
{
    (void)state;
    for (unsigned late = 0; late <= 1; late++) {
        good_run_make();
        uint32_t caller = caller_at(-3000, 1000, false);
        leg_at(late == 1 ? 9000 : 900, 9001);
        row_at(true, false, 1000);
        assert_int_equal(found_at(caller), late == 1 ? LEDGER_OK : LEDGER_DUPLICATE);
    }
}

/* A cut network took the route point from its node, and dropped the call at the next one. */
static void test_ledger__a_route_point_that_moves_explains_one_more_cut(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool moves = (c & 1) != 0, drops = (c & 2) != 0;
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB1, "partition", T);
        good_run_fault(EVENT_HEAL, GOOD_SUB1, "partition", T + 6000 * GOOD_MS);
        for (unsigned i = 0; i < 2 && moves; i++) { /* two nodes tell of one change */
            struct proc_id who = i == 0 ? GOOD_PUB : GOOD_SUB2;
            struct event *e = good_run_event(EVENT_OWNER_CHANGED, who, T + (700 + i) * GOOD_MS);
            e->device.v = GOOD_ROUTE_POINT;
            e->epoch = 7;
        }
        uint32_t caller = caller_at(-3000, 3000, false);
        good_legs[caller].reason = drops ? REASON_DROPPED_IN_SETUP : REASON_ABANDONED;
        row_at(true, true, 700);
        row_at(true, true, 3000);
        assert_int_equal(found_at(caller), moves && drops ? LEDGER_SPLIT : LEDGER_UNEXPLAINED);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ledger__a_cut_network_leaves_the_number_of_cut_rows_open),
    cmocka_unit_test(test_ledger__an_end_that_both_sides_saw_is_two_whole_rows),
    cmocka_unit_test(test_ledger__a_join_that_was_missed_is_two_whole_rows),
    cmocka_unit_test(test_ledger__a_leg_that_never_reached_its_phone_needs_a_reason),
    cmocka_unit_test(test_ledger__a_call_that_comes_back_has_a_row_for_each_leg),
    cmocka_unit_test(test_ledger__a_cut_row_is_of_the_leg_that_went_on_then),
    cmocka_unit_test(test_ledger__a_caller_who_gave_up_unheard_is_cut_in_the_queue),
    cmocka_unit_test(test_ledger__a_route_point_that_moves_explains_one_more_cut),
    cmocka_unit_test(test_ledger__a_caller_whose_node_wakes_up_late_may_be_cut_at_once),
    cmocka_unit_test(test_ledger__a_phone_that_rings_too_late_has_not_taken_the_caller),
    cmocka_unit_test(test_ledger__a_good_run_has_every_class_in_its_place),
    cmocka_unit_test(test_ledger__a_missing_row_is_lost),
    cmocka_unit_test(test_ledger__a_row_missing_after_the_failure_is_lost),
    cmocka_unit_test(test_ledger__a_second_row_of_a_whole_leg_is_a_duplicate),
    cmocka_unit_test(test_ledger__a_row_of_nobody_is_unexplained),
    cmocka_unit_test(test_ledger__a_cut_row_far_from_any_failure_is_unexplained),
    cmocka_unit_test(test_ledger__a_leg_that_is_seen_again_is_split),
    cmocka_unit_test(test_ledger__near_the_monitors_either_class_is_right),
    cmocka_unit_test(test_ledger__the_second_row_of_a_split_leg_must_not_be_missing),
    cmocka_unit_test(test_ledger__a_call_abandoned_in_the_queue_needs_its_row),
    cmocka_unit_test(test_ledger__a_leg_in_flight_is_left_out),
    cmocka_unit_test(test_ledger__a_row_that_may_still_be_on_its_way_is_left_out),
    cmocka_unit_test(test_ledger__a_transferred_leg_is_found_by_phone_and_time),
    cmocka_unit_test(test_ledger__a_killed_fleet_makes_it_inconclusive),
    cmocka_unit_test(test_ledger__a_caller_cut_in_the_queue_and_answered_later_has_one_row),
    cmocka_unit_test(test_ledger__a_caller_is_judged_when_the_agents_line_must_be_there),
    cmocka_unit_test(test_ledger__a_caller_who_talks_is_not_cut_at_the_route_point),
    cmocka_unit_test(test_ledger__a_caller_cut_in_the_queue_who_gives_up_later_has_two_rows),
    cmocka_unit_test(test_ledger__a_side_that_only_paused_cuts_nothing),
    cmocka_unit_test(test_ledger__a_side_that_paused_and_crashed_later_is_cut_at_the_crash),
    cmocka_unit_test(test_ledger__a_side_that_hung_and_was_replaced_is_cut_at_the_hang),
    cmocka_unit_test(test_ledger__a_side_that_woke_up_unsure_and_died_wrote_nothing),
    cmocka_unit_test(test_ledger__a_node_that_woke_up_in_time_told_of_the_end),
    cmocka_unit_test(test_ledger__each_switch_that_a_leg_outlives_is_one_row_more),
    cmocka_unit_test(test_ledger__what_only_dead_sides_knew_is_unseen),
    cmocka_unit_test(test_ledger__a_leg_in_wrapup_is_whole_although_its_side_is_lost),
    cmocka_unit_test(test_ledger__a_row_waits_for_the_line_of_a_leg_that_the_fleet_saw),
};

UNIT_MAIN(tests);
