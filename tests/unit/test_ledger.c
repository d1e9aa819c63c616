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

static const struct CMUnitTest tests[] = {
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
};

UNIT_MAIN(tests);
