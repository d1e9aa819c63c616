#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define LOST (GOOD_FAULT + 400 * GOOD_MS) /* the lease of who is left */

static struct event *says(enum event_kind kind, struct proc_id proc, int64_t at, const char *text,
                          enum reason reason)
{
    struct event *e = good_run_event(kind, proc, at);
    snprintf(e->text, sizeof e->text, "%s", text);
    e->reason = reason;
    return e;
}

static void leads(struct proc_id node, int64_t term, int64_t at)
{
    struct event *e = good_run_event(EVENT_RAFT_STATE, node, at);
    e->value = RAFT_STATE_LEADER;
    e->value2 = term;
    good_run_event(EVENT_RAFT_SERVING, node, at + 1 * GOOD_MS)->value2 = term;
}

static void returns(struct proc_id node, int64_t at)
{
    good_run_fault(EVENT_HEAL, node, "crash", at);
    good_run_event(EVENT_PROCESS_START, node, at + 50 * GOOD_MS);
}

static void passes(const char *id)
{
    const struct check_result *r = good_run_judged(id);
    if (r->verdict != VERDICT_PASS) {
        fail_msg("%s: %s: %s", id, check_verdict_text(r->verdict), r->observed);
    }
}

/* The publisher dies and comes back; sub1 leads all the time. */
static void without_publisher(void)
{
    good_run_begin("publisher-fails");
    for (uint32_t d = 1; d <= GOOD_PHONES + GOOD_GATEWAYS; d++) {
        good_run_registers(d, GOOD_SUB1, 1, 1000 * GOOD_MS + d * GOOD_MS, d);
    }
    good_run_fault(EVENT_FAULT, GOOD_PUB, "crash", GOOD_FAULT);
    says(EVENT_CONFIG_WRITTEN, GOOD_SUB2, GOOD_FAULT + 5 * GOOD_MS, "key=before", REASON_NONE);
    says(EVENT_WRITE_REFUSED, GOOD_SUB1, GOOD_FAULT + 1000 * GOOD_MS, "key=value",
         REASON_NOT_PUBLISHER);
    says(EVENT_CONFIG_WRITTEN, GOOD_SUB1, GOOD_FAULT + 1100 * GOOD_MS, "1020=", REASON_NONE);
    good_run_registers(7, GOOD_SUB2, 2, GOOD_FAULT + 5000 * GOOD_MS, 50);
    good_run_fault(EVENT_FAULT, GOOD_SUB1, "crash callmanager", GOOD_FAULT + 4000 * GOOD_MS);
    returns(GOOD_PUB, GOOD_RETURN);
    says(EVENT_CONFIG_WRITTEN, GOOD_SUB1, GOOD_RETURN + 1000 * GOOD_MS, "key=value", REASON_NONE);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_sentence_registry__a_good_run_without_publisher_passes(void **state)
{
    (void)state;
    without_publisher();
    good_run_finish();
    passes("S7-LEADER");
    passes("S7-PHONES");
    passes("S7-CONFIG");
    passes("S7-USER-DATA");
    passes("S7-REGISTER");
    history_free(&good);
}

static void test_sentence_registry__configuration_that_is_written_is_caught(void **state)
{
    (void)state;
    without_publisher();
    says(EVENT_CONFIG_WRITTEN, GOOD_SUB2, GOOD_FAULT + 2000 * GOOD_MS, "key=value", REASON_NONE);
    good_run_caught("S7-CONFIG");
}

static void test_sentence_registry__user_data_that_is_refused_is_caught(void **state)
{
    (void)state;
    without_publisher();
    says(EVENT_WRITE_REFUSED, GOOD_SUB2, GOOD_FAULT + 2000 * GOOD_MS, "1020=", REASON_NO_QUORUM);
    good_run_caught("S7-USER-DATA");
}

static void test_sentence_registry__a_registration_that_is_refused_is_caught(void **state)
{
    (void)state;
    without_publisher();
    says(EVENT_REGISTER_REFUSED, GOOD_FLEET, GOOD_FAULT + 2000 * GOOD_MS, "", REASON_NO_QUORUM);
    good_run_caught("S7-REGISTER");
}

static void test_sentence_registry__a_leader_that_is_replaced_for_nothing_is_caught(void **state)
{
    (void)state;
    without_publisher();
    leads(GOOD_SUB2, 3, GOOD_FAULT + 300 * GOOD_MS);
    good_run_caught("S7-LEADER");
}

static void test_sentence_registry__a_dead_leader_needs_a_successor(void **state)
{
    (void)state;
    without_publisher();
    leads(GOOD_PUB, 3, GOOD_FAULT - 5000 * GOOD_MS);
    good_run_caught("S7-LEADER");
    without_publisher();
    leads(GOOD_PUB, 3, GOOD_FAULT - 5000 * GOOD_MS);
    leads(GOOD_SUB2, 4, GOOD_FAULT + 300 * GOOD_MS);
    good_run_finish();
    passes("S7-LEADER");
    history_free(&good);
}

static void test_sentence_registry__what_comes_after_the_next_fault_is_not_of_this_one(void **state)
{
    (void)state;
    without_publisher();
    good_run_registers(8, GOOD_SUB2, 2, GOOD_FAULT + 3000 * GOOD_MS, 50);
    good_run_caught("S7-PHONES");
}

/* The publisher and sub2 die; sub2 comes back, then the publisher. */
static void without_quorum(void)
{
    good_run_begin("quorum-lost");
    for (uint32_t d = 1; d <= GOOD_PHONES; d++) {
        good_run_registers(d, d < 11 ? GOOD_SUB1 : GOOD_SUB2, 1, 1000 * GOOD_MS + d * GOOD_MS, d);
    }
    good_run_fault(EVENT_FAULT, GOOD_PUB, "crash", GOOD_FAULT);
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", GOOD_FAULT + 20 * GOOD_MS);
    good_run_event(EVENT_LEASE_LOST, GOOD_SUB1, LOST);
    says(EVENT_REGISTER_REFUSED, GOOD_FLEET, LOST + 10 * GOOD_MS, "", REASON_NO_QUORUM);
    struct event *dial =
        says(EVENT_KEY_REFUSED, GOOD_SUB1, LOST + 20 * GOOD_MS, "", REASON_NO_QUORUM);
    dial->value = KEY_DIAL;
    says(EVENT_WRITE_REFUSED, GOOD_SUB1, LOST + 30 * GOOD_MS, "key=value", REASON_NOT_PUBLISHER);
    says(EVENT_WRITE_REFUSED, GOOD_SUB1, LOST + 40 * GOOD_MS, "1020=", REASON_NO_QUORUM);
    returns(GOOD_SUB2, GOOD_RETURN);
    returns(GOOD_PUB, GOOD_RETURN + 3000 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void quorum_again(void)
{
    leads(GOOD_SUB1, 5, GOOD_RETURN + 200 * GOOD_MS);
    good_run_registers(12, GOOD_SUB1, 2, GOOD_RETURN + 400 * GOOD_MS, 50);
}

static void test_sentence_registry__a_good_run_without_quorum_passes(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    good_run_finish();
    passes("S8-NO-LEADER");
    passes("S8-PHONES");
    passes("S8-REGISTER");
    passes("S8-NEW-CALLS");
    passes("S8-CONFIG");
    passes("S8-USER-DATA");
    passes("S8-RETURN");
    history_free(&good);
}

static void test_sentence_registry__a_lease_that_is_kept_is_caught(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    good_run_find(EVENT_LEASE_LOST, GOOD_SUB1, 0)->kind = EVENT_LINK_UP;
    good_run_caught("S8-NO-LEADER");
}

static void test_sentence_registry__a_leader_without_quorum_is_caught(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    leads(GOOD_SUB1, 4, LOST + 1000 * GOOD_MS);
    good_run_caught("S8-NO-LEADER");
}

/* Sub2's word for it was on its way when sub2 died. */
static void test_sentence_registry__a_leader_of_the_last_moment_may_begin_to_serve(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    leads(GOOD_SUB1, 4, GOOD_FAULT + 20 * GOOD_MS);
    good_run_finish();
    passes("S8-NO-LEADER");
    history_free(&good);
}

static void test_sentence_registry__a_registration_without_quorum_is_caught(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    good_run_registers(13, GOOD_SUB1, 2, LOST + 2000 * GOOD_MS, 49);
    good_run_caught("S8-REGISTER");
}

static void test_sentence_registry__a_new_call_without_quorum_is_caught(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    good_run_talk(5001, 0x101, LOST + 1000 * GOOD_MS, LOST + 6000 * GOOD_MS);
    good_run_caught("S8-NEW-CALLS");
}

static void test_sentence_registry__a_call_among_the_living_that_breaks_is_caught(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 2000 * GOOD_MS, 30);
    good_run_talk(5001, 0x101, 15000 * GOOD_MS, 28000 * GOOD_MS)->preserved = true;
    good_run_caught("S8-CALLS");
    /* One that is being transferred is none of these. */
    without_quorum();
    quorum_again();
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 2000 * GOOD_MS, 30);
    struct history_leg *moved =
        good_run_talk(5001, 0x101, 15000 * GOOD_MS, GOOD_FAULT + 20 * GOOD_MS);
    moved->reason = REASON_TRANSFERRED;
    moved[1].reason = REASON_DROPPED_IN_SETUP;
    good_run_finish();
    assert_int_not_equal(good_run_judged("S8-CALLS")->verdict, VERDICT_FAIL);
    history_free(&good);
    /* Nor is who consults 1011. */
    without_quorum();
    quorum_again();
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 2000 * GOOD_MS, 30);
    good_run_talk(5001, 0x101, 15000 * GOOD_MS, 28000 * GOOD_MS)->reason = REASON_DROPPED_IN_SETUP;
    struct history_leg *consults =
        good_run_talk(5001, 0x102, 17000 * GOOD_MS, GOOD_FAULT + 100 * GOOD_MS);
    consults[1].device.v = 11;
    good_run_finish();
    assert_int_not_equal(good_run_judged("S8-CALLS")->verdict, VERDICT_FAIL);
    history_free(&good);
    /* Nor are two who talk in a call that the dead CallManager made. */
    without_quorum();
    quorum_again();
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 2000 * GOOD_MS, 30);
    uint64_t made_by_dead = (uint64_t)GOOD_SUB2.v << CALL_ID_NODE_SHIFT | 1;
    good_run_talk(5001, made_by_dead, 15000 * GOOD_MS, 28000 * GOOD_MS)->preserved = true;
    good_run_finish();
    assert_int_not_equal(good_run_judged("S8-CALLS")->verdict, VERDICT_FAIL);
    history_free(&good);
    /* One of 1011, whose CallManager died, is none of these. */
    without_quorum();
    quorum_again();
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 2000 * GOOD_MS, 30);
    struct history_leg *leg = good_run_talk(5001, 0x101, 15000 * GOOD_MS, 28000 * GOOD_MS);
    leg->device.v = 11;
    leg->preserved = true;
    good_run_finish();
    assert_int_not_equal(good_run_judged("S8-CALLS")->verdict, VERDICT_FAIL);
    history_free(&good);
}

/* Who was sent to a phone of the dead node has his answer; one whom nobody sent on has not, nor has
 * who was sent on when no node was dead any more. */
static void test_sentence_registry__a_call_that_is_sent_to_a_dead_phone_ends(void **state)
{
    (void)state;
    enum { NOT_SENT, SENT, SENT_LATER, CASES };
    for (unsigned sent = NOT_SENT; sent < CASES; sent++) {
        int64_t end = (sent == SENT_LATER ? 45000 : 24000) * GOOD_MS;
        without_quorum();
        quorum_again();
        good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 1, 2000 * GOOD_MS, 30);
        struct history_leg *sender = good_run_talk(5001, 0x101, 15000 * GOOD_MS, end);
        sender->reason = sent == NOT_SENT ? REASON_HUNG_UP : REASON_TRANSFERRED;
        sender[1].end_us = sender->end_us;
        sender[1].reason = REASON_UNREGISTERED;
        good_run_finish();
        assert_int_equal(good_run_judged("S8-CALLS")->verdict,
                         sent == SENT ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

static void test_sentence_registry__user_data_without_quorum_is_caught(void **state)
{
    (void)state;
    without_quorum();
    quorum_again();
    says(EVENT_CONFIG_WRITTEN, GOOD_SUB1, LOST + 2000 * GOOD_MS, "1020=", REASON_NONE);
    good_run_caught("S8-USER-DATA");
}

static void test_sentence_registry__a_return_without_a_leader_is_caught(void **state)
{
    (void)state;
    without_quorum();
    good_run_caught("S8-RETURN");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_registry__a_good_run_without_publisher_passes),
    cmocka_unit_test(test_sentence_registry__configuration_that_is_written_is_caught),
    cmocka_unit_test(test_sentence_registry__user_data_that_is_refused_is_caught),
    cmocka_unit_test(test_sentence_registry__a_registration_that_is_refused_is_caught),
    cmocka_unit_test(test_sentence_registry__a_leader_that_is_replaced_for_nothing_is_caught),
    cmocka_unit_test(test_sentence_registry__a_dead_leader_needs_a_successor),
    cmocka_unit_test(test_sentence_registry__what_comes_after_the_next_fault_is_not_of_this_one),
    cmocka_unit_test(test_sentence_registry__a_good_run_without_quorum_passes),
    cmocka_unit_test(test_sentence_registry__a_lease_that_is_kept_is_caught),
    cmocka_unit_test(test_sentence_registry__a_leader_without_quorum_is_caught),
    cmocka_unit_test(test_sentence_registry__a_leader_of_the_last_moment_may_begin_to_serve),
    cmocka_unit_test(test_sentence_registry__a_registration_without_quorum_is_caught),
    cmocka_unit_test(test_sentence_registry__a_new_call_without_quorum_is_caught),
    cmocka_unit_test(test_sentence_registry__a_call_among_the_living_that_breaks_is_caught),
    cmocka_unit_test(test_sentence_registry__a_call_that_is_sent_to_a_dead_phone_ends),
    cmocka_unit_test(test_sentence_registry__user_data_without_quorum_is_caught),
    cmocka_unit_test(test_sentence_registry__a_return_without_a_leader_is_caught),
};

UNIT_MAIN(tests);
