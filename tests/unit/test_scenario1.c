#include "tests/unit/good_run.h"
#include "tests/unit/spoil.h"
#include "tests/unit/unit.h"

static void test_scenario1__an_idle_phone_on_the_wrong_node_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_an_idle_phone_on_the_wrong_node();
    good_run_caught("S1-PHONES");
}

static void test_scenario1__a_slow_gateway_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_slow_gateway();
    good_run_caught("S1-GATEWAYS");
}

static void test_scenario1__a_lost_phone_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_lost_phone();
    good_run_caught("S1-NONE-LOST");
}

static void test_scenario1__a_registration_with_the_publisher_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_registration_with_the_publisher();
    good_run_caught("S1-PUBLISHER");
}

static void test_scenario1__a_phone_that_leaves_its_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_phone_that_leaves_its_call();
    good_run_caught("S1-IN-CALL");
}

static void test_scenario1__a_pause_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_pause();
    good_run_caught("S1-MEDIA");
}

static void test_scenario1__a_feature_that_worked_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_feature_that_worked();
    good_run_caught("S1-FEATURES");
}

static void test_scenario1__a_phone_that_does_not_follow_after_its_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_phone_that_does_not_follow_after_its_call();
    good_run_caught("S1-AFTER-HANGUP");
}

static void test_scenario1__a_call_in_setup_that_lives_on_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_call_in_setup_that_lives_on();
    good_run_caught("S1-SETUP");
}

static void test_scenario1__a_record_that_comes_late_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_record_that_comes_late();
    good_run_caught("S1-TCD-AT-FAULT");
}

static void test_scenario1__a_record_that_knows_the_whole_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_record_that_knows_the_whole_call();
    good_run_caught("S1-TCD-AT-FAULT");
}

static void test_scenario1__wrapup_in_a_cut_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_wrapup_in_a_cut_record();
    good_run_caught("S1-WRAPUP");
}

static void test_scenario1__an_amended_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_an_amended_record();
    good_run_caught("S1-UNCHANGED");
}

static void test_scenario1__a_linked_second_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_linked_second_record();
    good_run_caught("S1-SECOND-ROW");
}

static void test_scenario1__a_side_that_turns_to_the_other_cti_manager_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_side_that_turns_to_the_other_cti_manager();
    good_run_caught("S1-PG-A");
}

static void test_scenario1__a_side_that_is_active_too_early_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_side_that_is_active_too_early();
    good_run_caught("S1-PG-B");
}

static void test_scenario1__calls_that_are_not_routed_are_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_calls_that_are_not_routed();
    good_run_caught("S1-ROUTED-AGAIN");
}

static void test_scenario1__an_agent_who_stays_logged_in_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_an_agent_who_stays_logged_in();
    good_run_caught("S1-AGENTS-OUT");
}

static void test_scenario1__an_agent_who_cannot_come_back_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_an_agent_who_cannot_come_back();
    good_run_caught("S1-AGENTS-BACK");
}

static void test_scenario1__an_idle_phone_that_stays_away_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_an_idle_phone_that_stays_away();
    good_run_caught("S1-HOME-IDLE");
}

static void test_scenario1__a_busy_phone_that_stays_away_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_busy_phone_that_stays_away();
    good_run_caught("S1-HOME-BUSY");
}

/* The record ends before anybody would have been late: who is at home counts, and while most are
 * away nothing is known. */
static void test_scenario1__who_is_home_early_is_counted_all_the_same(void **state)
{
    (void)state;
    for (unsigned away = 0; away < 2; away++) {
        int64_t end = GOOD_RETURN + (away == 0 ? 8000 : 3260) * GOOD_MS;
        good_run_make();
        for (size_t i = 0; i < good.events_n; i++) {
            if (good_events[i].at.us > end) {
                good_events[i--] = good_events[--good.events_n];
            }
        }
        good_run_finish();
        enum verdict known = away == 0 ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
        assert_int_equal(good_run_judged("S1-HOME-IDLE")->verdict, known);
        assert_int_equal(good_run_judged("S1-HOME-BUSY")->verdict, known);
        history_free(&good);
    }
}

/* Nine agents have not had the time when the record ends; one had. */
static void test_scenario1__one_agent_who_is_back_does_not_speak_for_nine(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].at.us > GOOD_FAULT + 3500 * GOOD_MS ||
            (good_events[i].kind == EVENT_AGENT_STATE && good_events[i].value > 5002 &&
             good_events[i].at.us > GOOD_FAULT)) {
            good_events[i--] = good_events[--good.events_n];
        }
    }
    good_run_finish();
    assert_int_equal(good_run_judged("S1-AGENTS-BACK")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_scenario1__a_gateway_that_travels_with_a_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_gateway_that_travels_with_a_call();
    good_run_caught("S1-HOME-GATEWAYS");
}

/* It goes home by stages, and was let go for the first of them before its own node was back. */
static void test_scenario1__a_gateway_may_be_let_go_before_the_node_returns(void **state)
{
    (void)state;
    for (unsigned stayed = 0; stayed < 2; stayed++) { /* and did not go */
        good_run_make();
        struct event *drain = good_run_find(EVENT_DRAIN, GOOD_FLEET, GOOD_RETURN);
        assert_non_null(drain);
        drain->at.us = GOOD_RETURN - 1000 * GOOD_MS;
        struct device_id gateway = drain->device;
        if (stayed == 1) {
            good_run_event(EVENT_FALLBACK_ENDED, GOOD_FLEET, GOOD_RETURN)->device = gateway;
        }
        good_run_finish();
        assert_int_equal(good_run_judged("S1-HOME-GATEWAYS")->verdict,
                         stayed == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

static void test_scenario1__two_gateways_that_drain_at_once_are_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_two_gateways_that_drain_at_once();
    good_run_caught("S1-HOME-GATEWAYS");
}

static void test_scenario1__a_gateway_that_was_not_let_go_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_gateway_that_was_not_let_go();
    good_run_caught("S1-HOME-GATEWAYS");
}

static void test_scenario1__a_pg_that_fails_back_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_pg_that_fails_back();
    good_run_caught("S1-PG-STAYS");
}

static void test_scenario1__a_node_with_another_registry_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_node_with_another_registry();
    good_run_caught("S1-SAME-HASH");
}

static void test_scenario1__a_lost_acknowledgement_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_lost_acknowledgement();
    good_run_caught("S1-ACKNOWLEDGED");
}

static void test_scenario1__a_lost_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    spoil_a_lost_record();
    good_run_caught("S1-LEDGER");
}

static void test_scenario1__silence_after_the_other_hung_up_is_no_pause(void **state)
{
    (void)state;
    good_run_make();
    struct history_leg *kept = &good_legs[GOOD_LEG_KEPT];
    kept->gap_us = 1500 * GOOD_MS;
    kept[1].end_us = kept->end_us - 1400 * GOOD_MS;
    good_run_finish();
    assert_int_equal(good_run_judged("S1-MEDIA")->verdict, VERDICT_PASS);
    history_free(&good);
}

/* A cluster that had been broken before: only what failed since counts as the scenario's fault. */
static void test_scenario1__a_rehearsal_in_a_cluster_that_was_up_knows_its_own_fault(void **state)
{
    (void)state;
    static const char *const known[] = {"S1-PHONES", "S1-GATEWAYS", "S1-NONE-LOST", "S1-PG-B",
                                        "S1-ROUTED-AGAIN"};
    for (unsigned told = 0; told < 2; told++) {
        unsigned passed = 0, n = sizeof known / sizeof known[0];
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", 10000 * GOOD_MS);
        good_run_event(EVENT_PROCESS_START, GOOD_SUB2, 11000 * GOOD_MS);
        good.rehearsed_us = told == 1 ? 15000 * GOOD_MS : 0;
        good_run_finish();
        for (unsigned i = 0; i < n; i++) {
            passed += good_run_judged(known[i])->verdict == VERDICT_PASS ? 1 : 0;
        }
        assert_true(told == 1 ? passed == n : passed < n);
        history_free(&good);
    }
}

/* Nor does a witness that was broken before have anything to hide since. */
static void test_scenario1__a_fleet_that_was_broken_before_the_rehearsal_is_a_witness(void **state)
{
    (void)state;
    static const enum verdict expected[] = {VERDICT_INCONCLUSIVE, VERDICT_PASS, VERDICT_FAIL};
    for (unsigned i = 0; i < 3; i++) { /* not told when it began; told; and with a pause since */
        good_run_make();
        if (i == 2) {
            spoil_a_pause();
        }
        good_run_fault(EVENT_FAULT, GOOD_FLEET, "hang", 10000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_FLEET, "hang", 11000 * GOOD_MS);
        good.rehearsed_us = i > 0 ? 15000 * GOOD_MS : 0;
        good_run_finish();
        assert_int_equal(good_run_judged("CALL-1")->verdict, expected[i]);
        history_free(&good);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scenario1__a_fleet_that_was_broken_before_the_rehearsal_is_a_witness),
    cmocka_unit_test(test_scenario1__a_rehearsal_in_a_cluster_that_was_up_knows_its_own_fault),
    cmocka_unit_test(test_scenario1__an_idle_phone_on_the_wrong_node_is_caught),
    cmocka_unit_test(test_scenario1__a_slow_gateway_is_caught),
    cmocka_unit_test(test_scenario1__a_lost_phone_is_caught),
    cmocka_unit_test(test_scenario1__a_registration_with_the_publisher_is_caught),
    cmocka_unit_test(test_scenario1__a_phone_that_leaves_its_call_is_caught),
    cmocka_unit_test(test_scenario1__a_pause_is_caught),
    cmocka_unit_test(test_scenario1__a_feature_that_worked_is_caught),
    cmocka_unit_test(test_scenario1__a_phone_that_does_not_follow_after_its_call_is_caught),
    cmocka_unit_test(test_scenario1__a_call_in_setup_that_lives_on_is_caught),
    cmocka_unit_test(test_scenario1__a_record_that_comes_late_is_caught),
    cmocka_unit_test(test_scenario1__a_record_that_knows_the_whole_call_is_caught),
    cmocka_unit_test(test_scenario1__wrapup_in_a_cut_record_is_caught),
    cmocka_unit_test(test_scenario1__an_amended_record_is_caught),
    cmocka_unit_test(test_scenario1__a_linked_second_record_is_caught),
    cmocka_unit_test(test_scenario1__a_side_that_turns_to_the_other_cti_manager_is_caught),
    cmocka_unit_test(test_scenario1__a_side_that_is_active_too_early_is_caught),
    cmocka_unit_test(test_scenario1__calls_that_are_not_routed_are_caught),
    cmocka_unit_test(test_scenario1__an_agent_who_stays_logged_in_is_caught),
    cmocka_unit_test(test_scenario1__an_agent_who_cannot_come_back_is_caught),
    cmocka_unit_test(test_scenario1__an_idle_phone_that_stays_away_is_caught),
    cmocka_unit_test(test_scenario1__a_busy_phone_that_stays_away_is_caught),
    cmocka_unit_test(test_scenario1__who_is_home_early_is_counted_all_the_same),
    cmocka_unit_test(test_scenario1__one_agent_who_is_back_does_not_speak_for_nine),
    cmocka_unit_test(test_scenario1__a_gateway_that_travels_with_a_call_is_caught),
    cmocka_unit_test(test_scenario1__a_gateway_may_be_let_go_before_the_node_returns),
    cmocka_unit_test(test_scenario1__two_gateways_that_drain_at_once_are_caught),
    cmocka_unit_test(test_scenario1__a_gateway_that_was_not_let_go_is_caught),
    cmocka_unit_test(test_scenario1__a_pg_that_fails_back_is_caught),
    cmocka_unit_test(test_scenario1__a_node_with_another_registry_is_caught),
    cmocka_unit_test(test_scenario1__a_lost_acknowledgement_is_caught),
    cmocka_unit_test(test_scenario1__a_lost_record_is_caught),
    cmocka_unit_test(test_scenario1__silence_after_the_other_hung_up_is_no_pause),
};

UNIT_MAIN(tests);
