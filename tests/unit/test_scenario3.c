#include "tests/unit/good_run.h"
#include "tests/unit/spoil.h"
#include "tests/unit/unit.h"

static void make(void)
{
    good_run_make();
    good_scenario = "callmanager-fails";
}

static void test_scenario3__an_idle_phone_on_the_wrong_node_is_caught(void **state)
{
    (void)state;
    make();
    spoil_an_idle_phone_on_the_wrong_node();
    good_run_caught("S3-PHONES");
}

static void test_scenario3__a_slow_gateway_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_slow_gateway();
    good_run_caught("S3-GATEWAYS");
}

static void test_scenario3__a_lost_phone_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_lost_phone();
    good_run_caught("S3-NONE-LOST");
}

static void test_scenario3__a_phone_that_leaves_its_call_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_phone_that_leaves_its_call();
    good_run_caught("S3-IN-CALL");
}

static void test_scenario3__a_pause_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_pause();
    good_run_caught("S3-MEDIA");
}

static void test_scenario3__a_feature_that_worked_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_feature_that_worked();
    good_run_caught("S3-FEATURES");
}

static void test_scenario3__a_phone_that_does_not_follow_after_its_call_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_phone_that_does_not_follow_after_its_call();
    good_run_caught("S3-AFTER-HANGUP");
}

static void test_scenario3__a_call_in_setup_that_lives_on_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_call_in_setup_that_lives_on();
    good_run_caught("S3-SETUP");
}

static void test_scenario3__a_record_that_comes_late_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_record_that_comes_late();
    good_run_caught("S3-TCD-AT-FAULT");
}

static void test_scenario3__a_record_that_knows_the_whole_call_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_record_that_knows_the_whole_call();
    good_run_caught("S3-TCD-AT-FAULT");
}

static void test_scenario3__wrapup_in_a_cut_record_is_caught(void **state)
{
    (void)state;
    make();
    spoil_wrapup_in_a_cut_record();
    good_run_caught("S3-WRAPUP");
}

static void test_scenario3__an_amended_record_is_caught(void **state)
{
    (void)state;
    make();
    spoil_an_amended_record();
    good_run_caught("S3-UNCHANGED");
}

static void test_scenario3__a_linked_second_record_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_linked_second_record();
    good_run_caught("S3-SECOND-ROW");
}

static void test_scenario3__a_side_that_is_active_too_early_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_side_that_is_active_too_early();
    good_run_caught("S3-PG");
}

static void test_scenario3__calls_that_are_not_routed_are_caught(void **state)
{
    (void)state;
    make();
    spoil_calls_that_are_not_routed();
    good_run_caught("S3-ROUTED");
}

static void test_scenario3__an_agent_who_stays_logged_in_is_caught(void **state)
{
    (void)state;
    make();
    spoil_an_agent_who_stays_logged_in();
    good_run_caught("S3-AGENTS-OUT");
}

/* The phone hears of it after the fault; he is logged out before it, or was not at all. */
static void test_scenario3__an_agent_whose_phone_had_just_gone_home_is_logged_out_for_that(
    void **state)
{
    (void)state;
    for (unsigned out = 0; out < 2; out++) {
        make();
        spoil_an_agent_who_stays_logged_in();
        struct event *home =
            good_run_event(EVENT_OWNER_CHANGED, GOOD_SUB2, GOOD_FAULT - 20 * GOOD_MS);
        home->device.v = 1;
        home->peer = GOOD_SUB2;
        home->epoch = 2;
        if (out == 1) {
            struct event *e =
                good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGA, GOOD_FAULT - 15 * GOOD_MS);
            e->value = 5001;
            e->value2 = LOGOUT_PHONE_LOST;
            good_run_agents(GOOD_PGA, AGENT_STATE_NOT_READY, 5001, 5001, GOOD_FAULT - 10 * GOOD_MS);
        }
        good_run_finish();
        assert_int_equal(good_run_judged("S3-AGENTS-OUT")->verdict,
                         out == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static void test_scenario3__an_agent_who_cannot_come_back_is_caught(void **state)
{
    (void)state;
    make();
    spoil_an_agent_who_cannot_come_back();
    good_run_caught("S3-AGENTS-BACK");
}

static void test_scenario3__an_idle_phone_that_stays_away_is_caught(void **state)
{
    (void)state;
    make();
    spoil_an_idle_phone_that_stays_away();
    good_run_caught("S3-HOME-IDLE");
}

static void test_scenario3__a_busy_phone_that_stays_away_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_busy_phone_that_stays_away();
    good_run_caught("S3-HOME-BUSY");
}

static void test_scenario3__a_gateway_that_travels_with_a_call_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_gateway_that_travels_with_a_call();
    good_run_caught("S3-HOME-GATEWAYS");
}

static void test_scenario3__two_gateways_that_drain_at_once_are_caught(void **state)
{
    (void)state;
    make();
    spoil_two_gateways_that_drain_at_once();
    good_run_caught("S3-HOME-GATEWAYS");
}

static void test_scenario3__a_gateway_that_was_not_let_go_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_gateway_that_was_not_let_go();
    good_run_caught("S3-HOME-GATEWAYS");
}

static void test_scenario3__a_pg_that_fails_back_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_pg_that_fails_back();
    good_run_caught("S3-PG-STAYS");
}

static void test_scenario3__a_node_with_another_registry_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_node_with_another_registry();
    good_run_caught("S3-SAME-HASH");
}

static void test_scenario3__a_lost_acknowledgement_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_lost_acknowledgement();
    good_run_caught("S3-ACKNOWLEDGED");
}

static void test_scenario3__a_lost_record_is_caught(void **state)
{
    (void)state;
    make();
    spoil_a_lost_record();
    good_run_caught("S3-LEDGER");
}

/* The CTI Managers of the PG on a node that lives: nothing happens to side A. */
static void make_split(void)
{
    make();
    good_topology.procs[GOOD_PGA.v - 1].ctimanager_node = GOOD_PUB;
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        bool of_switch = e->kind == EVENT_PROVIDER_DOWN ||
                         ((e->kind == EVENT_PG_ACTIVE || e->kind == EVENT_PROVIDER_UP) &&
                          proc_id_eq(e->proc, GOOD_PGB)) ||
                         (e->kind == EVENT_PG_GRANTED && proc_id_eq(e->peer, GOOD_PGB));
        if (of_switch) {
            e->kind = EVENT_LINK_UP;
        }
        if (e->kind == EVENT_ROUTE_REQUESTED || e->kind == EVENT_AGENT_LOGOUT ||
            e->kind == EVENT_AGENT_STATE) {
            e->proc = GOOD_PGA;
        }
        if (e->kind == EVENT_PROVIDER_UP && proc_id_eq(e->proc, GOOD_PGA)) {
            e->peer = GOOD_PUB;
        }
    }
}

static void test_scenario3__a_good_run_passes(void **state)
{
    (void)state;
    static const char *const ids[] = {"S3-PHONES",    "S3-GATEWAYS",   "S3-PG",
                                      "S3-ROUTED",    "S3-AGENTS-OUT", "S3-TCD-AT-FAULT",
                                      "S3-SECOND-ROW"};
    void (*const makes[])(void) = {make, make_split};
    for (size_t m = 0; m < 2; m++) {
        makes[m]();
        good_run_finish();
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            const struct check_result *r = good_run_judged(ids[i]);
            if (r->verdict != VERDICT_PASS) {
                fail_msg("%s: %s", ids[i], r->observed);
            }
        }
        history_free(&good);
    }
}

static void test_scenario3__a_pg_that_switches_without_cause_is_caught(void **state)
{
    (void)state;
    make_split();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGB, GOOD_FAULT + 2000 * GOOD_MS)->value = 2;
    good_run_caught("S3-PG");
}

static void test_scenario3__a_pg_that_loses_its_provider_without_cause_is_caught(void **state)
{
    (void)state;
    make_split();
    good_run_event(EVENT_PROVIDER_DOWN, GOOD_PGA, GOOD_FAULT + 100 * GOOD_MS)->peer = GOOD_PUB;
    good_run_caught("S3-PG");
}

static void test_scenario3__a_second_record_without_a_switch_is_caught(void **state)
{
    (void)state;
    make_split();
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_KEPT];
    row->key |= 1;
    row->partial = false;
    row->router_key = 0;
    row->at_us = 28500 * GOOD_MS;
    good_run_caught("S3-SECOND-ROW");
}

/* Phone 7 was with the other subscriber, and its agent is logged out all the same. */
static void spoil_a_phone_of_another_subscriber(void)
{
    make();
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == EVENT_REGISTERED && e->device.v == 7 && e->epoch == 1) {
            e->peer = GOOD_SUB2;
        }
    }
}

static void test_scenario3__an_agent_of_another_subscriber_who_is_logged_out_is_caught(void **state)
{
    (void)state;
    spoil_a_phone_of_another_subscriber();
    good_run_caught("S3-AGENTS-OTHERS");
}

/* He is logged out because his phone goes home, which is another matter. That it registers once
 * more where it is, is none. */
static void test_scenario3__an_agent_whose_phone_goes_home_just_then_may_be_logged_out(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 2; lost++) {
        spoil_a_phone_of_another_subscriber();
        if (lost == 1) {
            struct event *e = good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, GOOD_FAULT + 50);
            e->device.v = 7;
            e->peer = GOOD_SUB2;
        }
        struct event *home =
            good_run_event(EVENT_REGISTERED, GOOD_FLEET, GOOD_FAULT + GOOD_MS / 10);
        home->device.v = 7;
        home->peer = GOOD_SUB1;
        home->epoch = 2;
        good_run_finish();
        assert_int_equal(good_run_judged("S3-AGENTS-OTHERS")->verdict,
                         lost == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scenario3__an_idle_phone_on_the_wrong_node_is_caught),
    cmocka_unit_test(test_scenario3__a_slow_gateway_is_caught),
    cmocka_unit_test(test_scenario3__a_lost_phone_is_caught),
    cmocka_unit_test(test_scenario3__a_phone_that_leaves_its_call_is_caught),
    cmocka_unit_test(test_scenario3__a_pause_is_caught),
    cmocka_unit_test(test_scenario3__a_feature_that_worked_is_caught),
    cmocka_unit_test(test_scenario3__a_phone_that_does_not_follow_after_its_call_is_caught),
    cmocka_unit_test(test_scenario3__a_call_in_setup_that_lives_on_is_caught),
    cmocka_unit_test(test_scenario3__a_record_that_comes_late_is_caught),
    cmocka_unit_test(test_scenario3__a_record_that_knows_the_whole_call_is_caught),
    cmocka_unit_test(test_scenario3__wrapup_in_a_cut_record_is_caught),
    cmocka_unit_test(test_scenario3__an_amended_record_is_caught),
    cmocka_unit_test(test_scenario3__a_linked_second_record_is_caught),
    cmocka_unit_test(test_scenario3__a_side_that_is_active_too_early_is_caught),
    cmocka_unit_test(test_scenario3__calls_that_are_not_routed_are_caught),
    cmocka_unit_test(test_scenario3__an_agent_who_stays_logged_in_is_caught),
    cmocka_unit_test(
        test_scenario3__an_agent_whose_phone_had_just_gone_home_is_logged_out_for_that),
    cmocka_unit_test(test_scenario3__an_agent_who_cannot_come_back_is_caught),
    cmocka_unit_test(test_scenario3__an_idle_phone_that_stays_away_is_caught),
    cmocka_unit_test(test_scenario3__a_busy_phone_that_stays_away_is_caught),
    cmocka_unit_test(test_scenario3__a_gateway_that_travels_with_a_call_is_caught),
    cmocka_unit_test(test_scenario3__two_gateways_that_drain_at_once_are_caught),
    cmocka_unit_test(test_scenario3__a_gateway_that_was_not_let_go_is_caught),
    cmocka_unit_test(test_scenario3__a_pg_that_fails_back_is_caught),
    cmocka_unit_test(test_scenario3__a_node_with_another_registry_is_caught),
    cmocka_unit_test(test_scenario3__a_lost_acknowledgement_is_caught),
    cmocka_unit_test(test_scenario3__a_lost_record_is_caught),
    cmocka_unit_test(test_scenario3__a_good_run_passes),
    cmocka_unit_test(test_scenario3__a_pg_that_switches_without_cause_is_caught),
    cmocka_unit_test(test_scenario3__a_pg_that_loses_its_provider_without_cause_is_caught),
    cmocka_unit_test(test_scenario3__a_second_record_without_a_switch_is_caught),
    cmocka_unit_test(test_scenario3__an_agent_of_another_subscriber_who_is_logged_out_is_caught),
    cmocka_unit_test(test_scenario3__an_agent_whose_phone_goes_home_just_then_may_be_logged_out),
};

UNIT_MAIN(tests);
