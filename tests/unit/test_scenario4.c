#include "tests/unit/good_switch.h"
#include "tests/unit/unit.h"

#define SCENARIO "ctimanager-fails"

static void test_scenario4__a_good_run_passes(void **state)
{
    (void)state;
    good_switch_passes(SCENARIO);
}

static void test_scenario4__a_side_that_turns_to_another_cti_manager_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_FAULT + 1000 * GOOD_MS)->peer = GOOD_SUB2;
    good_run_caught("S4-PG-A");
}

static void test_scenario4__a_side_that_is_active_too_early_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_too_few_monitors();
    good_run_caught("S4-PG-B");
}

static void test_scenario4__a_phone_that_moves_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_phone_moves();
    good_run_caught("S4-PHONES");
}

static void test_scenario4__a_pause_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_media_pauses();
    good_run_caught("S4-MEDIA");
}

static void test_scenario4__a_call_that_loses_its_callmanager_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_call_is_preserved();
    good_run_caught("S4-MEDIA");
}

static void test_scenario4__a_key_that_is_refused_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_key_is_refused();
    good_run_caught("S4-FEATURES");
}

static void test_scenario4__a_record_that_comes_late_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_record_is_late();
    good_run_caught("S4-TCD-AT-FAULT");
}

static void test_scenario4__a_third_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_third_record();
    good_run_caught("S4-SECOND-ROW");
}

static void test_scenario4__an_amended_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_record_is_amended();
    good_run_caught("S4-UNCHANGED");
}

static void test_scenario4__wrapup_in_a_cut_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_data_is_kept();
    good_run_caught("S4-DATA-LOST");
}

static void test_scenario4__a_wrapup_that_outlives_the_switch_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_wrapup_is_kept();
    good_run_caught("S4-DATA-LOST");
}

static void test_scenario4__a_side_that_gets_no_routes_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_no_route();
    good_run_caught("S4-ROUTED-AGAIN");
}

static void test_scenario4__a_logout_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_logout();
    good_run_caught("S4-AGENTS-IN");
}

static void test_scenario4__an_available_agent_who_is_not_any_more_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_available_is_not();
    good_run_caught("S4-AGENTS-KEPT");
}

static void test_scenario4__an_agent_whose_rest_is_disturbed_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_rest_is_disturbed();
    good_run_caught("S4-AGENTS-KEPT");
}

static void test_scenario4__a_call_for_an_agent_who_rests_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_call_for_who_rests();
    good_run_caught("S4-AGENTS-KEPT");
}

static void test_scenario4__an_agent_who_is_something_else_after_the_call_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_wrong_after_call();
    good_run_caught("S4-AGENTS-KEPT");
}

static void test_scenario4__a_side_that_returns_without_the_state_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_no_state();
    good_run_caught("S4-STANDBY");
}

static void test_scenario4__a_side_that_returns_and_takes_over_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_fails_back();
    good_run_caught("S4-STANDBY");
}

static void test_scenario4__a_pg_that_fails_back_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_fails_back();
    good_run_caught("S4-PG-STAYS");
}

static void test_scenario4__a_lost_record_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_record_is_lost();
    good_run_caught("S4-LEDGER");
}

static void test_scenario4__a_side_that_returns_without_a_provider_is_caught(void **state)
{
    (void)state;
    good_switch_make(SCENARIO);
    good_switch_no_provider();
    good_run_caught("S4-STANDBY");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scenario4__a_side_that_returns_without_a_provider_is_caught),
    cmocka_unit_test(test_scenario4__a_good_run_passes),
    cmocka_unit_test(test_scenario4__a_side_that_turns_to_another_cti_manager_is_caught),
    cmocka_unit_test(test_scenario4__a_side_that_is_active_too_early_is_caught),
    cmocka_unit_test(test_scenario4__a_phone_that_moves_is_caught),
    cmocka_unit_test(test_scenario4__a_pause_is_caught),
    cmocka_unit_test(test_scenario4__a_call_that_loses_its_callmanager_is_caught),
    cmocka_unit_test(test_scenario4__a_key_that_is_refused_is_caught),
    cmocka_unit_test(test_scenario4__a_record_that_comes_late_is_caught),
    cmocka_unit_test(test_scenario4__a_third_record_is_caught),
    cmocka_unit_test(test_scenario4__an_amended_record_is_caught),
    cmocka_unit_test(test_scenario4__wrapup_in_a_cut_record_is_caught),
    cmocka_unit_test(test_scenario4__a_wrapup_that_outlives_the_switch_is_caught),
    cmocka_unit_test(test_scenario4__a_side_that_gets_no_routes_is_caught),
    cmocka_unit_test(test_scenario4__a_logout_is_caught),
    cmocka_unit_test(test_scenario4__an_available_agent_who_is_not_any_more_is_caught),
    cmocka_unit_test(test_scenario4__an_agent_whose_rest_is_disturbed_is_caught),
    cmocka_unit_test(test_scenario4__a_call_for_an_agent_who_rests_is_caught),
    cmocka_unit_test(test_scenario4__an_agent_who_is_something_else_after_the_call_is_caught),
    cmocka_unit_test(test_scenario4__a_side_that_returns_without_the_state_is_caught),
    cmocka_unit_test(test_scenario4__a_side_that_returns_and_takes_over_is_caught),
    cmocka_unit_test(test_scenario4__a_pg_that_fails_back_is_caught),
    cmocka_unit_test(test_scenario4__a_lost_record_is_caught),
};

UNIT_MAIN(tests);
