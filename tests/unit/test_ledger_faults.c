#include "tests/unit/ledger_fixture.h"

static void test_ledger_faults__a_side_that_died_in_wrapup_has_written_the_cut_only(void **state)
{
    (void)state;
    switched(); /* the leg was cut at T, and is in wrap-up when nobody is left */
    good_run_fault(EVENT_FAULT, GOOD_PGA, "power", T + 10500 * GOOD_MS);
    uint32_t leg = leg_at(-3000, 9000);
    row_at(false, true, 10);
    assert_int_equal(found_at(leg), LEDGER_TRUNCATED);
}

static void test_ledger_faults__a_route_point_that_nobody_holds_offers_nothing(void **state)
{
    (void)state;
    enum { NOBODY, LEADER, OWNER, KNOWS };
    for (unsigned c = 0; c < 4 * KNOWS; c++) {
        bool dead = (c & 1) != 0, gave_up = (c & 2) != 0; /* or was turned away */
        unsigned knows = c / 4;                           /* who knows that it has a new owner */
        good_run_make();
        struct event *owner = good_run_event(EVENT_OWNER_CHANGED, GOOD_PUB, T - 9000 * GOOD_MS);
        owner->device.v = GOOD_ROUTE_POINT;
        owner->peer = GOOD_SUB1;
        owner->epoch = 4;
        if (dead) {
            good_run_fault(EVENT_FAULT, GOOD_SUB1, "crash callmanager", T);
        }
        if (knows != NOBODY) {
            owner = good_run_event(EVENT_OWNER_CHANGED, knows == LEADER ? GOOD_PUB : GOOD_SUB2,
                                   T + 6000 * GOOD_MS);
            owner->device.v = GOOD_ROUTE_POINT;
            owner->peer = GOOD_SUB2;
            owner->epoch = 5;
        }
        uint32_t caller = caller_at(1500, 6500, false);
        good_legs[caller].reason = gave_up ? REASON_ABANDONED : REASON_NO_CONTROLLER;
        enum ledger_class found = found_at(caller);
        assert_true((found == LEDGER_LOST) == (!dead || knows == OWNER));
    }
}

/* A caller waits at a route point whose node dies, and then his own dies, with the CTI Manager of
 * the active side: one row for the node, one for the side, and one by the next side, which finds
 * him at the route point and hears there that he is gone. */
static void test_ledger_faults__a_caller_who_waits_may_be_cut_by_each_of_three(void **state)
{
    (void)state;
    for (unsigned rows = 2; rows <= 4; rows++) {
        good_run_make();
        good_run_event(EVENT_PG_SYNCED, GOOD_PGA, 40000 * GOOD_MS)->peer = GOOD_PGB;
        struct proc_id owners[] = {GOOD_PUB, GOOD_SUB1};
        for (unsigned i = 0; i < 2; i++) {
            struct event *owner =
                good_run_event(EVENT_OWNER_CHANGED, GOOD_SUB1, T - (12000 - 6100 * i) * GOOD_MS);
            owner->device.v = GOOD_ROUTE_POINT;
            owner->peer = owners[i];
            owner->epoch = 4 + i;
        }
        good_run_fault(EVENT_FAULT, GOOD_PUB, "crash", T - 6000 * GOOD_MS);
        good_run_event(EVENT_PROCESS_START, GOOD_PUB, T - 3000 * GOOD_MS);
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", T);
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
        uint32_t caller = caller_at(-9000, 22, false);
        good_legs[caller].reason = REASON_DROPPED_IN_SETUP;
        static const int64_t cuts[] = {-5980, 220, 1300, 1310};
        for (unsigned i = 0; i < rows; i++) {
            row_at(true, true, cuts[i]);
        }
        assert_int_equal(found_at(caller), rows <= 3 ? LEDGER_SPLIT : LEDGER_DUPLICATE);
    }
}

static void test_ledger_faults__what_a_hang_hid_may_be_told_and_cut_after_it(void **state)
{
    (void)state;
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "hang", T);
    good_run_fault(EVENT_HEAL, GOOD_SUB2, "hang", T + 9000 * GOOD_MS);
    uint32_t caller = caller_at(1000, 6000, false);
    row_at(true, true, 9010);
    assert_int_equal(found_at(caller), LEDGER_TRUNCATED);
}

/* The caller's node hangs: he is cut when it is called dead, and when it offers him once more. */
static void test_ledger_faults__a_caller_whose_node_hung_may_be_cut_twice(void **state)
{
    (void)state;
    for (unsigned rows = 1; rows <= 3; rows++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB1, "hang", T);
        good_run_fault(EVENT_HEAL, GOOD_SUB1, "hang", T + 9000 * GOOD_MS);
        uint32_t caller = caller_at(-3000, 9000, false);
        good_legs[caller].reason = REASON_DROPPED_IN_SETUP;
        for (unsigned i = 0; i < rows; i++) {
            row_at(true, true, i == 0 ? 900 : 9005 + i);
        }
        assert_int_equal(found_at(caller), rows == 1   ? LEDGER_TRUNCATED
                                           : rows == 2 ? LEDGER_SPLIT
                                                       : LEDGER_DUPLICATE);
    }
}

static void test_ledger_faults__a_phone_that_rang_twice_in_one_call_has_a_row_for_each(void **state)
{
    (void)state;
    second_fault("partition");
    good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 8000 * GOOD_MS);
    /* The second was told to the phone after the PG had seen its end. */
    uint32_t first = leg_at(-6000, -1000), second = leg_at(9000, 9010);
    row_at(false, false, 8100);
    row_at(false, false, 8200);
    made();
    assert_int_equal(entry_of(first)->found, LEDGER_OK);
    assert_int_equal(entry_of(second)->found, LEDGER_OK);
    freed();
}

static void test_ledger_faults__a_phone_that_rings_too_late_may_have_the_only_row(void **state)
{
    (void)state;
    for (unsigned late = 0; late <= 1; late++) { /* or it never rang */
        second_fault("partition");
        good_run_fault(EVENT_HEAL, GOOD_PGB, "partition", T + 8000 * GOOD_MS);
        uint32_t caller = caller_at(-3000, 5000, false);
        if (late == 1) {
            leg_at(9000, 9010);
            row_at(false, false, 9000);
        }
        assert_int_equal(found_at(caller), late == 1 ? LEDGER_LEFT_OUT : LEDGER_LOST);
    }
}

/* The PG lost its CTI Manager the moment before it could hear of the end, and another side was
 * there sooner than anybody forgives. */
static void test_ledger_faults__an_end_at_a_short_switch_may_have_been_unheard(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        bool before = (c & 1) != 0, partial = (c & 2) != 0;
        second_fault("crash");
        good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 400 * GOOD_MS);
        uint32_t leg = leg_at(-3000, before ? -1000 : 0);
        good_legs[leg].end_us -= 1;
        row_at(false, partial, 300);
        assert_int_equal(found_at(leg), !partial ? LEDGER_OK
                                        : before ? LEDGER_UNEXPLAINED
                                                 : LEDGER_TRUNCATED);
    }
}

/* The fleet is cut off: the agent's phone does not ring, and nobody hears that the caller left. The
 * call is the agent's, who was given it; whom nobody was given was there to the end. */
static void test_ledger_faults__a_caller_who_was_given_to_a_cut_off_phone_has_no_row_there(
    void **state)
{
    (void)state;
    for (unsigned given = 0; given < 2; given++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_FLEET, "partition", T);
        good_run_fault(EVENT_HEAL, GOOD_FLEET, "partition", T + 8000 * GOOD_MS);
        uint32_t caller = caller_at(-2000, 4000, false);
        if (given == 1) {
            struct event *e = good_run_event(EVENT_ROUTED, GOOD_ICMA, T + 1000 * GOOD_MS);
            e->call.v = 0x700;
            e->value2 = ROUTE_LABEL;
            row_at(false, false, 9000);
        }
        assert_int_equal(found_at(caller), given == 1 ? LEDGER_LEFT_OUT : LEDGER_LOST);
    }
}

/* The phone never heard that it was joined to another call. */
static void test_ledger_faults__a_row_of_an_unheard_join_comes_when_the_silence_is_over(
    void **state)
{
    (void)state;
    for (unsigned cut = 0; cut <= 2; cut++) { /* nobody; a node; only the controller */
        good_run_make();
        if (cut > 0) {
            struct proc_id who = cut == 1 ? GOOD_SUB2 : GOOD_ICMA;
            good_run_fault(EVENT_FAULT, who, "partition", T);
            good_run_fault(EVENT_HEAL, who, "partition", T + 30000 * GOOD_MS);
        }
        uint32_t leg = leg_at(-1000, 3000);
        row_at(false, false, 31000);
        good_rows[good.rows_n - 1].call.v = 0x701;
        assert_int_equal(found_at(leg), cut == 1 ? LEDGER_OK : LEDGER_LOST);
    }
    /* What was sent meanwhile is sent again some time after it; and then the wrap-up is due. */
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", T);
    good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", T + 5000 * GOOD_MS);
    int64_t after = expect_wrapup_most(&good) + LEDGER_DELIVERY_US + expect_news_us(&good) / 2;
    uint32_t leg = leg_at(-1000, 3000);
    row_at(false, false, 5000 + after / GOOD_MS);
    good_rows[good.rows_n - 1].call.v = 0x701;
    assert_int_equal(found_at(leg), LEDGER_OK);
}

/* The registry has the phone where it never was told, and it rings there a second time. */
static void test_ledger_faults__a_row_of_a_phone_that_does_not_know_is_nobodys(void **state)
{
    (void)state;
    for (unsigned astray = 0; astray <= 1; astray++) {
        good_run_make();
        uint32_t leg = leg_at(-3000, 1000);
        row_at(false, false, 1500);
        good_rows[good.rows_n - 1].duration_s = 4;
        if (astray == 1) {
            struct event *e = good_run_event(EVENT_OWNER_CHANGED, GOOD_PUB, T + 1600 * GOOD_MS);
            e->device.v = 7;
            e->peer = GOOD_SUB1;
            e->epoch = 9;
        }
        row_at(false, false, 15000);
        good_rows[good.rows_n - 1].duration_s = 12;
        good_rows[good.rows_n - 1].disposition = 19;
        made();
        assert_int_equal(entry_of(leg)->found, astray == 1 ? LEDGER_OK : LEDGER_DUPLICATE);
        assert_int_equal(ledger.by_class[LEDGER_UNEXPLAINED], 0);
        freed();
    }
}

/* The caller hung up while the agent consulted: the wrap-up begins when that is over. */
static void test_ledger_faults__a_leg_whose_agent_still_consults_may_have_no_row_yet(void **state)
{
    (void)state;
    const int64_t end_ms = (GOOD_END - T) / GOOD_MS;
    for (unsigned consults = 0; consults <= 1; consults++) {
        good_run_make();
        uint32_t leg = leg_at(-3000, 1000);
        uint32_t other = leg_at(500, consults == 1 ? end_ms - 1000 : 900);
        good_legs[other].call.v = 0x701;
        assert_int_equal(found_at(leg), consults == 1 ? LEDGER_LEFT_OUT : LEDGER_LOST);
    }
}

/* A leg that outlives many switches: a set has room for so many cut rows and no more. */
static void test_ledger_faults__more_cuts_than_a_set_holds_are_as_many_as_it_holds(void **state)
{
    (void)state;
    for (uint32_t partial = EXPECT_PARTIALS_MAX; partial < 40; partial++) {
        assert_int_equal(EXPECT_BIT(partial, 0), EXPECT_BIT(EXPECT_PARTIALS_MAX, 0));
        assert_int_equal(EXPECT_BIT(partial, 1), EXPECT_BIT(EXPECT_PARTIALS_MAX, 1));
    }
}

static void granted_at(struct proc_id side, int64_t epoch, int64_t at_ms)
{
    struct event *granted = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, T + at_ms * GOOD_MS);
    granted->peer = side;
    granted->value = epoch;
}

/* pga had begun to look when its node lost its power, and heard of it only when that was back. */
static void test_ledger_faults__a_side_that_lost_its_node_before_it_was_active_saw_no_more(
    void **state)
{
    (void)state;
    for (unsigned blind = 0; blind <= 1; blind++) {
        second_fault("crash");
        good_run_event(EVENT_PROCESS_START, GOOD_PGB, T + 2000 * GOOD_MS);
        granted_at(GOOD_PGA, 3, 1000);
        if (blind == 1) {
            good_run_fault(EVENT_FAULT, GOOD_SUB1, "power", T + 2000 * GOOD_MS);
            good_run_event(EVENT_PROCESS_START, GOOD_SUB1, T + 2500 * GOOD_MS);
        }
        good_run_event(EVENT_PG_STANDBY, GOOD_PGA, T + 6000 * GOOD_MS);
        granted_at(GOOD_PGB, 4, 6001);
        good_run_activates(GOOD_PGB, GOOD_SUB2, 4, T + 12000 * GOOD_MS);
        uint32_t leg = leg_at(4500, 9000);
        row_at(false, false, 9500);
        assert_int_equal(found_at(leg), blind == 1 ? LEDGER_OK : LEDGER_UNEXPLAINED);
    }
}

/* A caller dials a route point whose node dies a moment later: no side of the PG is told. If
 * another node dies, or he has waited for two seconds, one should have been, whatever hung long
 * ago. */
static void test_ledger_faults__who_dials_a_route_point_that_dies_may_be_seen_by_nobody(
    void **state)
{
    (void)state;
    enum { ITS_NODE, ANOTHER, LATER, OTHER_TROUBLE, CASES };
    for (unsigned c = 0; c < CASES; c++) {
        good_run_begin("quorum-lost");
        good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 1000 * GOOD_MS, 1);
        good_run_registers(GOOD_ROUTE_POINT,
                           c == ANOTHER || c == OTHER_TROUBLE ? GOOD_SUB1 : GOOD_SUB2, 1,
                           1100 * GOOD_MS, 2);
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", T);
        if (c == OTHER_TROUBLE) {
            good_run_fault(EVENT_FAULT, GOOD_PGB, "hang", T - 40000 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", T - 38000 * GOOD_MS);
        }
        good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
        uint32_t caller = caller_at(c == LATER ? -2000 : -1, 300, false);
        good_legs[caller].reason = REASON_NODE_LOST;
        made();
        assert_int_equal(entry_of(caller)->found, LEDGER_UNSEEN);
        assert_int_equal(ledger.unseen_outside, c == ITS_NODE ? 0 : 1);
        freed();
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(
        test_ledger_faults__a_side_that_lost_its_node_before_it_was_active_saw_no_more),
    cmocka_unit_test(test_ledger_faults__more_cuts_than_a_set_holds_are_as_many_as_it_holds),
    cmocka_unit_test(test_ledger_faults__a_side_that_died_in_wrapup_has_written_the_cut_only),
    cmocka_unit_test(test_ledger_faults__a_caller_who_waits_may_be_cut_by_each_of_three),
    cmocka_unit_test(test_ledger_faults__what_a_hang_hid_may_be_told_and_cut_after_it),
    cmocka_unit_test(test_ledger_faults__a_caller_whose_node_hung_may_be_cut_twice),
    cmocka_unit_test(test_ledger_faults__a_phone_that_rang_twice_in_one_call_has_a_row_for_each),
    cmocka_unit_test(test_ledger_faults__a_phone_that_rings_too_late_may_have_the_only_row),
    cmocka_unit_test(test_ledger_faults__an_end_at_a_short_switch_may_have_been_unheard),
    cmocka_unit_test(
        test_ledger_faults__a_caller_who_was_given_to_a_cut_off_phone_has_no_row_there),
    cmocka_unit_test(test_ledger_faults__a_row_of_an_unheard_join_comes_when_the_silence_is_over),
    cmocka_unit_test(test_ledger_faults__a_row_of_a_phone_that_does_not_know_is_nobodys),
    cmocka_unit_test(test_ledger_faults__a_leg_whose_agent_still_consults_may_have_no_row_yet),
    cmocka_unit_test(test_ledger_faults__a_route_point_that_nobody_holds_offers_nothing),
    cmocka_unit_test(test_ledger_faults__who_dials_a_route_point_that_dies_may_be_seen_by_nobody),
};

UNIT_MAIN(tests);
