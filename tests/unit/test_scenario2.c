#include "tests/unit/good_switch.h"
#include "tests/unit/unit.h"

#define SCENARIO "pg-side-fails"

static void test_scenario2__a_good_run_passes(void **state)
{
    (void)state;
    good_switch_passes(SCENARIO);
}

static void test_scenario2__a_side_that_is_missed_late_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_run_find(EVENT_LINK_DOWN, GOOD_PGB, 0)->at.us = GOOD_FAULT + 1400 * GOOD_MS;
    good_run_caught("S2-NOTICED");
}

static void test_scenario2__a_side_that_is_never_missed_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_run_find(EVENT_LINK_DOWN, GOOD_PGB, 0)->kind = EVENT_LINK_UP;
    good_run_caught("S2-NOTICED");
}

static void test_scenario2__a_gateway_that_was_on_its_way_home_is_no_move(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->device.v == GOOD_GATEWAY && e->kind == EVENT_REGISTERED) {
            e->peer = GOOD_SUB2;
        }
    }
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 2, GOOD_FAULT + 400 * GOOD_MS, 50);
    good_run_finish();
    assert_int_equal(good_run_judged("S2-PHONES")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_scenario2__a_side_that_is_active_too_early_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_too_few_monitors();
    good_run_caught("S2-PG-B");
}

static void test_scenario2__a_phone_that_moves_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_phone_moves();
    good_run_caught("S2-PHONES");
}

static void test_scenario2__a_pause_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_media_pauses();
    good_run_caught("S2-MEDIA");
}

static void test_scenario2__a_call_that_loses_its_callmanager_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_call_is_preserved();
    good_run_caught("S2-MEDIA");
}

static void test_scenario2__a_key_that_is_refused_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_key_is_refused();
    good_run_caught("S2-FEATURES");
}

static void test_scenario2__a_record_that_comes_late_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_record_is_late();
    good_run_caught("S2-TCD-AT-FAULT");
}

static void test_scenario2__a_third_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_third_record();
    good_run_caught("S2-SECOND-ROW");
}

static void test_scenario2__an_amended_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_record_is_amended();
    good_run_caught("S2-UNCHANGED");
}

static void test_scenario2__wrapup_in_a_cut_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_data_is_kept();
    good_run_caught("S2-DATA-LOST");
}

static void test_scenario2__a_wrapup_that_outlives_the_switch_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_wrapup_is_kept();
    good_run_caught("S2-DATA-LOST");
}

static void test_scenario2__a_side_that_gets_no_routes_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_no_route();
    good_run_caught("S2-ROUTED-AGAIN");
}

static void test_scenario2__a_logout_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_logout();
    good_run_caught("S2-AGENTS-IN");
}

static void test_scenario2__an_available_agent_who_is_not_any_more_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_available_is_not();
    good_run_caught("S2-AGENTS-KEPT");
}

static void test_scenario2__an_agent_whose_rest_is_disturbed_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_rest_is_disturbed();
    good_run_caught("S2-AGENTS-KEPT");
}

static void test_scenario2__a_call_for_an_agent_who_rests_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_call_for_who_rests();
    good_run_caught("S2-AGENTS-KEPT");
}

static void test_scenario2__where_nobody_rests_nothing_is_known(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_nobody_rests();
    good_run_finish();
    assert_int_equal(good_run_judged("S2-AGENTS-KEPT")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_scenario2__an_agent_who_is_something_else_after_the_call_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_wrong_after_call();
    good_run_caught("S2-AGENTS-KEPT");
}

/* Before the fault and after it. */
static void test_scenario2__an_agent_may_ask_in_the_call_to_rest_after_it(void **state)
{
    (void)state;
    const int64_t asked[] = {GOOD_FAULT - 500 * GOOD_MS, GOOD_TAKEN + 500 * GOOD_MS};
    for (size_t i = 0; i < 2; i++) {
        good_switch_make(SCENARIO);
        good_switch_asks_for_rest(asked[i], true);
        good_run_finish();
        assert_int_equal(good_run_judged("S2-AGENTS-KEPT")->verdict, VERDICT_PASS);
        history_free(&good);
        good_switch_make(SCENARIO);
        good_switch_asks_for_rest(asked[i], false);
        good_run_caught("S2-AGENTS-KEPT");
    }
}

static void test_scenario2__a_side_that_returns_without_the_state_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_no_state();
    good_run_caught("S2-STANDBY");
}

static void test_scenario2__a_side_that_returns_and_takes_over_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_fails_back();
    good_run_caught("S2-STANDBY");
}

static void test_scenario2__a_pg_that_fails_back_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_fails_back();
    good_run_caught("S2-PG-STAYS");
}

static void test_scenario2__a_lost_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_record_is_lost();
    good_run_caught("S2-LEDGER");
}

static void test_scenario2__a_side_that_returns_without_a_provider_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_no_provider();
    good_run_caught("S2-STANDBY");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scenario2__a_good_run_passes),
    cmocka_unit_test(test_scenario2__a_side_that_is_missed_late_is_caught),
    cmocka_unit_test(test_scenario2__a_side_that_is_never_missed_is_caught),
    cmocka_unit_test(test_scenario2__a_gateway_that_was_on_its_way_home_is_no_move),
    cmocka_unit_test(test_scenario2__a_side_that_is_active_too_early_is_caught),
    cmocka_unit_test(test_scenario2__a_phone_that_moves_is_caught),
    cmocka_unit_test(test_scenario2__a_pause_is_caught),
    cmocka_unit_test(test_scenario2__a_call_that_loses_its_callmanager_is_caught),
    cmocka_unit_test(test_scenario2__a_key_that_is_refused_is_caught),
    cmocka_unit_test(test_scenario2__a_record_that_comes_late_is_caught),
    cmocka_unit_test(test_scenario2__a_third_record_is_caught),
    cmocka_unit_test(test_scenario2__an_amended_record_is_caught),
    cmocka_unit_test(test_scenario2__wrapup_in_a_cut_record_is_caught),
    cmocka_unit_test(test_scenario2__a_wrapup_that_outlives_the_switch_is_caught),
    cmocka_unit_test(test_scenario2__a_side_that_gets_no_routes_is_caught),
    cmocka_unit_test(test_scenario2__a_logout_is_caught),
    cmocka_unit_test(test_scenario2__an_available_agent_who_is_not_any_more_is_caught),
    cmocka_unit_test(test_scenario2__an_agent_whose_rest_is_disturbed_is_caught),
    cmocka_unit_test(test_scenario2__a_call_for_an_agent_who_rests_is_caught),
    cmocka_unit_test(test_scenario2__where_nobody_rests_nothing_is_known),
    cmocka_unit_test(test_scenario2__an_agent_who_is_something_else_after_the_call_is_caught),
    cmocka_unit_test(test_scenario2__an_agent_may_ask_in_the_call_to_rest_after_it),
    cmocka_unit_test(test_scenario2__a_side_that_returns_without_the_state_is_caught),
    cmocka_unit_test(test_scenario2__a_side_that_returns_and_takes_over_is_caught),
    cmocka_unit_test(test_scenario2__a_pg_that_fails_back_is_caught),
    cmocka_unit_test(test_scenario2__a_lost_record_is_caught),
    cmocka_unit_test(test_scenario2__a_side_that_returns_without_a_provider_is_caught),
};

UNIT_MAIN(tests);
