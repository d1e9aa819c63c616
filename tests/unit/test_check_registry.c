#include "cluster/check/check.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

static void test_check_registry__reg_1_catches_an_acknowledgement_without_a_commit(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTERED, GOOD_FLEET, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB1;
    e->epoch = 4;
    good_run_caught("REG-1");
}

static void test_check_registry__reg_1_catches_an_acknowledgement_before_the_commit(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_OWNER_CHANGED && good_events[i].device.v == 3 &&
            good_events[i].epoch == 2) {
            good_events[i].at.us += 3 * GOOD_MS;
        }
    }
    good_run_caught("REG-1");
}

static void test_check_registry__reg_1_catches_a_registry_that_goes_back(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_OWNER_CHANGED, GOOD_SUB2, 60000 * GOOD_MS);
    e->device.v = 3;
    e->peer = GOOD_SUB2;
    e->epoch = 2;
    e->value = 100000;
    good_run_caught("S1-ACKNOWLEDGED");
}

static void test_check_registry__reg_1_allows_two_changes_in_one_entry(void **state)
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
    assert_int_equal(good_run_judged("REG-1")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check_registry__reg_2_catches_an_old_epoch(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_REGISTER_ACKED, GOOD_SUB2, 60000 * GOOD_MS);
    e->device.v = 3;
    e->epoch = 2;
    good_run_caught("REG-2");
}

static void test_check_registry__reg_2_catches_new_work_without_a_lease(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 700 * GOOD_MS);
    good_run_caught("REG-2");
}

static void test_check_registry__reg_2_allows_to_finish_what_was_begun_with_a_lease(void **state)
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
    assert_int_equal(good_run_judged("REG-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

/* The answer to an earlier question of a device that has asked again since. */
static void test_check_registry__reg_2_allows_to_answer_what_was_asked_with_a_lease(void **state)
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
    assert_int_equal(good_run_judged("REG-2")->verdict, VERDICT_PASS);
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

static void test_check_registry__reg_2_catches_a_key_under_an_old_epoch(void **state)
{
    (void)state;
    good_run_make();
    takes_key(GOOD_SUB2, 3, 2, KEY_HOLD, 60000 * GOOD_MS);
    good_run_caught("REG-2");
}

static void test_check_registry__reg_2_catches_a_new_call_without_a_lease(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 60000 * GOOD_MS);
    takes_key(GOOD_SUB1, 3, 3, KEY_DIAL, 60500 * GOOD_MS);
    good_run_caught("REG-2");
}

static void test_check_registry__reg_2_lets_calls_end_without_a_lease(void **state)
{
    (void)state;
    good_run_make();
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, 60000 * GOOD_MS);
    takes_key(GOOD_SUB1, 3, 3, KEY_HANGUP, 60500 * GOOD_MS);
    good_run_finish();
    assert_int_equal(good_run_judged("REG-2")->verdict, VERDICT_PASS);
    history_free(&good);
}

static void test_check_registry__reg_3_catches_a_stale_lookup(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, GOOD_FAULT);
    e->peer = GOOD_SUB1;
    e->epoch = 1;
    good_run_caught("REG-3");
}

static void test_check_registry__reg_3_catches_a_lookup_that_sees_what_nobody_wrote(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, 60000 * GOOD_MS)->peer = GOOD_PUB;
    good_run_caught("REG-3");
}

static void test_check_registry__reg_3_forgives_a_lookup_during_the_registration(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, GOOD_FAULT);
    e->peer = GOOD_SUB1;
    e->epoch = 1;
    good_run_find(EVENT_LOOKUP_ASKED, GOOD_RECORDER, GOOD_FAULT)->at.us = GOOD_FAULT;
    good_run_finish();
    assert_int_equal(good_run_judged("REG-3")->verdict, VERDICT_PASS);
    history_free(&good);
}

/* A phone asks again and again of nodes that have no quorum: none of that can have happened. What
 * was proposed may have, and is too much to look at. */
static void test_check_registry__reg_3_forgets_what_never_reached_the_registry(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 3; c++) {
        good_run_make();
        uint32_t device = good_run_find(EVENT_LOOKED_UP, GOOD_RECORDER, GOOD_FAULT)->device.v;
        for (int64_t i = 0; i < 70; i++) {
            int64_t at = GOOD_FAULT + (200 + i) * GOOD_MS;
            for (unsigned word = 0; word < (c == 2 ? 3 : 2); word++) { /* asked once, or twice */
                bool answer = word == 0;
                struct event *e =
                    good_run_event(answer ? EVENT_REGISTER_REFUSED : EVENT_REGISTER_SENT,
                                   GOOD_FLEET, answer ? at + GOOD_MS / 2 : at);
                e->device.v = device;
                e->peer = GOOD_PUB;
                e->value = 5000 + i;
                e->reason = !answer ? REASON_NONE : c == 1 ? REASON_ROLLED_BACK : REASON_NO_QUORUM;
            }
        }
        good_run_finish();
        assert_int_equal(good_run_judged("REG-3")->verdict,
                         c == 0 ? VERDICT_PASS : VERDICT_INCONCLUSIVE);
        history_free(&good);
    }
}

static void test_check_registry__reg_3_says_so_if_nobody_looked(void **state)
{
    (void)state;
    good_run_make();
    for (size_t i = 0; i < good.events_n; i++) {
        if (good_events[i].kind == EVENT_LOOKED_UP) {
            good_events[i].kind = EVENT_LINK_UP;
        }
    }
    good_run_finish();
    assert_int_equal(good_run_judged("REG-3")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_check_registry__reg_4_catches_another_hash(void **state)
{
    (void)state;
    good_run_make();
    good_run_find(EVENT_STATE_HASH, GOOD_SUB2, 0)->value2++;
    good_run_caught("REG-4");
}

static void test_check_registry__reg_4_catches_a_node_that_remembers_otherwise(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_STATE_HASH, GOOD_SUB1, GOOD_RETURN + 200 * GOOD_MS);
    const struct event *before = good_run_find(EVENT_STATE_HASH, GOOD_SUB1, 0);
    e->value = before->value;
    e->value2 = before->value2 + 1;
    e->incarnation.v = 2;
    good_run_caught("REG-4");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_check_registry__reg_1_catches_an_acknowledgement_without_a_commit),
    cmocka_unit_test(test_check_registry__reg_1_catches_an_acknowledgement_before_the_commit),
    cmocka_unit_test(test_check_registry__reg_1_catches_a_registry_that_goes_back),
    cmocka_unit_test(test_check_registry__reg_1_allows_two_changes_in_one_entry),
    cmocka_unit_test(test_check_registry__reg_2_catches_an_old_epoch),
    cmocka_unit_test(test_check_registry__reg_2_catches_new_work_without_a_lease),
    cmocka_unit_test(test_check_registry__reg_2_allows_to_finish_what_was_begun_with_a_lease),
    cmocka_unit_test(test_check_registry__reg_2_allows_to_answer_what_was_asked_with_a_lease),
    cmocka_unit_test(test_check_registry__reg_2_catches_a_key_under_an_old_epoch),
    cmocka_unit_test(test_check_registry__reg_2_catches_a_new_call_without_a_lease),
    cmocka_unit_test(test_check_registry__reg_2_lets_calls_end_without_a_lease),
    cmocka_unit_test(test_check_registry__reg_3_catches_a_stale_lookup),
    cmocka_unit_test(test_check_registry__reg_3_catches_a_lookup_that_sees_what_nobody_wrote),
    cmocka_unit_test(test_check_registry__reg_3_forgives_a_lookup_during_the_registration),
    cmocka_unit_test(test_check_registry__reg_3_forgets_what_never_reached_the_registry),
    cmocka_unit_test(test_check_registry__reg_3_says_so_if_nobody_looked),
    cmocka_unit_test(test_check_registry__reg_4_catches_another_hash),
    cmocka_unit_test(test_check_registry__reg_4_catches_a_node_that_remembers_otherwise),
};

UNIT_MAIN(tests);
