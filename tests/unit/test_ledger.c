#include "tests/unit/ledger_fixture.h"

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

/* The controller gives him to an agent, and he hangs up at that moment: the agent's phone rings for
 * nobody, and has the row of the call, alone or beside the one of the route point. */
static void test_ledger__a_caller_who_leaves_as_he_is_given_to_an_agent_may_have_his_row(
    void **state)
{
    (void)state;
    static const struct {
        uint32_t given; /* to this agent */
        int64_t rings_ms;
        unsigned rows;
        enum ledger_class found;
    } cases[] = {
        {5007, -9995, 0, LEDGER_LEFT_OUT},  {5007, -9995, 1, LEDGER_OK},
        {5007, -9995, 2, LEDGER_DUPLICATE}, {5007, -8000, 0, LEDGER_LOST},
        {0, -9995, 0, LEDGER_LOST},         {5006, -9995, 0, LEDGER_LOST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        good_run_make();
        uint32_t caller = caller_at(-15000, -10000, false);
        struct event *routed = good_run_event(EVENT_ROUTED, GOOD_ICMA, T - 10001 * GOOD_MS);
        routed->call.v = 0x700;
        routed->value = cases[i].given;
        routed->value2 = cases[i].given != 0 ? ROUTE_LABEL : ROUTE_QUEUED;
        leg_at(cases[i].rings_ms, cases[i].rings_ms + 1);
        row_at(false, false, cases[i].rings_ms + 1);
        for (unsigned row = 0; row < cases[i].rows; row++) {
            row_at(true, false, -10000);
        }
        assert_int_equal(found_at(caller), cases[i].found);
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
 * lets go, or is granted the pair itself. Had it let go before, or been replaced while it hung, it
 * would not have acted then. */
static void test_ledger__an_end_that_both_sides_saw_is_two_whole_rows(void **state)
{
    (void)state;
    enum { UNHEARD, GRANTED_AGAIN, LET_GO_BEFORE, HUNG, CASES };
    for (unsigned c = 0; c < CASES; c++) {
        second_fault("partition");
        good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 8000 * GOOD_MS);
        if (c == HUNG) {
            good_run_fault(EVENT_FAULT, GOOD_PGB, "hang", T + 200 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T + 5000 * GOOD_MS);
        }
        if (c == GRANTED_AGAIN) {
            struct event *e = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, T + 5999 * GOOD_MS);
            e->peer = GOOD_PGB;
            e->value = 4;
        }
        int64_t lets_go = T + (c == LET_GO_BEFORE ? 900 : 6000) * GOOD_MS;
        good_run_event(EVENT_PG_STANDBY, GOOD_PGB, lets_go);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 3000);
        row_at(false, false, 3500);
        row_at(false, false, 6000);
        bool saw = c == UNHEARD || c == GRANTED_AGAIN;
        assert_int_equal(found_at(leg), saw ? LEDGER_SPLIT : LEDGER_UNEXPLAINED);
    }
}

/* pga, which has the pair meanwhile, dies and is granted it anew: pgb still has not heard of it. */
static void test_ledger__a_side_that_heard_of_no_successor_acts_beside_each_of_them(void **state)
{
    (void)state;
    second_fault("partition");
    good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 8000 * GOOD_MS);
    good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
    good_run_fault(EVENT_FAULT, GOOD_PGA, "crash", T + 2000 * GOOD_MS);
    good_run_event(EVENT_PROCESS_START, GOOD_PGA, T + 2500 * GOOD_MS);
    good_run_activates(GOOD_PGA, GOOD_SUB1, 4, T + 3000 * GOOD_MS);
    good_run_event(EVENT_PG_STANDBY, GOOD_PGB, T + 8500 * GOOD_MS);
    uint32_t leg = leg_at(4000, 6000);
    row_at(false, false, 6500);
    row_at(false, false, 6600);
    assert_int_equal(found_at(leg), LEDGER_SPLIT);
}

/* The caller was cut off, and heard of the end when both sides had long written it; or he was not,
 * and it was then. */
static void test_ledger__an_end_that_both_saw_may_be_heard_later(void **state)
{
    (void)state;
    for (unsigned cut_off = 0; cut_off < 2; cut_off++) {
        second_fault("partition");
        if (cut_off == 1) {
            good_run_fault(EVENT_FAULT, GOOD_FLEET, "partition", T);
            good_run_fault(EVENT_HEAL, GOOD_FLEET, "partition", T + 8000 * GOOD_MS);
        }
        good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 8000 * GOOD_MS);
        good_run_event(EVENT_PG_STANDBY, GOOD_PGB, T + 6000 * GOOD_MS);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
        uint32_t leg = leg_at(3000, 9000);
        row_at(false, false, 4000);
        row_at(false, false, 4100);
        assert_int_equal(found_at(leg), cut_off == 1 ? LEDGER_SPLIT : LEDGER_UNEXPLAINED);
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ledger__a_cut_network_leaves_the_number_of_cut_rows_open),
    cmocka_unit_test(test_ledger__an_end_that_both_sides_saw_is_two_whole_rows),
    cmocka_unit_test(test_ledger__a_side_that_heard_of_no_successor_acts_beside_each_of_them),
    cmocka_unit_test(test_ledger__an_end_that_both_saw_may_be_heard_later),
    cmocka_unit_test(test_ledger__a_join_that_was_missed_is_two_whole_rows),
    cmocka_unit_test(test_ledger__a_leg_that_never_reached_its_phone_needs_a_reason),
    cmocka_unit_test(test_ledger__a_call_that_comes_back_has_a_row_for_each_leg),
    cmocka_unit_test(test_ledger__a_cut_row_is_of_the_leg_that_went_on_then),
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
    cmocka_unit_test(test_ledger__a_caller_who_leaves_as_he_is_given_to_an_agent_may_have_his_row),
    cmocka_unit_test(test_ledger__a_caller_is_judged_when_the_agents_line_must_be_there),
    cmocka_unit_test(test_ledger__a_caller_who_talks_is_not_cut_at_the_route_point),
    cmocka_unit_test(test_ledger__a_caller_cut_in_the_queue_who_gives_up_later_has_two_rows),
    cmocka_unit_test(test_ledger__each_switch_that_a_leg_outlives_is_one_row_more),
    cmocka_unit_test(test_ledger__what_only_dead_sides_knew_is_unseen),
    cmocka_unit_test(test_ledger__a_leg_in_wrapup_is_whole_although_its_side_is_lost),
    cmocka_unit_test(test_ledger__a_row_waits_for_the_line_of_a_leg_that_the_fleet_saw),
};

UNIT_MAIN(tests);
