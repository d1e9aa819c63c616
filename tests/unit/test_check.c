#include "cluster/check/check.h"

#include "cluster/check/timings.h"
#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct check_result results[CHECK_RESULTS_MAX];
static size_t results_n;
static enum verdict whole;

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

static void test_check__call_1_catches_a_gap(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_KEPT].gap_us = 900 * GOOD_MS;
    good_run_caught("CALL-1");
}

static void test_check__call_1_forgives_silence_after_the_other_party_hung_up(void **state)
{
    (void)state;
    good_run_make();
    good_legs[GOOD_LEG_KEPT + 1].gap_us = 2050 * GOOD_MS;
    good_legs[GOOD_LEG_KEPT + 1].end_us += 2000 * GOOD_MS;
    good_legs[GOOD_LEG_KEPT + 1].reason = REASON_MEDIA_LOST;
    good_run_finish();
    assert_int_equal(good_run_judged("CALL-1")->verdict, VERDICT_PASS);
    history_free(&good);
}

/* His CallManager died before it heard of the answer, so he was never connected. */
static void test_check__call_1_forgives_a_caller_who_was_never_connected(void **state)
{
    (void)state;
    for (unsigned answered = 0; answered <= 1; answered++) {
        good_run_make();
        struct history_leg *kept = &good_legs[GOOD_LEG_KEPT];
        struct history_leg *other = &good_legs[GOOD_LEG_KEPT + 1];
        kept->gap_us = 2000 * GOOD_MS;
        kept->received = 0;
        kept->end_us = other->end_us;
        other->answer_us = answered == 1 ? other->answer_us : 0;
        good_run_finish();
        assert_int_equal(good_run_judged("CALL-1")->verdict,
                         answered == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

/* Its CallManager died with the conference half made: the third party never came over. */
static void test_check__call_1_forgives_the_silence_of_a_third_who_never_came(void **state)
{
    (void)state;
    for (unsigned came = 0; came <= 1; came++) {
        good_run_make();
        struct history_leg *talk = &good_legs[GOOD_LEG_DONE];
        talk->gap_us = 900 * GOOD_MS;
        struct history_leg *back = &good_legs[good.legs_n++];
        *back = *talk;
        back->call.v = 0x777;
        back->reason = REASON_CONFERENCED;
        back->gap_us = 0;
        back->end_us = talk->end_us - 1000 * GOOD_MS;
        struct history_leg *third = &good_legs[good.legs_n++];
        *third = *back;
        third->device.v = 18;
        third->call = came == 1 ? talk->call : back->call;
        third->moved_from = came == 1 ? back->call : (struct call_id){0};
        third->reason = REASON_HUNG_UP;
        third->end_us = talk->end_us;
        good_run_finish();
        assert_int_equal(good_run_judged("CALL-1")->verdict,
                         came == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

/* It sent the caller to somebody else, and its CallManager died before it could tell it. */
static void test_check__call_1_forgives_the_silence_of_who_was_sent_away(void **state)
{
    (void)state;
    enum { NO_KEY, OTHER_KEY, KEY_LATER, BACK, RETRIEVED, SENT, CASES };
    for (unsigned c = 0; c < CASES; c++) {
        good_run_make();
        struct history_leg *talk = &good_legs[GOOD_LEG_DONE];
        struct history_leg *other = &good_legs[GOOD_LEG_DONE + 1];
        assert_true(call_id_eq(talk->call, other->call));
        int64_t stopped = talk->end_us - 2000 * GOOD_MS;
        talk->gap_us = 2000 * GOOD_MS;
        struct event *key = good_run_event(EVENT_KEY_TAKEN, GOOD_SUB1,
                                           stopped + (c == KEY_LATER ? 100 : -100) * GOOD_MS);
        key->device = talk->device;
        key->call = talk->call;
        key->call.v += c == NO_KEY ? 1 : 0;
        key->value = c == OTHER_KEY ? KEY_ANSWER : KEY_TRANSFER_BLIND;
        struct event *end = good_run_event(EVENT_MEDIA_END, GOOD_FLEET, stopped);
        end->device = other->device;
        end->call = talk->call;
        if (c == RETRIEVED) {
            struct event *again =
                good_run_event(EVENT_KEY_TAKEN, GOOD_SUB1, stopped + 200 * GOOD_MS);
            again->device = talk->device;
            again->call = talk->call;
            again->value = KEY_RETRIEVE;
        }
        if (c == BACK) {
            struct event *begin = good_run_event(EVENT_MEDIA_BEGIN, GOOD_FLEET, stopped + 1);
            begin->device = other->device;
            begin->call = talk->call;
            begin->value = talk->device.v;
        }
        good_run_finish();
        assert_int_equal(good_run_judged("CALL-1")->verdict,
                         c == SENT ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static void test_check__call_1_needs_no_line_of_the_one_who_hung_up(void **state)
{
    (void)state;
    good_run_make();
    struct history_leg *kept = &good_legs[GOOD_LEG_KEPT];
    struct history_leg *other = &good_legs[GOOD_LEG_KEPT + 1];
    other->gap_us = 2050 * GOOD_MS;
    other->end_us += 2000 * GOOD_MS;
    struct event *e = good_run_event(EVENT_CALL_END, GOOD_FLEET, kept->end_us);
    e->device = kept->device;
    e->call = kept->call;
    kept->open = true; /* it hung up, and its line is not in the log yet */
    good_run_finish();
    assert_int_equal(good_run_judged("CALL-1")->verdict, VERDICT_PASS);
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
    good_run_caught("CALL-2");
}

static void test_check__cti_1_catches_an_event_that_is_applied_twice(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_CTI_APPLIED, GOOD_PGB, 60000 * GOOD_MS);
    e->value = 40;
    e->value2 = 102;
    good_run_caught("CTI-1");
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
    good_run_caught("CTI-1");
}

static void test_check__cti_2_catches_a_foreign_cti_manager(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_FAULT + 1000 * GOOD_MS)->peer = GOOD_SUB2;
    good_run_caught("CTI-2");
}

static void test_check__tcd_1_catches_a_lost_row(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    good_run_caught("TCD-1");
}

static void test_check__tcd_2_catches_an_amended_row(void **state)
{
    (void)state;
    good_run_make();
    snprintf(good_rows[GOOD_ROW_KEPT].hash, sizeof good_rows[0].hash, "amended");
    good_run_caught("TCD-2");
}

static void test_check__agt_1_catches_a_call_for_an_agent_without_a_phone(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_ROUTED, GOOD_ICMA, GOOD_FAULT + 5000 * GOOD_MS);
    e->value = 5001;
    e->value2 = ROUTE_LABEL;
    e->device.v = 1;
    good_run_caught("AGT-1");
}

static void test_check__agt_1_catches_a_logout_without_cause(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    good_run_caught("AGT-1");
}

/* Nobody could log the agent out as long as there was no active side. */
static void test_check__agt_1_knows_what_happened_while_no_side_was_active(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_PG_STANDBY, GOOD_PGB, 36000 * GOOD_MS);
    struct event *tried = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 37000 * GOOD_MS);
    tried->peer = GOOD_PGA;
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, 60000 * GOOD_MS);
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    good_run_activates(GOOD_PGB, GOOD_SUB2, 3, 65500 * GOOD_MS);
    good_run_finish();
    const struct check_result *r = good_run_judged("AGT-1");
    if (r->verdict != VERDICT_PASS) {
        fail_msg("%s", r->observed);
    }
    history_free(&good);
}

/* 5003's phone moved long before; a side that took over late finds a newer epoch than the login's.
 */
static void test_check__agt_1_takes_the_registrys_word_for_a_cause(void **state)
{
    (void)state;
    for (uint32_t taken = 0; taken < 2; taken++) { /* or taken before the login */
        good_run_make();
        struct event *out = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
        out->value = 5003;
        out->value2 = 50003;
        out->epoch = 7;
        struct event *e = good_run_event(EVENT_OWNER_CHANGED, GOOD_SUB2, 40000 * GOOD_MS);
        e->device.v = 3;
        e->epoch = 7 + taken;
        if (taken == 0) {
            good_run_caught("AGT-1");
        } else {
            good_run_finish();
            assert_int_equal(good_run_judged("AGT-1")->verdict, VERDICT_PASS);
            history_free(&good);
        }
    }
}

/* 5003's phone is lost, and a request that it had given up long before arrives: for all that the
 * router can know it is registered. */
static void test_check__agt_1_knows_a_request_that_came_too_late(void **state)
{
    (void)state;
    for (uint32_t late = 0; late < 2; late++) {
        good_run_make();
        struct event *lost = good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, 60000 * GOOD_MS);
        lost->device.v = 3;
        lost->peer = GOOD_SUB1;
        struct event *e = good_run_event(EVENT_OWNER_CHANGED, GOOD_PUB, 60500 * GOOD_MS);
        e->device.v = 3;
        e->peer = late == 1 ? GOOD_SUB1 : (struct proc_id){0};
        e->epoch = 9;
        good_run_routed(5003, GOOD_PGB, 0x555, 64000 * GOOD_MS);
        good_run_finish();
        assert_int_equal(good_run_judged("AGT-1")->verdict,
                         late == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

/* The registry at pgb's CTI Manager had not heard of the registration under which 5003 logged in.
 */
static void test_check__agt_1_knows_a_cti_manager_whose_registry_is_behind(void **state)
{
    (void)state;
    for (uint32_t heard = 0; heard < 2; heard++) {
        good_run_make();
        struct event *out = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
        out->value = 5003;
        out->value2 = 50003;
        out->epoch = 7;
        struct event *e = good_run_event(EVENT_OWNER_CHANGED, GOOD_SUB2, 40000 * GOOD_MS);
        e->device.v = 3;
        e->epoch = 6 + heard;
        good_run_finish();
        assert_int_equal(good_run_judged("AGT-1")->verdict,
                         heard == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

static void test_check__agt_1_takes_a_newer_epoch_for_a_cause(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    e->epoch = 1;
    good_run_finish();
    assert_int_equal(good_run_judged("AGT-1")->verdict, VERDICT_PASS);
    history_free(&good);
    good_run_make();
    e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, 65000 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    e->epoch = 3;
    good_run_caught("AGT-1");
}

static void test_check__raft_1_catches_two_leaders_in_a_term(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_RAFT_STATE, GOOD_PUB, 60000 * GOOD_MS);
    e->value = RAFT_STATE_LEADER;
    e->value2 = 3;
    good_run_caught("RAFT-1");
}

static void test_check__raft_1_catches_a_node_that_serves_without_leading(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, 0)->value2 = 4;
    good_run_caught("RAFT-1");
}

static void test_check__raft_2_catches_a_term_that_goes_back_over_a_restart(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_RAFT_STATE, GOOD_SUB1, GOOD_RETURN + 60 * GOOD_MS);
    e->value = RAFT_STATE_FOLLOWER;
    e->value2 = 1;
    good_run_caught("RAFT-2");
}

static void test_check__raft_2_catches_a_node_that_applies_backwards(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_STATE_HASH, GOOD_PUB, 60000 * GOOD_MS)->value = 12;
    good_run_caught("RAFT-2");
}

static void test_check__raft_2_allows_to_apply_anew_after_a_restart(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_STATE_HASH, GOOD_SUB1, GOOD_RETURN + 60 * GOOD_MS);
    e->value = 8;
    e->value2 = 8 * 7919;
    good_run_finish();
    assert_int_equal(good_run_judged("RAFT-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check__raft_3_catches_a_leader_that_lacks_an_entry(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, 0)->value = 30;
    good_run_caught("RAFT-3");
}

/* A leader that was stopped comes to serve in its own term, when the next one has committed more.
 */
static void leader_wakes(int64_t lacks)
{
    good_run_make();
    int64_t applied = good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, GOOD_FAULT)->value - lacks;
    const struct event *leads = good_run_find(EVENT_RAFT_STATE, GOOD_SUB2, GOOD_FAULT);
    struct event *e = good_run_event(EVENT_RAFT_STATE, GOOD_PUB, leads->at.us - 1 * GOOD_MS);
    e->value = RAFT_STATE_LEADER;
    e->value2 = leads->value2;
    good_run_find(EVENT_RAFT_STATE, GOOD_SUB2, GOOD_FAULT)->value2++;
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, GOOD_FAULT)->value2++;
    e = good_run_event(EVENT_RAFT_SERVING, GOOD_PUB, GOOD_END - 1 * GOOD_MS);
    e->value = applied;
    e->value2 = leads->value2 - 1;
}

static void test_check__raft_3_lets_a_leader_wake_after_the_next_one(void **state)
{
    (void)state;
    leader_wakes(0);
    good_run_finish();
    assert_int_equal(good_run_judged("RAFT-3")->verdict, VERDICT_PASS);
    history_free(&good);
    leader_wakes(10);
    good_run_caught("RAFT-3");
}

static void test_check__raft_3_says_so_if_no_leader_could_lack_anything(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_RAFT_SERVING, GOOD_SUB2, 0)->kind = EVENT_LINK_UP;
    good_run_finish();
    assert_int_equal(good_run_judged("RAFT-3")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
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

/* A second node fails later: an idle phone has no CallManager for a while, and the leader is
 * another one; a third leader takes over from one that is well. */
static void test_check__steady_counts_what_broke_later(void **state)
{
    (void)state;
    struct timings t;
    for (unsigned c = 0; c < 3; c++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_PUB, "crash", 60000 * GOOD_MS);
        if (c == 0) {
            good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, 60010 * GOOD_MS)->device.v = 3;
            good_run_registers(3, GOOD_SUB2, 9, 61000 * GOOD_MS, 900);
        } else {
            struct proc_id first = c == 1 ? GOOD_PUB : GOOD_SUB2;
            good_run_event(EVENT_RAFT_SERVING, first, 50000 * GOOD_MS)->value = 1;
            good_run_event(EVENT_RAFT_SERVING, GOOD_SUB1, 62000 * GOOD_MS)->value = 1;
        }
        good_run_finish();
        assert_int_equal(timings_find(&good, &t), ERR_OK);
        int64_t later = c == 0 ? good_run_find(EVENT_REGISTERED, GOOD_FLEET, 61000 * GOOD_MS)->at.us
                        : c == 1 ? 62000 * GOOD_MS
                                 : GOOD_FAULT + 1900 * GOOD_MS;
        assert_int_equal(t.steady, later - GOOD_FAULT);
        history_free(&good);
    }
}

/* A phone that is served by nobody to the end, or a leader that is gone. */
static void test_check__what_never_came_back_is_never_steady(void **state)
{
    (void)state;
    struct timings t;
    for (unsigned c = 0; c < 2; c++) {
        good_run_make();
        good_run_fault(EVENT_FAULT, GOOD_PUB, "crash", 60000 * GOOD_MS);
        if (c == 0) {
            good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, 60010 * GOOD_MS)->device.v = 3;
        } else {
            good_run_event(EVENT_RAFT_SERVING, GOOD_PUB, 50000 * GOOD_MS)->value = 1;
        }
        good_run_finish();
        assert_int_equal(timings_find(&good, &t), ERR_OK);
        assert_int_equal(t.steady, TIMINGS_NONE);
        history_free(&good);
    }
}

/* 1010, in another call, is joined to a leg and never told, as the CallManager dies; or it is told;
 * or nothing had failed yet, nor did in the time of the leg, or for seconds. */
static void test_check__who_was_joined_and_never_told_makes_no_pause(void **state)
{
    (void)state;
    enum { UNTOLD, TOLD, ALL_WELL, TOO_EARLY };
    for (unsigned what = UNTOLD; what <= TOO_EARLY; what++) {
        good_run_make();
        struct history_leg *leg = &good_legs[what == ALL_WELL ? GOOD_LEG_DONE : GOOD_LEG_KEPT];
        int64_t at =
            what == ALL_WELL || what == TOO_EARLY ? leg->answer_us + 1 : GOOD_FAULT + GOOD_MS;
        for (unsigned end = 0; end <= (what == TOLD ? 1 : 0); end++) {
            struct event *begin = good_run_event(EVENT_MEDIA_BEGIN, GOOD_FLEET, at + end);
            begin->device.v = end == 0 ? leg->device.v : 10;
            begin->call.v = end == 0 ? leg->call.v : 0x777;
            begin->value = end == 0 ? 10 : leg->device.v;
        }
        leg->gap_us = what == UNTOLD || what == TOLD ? 2000 * GOOD_MS : leg->end_us - at;
        good_run_finish();
        assert_int_equal(good_run_judged("CALL-1")->verdict,
                         what == UNTOLD ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_check__a_good_run_passes_every_check),
    cmocka_unit_test(test_check__an_empty_run_is_inconclusive_in_every_check),
    cmocka_unit_test(test_check__a_torn_record_proves_no_innocence),
    cmocka_unit_test(test_check__call_1_catches_a_gap),
    cmocka_unit_test(test_check__call_1_forgives_silence_after_the_other_party_hung_up),
    cmocka_unit_test(test_check__call_1_forgives_a_caller_who_was_never_connected),
    cmocka_unit_test(test_check__call_1_forgives_the_silence_of_a_third_who_never_came),
    cmocka_unit_test(test_check__call_1_forgives_the_silence_of_who_was_sent_away),
    cmocka_unit_test(test_check__call_1_needs_no_line_of_the_one_who_hung_up),
    cmocka_unit_test(test_check__call_2_catches_a_feature_that_worked),
    cmocka_unit_test(test_check__cti_1_catches_an_event_that_is_applied_twice),
    cmocka_unit_test(test_check__cti_1_catches_a_gap_that_is_passed_over),
    cmocka_unit_test(test_check__cti_2_catches_a_foreign_cti_manager),
    cmocka_unit_test(test_check__tcd_1_catches_a_lost_row),
    cmocka_unit_test(test_check__tcd_2_catches_an_amended_row),
    cmocka_unit_test(test_check__agt_1_catches_a_call_for_an_agent_without_a_phone),
    cmocka_unit_test(test_check__agt_1_catches_a_logout_without_cause),
    cmocka_unit_test(test_check__agt_1_knows_what_happened_while_no_side_was_active),
    cmocka_unit_test(test_check__agt_1_takes_the_registrys_word_for_a_cause),
    cmocka_unit_test(test_check__agt_1_knows_a_request_that_came_too_late),
    cmocka_unit_test(test_check__agt_1_knows_a_cti_manager_whose_registry_is_behind),
    cmocka_unit_test(test_check__agt_1_takes_a_newer_epoch_for_a_cause),
    cmocka_unit_test(test_check__raft_1_catches_two_leaders_in_a_term),
    cmocka_unit_test(test_check__raft_1_catches_a_node_that_serves_without_leading),
    cmocka_unit_test(test_check__raft_2_catches_a_term_that_goes_back_over_a_restart),
    cmocka_unit_test(test_check__raft_2_catches_a_node_that_applies_backwards),
    cmocka_unit_test(test_check__raft_2_allows_to_apply_anew_after_a_restart),
    cmocka_unit_test(test_check__raft_3_catches_a_leader_that_lacks_an_entry),
    cmocka_unit_test(test_check__raft_3_lets_a_leader_wake_after_the_next_one),
    cmocka_unit_test(test_check__raft_3_says_so_if_no_leader_could_lack_anything),
    cmocka_unit_test(test_check__timings_count_from_the_fault),
    cmocka_unit_test(test_check__steady_counts_what_broke_later),
    cmocka_unit_test(test_check__what_never_came_back_is_never_steady),
    cmocka_unit_test(test_check__who_was_joined_and_never_told_makes_no_pause),
};

UNIT_MAIN(tests);
