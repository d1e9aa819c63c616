#include "cluster/check/check.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* The registration of a device under an epoch, as the device knows it. */
static struct event *registered(uint32_t device, uint32_t epoch)
{
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == EVENT_REGISTERED && e->device.v == device && e->epoch == epoch) {
            return e;
        }
    }
    fail_msg("device %u never registered under epoch %u", device, epoch);
    return NULL;
}

static void test_scenario1__an_idle_phone_on_the_wrong_node_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(7, 2)->peer = GOOD_PUB;
    good_run_caught("S1-PHONES");
}

static void test_scenario1__a_slow_gateway_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(GOOD_GATEWAY, 2)->at.us = GOOD_FAULT + 4000 * GOOD_MS;
    good_run_caught("S1-GATEWAYS");
}

static void test_scenario1__a_lost_phone_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(7, 2)->kind = EVENT_LINK_UP;
    registered(7, 3)->kind = EVENT_LINK_UP;
    good_run_caught("S1-NONE-LOST");
}

static void test_scenario1__a_registration_with_the_publisher_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(7, 2)->peer = GOOD_PUB;
    good_run_caught("S1-PUBLISHER");
}

static void test_scenario1__a_phone_that_leaves_its_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(1, 2)->at.us = 25000 * GOOD_MS;
    good_run_caught("S1-IN-CALL");
}

static void test_scenario1__a_pause_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_KEPT].gap_us = 800 * GOOD_MS;
    good_run_caught("S1-MEDIA");
}

static void test_scenario1__a_feature_that_worked_is_caught(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_CALL_STATE, GOOD_FLEET, GOOD_FAULT + 3000 * GOOD_MS);
    e->device = good_legs[GOOD_LEG_KEPT].device;
    e->call = good_legs[GOOD_LEG_KEPT].call;
    e->value = LEG_HOLDING;
    good_run_caught("S1-FEATURES");
}

static void test_scenario1__a_phone_that_does_not_follow_after_its_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(1, 2)->kind = EVENT_LINK_UP;
    good_run_caught("S1-AFTER-HANGUP");
}

static void test_scenario1__a_call_in_setup_that_lives_on_is_caught(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.legs_n; i++) {
        if (good_legs[i].reason == REASON_DROPPED_IN_SETUP) {
            good_legs[i].reason = REASON_HUNG_UP;
            good_legs[i].answer_us = GOOD_FAULT + 500 * GOOD_MS;
            good_legs[i].end_us = GOOD_FAULT + 4000 * GOOD_MS;
        }
    }
    good_run_caught("S1-SETUP");
}

static void test_scenario1__a_record_that_comes_late_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_KEPT].at_us = GOOD_FAULT + 7000 * GOOD_MS;
    good_run_caught("S1-TCD-AT-FAULT");
}

static void test_scenario1__a_record_that_knows_the_whole_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_KEPT].talk_s = 13;
    good_run_caught("S1-TCD-AT-FAULT");
}

static void test_scenario1__wrapup_in_a_cut_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    snprintf(good_rows[GOOD_ROW_KEPT].wrapup, sizeof good_rows[0].wrapup, "sale");
    good_run_caught("S1-WRAPUP");
}

static void test_scenario1__an_amended_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    snprintf(good_rows[GOOD_ROW_KEPT].hash, sizeof good_rows[0].hash, "amended");
    good_run_caught("S1-UNCHANGED");
}

static void test_scenario1__a_linked_second_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_KEPT];
    row->key |= 1;
    row->partial = false;
    row->at_us = 28500 * GOOD_MS;
    good_run_caught("S1-SECOND-ROW");
}

static void test_scenario1__a_side_that_turns_to_the_other_cti_manager_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_FAULT + 1000 * GOOD_MS)->peer = GOOD_SUB2;
    good_run_caught("S1-PG-A");
}

static void test_scenario1__a_side_that_is_active_too_early_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->value2 = 10;
    good_run_caught("S1-PG-B");
}

static void test_scenario1__calls_that_are_not_routed_are_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, GOOD_FAULT)->value2 = ROUTE_NONE;
    good_run_caught("S1-ROUTED-AGAIN");
}

static void test_scenario1__an_agent_who_stays_logged_in_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_AGENT_LOGOUT, GOOD_PGB, 0)->kind = EVENT_LINK_UP;
    good_run_caught("S1-AGENTS-OUT");
}

static void test_scenario1__an_agent_who_cannot_come_back_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_AGENT_STATE, GOOD_PGB, GOOD_FAULT)->kind = EVENT_LINK_UP;
    good_run_caught("S1-AGENTS-BACK");
}

static void test_scenario1__an_idle_phone_that_stays_away_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(7, 3)->kind = EVENT_LINK_UP;
    good_run_caught("S1-HOME-IDLE");
}

static void test_scenario1__a_busy_phone_that_stays_away_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(6, 3)->kind = EVENT_LINK_UP;
    good_run_caught("S1-HOME-BUSY");
}

static void test_scenario1__a_gateway_that_travels_with_a_call_is_caught(void **state)
{
    (void)state;
    good_run_make();
    registered(GOOD_GATEWAY, 3)->at.us = 40000 * GOOD_MS;
    good_run_caught("S1-HOME-GATEWAYS");
}

static void test_scenario1__two_gateways_that_drain_at_once_are_caught(void **state)
{
    (void)state;
    good_run_make();
    /* The first is let go while the second is on its way. */
    const struct event *second = NULL;
    struct event *first = NULL;
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_DRAIN && good_events[i].device.v == GOOD_GATEWAY) {
            first = &good_events[i];
        } else if (good_events[i].kind == EVENT_DRAIN) {
            second = &good_events[i];
        }
    }
    assert_non_null(first);
    assert_non_null(second);
    first->at.us = second->at.us + 1;
    good_run_caught("S1-HOME-GATEWAYS");
}

static void test_scenario1__a_gateway_that_was_not_let_go_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_DRAIN, GOOD_FLEET, 0)->kind = EVENT_LINK_UP;
    good_run_caught("S1-HOME-GATEWAYS");
}

static void test_scenario1__a_pg_that_fails_back_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS)->value = 3;
    good_run_caught("S1-PG-STAYS");
}

static void test_scenario1__a_node_with_another_registry_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_STATE_HASH, GOOD_SUB1, GOOD_RETURN)->value2++;
    good_run_caught("S1-SAME-HASH");
}

static void test_scenario1__a_lost_acknowledgement_is_caught(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB1;
    e->epoch = 4;
    good_run_caught("S1-ACKNOWLEDGED");
}

static void test_scenario1__a_lost_record_is_caught(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    good_run_caught("S1-LEDGER");
}

static const struct CMUnitTest tests[] = {
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
    cmocka_unit_test(test_scenario1__a_gateway_that_travels_with_a_call_is_caught),
    cmocka_unit_test(test_scenario1__two_gateways_that_drain_at_once_are_caught),
    cmocka_unit_test(test_scenario1__a_gateway_that_was_not_let_go_is_caught),
    cmocka_unit_test(test_scenario1__a_pg_that_fails_back_is_caught),
    cmocka_unit_test(test_scenario1__a_node_with_another_registry_is_caught),
    cmocka_unit_test(test_scenario1__a_lost_acknowledgement_is_caught),
    cmocka_unit_test(test_scenario1__a_lost_record_is_caught),
};

UNIT_MAIN(tests);
