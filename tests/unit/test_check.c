#include "cluster/check/check.h"

#include "cluster/check/timings.h"
#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct check_result results[CHECK_RESULTS_MAX];
static size_t results_n;
static enum verdict whole;

static const struct check_result *judged(const char *id)
{
    results_n = check_run(&good, "subscriber-fails", results, &whole);
    for (size_t i = 0; i < results_n; i++) {
        if (strcmp(results[i].id, id) == 0) {
            return &results[i];
        }
    }
    fail_msg("no check is called %s", id);
    return NULL;
}

/* The run as it is now is caught by the check. */
static void caught(const char *id)
{
    good_run_finish();
    const struct check_result *result = judged(id);
    if (result->verdict != VERDICT_FAIL) {
        fail_msg("%s: %s: %s", id, check_verdict_text(result->verdict), result->observed);
    }
    assert_int_equal(whole, VERDICT_FAIL);
    history_free(&good);
}

static void test_check__a_good_run_passes_every_check(void **state)
{
    (void)state;
    good_run_make();
    good_run_finish();
    results_n = check_run(&good, "subscriber-fails", results, &whole);
    assert_true(results_n > 16);
    bool all = true;
    for (size_t i = 0; i < results_n; i++) {
        if (results[i].verdict != VERDICT_PASS) {
            print_message("%s: %s: %s\n", results[i].id, check_verdict_text(results[i].verdict),
                          results[i].observed);
            all = false;
        }
    }
    assert_true(all);
    assert_int_equal(whole, VERDICT_PASS);
    history_free(&good);
}

static void test_check__an_empty_run_is_inconclusive_in_every_check(void **state)
{
    (void)state;
    good_run_make();
    good.events_n = 0;
    good.legs_n = 0;
    good.rows_n = 0;
    good_run_finish();
    results_n = check_run(&good, "subscriber-fails", results, &whole);
    for (size_t i = 0; i < results_n; i++) {
        if (results[i].verdict != VERDICT_INCONCLUSIVE) {
            fail_msg("%s says %s of nothing: %s", results[i].id,
                     check_verdict_text(results[i].verdict), results[i].observed);
        }
        assert_true(results[i].observed[0] != '\0');
    }
    assert_int_equal(whole, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_check__a_torn_record_proves_no_innocence(void **state)
{
    (void)state;
    good_run_make();
    good.gaps = 1;
    good_run_finish();
    results_n = check_run(&good, "subscriber-fails", results, &whole);
    assert_int_equal(whole, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_check__reg_1_catches_an_acknowledgement_without_a_commit(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB1;
    e->epoch = 4;
    caught("REG-1");
}

static void test_check__reg_1_catches_an_acknowledgement_before_the_commit(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_OWNER_CHANGED && good_events[i].device.v == 3 &&
            good_events[i].epoch == 2) {
            good_events[i].at.us += 3 * GOOD_MS;
        }
    }
    caught("REG-1");
}

static void test_check__reg_1_catches_a_registry_that_goes_back(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_OWNER_CHANGED, GOOD_SUB2, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB2;
    e->epoch = 2;
    e->value = 100000;
    caught("S1-ACKNOWLEDGED");
}

static void test_check__reg_1_allows_two_changes_in_one_entry(void **state)
{
    (void)state;
    good_run_make();
    for (uint16_t v = 1; v <= 3; v++) {
        for (uint32_t epoch = 4; epoch <= 5; epoch++) {
            struct event *e =
                good_run_event(EVENT_OWNER_CHANGED, (struct proc_id){v}, 60000 * GOOD_MS + epoch);
            e->device.v = 3;
            e->peer = epoch == 5 ? GOOD_SUB1 : (struct proc_id){0};
            e->epoch = epoch;
            e->value = 100000;
        }
    }
    good_run_finish();
    assert_int_equal(judged("REG-1")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check__reg_2_catches_an_old_epoch(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTER_ACKED, GOOD_SUB2, 60000 * GOOD_MS);
    e->device.v = 3;
    e->epoch = 2;
    caught("REG-2");
}

static void test_check__reg_2_catches_new_work_without_a_lease(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 700 * GOOD_MS);
    caught("REG-2");
}

static void test_check__reg_2_allows_to_finish_what_was_begun_with_a_lease(void **state)
{
    (void)state;
    good_run_make();
    const struct event *sent = good_run_find(EVENT_REGISTER_SENT, GOOD_FLEET, GOOD_FAULT);
    const struct event *acked = good_run_find(EVENT_REGISTER_ACKED, GOOD_SUB2, GOOD_FAULT);
    assert_int_equal(sent->device.v, acked->device.v);
    assert_true(sent->at.us + 1 < acked->at.us);
    int64_t at = sent->at.us + 1;
    /* Without a lease only until the next one asks. */
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTER_ACKED && good_events[i].at.us > at &&
            good_events[i].device.v != acked->device.v) {
            good_events[i].kind = EVENT_LINK_UP;
        }
    }
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB2, at);
    good_run_finish();
    assert_int_equal(judged("REG-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

/* The answer to an earlier question of a device that has asked again since. */
static void test_check__reg_2_allows_to_answer_what_was_asked_with_a_lease(void **state)
{
    (void)state;
    good_run_make();
    const struct event *acked = good_run_find(EVENT_REGISTER_ACKED, GOOD_SUB2, GOOD_FAULT);
    struct event first = *acked;
    int64_t at = first.at.us;
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTER_ACKED && good_events[i].at.us > at) {
            good_events[i].kind = EVENT_LINK_UP;
        }
    }
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB2, at - 20);
    struct event *again = good_run_event(EVENT_REGISTER_SENT, GOOD_FLEET, at - 10);
    again->device = first.device;
    again->peer = GOOD_SUB2;
    again->value = first.value + 1;
    good_run_finish();
    assert_int_equal(judged("REG-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

static struct event *takes_key(struct proc_id node, uint32_t device, uint32_t epoch, enum key key,
                               int64_t at)
{
    struct event *e = good_run_event(EVENT_KEY_TAKEN, node, at);
    e->device.v = device;
    e->epoch = epoch;
    e->value = key;
    return e;
}

static void test_check__reg_2_catches_a_key_under_an_old_epoch(void **state)
{
    (void)state;
    good_run_make();
    takes_key(GOOD_SUB2, 3, 2, KEY_HOLD, 60000 * GOOD_MS);
    caught("REG-2");
}

static void test_check__reg_2_catches_a_new_call_without_a_lease(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 60000 * GOOD_MS);
    takes_key(GOOD_SUB1, 3, 3, KEY_DIAL, 60500 * GOOD_MS);
    caught("REG-2");
}

static void test_check__reg_2_lets_calls_end_without_a_lease(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 60000 * GOOD_MS);
    takes_key(GOOD_SUB1, 3, 3, KEY_HANGUP, 60500 * GOOD_MS);
    good_run_finish();
    assert_int_equal(judged("REG-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check__reg_3_catches_a_stale_lookup(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, GOOD_FAULT);
    e->peer = GOOD_SUB1;
    e->epoch = 1;
    caught("REG-3");
}

static void test_check__reg_3_catches_a_lookup_that_sees_what_nobody_wrote(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, 60000 * GOOD_MS)->peer = GOOD_PUB;
    caught("REG-3");
}

static void test_check__reg_3_forgives_a_lookup_during_the_registration(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, GOOD_FAULT);
    e->peer = GOOD_SUB1;
    e->epoch = 1;
    good_run_find(EVENT_LOOKUP_ASKED, GOOD_RECORDER, GOOD_FAULT)->at.us = GOOD_FAULT;
    good_run_finish();
    assert_int_equal(judged("REG-3")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check__reg_3_says_so_if_nobody_looked(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_LOOKED_UP) {
            good_events[i].kind = EVENT_LINK_UP;
        }
    }
    good_run_finish();
    assert_int_equal(judged("REG-3")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_check__reg_4_catches_another_hash(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_STATE_HASH, GOOD_SUB2, 0)->value2++;
    caught("REG-4");
}

static void test_check__reg_4_catches_a_node_that_remembers_otherwise(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_STATE_HASH, GOOD_SUB1, GOOD_RETURN + 200 * GOOD_MS);
    const struct event *before = good_run_find(EVENT_STATE_HASH, GOOD_SUB1, 0);
    e->value = before->value;
    e->value2 = before->value2 + 1;
    e->incarnation.v = 2;
    caught("REG-4");
}

static void test_check__home_1_catches_a_phone_that_stays_away(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == 9 &&
            good_events[i].epoch == 2) {
            good_events[i].at.us = GOOD_FAULT + 9000 * GOOD_MS;
        }
    }
    caught("HOME-1");
}

static void test_check__home_1_catches_a_phone_that_never_goes_home(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_REGISTERED && good_events[i].device.v == 9 &&
            good_events[i].epoch == 3) {
            good_events[i].kind = EVENT_LINK_UP;
        }
    }
    caught("HOME-1");
}

static void test_check__home_2_catches_a_move_without_cause(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 65000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB2;
    e->epoch = 4;
    caught("HOME-2");
}

static void test_check__call_1_catches_a_gap(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_KEPT].gap_us = 900 * GOOD_MS;
    caught("CALL-1");
}

static void test_check__call_1_forgives_silence_after_the_other_party_hung_up(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_KEPT + 1].gap_us = 2050 * GOOD_MS;
    good_legs[GOOD_LEG_KEPT + 1].end_us += 2000 * GOOD_MS;
    good_legs[GOOD_LEG_KEPT + 1].reason = REASON_MEDIA_LOST;
    good_run_finish();
    assert_int_equal(judged("CALL-1")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check__call_2_catches_a_feature_that_worked(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_CALL_STATE, GOOD_FLEET, GOOD_FAULT + 2001 * GOOD_MS);
    e->device = good_legs[GOOD_LEG_KEPT].device;
    e->call = good_legs[GOOD_LEG_KEPT].call;
    e->value = LEG_HOLDING;
    caught("CALL-2");
}

static void test_check__cti_1_catches_an_event_that_is_applied_twice(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_CTI_APPLIED, GOOD_PGB, 60000 * GOOD_MS);
    e->value = 40;
    e->value2 = 102;
    caught("CTI-1");
}

static void test_check__cti_1_catches_a_gap_that_is_passed_over(void **state)
{
    (void)state;
    good_run_make();
    struct event *gap = good_run_event(EVENT_CTI_GAP, GOOD_PGB, 60000 * GOOD_MS);
    gap->value = 41;
    gap->value2 = 43;
    struct event *e = good_run_event(EVENT_CTI_APPLIED, GOOD_PGB, 60001 * GOOD_MS);
    e->value = 43;
    e->value2 = 102;
    caught("CTI-1");
}

static void test_check__cti_2_catches_a_foreign_cti_manager(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_FAULT + 1000 * GOOD_MS)->peer = GOOD_SUB2;
    caught("CTI-2");
}

static void test_check__pg_1_catches_two_sides_under_one_epoch(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 60000 * GOOD_MS);
    e->peer = GOOD_PGA;
    e->value = 2;
    caught("PG-1");
}

static void test_check__pg_2_catches_a_fail_back(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
    e->value = 3;
    e->value2 = 11;
    caught("PG-2");
}

static void test_check__tcd_1_catches_a_lost_row(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    caught("TCD-1");
}

static void test_check__tcd_2_catches_an_amended_row(void **state)
{
    (void)state;
    good_run_make();
    snprintf(good_rows[GOOD_ROW_KEPT].hash, sizeof good_rows[0].hash, "amended");
    caught("TCD-2");
}

static void test_check__agt_1_catches_a_call_for_an_agent_without_a_phone(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_ROUTED, GOOD_ICMA, GOOD_FAULT + 5000 * GOOD_MS);
    e->value = 5001;
    e->value2 = ROUTE_LABEL;
    e->device.v = 1;
    caught("AGT-1");
}

static void test_check__agt_1_catches_a_logout_without_cause(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    caught("AGT-1");
}

/* 5003's phone moved long before; a side that took over late finds a newer epoch than the login's.
 */
static void test_check__agt_1_takes_a_newer_epoch_for_a_cause(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    e->epoch = 1;
    good_run_finish();
    assert_int_equal(judged("AGT-1")->verdict, VERDICT_PASS);
    history_free(&good);
    good_run_make();
    e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    e->epoch = 3;
    caught("AGT-1");
}

static void test_check__raft_1_catches_two_leaders_in_a_term(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_RAFT_STATE, GOOD_PUB, 60000 * GOOD_MS);
    e->value = RAFT_STATE_LEADER;
    e->value2 = 3;
    caught("RAFT-1");
}

static void test_check__raft_1_catches_a_node_that_serves_without_leading(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, 0)->value2 = 4;
    caught("RAFT-1");
}

static void test_check__raft_2_catches_a_term_that_goes_back_over_a_restart(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_RAFT_STATE, GOOD_SUB1, GOOD_RETURN + 60 * GOOD_MS);
    e->value = RAFT_STATE_FOLLOWER;
    e->value2 = 1;
    caught("RAFT-2");
}

static void test_check__raft_2_catches_a_node_that_applies_backwards(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_STATE_HASH, GOOD_PUB, 60000 * GOOD_MS)->value = 12;
    caught("RAFT-2");
}

static void test_check__raft_2_allows_to_apply_anew_after_a_restart(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_STATE_HASH, GOOD_SUB1, GOOD_RETURN + 60 * GOOD_MS);
    e->value = 8;
    e->value2 = 8 * 7919;
    good_run_finish();
    assert_int_equal(judged("RAFT-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check__raft_3_catches_a_leader_that_lacks_an_entry(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, 0)->value = 30;
    caught("RAFT-3");
}

static void test_check__raft_3_says_so_if_no_leader_could_lack_anything(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, 0)->kind = EVENT_LINK_UP;
    good_run_finish();
    assert_int_equal(judged("RAFT-3")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_check__live_1_catches_a_cluster_without_an_active_side(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->kind = EVENT_PG_STANDBY;
    caught("LIVE-1");
}

static void test_check__timings_count_from_the_fault(void **state)
{
    (void)state;
    struct timings t;
    good_run_make();
    good_run_finish();
    assert_int_equal(timings_find(&good, &t), ERR_OK);
    assert_int_equal(t.fault_at, GOOD_FAULT);
    assert_int_equal(t.detect, 5 * GOOD_MS + 1);
    assert_int_equal(t.elect, 95 * GOOD_MS);
    assert_int_equal(t.first_rehome, 136 * GOOD_MS);
    assert_int_equal(t.last_rehome, 276 * GOOD_MS);
    assert_true(t.p50 > t.first_rehome && t.p50 < t.p99 && t.p99 <= t.last_rehome);
    assert_int_equal(t.pg_active, 1900 * GOOD_MS);
    assert_int_equal(t.steady, 1900 * GOOD_MS);
    assert_int_equal(t.moved, GOOD_PHONES + GOOD_GATEWAYS - 1);
    assert_int_equal(t.kept_in_call, 1);
    assert_int_equal(t.lost, 0);
    assert_int_equal(t.dropped_in_setup, 2);
    history_free(&good);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_check__a_good_run_passes_every_check),
    cmocka_unit_test(test_check__an_empty_run_is_inconclusive_in_every_check),
    cmocka_unit_test(test_check__a_torn_record_proves_no_innocence),
    cmocka_unit_test(test_check__reg_1_catches_an_acknowledgement_without_a_commit),
    cmocka_unit_test(test_check__reg_1_catches_an_acknowledgement_before_the_commit),
    cmocka_unit_test(test_check__reg_1_catches_a_registry_that_goes_back),
    cmocka_unit_test(test_check__reg_1_allows_two_changes_in_one_entry),
    cmocka_unit_test(test_check__reg_2_catches_an_old_epoch),
    cmocka_unit_test(test_check__reg_2_catches_new_work_without_a_lease),
    cmocka_unit_test(test_check__reg_2_allows_to_finish_what_was_begun_with_a_lease),
    cmocka_unit_test(test_check__reg_2_allows_to_answer_what_was_asked_with_a_lease),
    cmocka_unit_test(test_check__reg_2_catches_a_key_under_an_old_epoch),
    cmocka_unit_test(test_check__reg_2_catches_a_new_call_without_a_lease),
    cmocka_unit_test(test_check__reg_2_lets_calls_end_without_a_lease),
    cmocka_unit_test(test_check__reg_3_catches_a_stale_lookup),
    cmocka_unit_test(test_check__reg_3_catches_a_lookup_that_sees_what_nobody_wrote),
    cmocka_unit_test(test_check__reg_3_forgives_a_lookup_during_the_registration),
    cmocka_unit_test(test_check__reg_3_says_so_if_nobody_looked),
    cmocka_unit_test(test_check__reg_4_catches_another_hash),
    cmocka_unit_test(test_check__reg_4_catches_a_node_that_remembers_otherwise),
    cmocka_unit_test(test_check__home_1_catches_a_phone_that_stays_away),
    cmocka_unit_test(test_check__home_1_catches_a_phone_that_never_goes_home),
    cmocka_unit_test(test_check__home_2_catches_a_move_without_cause),
    cmocka_unit_test(test_check__call_1_catches_a_gap),
    cmocka_unit_test(test_check__call_1_forgives_silence_after_the_other_party_hung_up),
    cmocka_unit_test(test_check__call_2_catches_a_feature_that_worked),
    cmocka_unit_test(test_check__cti_1_catches_an_event_that_is_applied_twice),
    cmocka_unit_test(test_check__cti_1_catches_a_gap_that_is_passed_over),
    cmocka_unit_test(test_check__cti_2_catches_a_foreign_cti_manager),
    cmocka_unit_test(test_check__pg_1_catches_two_sides_under_one_epoch),
    cmocka_unit_test(test_check__pg_2_catches_a_fail_back),
    cmocka_unit_test(test_check__tcd_1_catches_a_lost_row),
    cmocka_unit_test(test_check__tcd_2_catches_an_amended_row),
    cmocka_unit_test(test_check__agt_1_catches_a_call_for_an_agent_without_a_phone),
    cmocka_unit_test(test_check__agt_1_catches_a_logout_without_cause),
    cmocka_unit_test(test_check__agt_1_takes_a_newer_epoch_for_a_cause),
    cmocka_unit_test(test_check__raft_1_catches_two_leaders_in_a_term),
    cmocka_unit_test(test_check__raft_1_catches_a_node_that_serves_without_leading),
    cmocka_unit_test(test_check__raft_2_catches_a_term_that_goes_back_over_a_restart),
    cmocka_unit_test(test_check__raft_2_catches_a_node_that_applies_backwards),
    cmocka_unit_test(test_check__raft_2_allows_to_apply_anew_after_a_restart),
    cmocka_unit_test(test_check__raft_3_catches_a_leader_that_lacks_an_entry),
    cmocka_unit_test(test_check__raft_3_says_so_if_no_leader_could_lack_anything),
    cmocka_unit_test(test_check__live_1_catches_a_cluster_without_an_active_side),
    cmocka_unit_test(test_check__timings_count_from_the_fault),
};

UNIT_MAIN(tests);
