/* The ledger where somebody paused and woke up again, and around callers who wait at a route point.
 */
#include "tests/unit/ledger_fixture.h"

/* The caller's CallManager died, and he gave up before he noticed: the PG heard of the dead node
 * only. Had another node died, it would have heard of the end. */
static void test_ledger_pause__a_caller_who_gave_up_unheard_is_cut_in_the_queue(void **state)
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
static void test_ledger_pause__a_caller_whose_node_wakes_up_late_may_be_cut_at_once(void **state)
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
static void test_ledger_pause__a_phone_that_rings_too_late_has_not_taken_the_caller(void **state)
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

/* A node lost its power, with it the phone's CallManager and the active side's CTI Manager; the
 * side died before it noticed either. If its peer had its state, that one would have written. */
static void test_ledger_pause__a_cut_that_died_with_its_witness_is_in_no_row(void **state)
{
    (void)state;
    for (unsigned synced = 0; synced <= 1; synced++) {
        good_run_make();
        if (synced == 1) {
            good_run_event(EVENT_PG_SYNCED, GOOD_PGA, 40000 * GOOD_MS)->peer = GOOD_PGB;
        }
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "power", T);
        good_run_fault(EVENT_FAULT, GOOD_PGB, "power", T + 9000 * GOOD_MS);
        struct event *lost = good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, T + 300 * GOOD_MS);
        lost->device.v = 7;
        lost->peer = GOOD_SUB2;
        struct event *home = good_run_event(EVENT_REGISTERED, GOOD_FLEET, T - 4000 * GOOD_MS);
        home->device.v = 7;
        home->peer = GOOD_SUB2;
        home->epoch = 9;
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 10000 * GOOD_MS);
        uint32_t leg = leg_at(-3000, 1000);
        assert_int_equal(found_at(leg), synced == 1 ? LEDGER_LOST : LEDGER_UNSEEN);
    }
}

/* Nobody heard of the begin, and the phone lost its CallManager before the network was back: what
 * goes on between the phones is in nobody's view. */
static void test_ledger_pause__a_call_that_was_preserved_unheard_leaves_no_row(void **state)
{
    (void)state;
    for (unsigned heard = 0; heard <= 1; heard++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", T - 500 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", T + 2000 * GOOD_MS);
        struct event *lost =
            good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, T + (heard == 1 ? 7500 : 1500) * GOOD_MS);
        lost->device.v = 7;
        lost->peer = GOOD_SUB2;
        uint32_t leg = leg_at(-300, 8000);
        good_legs[leg].preserved = true;
        assert_int_equal(found_at(leg), heard == 1 ? LEDGER_LOST : LEDGER_UNSEEN);
    }
}

/* The network kept the end back, and another cut came before it was told: each explains a row. */
/* All of a call fell into a hang; when that was over, the network was in the way, or was not yet.
 */
static void test_ledger_pause__what_a_hang_hid_may_be_lost_behind_a_cut(void **state)
{
    (void)state;
    for (unsigned far = 0; far <= 1; far++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "hang", T - 2000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_SUB2, "hang", T + 8000 * GOOD_MS);
        int64_t cut = T + (far == 1 ? 15000 : 7000) * GOOD_MS;
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", cut);
        good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", cut + 3000 * GOOD_MS);
        uint32_t caller = caller_at(-1000, 500, false);
        assert_int_equal(found_at(caller), far == 1 ? LEDGER_LOST : LEDGER_UNSEEN);
    }
}

static void test_ledger_pause__an_end_that_is_told_late_feels_later_faults(void **state)
{
    (void)state;
    for (unsigned far = 0; far <= 1; far++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", T - 2000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", T + (far == 1 ? 1500 : 8000) * GOOD_MS);
        int64_t next = T + (far == 1 ? 12000 : 7000) * GOOD_MS;
        good_run_fault(EVENT_FAULT, GOOD_SUB1, "partition", next);
        good_run_fault(EVENT_HEAL, GOOD_SUB1, "partition", next + 1000 * GOOD_MS);
        uint32_t caller = caller_at(-1000, 500, false);
        row_at(true, true, 7500);
        row_at(true, true, 8500);
        assert_int_equal(found_at(caller), far == 1 ? LEDGER_UNEXPLAINED : LEDGER_SPLIT);
    }
}

/* The disk of the active side was full when the row was due, and the side died before it had tried
 * again; or long after that. */
static void test_ledger_pause__a_row_that_waits_for_a_disk_dies_with_its_side(void **state)
{
    (void)state;
    for (unsigned later = 0; later <= 1; later++) {
        good_run_make();
        good_run_event(EVENT_PG_SYNCED, GOOD_PGA, 40000 * GOOD_MS)->peer = GOOD_PGB;
        good_run_fault(EVENT_FAULT, GOOD_PGB, "disk_full", T - 500 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_PGB, "disk_full", T + 1000 * GOOD_MS);
        int64_t dies = T + (later == 1 ? 9000 : 1500) * GOOD_MS;
        good_run_fault(EVENT_FAULT, GOOD_PGB, "crash", dies);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, dies + 1000 * GOOD_MS);
        uint32_t leg = leg_at(-4000, -2800);
        assert_int_equal(found_at(leg), later == 1 ? LEDGER_LOST : LEDGER_UNSEEN);
    }
}

/* From T on, for two seconds; somebody takes the route point from it, or not. */
static void node_of_the_point_hangs(bool taken)
{
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "hang", T);
    good_run_fault(EVENT_HEAL, GOOD_SUB2, "hang", T + 2000 * GOOD_MS);
    struct event *point = good_run_event(EVENT_OWNER_CHANGED, GOOD_PUB, T - 9000 * GOOD_MS);
    point->device.v = GOOD_ROUTE_POINT;
    point->peer = GOOD_SUB2;
    point->epoch = 5;
    if (taken) {
        struct event *none = good_run_event(EVENT_OWNER_CHANGED, GOOD_PUB, T + 700 * GOOD_MS);
        none->device.v = GOOD_ROUTE_POINT;
        none->epoch = 6;
    }
}

/* The node of the route point hung, and sends a caller on as soon as it wakes up: before it hears
 * that the point was taken from it. Had he been sent on earlier, somebody would have cut him;
 * unless it slept so shortly that nobody took the point. */
static void test_ledger_pause__who_is_sent_on_at_the_wake_up_was_not_cut(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool early = (c & 1) != 0, taken = (c & 2) != 0;
        node_of_the_point_hangs(taken);
        uint32_t caller = caller_at(-3000, 2003, false);
        uint32_t agent = leg_at(early ? 1000 : 2001, 2003);
        good_legs[agent].answer_us = 0;
        row_at(false, true, 2003);
        assert_int_equal(found_at(caller), early && taken ? LEDGER_LOST : LEDGER_LEFT_OUT);
    }
}

/* The same, but the caller leaves while it hangs: it may hear of that before it hears that the
 * point was taken. Who leaves after that was cut. */
static void test_ledger_pause__who_leaves_a_point_that_hangs_may_have_a_whole_record(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool after = (c & 1) != 0, partial = (c & 2) != 0;
        node_of_the_point_hangs(true);
        uint32_t caller = caller_at(-3000, after ? 5000 : 1000, false);
        row_at(true, partial, after ? 5000 : 2003);
        assert_int_equal(found_at(caller), partial ? LEDGER_TRUNCATED
                                           : after ? LEDGER_UNEXPLAINED
                                                   : LEDGER_OK);
    }
}

/* The node of the PG's CTI Manager hung, and a leg began and ended meanwhile. What it was sent
 * before it was missed is told when it wakes up: nothing, the begin, or all. */
static void test_ledger_pause__a_leg_within_a_pause_is_told_in_part(void **state)
{
    (void)state;
    for (unsigned rows = 0; rows <= 2; rows++) {
        for (unsigned partial = 0; partial <= rows; partial++) {
            good_run_make();
            good_run_fault(EVENT_FAULT, GOOD_SUB2, "hang", T - 4000 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_SUB2, "hang", T + 9000 * GOOD_MS);
            good_run_event(EVENT_PROVIDER_DOWN, GOOD_PGB, T + 9001 * GOOD_MS)->peer = GOOD_SUB2;
            good_run_event(EVENT_PG_STANDBY, GOOD_PGB, T + 9001 * GOOD_MS);
            good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 9500 * GOOD_MS);
            uint32_t leg = leg_at(-2500, 4000);
            for (unsigned i = 0; i < rows; i++) {
                row_at(false, i < partial, 9001);
            }
            enum ledger_class found = found_at(leg);
            assert_true(rows == 2 ? found >= LEDGER_LOST : found < LEDGER_LOST);
        }
    }
}

/* A cut network took the route point from its node, and dropped the call at the next one. Or it
 * took the caller's node for dead, which offered him there again before it knew, and dropped him
 * then. */
static void test_ledger_pause__a_route_point_that_moves_explains_one_more_cut(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 8; c++) {
        bool moves = (c & 1) != 0, drops = (c & 2) != 0, node = (c & 4) != 0;
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB1, "partition", T);
        good_run_fault(EVENT_HEAL, GOOD_SUB1, "partition", T + 6000 * GOOD_MS);
        for (unsigned i = 0; i < 2 && moves; i++) { /* two nodes tell of one change */
            struct proc_id who = i == 0 ? GOOD_PUB : GOOD_SUB2;
            enum event_kind kind = node ? EVENT_NODE_DOWN : EVENT_OWNER_CHANGED;
            struct event *e = good_run_event(kind, who, T + (700 + i) * GOOD_MS);
            if (node) {
                e->peer = GOOD_SUB1; /* the gateway's */
                e->value = 3;
            } else {
                e->device.v = GOOD_ROUTE_POINT;
                e->epoch = 7;
            }
        }
        uint32_t caller = caller_at(-3000, 3000, false);
        good_legs[caller].reason = drops ? REASON_DROPPED_IN_SETUP : REASON_ABANDONED;
        row_at(true, true, 700);
        row_at(true, true, 3000);
        assert_int_equal(found_at(caller), moves && drops ? LEDGER_SPLIT : LEDGER_UNEXPLAINED);
    }
}

/* It slept for longer than its peer needs to miss it, and the controller did not answer: what it
 * heard after it woke up died with it. */
static void test_ledger_pause__a_side_that_woke_up_unsure_and_died_wrote_nothing(void **state)
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
static void test_ledger_pause__a_node_that_woke_up_in_time_told_of_the_end(void **state)
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

static void test_ledger_pause__a_side_that_only_paused_cuts_nothing(void **state)
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

static void test_ledger_pause__a_side_that_paused_and_crashed_later_is_cut_at_the_crash(
    void **state)
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

static void test_ledger_pause__a_side_that_hung_and_was_replaced_is_cut_at_the_hang(void **state)
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

/* The side that hangs, or lost its power, had the agent's desktop: nobody ends the wrap-up at the
 * other one, which dies with the row. */
static void test_ledger_pause__a_wrapup_waits_for_a_desktop_at_a_silent_side(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool silent = (c & 1) != 0;
        const char *what = (c & 2) != 0 ? "power" : "hang";
        second_fault("crash");
        int64_t heals = silent ? T + 3000 * GOOD_MS : T - 8000 * GOOD_MS;
        good_run_fault(EVENT_FAULT, GOOD_PGA, what, T - 9000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_PGA, what, heals);
        if (!history_survives(what)) {
            good_run_event(EVENT_PROCESS_START, GOOD_PGA, heals);
        }
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 4000 * GOOD_MS);
        uint32_t leg = leg_at(-4000, -2500);
        assert_int_equal(found_at(leg), silent ? LEDGER_UNSEEN : LEDGER_LOST);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ledger_pause__a_wrapup_waits_for_a_desktop_at_a_silent_side),
    cmocka_unit_test(test_ledger_pause__a_caller_who_gave_up_unheard_is_cut_in_the_queue),
    cmocka_unit_test(test_ledger_pause__a_caller_whose_node_wakes_up_late_may_be_cut_at_once),
    cmocka_unit_test(test_ledger_pause__a_phone_that_rings_too_late_has_not_taken_the_caller),
    cmocka_unit_test(test_ledger_pause__a_cut_that_died_with_its_witness_is_in_no_row),
    cmocka_unit_test(test_ledger_pause__a_row_that_waits_for_a_disk_dies_with_its_side),
    cmocka_unit_test(test_ledger_pause__a_call_that_was_preserved_unheard_leaves_no_row),
    cmocka_unit_test(test_ledger_pause__what_a_hang_hid_may_be_lost_behind_a_cut),
    cmocka_unit_test(test_ledger_pause__an_end_that_is_told_late_feels_later_faults),
    cmocka_unit_test(test_ledger_pause__who_is_sent_on_at_the_wake_up_was_not_cut),
    cmocka_unit_test(test_ledger_pause__who_leaves_a_point_that_hangs_may_have_a_whole_record),
    cmocka_unit_test(test_ledger_pause__a_leg_within_a_pause_is_told_in_part),
    cmocka_unit_test(test_ledger_pause__a_route_point_that_moves_explains_one_more_cut),
    cmocka_unit_test(test_ledger_pause__a_side_that_woke_up_unsure_and_died_wrote_nothing),
    cmocka_unit_test(test_ledger_pause__a_node_that_woke_up_in_time_told_of_the_end),
    cmocka_unit_test(test_ledger_pause__a_side_that_only_paused_cuts_nothing),
    cmocka_unit_test(test_ledger_pause__a_side_that_paused_and_crashed_later_is_cut_at_the_crash),
    cmocka_unit_test(test_ledger_pause__a_side_that_hung_and_was_replaced_is_cut_at_the_hang),
};

UNIT_MAIN(tests);
