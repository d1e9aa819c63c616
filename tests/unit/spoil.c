#include "tests/unit/spoil.h"

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

void spoil_an_idle_phone_on_the_wrong_node(void)
{
    registered(7, 2)->peer = GOOD_PUB;
}

void spoil_a_slow_gateway(void)
{
    registered(GOOD_GATEWAY, 2)->at.us = GOOD_FAULT + 4000 * GOOD_MS;
}

void spoil_a_lost_phone(void)
{
    registered(7, 2)->kind = EVENT_LINK_UP;
    registered(7, 3)->kind = EVENT_LINK_UP;
}

void spoil_a_registration_with_the_publisher(void)
{
    registered(7, 2)->peer = GOOD_PUB;
}

void spoil_a_phone_that_leaves_its_call(void)
{
    registered(1, 2)->at.us = 25000 * GOOD_MS;
}

void spoil_a_pause(void)
{
    good_legs[GOOD_LEG_KEPT].gap_us = 800 * GOOD_MS;
}

void spoil_a_feature_that_worked(void)
{
    struct event *e = good_run_event(EVENT_CALL_STATE, GOOD_FLEET, GOOD_FAULT + 3000 * GOOD_MS);
    e->device = good_legs[GOOD_LEG_KEPT].device;
    e->call = good_legs[GOOD_LEG_KEPT].call;
    e->value = LEG_HOLDING;
}

void spoil_a_phone_that_does_not_follow_after_its_call(void)
{
    registered(1, 2)->kind = EVENT_LINK_UP;
}

void spoil_a_call_in_setup_that_lives_on(void)
{
    for (size_t i = 0; i < good.legs_n; i++) {
        if (good_legs[i].reason == REASON_DROPPED_IN_SETUP) {
            good_legs[i].reason = REASON_HUNG_UP;
            good_legs[i].answer_us = GOOD_FAULT + 500 * GOOD_MS;
            good_legs[i].end_us = GOOD_FAULT + 4000 * GOOD_MS;
        }
    }
}

void spoil_a_record_that_comes_late(void)
{
    good_rows[GOOD_ROW_KEPT].at_us = GOOD_FAULT + 7000 * GOOD_MS;
}

void spoil_a_record_that_knows_the_whole_call(void)
{
    good_rows[GOOD_ROW_KEPT].talk_s = 13;
}

void spoil_wrapup_in_a_cut_record(void)
{
    snprintf(good_rows[GOOD_ROW_KEPT].wrapup, sizeof good_rows[0].wrapup, "sale");
}

void spoil_an_amended_record(void)
{
    snprintf(good_rows[GOOD_ROW_KEPT].hash, sizeof good_rows[0].hash, "amended");
}

void spoil_a_linked_second_record(void)
{
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_KEPT];
    row->key |= 1;
    row->partial = false;
    row->at_us = 28500 * GOOD_MS;
}

void spoil_a_side_that_turns_to_the_other_cti_manager(void)
{
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_FAULT + 1000 * GOOD_MS)->peer = GOOD_SUB2;
}

void spoil_a_side_that_is_active_too_early(void)
{
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->value2 = 10;
}

void spoil_calls_that_are_not_routed(void)
{
    good_run_find(EVENT_ROUTED, GOOD_ICMA, GOOD_FAULT)->value2 = ROUTE_NONE;
}

void spoil_an_agent_who_stays_logged_in(void)
{
    good_run_find(EVENT_AGENT_LOGOUT, GOOD_PGB, 0)->kind = EVENT_LINK_UP;
}

void spoil_an_agent_who_cannot_come_back(void)
{
    good_run_find(EVENT_AGENT_STATE, GOOD_PGB, GOOD_FAULT)->kind = EVENT_LINK_UP;
}

void spoil_an_idle_phone_that_stays_away(void)
{
    registered(7, 3)->kind = EVENT_LINK_UP;
}

void spoil_a_busy_phone_that_stays_away(void)
{
    registered(6, 3)->kind = EVENT_LINK_UP;
}

void spoil_a_gateway_that_travels_with_a_call(void)
{
    registered(GOOD_GATEWAY, 3)->at.us = 40000 * GOOD_MS;
}

void spoil_two_gateways_that_drain_at_once(void)
{
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
}

void spoil_a_gateway_that_was_not_let_go(void)
{
    good_run_find(EVENT_DRAIN, GOOD_FLEET, 0)->kind = EVENT_LINK_UP;
}

void spoil_a_pg_that_fails_back(void)
{
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS)->value = 3;
}

void spoil_a_node_with_another_registry(void)
{
    good_run_find(EVENT_STATE_HASH, GOOD_SUB1, GOOD_RETURN)->value2++;
}

void spoil_a_lost_acknowledgement(void)
{
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB1;
    e->epoch = 4;
}

void spoil_a_lost_record(void)
{
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
}
