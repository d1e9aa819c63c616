#include "cluster/check/check.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static void test_check_home__home_1_catches_a_phone_that_stays_away(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == 9 &&
            good_events[i].epoch == 2) {
            good_events[i].at.us = GOOD_FAULT + 9000 * GOOD_MS;
        }
    }
    good_run_caught("HOME-1");
}

/* Nobody may take it without a majority. */
static void test_check_home__home_1_allows_to_wait_for_a_majority(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == 9 &&
            good_events[i].epoch == 2) {
            good_events[i].at.us = GOOD_FAULT + 9000 * GOOD_MS;
        }
    }
    good_run_fault(EVENT_FAULT, GOOD_PUB, "unplug", GOOD_FAULT + 50 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_PUB, "unplug", GOOD_FAULT + 8900 * GOOD_MS);
    good_run_finish();
    const struct check_result *r = good_run_judged("HOME-1");
    if (r->verdict != VERDICT_PASS) {
        fail_msg("%s", r->observed);
    }
    history_free(&good);
}

/* It slept too short for its phones to notice, and died a moment later: two outages, two answers.
 */
static void test_check_home__home_1_keeps_two_outages_apart(void **state)
{
    (void)state;
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_SUB1, "hang", GOOD_FAULT - 1000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_SUB1, "hang", GOOD_FAULT - 700 * GOOD_MS);
    good_run_finish();
    const struct check_result *r = good_run_judged("HOME-1");
    if (r->verdict != VERDICT_PASS) {
        fail_msg("%s", r->observed);
    }
    history_free(&good);
}

/* Its node was back before the phone heard that it had been taken from it, and had given it a call,
 * which is preserved; or it was idle when it heard that. */
static void test_check_home__home_1_lets_a_phone_end_the_call_in_which_it_hears_of_it(void **state)
{
    (void)state;
    for (unsigned busy = 0; busy <= 1; busy++) {
        good_run_make();
        for (size_t i = 0; i < good.events_n; i++) {
            struct event *e = &good_events[i];
            if (e->kind == EVENT_REGISTERED && e->device.v == 9 && e->epoch == 2) {
                e->at.us = GOOD_FAULT + 9000 * GOOD_MS;
            } else if (e->kind == EVENT_DEVICE_LOST && e->device.v == 9) {
                e->at.us = GOOD_FAULT + 2000 * GOOD_MS;
            }
        }
        int64_t begin = GOOD_FAULT + (busy == 1 ? 1000 : 3000) * GOOD_MS;
        good_run_talk(5009, 0x709, begin, GOOD_FAULT + 8900 * GOOD_MS)->preserved = true;
        good_run_finish();
        assert_int_equal(good_run_judged("HOME-1")->verdict,
                         busy == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static void stays_away(uint32_t device)
{
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == device &&
            good_events[i].epoch == 3) {
            good_events[i].kind = EVENT_LINK_UP;
        }
    }
}

static void test_check_home__home_1_catches_a_phone_that_never_goes_home(void **state)
{
    (void)state;
    good_run_make();
    stays_away(9);
    good_run_caught("HOME-1");
}

/* Gateways go home one after the other, each when its calls have ended, of whatever group. */
/* The last fault was no node's, and the run ends before anybody would have to be at home: all are,
 * or one is on its way, and nothing can be said. */
static void test_check_home__home_1_counts_who_is_at_home_early(void **state)
{
    (void)state;
    for (unsigned away = 0; away < 2; away++) {
        good_run_make();
        if (away == 1) {
            stays_away(9);
        }
        good_run_find(EVENT_FAULT, GOOD_GUEST, 0)->kind = EVENT_LINK_UP;
        good_run_find(EVENT_HEAL, GOOD_GUEST, 0)->kind = EVENT_LINK_UP;
        good_run_fault(EVENT_FAULT, GOOD_ICMA, "partition", GOOD_END - 2000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_ICMA, "partition", GOOD_END - 1000 * GOOD_MS);
        good_run_finish();
        assert_int_equal(good_run_judged("HOME-1")->verdict,
                         away == 1 ? VERDICT_INCONCLUSIVE : VERDICT_PASS);
        history_free(&good);
    }
}

static void test_check_home__home_1_lets_a_gateway_wait_for_one_that_drains(void **state)
{
    (void)state;
    for (int busy = 0; busy < 3; busy++) {
        good_run_make();
        stays_away(GOOD_GATEWAY);
        if (busy == 2) {
            good_topology.groups[1] = good_topology.groups[0];
            good_topology.groups_n = 2;
            good_topology.gateways[1].group = 1;
        }
        if (busy != 0) {
            good_legs[good.legs_n++] = (struct history_leg){.device = {GOOD_GATEWAY + 1},
                                                            .call = {77},
                                                            .begin_us = GOOD_RETURN - GOOD_MS,
                                                            .answer_us = GOOD_RETURN - GOOD_MS,
                                                            .end_us = GOOD_END - GOOD_MS};
        }
        good_run_finish();
        const struct check_result *r = good_run_judged("HOME-1");
        if (r->verdict != (busy != 0 ? VERDICT_PASS : VERDICT_FAIL)) {
            fail_msg("%s", r->observed);
        }
        history_free(&good);
    }
}

/* One that waits for its turn takes calls; when it is let go it waits for them. */
static void test_check_home__home_1_lets_a_gateway_wait_for_one_that_took_a_call(void **state)
{
    (void)state;
    for (int drains = 0; drains < 2; drains++) {
        good_run_make();
        stays_away(GOOD_GATEWAY);
        good_legs[good.legs_n++] = (struct history_leg){.device = {GOOD_GATEWAY + 1},
                                                        .call = {77},
                                                        .begin_us = GOOD_RETURN + 3000 * GOOD_MS,
                                                        .answer_us = GOOD_RETURN + 3100 * GOOD_MS,
                                                        .end_us = GOOD_END - GOOD_MS};
        for (size_t i = 0; i < good.events_n && drains == 0; i++) {
            bool drain = good_events[i].kind == EVENT_DRAIN;
            good_events[i].kind = drain ? EVENT_LINK_UP : good_events[i].kind;
        }
        good_run_finish();
        const struct check_result *r = good_run_judged("HOME-1");
        if (r->verdict != (drains == 1 ? VERDICT_PASS : VERDICT_FAIL)) {
            fail_msg("%s", r->observed);
        }
        history_free(&good);
    }
}

static void test_check_home__home_2_catches_a_move_without_cause(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 65000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB2;
    e->epoch = 4;
    good_run_caught("HOME-2");
}

/* Nobody missed it for so short a time. */
static void test_check_home__live_1_lets_an_active_side_survive_that_it_was_unplugged(void **state)
{
    (void)state;
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_PGB, "unplug", 50000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_PGB, "unplug", 50300 * GOOD_MS);
    good_run_finish();
    const struct check_result *r = good_run_judged("LIVE-1");
    if (r->verdict != VERDICT_PASS) {
        fail_msg("%s", r->observed);
    }
    history_free(&good);
}

static void test_check_home__live_1_catches_a_cluster_without_an_active_side(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->kind = EVENT_PG_STANDBY;
    good_run_caught("LIVE-1");
}

/* Both sides hang in turn, and a controller that missed the switch grants the first one its old
 * epoch again: that one acts, and says nothing new. */
static void test_check_home__live_1_knows_a_side_that_is_granted_its_old_epoch_again(void **state)
{
    (void)state;
    const int64_t t = 50000 * GOOD_MS;
    for (unsigned granted = 0; granted < 2; granted++) {
        good_run_make();
        int64_t epoch = good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->value;
        good_run_fault(EVENT_FAULT, GOOD_PGB, "hang", t);
        good_run_fault(EVENT_HEAL, GOOD_PGB, "hang", t + 3900 * GOOD_MS);
        good_run_activates(GOOD_PGA, GOOD_SUB1, epoch + 1, t + 1000 * GOOD_MS);
        good_run_fault(EVENT_FAULT, GOOD_PGA, "hang", t + 3000 * GOOD_MS);
        good_run_fault(EVENT_HEAL, GOOD_PGA, "hang", t + 5900 * GOOD_MS);
        if (granted == 1) {
            struct event *e = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, t + 4000 * GOOD_MS);
            e->peer = GOOD_PGB;
            e->value = epoch;
        }
        good_run_event(EVENT_PG_STANDBY, GOOD_PGA, t + 6000 * GOOD_MS);
        good_run_finish();
        assert_int_equal(good_run_judged("LIVE-1")->verdict,
                         granted == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

/* That one hears a moment later that it was replaced: its successor acted all the time, or did not.
 */
static void test_check_home__live_1_knows_the_successor_of_a_side_that_lets_go(void **state)
{
    (void)state;
    const int64_t t = 50000 * GOOD_MS;
    for (unsigned acts = 0; acts < 2; acts++) {
        good_run_make();
        int64_t epoch = good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->value;
        good_run_fault(EVENT_FAULT, GOOD_PGB, "unplug", t);
        good_run_fault(EVENT_HEAL, GOOD_PGB, "unplug", t + 2000 * GOOD_MS);
        good_run_activates(GOOD_PGA, GOOD_SUB1, epoch + 1, t + 1000 * GOOD_MS);
        struct event *e = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, t + 2100 * GOOD_MS);
        e->peer = GOOD_PGB;
        e->value = epoch;
        if (acts == 0) {
            good_run_event(EVENT_PG_STANDBY, GOOD_PGA, t + 2120 * GOOD_MS);
        }
        good_run_event(EVENT_PG_STANDBY, GOOD_PGB, t + 2150 * GOOD_MS);
        good_run_finish();
        assert_int_equal(good_run_judged("LIVE-1")->verdict,
                         acts == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static void test_check_home__the_end_of_one_fault_is_not_the_end_of_another(void **state)
{
    (void)state;
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", 40000 * GOOD_MS);
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "partition", 41000 * GOOD_MS);
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "slow", 42000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", 43000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_SUB2, "slow", 44000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_SUB2, "partition", 45000 * GOOD_MS);
    /* A service that is well again while the network is not. */
    good_run_fault(EVENT_FAULT, GOOD_PUB, "stop ctimanager", 39000 * GOOD_MS);
    good_run_fault(EVENT_FAULT, GOOD_PUB, "partition", 40000 * GOOD_MS);
    struct event *started = good_run_event(EVENT_SERVICE_START, GOOD_PUB, 40900 * GOOD_MS);
    snprintf(started->text, sizeof started->text, "ctimanager");
    good_run_fault(EVENT_HEAL, GOOD_PUB, "stop ctimanager", 41000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_PUB, "partition", 45000 * GOOD_MS);
    good_run_finish();
    assert_int_equal(history_calm_since(&good), 45000 * GOOD_MS);
    assert_true(history_disturbed(&good, GOOD_SUB2, 44500 * GOOD_MS, 44600 * GOOD_MS));
    assert_false(history_disturbed(&good, GOOD_SUB2, 45500 * GOOD_MS, 45600 * GOOD_MS));
    assert_true(history_disturbed(&good, GOOD_PUB, 44500 * GOOD_MS, 44600 * GOOD_MS));
    assert_false(history_disturbed(&good, GOOD_PUB, 45500 * GOOD_MS, 45600 * GOOD_MS));
    history_free(&good);
}

static void test_check_home__live_1_catches_a_dialled_number_that_nobody_holds(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == EVENT_OWNER_CHANGED && e->device.v == GOOD_ROUTE_POINT && e->epoch == 3) {
            e->peer.v = 0;
        }
    }
    good_run_caught("LIVE-1");
}

static void test_check_home__live_1_catches_a_phone_that_nobody_serves_in_the_end(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB1;
    good_run_caught("LIVE-1");
}

/* sub1 hears late that it was elected once, and of the leader of a newer term a moment later. */
static void test_check_home__live_1_knows_the_leader_by_its_term(void **state)
{
    (void)state;
    good_run_make();
    for (unsigned i = 0; i < 2; i++) {
        struct event *e =
            good_run_event(EVENT_RAFT_STATE, GOOD_SUB1, GOOD_RETURN + (200 + 10 * i) * GOOD_MS);
        e->value = i == 0 ? RAFT_STATE_LEADER : RAFT_STATE_FOLLOWER;
        e->value2 = i == 0 ? 2 : 3;
    }
    good_run_finish();
    const struct check_result *r = good_run_judged("LIVE-1");
    if (r->verdict != VERDICT_PASS) {
        fail_msg("%s", r->observed);
    }
    history_free(&good);
}

static void test_check_home__live_1_catches_a_cluster_without_a_leader(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_RAFT_STATE, GOOD_SUB2, 44000 * GOOD_MS);
    e->value = RAFT_STATE_FOLLOWER;
    e->value2 = 3;
    good_run_caught("LIVE-1");
}

static void test_check_home__live_1_says_so_if_the_run_ended_before_the_bound(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB1;
    struct event *fault = good_run_event(EVENT_FAULT, GOOD_GUEST, 66000 * GOOD_MS);
    fault->peer = GOOD_PUB;
    snprintf(fault->text, sizeof fault->text, "crash");
    good_run_finish();
    assert_int_equal(good_run_judged("LIVE-1")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_check_home__home_1_leaves_out_devices_whose_way_was_barred_too(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == 9 &&
            good_events[i].epoch == 2) {
            good_events[i].at.us = GOOD_FAULT + 9000 * GOOD_MS;
        }
    }
    struct event *fault = good_run_event(EVENT_FAULT, GOOD_GUEST, GOOD_FAULT + 100 * GOOD_MS);
    fault->peer = GOOD_SUB2;
    snprintf(fault->text, sizeof fault->text, "partition sub2");
    struct event *heal = good_run_event(EVENT_HEAL, GOOD_GUEST, GOOD_FAULT + 8000 * GOOD_MS);
    heal->peer = GOOD_SUB2;
    snprintf(heal->text, sizeof heal->text, "partition sub2");
    good_run_finish();
    assert_int_equal(good_run_judged("HOME-1")->verdict, VERDICT_PASS);
    history_free(&good);
}

/* Its service manager started it again, and nobody had said that it died. */
static void test_check_home__home_2_sees_a_crash_that_nobody_announced(void **state)
{
    (void)state;
    for (unsigned crashed = 0; crashed < 2; crashed++) {
        good_run_make();
        good_run_find(EVENT_FAULT, GOOD_GUEST, 0)->kind = EVENT_LINK_UP;
        good_run_find(EVENT_HEAL, GOOD_GUEST, 0)->kind = EVENT_LINK_UP;
        struct event *start = good_run_find(EVENT_PROCESS_START, GOOD_SUB1, GOOD_RETURN);
        start->incarnation.v = crashed == 1 ? 2 : 1;
        good_run_finish();
        assert_int_equal(good_run_judged("HOME-2")->verdict,
                         crashed == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static void test_check_home__home_2_catches_a_move_long_after_the_fault_was_over(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 50000 * GOOD_MS);
    good_run_event(EVENT_LEASE_GOT, GOOD_SUB1, 50500 * GOOD_MS);
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 65000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB2;
    e->epoch = 4;
    good_run_caught("HOME-2");
}

/* The registry took the phone from its node long before that one hears of it. */
static void test_check_home__home_2_takes_the_registrys_word_for_a_cause(void **state)
{
    (void)state;
    for (unsigned before = 0; before <= 1; before++) { /* or before it lived there */
        good_run_make();
        struct event *taken = good_run_event(EVENT_OWNER_CHANGED, GOOD_PUB, 55000 * GOOD_MS);
        taken->device.v = 3;
        taken->epoch = before == 1 ? 1 : 8;
        struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 65000 * GOOD_MS);
        e->device.v = 3;
        e->peer = GOOD_SUB2;
        e->epoch = 9;
        good_run_finish();
        assert_int_equal(good_run_judged("HOME-2")->verdict,
                         before == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

static void test_check_home__home_2_catches_a_phone_that_does_not_wait_for_the_watch(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == 9 &&
            good_events[i].epoch == 3) {
            good_events[i].at.us = GOOD_RETURN + 1000 * GOOD_MS;
        }
    }
    good_run_caught("HOME-2");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_check_home__home_1_catches_a_phone_that_stays_away),
    cmocka_unit_test(test_check_home__home_1_allows_to_wait_for_a_majority),
    cmocka_unit_test(test_check_home__home_1_keeps_two_outages_apart),
    cmocka_unit_test(test_check_home__home_1_lets_a_phone_end_the_call_in_which_it_hears_of_it),
    cmocka_unit_test(test_check_home__home_1_catches_a_phone_that_never_goes_home),
    cmocka_unit_test(test_check_home__home_1_counts_who_is_at_home_early),
    cmocka_unit_test(test_check_home__home_1_lets_a_gateway_wait_for_one_that_drains),
    cmocka_unit_test(test_check_home__home_1_lets_a_gateway_wait_for_one_that_took_a_call),
    cmocka_unit_test(test_check_home__home_2_catches_a_move_without_cause),
    cmocka_unit_test(test_check_home__live_1_lets_an_active_side_survive_that_it_was_unplugged),
    cmocka_unit_test(test_check_home__live_1_catches_a_cluster_without_an_active_side),
    cmocka_unit_test(test_check_home__live_1_knows_a_side_that_is_granted_its_old_epoch_again),
    cmocka_unit_test(test_check_home__live_1_knows_the_successor_of_a_side_that_lets_go),
    cmocka_unit_test(test_check_home__the_end_of_one_fault_is_not_the_end_of_another),
    cmocka_unit_test(test_check_home__live_1_catches_a_dialled_number_that_nobody_holds),
    cmocka_unit_test(test_check_home__live_1_catches_a_phone_that_nobody_serves_in_the_end),
    cmocka_unit_test(test_check_home__live_1_knows_the_leader_by_its_term),
    cmocka_unit_test(test_check_home__live_1_catches_a_cluster_without_a_leader),
    cmocka_unit_test(test_check_home__live_1_says_so_if_the_run_ended_before_the_bound),
    cmocka_unit_test(test_check_home__home_1_leaves_out_devices_whose_way_was_barred_too),
    cmocka_unit_test(test_check_home__home_2_sees_a_crash_that_nobody_announced),
    cmocka_unit_test(test_check_home__home_2_catches_a_move_long_after_the_fault_was_over),
    cmocka_unit_test(test_check_home__home_2_takes_the_registrys_word_for_a_cause),
    cmocka_unit_test(test_check_home__home_2_catches_a_phone_that_does_not_wait_for_the_watch),
};

UNIT_MAIN(tests);
