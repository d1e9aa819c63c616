#include "tests/unit/callmanager_fixture.h"

static struct cluster *phones(uint32_t n)
{
    struct cluster *c = cluster_new();
    for (uint32_t d = 1; d <= n; d++) {
        put(c, 1, d);
    }
    return c;
}

static void test_callmanager_call__dial_answer_hang_up(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    watch(c, 1);
    dial(c, 1, 9, "1002", "");
    check_leg(c, 1, LEG_RINGBACK, REASON_NONE, 0);
    assert_int_equal(c->legs[1].line, 9);
    check_leg(c, 2, LEG_RINGING, REASON_NONE, 0);
    assert_string_equal(c->legs[2].number, "1001");
    struct call_id call = call_of(c, 1);
    assert_int_equal(call_id_owner(call).v, 1);
    assert_int_equal(press(c, 2, call, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 2);
    check_leg(c, 2, LEG_CONNECTED, REASON_NONE, 1);
    assert_int_equal(press(c, 1, call, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 1, LEG_ENDED, REASON_HUNG_UP, 0);
    check_leg(c, 2, LEG_ENDED, REASON_HUNG_UP, 0);
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 0);
    assert_non_null(heard(c, 1, DEVICE_EVENT_ORIGINATED));
    assert_int_equal(heard(c, 2, DEVICE_EVENT_RINGING)->other.v, 1);
    assert_int_equal(heard(c, 2, DEVICE_EVENT_CONNECTED)->other.v, 1);
    assert_int_equal(heard(c, 2, DEVICE_EVENT_DISCONNECTED)->reason, REASON_HUNG_UP);
    free(c);
}

static void test_callmanager_call__a_phone_in_a_call_is_busy(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    talk(c, 1, 2);
    dial(c, 3, 1, "1002", "");
    check_leg(c, 3, LEG_ENDED, REASON_BUSY, 0);
    dial(c, 1, 4, "1003", "");
    check_leg(c, 1, LEG_ENDED, REASON_BUSY, 0);
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 1);
    free(c);
}

static void test_callmanager_call__a_number_that_leads_nowhere_ends_the_call(void **state)
{
    (void)state;
    struct cluster *c = phones(1);
    dial(c, 1, 1, "4711", "");
    check_leg(c, 1, LEG_ENDED, REASON_UNKNOWN_NUMBER, 0);
    dial(c, 1, 2, "1002", "");
    check_leg(c, 1, LEG_ENDED, REASON_UNREGISTERED, 0);
    dial(c, 1, 3, "8000", "");
    check_leg(c, 1, LEG_ENDED, REASON_UNREGISTERED, 0);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_call__a_forwarded_number_rings_elsewhere(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    struct msg_command f = {.kind = COMMAND_FORWARD, .number = "1002", .text = "1003"};
    assert_int_equal(commit(c, 1, &f).reason, REASON_NONE);
    dial(c, 1, 1, "1002", "");
    check_leg(c, 3, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

static void test_callmanager_call__forwards_in_a_circle_are_busy(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    struct msg_command f = {.kind = COMMAND_FORWARD, .number = "1002", .text = "1003"};
    struct msg_command g = {.kind = COMMAND_FORWARD, .number = "1003", .text = "1002"};
    assert_int_equal(commit(c, 1, &f).reason, REASON_NONE);
    assert_int_equal(commit(c, 1, &g).reason, REASON_NONE);
    dial(c, 1, 1, "1002", "");
    check_leg(c, 1, LEG_ENDED, REASON_BUSY, 0);
    free(c);
}

static void test_callmanager_call__nobody_answers_in_time(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    dial(c, 1, 1, "1002", "");
    c->now = instant_add(c->now, c->topology.timers.ring_timeout);
    tick(c, 0);
    check_leg(c, 1, LEG_ENDED, REASON_NO_ANSWER, 0);
    check_leg(c, 2, LEG_ENDED, REASON_NO_ANSWER, 0);
    free(c);
}

static void test_callmanager_call__the_caller_gives_up(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    dial(c, 1, 1, "1002", "");
    assert_int_equal(press(c, 1, call_of(c, 1), KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 1, LEG_ENDED, REASON_HUNG_UP, 0);
    check_leg(c, 2, LEG_ENDED, REASON_ABANDONED, 0);
    free(c);
}

static void test_callmanager_call__hold_keeps_the_media_and_retrieve_ends_it(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    watch(c, 1);
    struct call_id call = talk(c, 1, 2);
    assert_int_equal(press(c, 2, call, KEY_HOLD, ""), REASON_NONE);
    check_leg(c, 2, LEG_HOLDING, REASON_NONE, 1);
    check_leg(c, 1, LEG_HELD, REASON_NONE, 2);
    assert_int_equal(press(c, 1, call, KEY_HOLD, ""), REASON_BAD_STATE);
    assert_int_equal(press(c, 2, call, KEY_RETRIEVE, ""), REASON_NONE);
    check_leg(c, 2, LEG_CONNECTED, REASON_NONE, 1);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 2);
    assert_non_null(heard(c, 2, DEVICE_EVENT_HELD));
    assert_non_null(heard(c, 2, DEVICE_EVENT_RETRIEVED));
    assert_null(heard(c, 1, DEVICE_EVENT_HELD));
    free(c);
}

static void test_callmanager_call__an_announced_transfer_joins_the_others(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    watch(c, 1);
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, KEY_TRANSFER, "1003"), REASON_NONE);
    struct call_id second = call_of(c, 3);
    assert_false(call_id_eq(first, second));
    assert_true(call_id_eq(c->legs[2].call, second));
    assert_true(call_id_eq(c->legs[2].consult_of, first));
    check_leg(c, 1, LEG_HELD, REASON_NONE, 2);
    assert_int_equal(press(c, 2, first, KEY_RETRIEVE, ""), REASON_BAD_STATE);
    assert_int_equal(press(c, 3, second, KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 2, second, KEY_TRANSFER_COMPLETE, ""), REASON_NONE);
    check_leg(c, 2, LEG_ENDED, REASON_TRANSFERRED, 0);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 3);
    check_leg(c, 3, LEG_CONNECTED, REASON_NONE, 1);
    assert_true(call_id_eq(call_of(c, 3), first));
    assert_true(call_id_eq(c->legs[3].consult_of, second));
    assert_true(call_id_eq(heard(c, 2, DEVICE_EVENT_TRANSFERRED)->old_call, second));
    assert_true(call_id_eq(heard(c, 3, DEVICE_EVENT_CONNECTED)->old_call, second));
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 1);
    assert_int_equal(press(c, 3, first, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_call__a_transfer_can_be_completed_while_it_alerts(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, KEY_TRANSFER, "1003"), REASON_NONE);
    struct call_id second = call_of(c, 3);
    assert_int_equal(press(c, 2, second, KEY_TRANSFER_COMPLETE, ""), REASON_NONE);
    assert_true(call_id_eq(call_of(c, 3), first));
    check_leg(c, 1, LEG_RINGBACK, REASON_NONE, 0);
    check_leg(c, 3, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

static void test_callmanager_call__a_consultation_that_fails_leaves_the_first_call(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, KEY_TRANSFER, "1009"), REASON_NONE);
    check_leg(c, 2, LEG_ENDED, REASON_UNREGISTERED, 0);
    check_leg(c, 1, LEG_HELD, REASON_NONE, 2);
    assert_int_equal(press(c, 2, first, KEY_RETRIEVE, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 2);
    free(c);
}

static void test_callmanager_call__a_blind_transfer_stays_in_the_call(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    watch(c, 1);
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, KEY_TRANSFER_BLIND, "4711"), REASON_UNKNOWN_NUMBER);
    check_leg(c, 2, LEG_CONNECTED, REASON_NONE, 1);
    assert_int_equal(press(c, 2, first, KEY_TRANSFER_BLIND, "1003"), REASON_NONE);
    check_leg(c, 2, LEG_ENDED, REASON_TRANSFERRED, 0);
    check_leg(c, 1, LEG_RINGBACK, REASON_NONE, 0);
    check_leg(c, 3, LEG_RINGING, REASON_NONE, 0);
    assert_true(call_id_eq(call_of(c, 3), first));
    assert_int_equal(heard(c, 2, DEVICE_EVENT_TRANSFERRED)->old_call.v, 0);
    assert_int_equal(press(c, 3, first, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 3);
    free(c);
}

static void test_callmanager_call__a_conference_has_three_legs_in_the_first_call(void **state)
{
    (void)state;
    struct cluster *c = phones(3);
    watch(c, 1);
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, KEY_CONFERENCE, "1003"), REASON_NONE);
    struct call_id second = call_of(c, 3);
    assert_int_equal(press(c, 2, second, KEY_CONFERENCE_COMPLETE, ""), REASON_BAD_STATE);
    assert_int_equal(press(c, 3, second, KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 2, second, KEY_CONFERENCE_COMPLETE, ""), REASON_NONE);
    for (uint32_t d = 1; d <= 3; d++) {
        assert_int_equal(c->legs[d].state, LEG_CONNECTED);
        assert_true(call_id_eq(c->legs[d].call, first));
        assert_int_equal(c->legs[d].peer.v + c->legs[d].peer2.v + d, 6);
        assert_non_null(heard(c, d, DEVICE_EVENT_CONFERENCED));
    }
    assert_int_equal(press(c, 1, first, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 1, LEG_ENDED, REASON_HUNG_UP, 0);
    check_leg(c, 2, LEG_CONNECTED, REASON_NONE, 3);
    assert_int_equal(c->legs[2].peer2.v, 0);
    check_leg(c, 3, LEG_CONNECTED, REASON_NONE, 2);
    assert_int_equal(press(c, 2, first, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 3, LEG_ENDED, REASON_HUNG_UP, 0);
    free(c);
}

static void test_callmanager_call__a_key_for_no_call_is_refused(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    struct call_id call = talk(c, 1, 2);
    assert_int_equal(press(c, 1, (struct call_id){99}, KEY_HOLD, ""), REASON_NO_CALL);
    assert_int_equal(press(c, 1, call, KEY_ROUTE, "1003"), REASON_BAD_REQUEST);
    assert_int_equal(press(c, 1, call, KEY_ANSWER, ""), REASON_BAD_STATE);
    assert_int_equal(c->traced[EVENT_KEY_REFUSED], 1);
    free(c);
}

static void test_callmanager_call__a_gateway_has_as_many_calls_as_channels(void **state)
{
    (void)state;
    struct cluster *c = phones(9);
    put(c, 1, GATEWAY);
    char number[NUMBER_LEN];
    for (uint32_t i = 1; i <= 8; i++) {
        snprintf(number, sizeof number, "%u", 1000 + i);
        dial(c, GATEWAY, i, number, "5550001");
        assert_int_equal(c->legs[GATEWAY].state, LEG_RINGBACK);
        assert_int_equal(c->legs[GATEWAY].line, i);
    }
    assert_string_equal(c->legs[8].number, "5550001");
    dial(c, GATEWAY, 9, "1009", "5550001");
    check_leg(c, GATEWAY, LEG_ENDED, REASON_BUSY, 0);
    free(c);
}

static void test_callmanager_call__a_route_point_offers_and_is_told_where_to_go(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    put(c, 1, GATEWAY);
    watch(c, 1);
    hold_route_point(c, 1);
    dial(c, GATEWAY, 1, "8000", "5550001");
    assert_int_equal(c->legs[GATEWAY].state, LEG_QUEUED);
    const struct msg_device_event *e = heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED);
    assert_non_null(e);
    assert_string_equal(e->from, "5550001");
    struct call_id call = e->call;
    assert_int_equal(cti(c, 1, ROUTE_POINT, call, KEY_ROUTE, "1009"), REASON_UNREGISTERED);
    assert_int_equal(c->legs[GATEWAY].state, LEG_QUEUED);
    assert_int_equal(cti(c, 1, ROUTE_POINT, call, KEY_ROUTE, "1001"), REASON_NONE);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason, REASON_REDIRECTED);
    check_leg(c, 1, LEG_RINGING, REASON_NONE, 0);
    assert_int_equal(c->legs[GATEWAY].state, LEG_RINGBACK);
    assert_int_equal(press(c, 1, call, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, GATEWAY, LEG_CONNECTED, REASON_NONE, 1);
    free(c);
}

static void test_callmanager_call__a_route_point_hears_that_nobody_answered(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    watch(c, 1);
    hold_route_point(c, 1);
    dial(c, 1, 1, "8000", "");
    assert_int_equal(cti(c, 1, ROUTE_POINT, call_of(c, 1), KEY_ROUTE, "1002"), REASON_NONE);
    c->now = instant_add(c->now, c->topology.timers.ring_timeout);
    tick(c, 0);
    check_leg(c, 1, LEG_ENDED, REASON_NO_ANSWER, 0);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_FAILED)->reason, REASON_NO_ANSWER);
    free(c);
}

static void test_callmanager_call__a_route_point_that_says_nothing_ends_the_call(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    watch(c, 1);
    hold_route_point(c, 1);
    dial(c, 1, 1, "8000", "");
    dial(c, 2, 1, "8000", "");
    struct call_id second = call_of(c, 2);
    assert_int_equal(cti(c, 1, ROUTE_POINT, second, KEY_ROUTE, ""), REASON_NONE);
    c->now = instant_add(c->now, c->topology.timers.route_timeout);
    tick(c, 0);
    check_leg(c, 1, LEG_ENDED, REASON_NO_CONTROLLER, 0);
    assert_int_equal(c->legs[2].state, LEG_QUEUED); /* it waits in a queue: no time limit */
    assert_int_equal(cti(c, 1, ROUTE_POINT, second, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 2, LEG_ENDED, REASON_NO_AGENT, 0);
    free(c);
}

static void test_callmanager_call__a_caller_who_leaves_the_queue_has_abandoned(void **state)
{
    (void)state;
    struct cluster *c = phones(1);
    watch(c, 1);
    hold_route_point(c, 1);
    dial(c, 1, 1, "8000", "");
    assert_int_equal(press(c, 1, call_of(c, 1), KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason, REASON_ABANDONED);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    free(c);
}

/* conforms: 27 */
static void test_callmanager_call__a_route_point_nobody_holds_has_a_recovery_number(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    struct msg_command f = {.kind = COMMAND_CONFIG, .text = "recovery.8000=1002"};
    assert_int_equal(commit(c, 1, &f).reason, REASON_NONE);
    dial(c, 1, 1, "8000", "");
    check_leg(c, 2, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

/* conforms: 27 */
static void test_callmanager_call__an_unanswered_route_point_has_a_recovery_number(void **state)
{
    (void)state;
    enum { RINGS, BUSY, CASES };
    for (unsigned what = RINGS; what < CASES; what++) {
        struct cluster *c = phones(4);
        watch(c, 1);
        hold_route_point(c, 1);
        struct msg_command f = {.kind = COMMAND_CONFIG, .text = "recovery.8000=1002"};
        assert_int_equal(commit(c, 1, &f).reason, REASON_NONE);
        if (what == BUSY) {
            talk(c, 2, 3);
        }
        dial(c, 1, 1, "8000", "");
        assert_int_equal(c->legs[1].state, LEG_QUEUED);
        c->now = instant_add(c->now, c->topology.timers.route_timeout);
        tick(c, 0);
        if (what == BUSY) {
            check_leg(c, 1, LEG_ENDED, REASON_NO_CONTROLLER, 0);
        } else {
            check_leg(c, 2, LEG_RINGING, REASON_NONE, 0);
            check_leg(c, 1, LEG_RINGBACK, REASON_NONE, 0);
            assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason,
                             REASON_REDIRECTED);
        }
        free(c);
    }
}

static void test_callmanager_call__cti_dials_and_answers_for_a_phone(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    watch(c, 2);
    assert_int_equal(cti(c, 2, 1, (struct call_id){0}, KEY_DIAL, "1002"), REASON_NONE);
    struct call_id call = call_of(c, 2);
    assert_int_equal(cti(c, 2, 2, call, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 2);
    assert_int_equal(cti(c, 2, 9, (struct call_id){0}, KEY_DIAL, "1002"), REASON_OUT_OF_SERVICE);
    assert_int_equal(cti(c, 2, 1, (struct call_id){5}, KEY_HOLD, ""), REASON_NO_CALL);
    free(c);
}

static void test_callmanager_call__the_table_is_full_and_recovers(void **state)
{
    (void)state;
    struct cluster *c = phones(2);
    c->sites[1].cm.calls_n = CALLS_MAX;
    dial(c, 1, 1, "1002", "");
    check_leg(c, 1, LEG_ENDED, REASON_FULL, 0);
    c->sites[1].cm.calls_n = 0;
    talk(c, 1, 2);
    free(c);
}

static void test_callmanager_call__legs_are_listed_in_pages(void **state)
{
    (void)state;
    struct cluster *c = phones(4);
    talk(c, 1, 2);
    talk(c, 3, 4);
    struct msg_op_call rows[4];
    bool end = true;
    assert_int_equal(callmanager_legs(&c->sites[1].cm, c->now, 0, 3, rows, &end), 3);
    assert_false(end);
    assert_int_equal(rows[1].device.v, 2);
    assert_int_equal(rows[1].other.v, 1);
    assert_string_equal(rows[1].from, "1001");
    assert_int_equal(callmanager_legs(&c->sites[1].cm, c->now, 3, 3, rows, &end), 1);
    assert_true(end);
    assert_int_equal(rows[0].device.v, 4);
    free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_call__dial_answer_hang_up),
    cmocka_unit_test(test_callmanager_call__a_phone_in_a_call_is_busy),
    cmocka_unit_test(test_callmanager_call__a_number_that_leads_nowhere_ends_the_call),
    cmocka_unit_test(test_callmanager_call__a_forwarded_number_rings_elsewhere),
    cmocka_unit_test(test_callmanager_call__forwards_in_a_circle_are_busy),
    cmocka_unit_test(test_callmanager_call__nobody_answers_in_time),
    cmocka_unit_test(test_callmanager_call__the_caller_gives_up),
    cmocka_unit_test(test_callmanager_call__hold_keeps_the_media_and_retrieve_ends_it),
    cmocka_unit_test(test_callmanager_call__an_announced_transfer_joins_the_others),
    cmocka_unit_test(test_callmanager_call__a_transfer_can_be_completed_while_it_alerts),
    cmocka_unit_test(test_callmanager_call__a_consultation_that_fails_leaves_the_first_call),
    cmocka_unit_test(test_callmanager_call__a_blind_transfer_stays_in_the_call),
    cmocka_unit_test(test_callmanager_call__a_conference_has_three_legs_in_the_first_call),
    cmocka_unit_test(test_callmanager_call__a_key_for_no_call_is_refused),
    cmocka_unit_test(test_callmanager_call__a_gateway_has_as_many_calls_as_channels),
    cmocka_unit_test(test_callmanager_call__a_route_point_offers_and_is_told_where_to_go),
    cmocka_unit_test(test_callmanager_call__a_route_point_hears_that_nobody_answered),
    cmocka_unit_test(test_callmanager_call__a_route_point_that_says_nothing_ends_the_call),
    cmocka_unit_test(test_callmanager_call__a_caller_who_leaves_the_queue_has_abandoned),
    cmocka_unit_test(test_callmanager_call__a_route_point_nobody_holds_has_a_recovery_number),
    cmocka_unit_test(test_callmanager_call__an_unanswered_route_point_has_a_recovery_number),
    cmocka_unit_test(test_callmanager_call__cti_dials_and_answers_for_a_phone),
    cmocka_unit_test(test_callmanager_call__the_table_is_full_and_recovers),
    cmocka_unit_test(test_callmanager_call__legs_are_listed_in_pages),
};

UNIT_MAIN(tests);
