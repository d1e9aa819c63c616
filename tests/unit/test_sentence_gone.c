#include "tests/unit/good_icm.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* Of the callers who come meanwhile one is told that there is no controller, the other one still
 * waits when it is back. */
#define CALL_TOLD  0x111
#define CALL_WAITS 0x112
#define TOLD_BEGIN (GOOD_FAULT + 1000 * GOOD_MS)
#define SERVES     (GOOD_RETURN + 300 * GOOD_MS)

static void asks(uint64_t call, int64_t at)
{
    good_run_event(EVENT_ROUTE_REQUESTED, GOOD_PGA, at)->call.v = call;
}

/* The caller's leg of one whom nobody routed. */
static struct history_leg *caller(uint64_t call, int64_t begin, int64_t end)
{
    struct history_leg *leg = &good_legs[good.legs_n++];
    *leg = (struct history_leg){.device = {GOOD_GATEWAY},
                                .call = {call},
                                .begin_us = begin,
                                .end_us = end,
                                .reason = REASON_NO_CONTROLLER};
    snprintf(leg->to, sizeof leg->to, "80001");
    good_run_event(EVENT_CALL_END, GOOD_FLEET, end)->call.v = call;
    return leg;
}

/* A record that is written without a controller, and delivered to the one that is back. */
static void record(void)
{
    struct history_leg *leg = good_run_talk(5001, 0x101, 15000 * GOOD_MS, 22000 * GOOD_MS);
    good_icm_row(leg, 1, SERVES + 100 * GOOD_MS);
    good_run_event(EVENT_TCD_WRITTEN, GOOD_PGA, 22000 * GOOD_MS)->value = good_rows[0].key;
}

static struct history_leg *make(void)
{
    good_icm_begin("controller-gone");
    good_run_fault(EVENT_FAULT, GOOD_ICMA, "crash", GOOD_FAULT);
    good_run_fault(EVENT_FAULT, GOOD_ICMB, "crash", GOOD_FAULT + 20 * GOOD_MS);
    record();
    asks(CALL_TOLD, TOLD_BEGIN);
    struct history_leg *told = caller(CALL_TOLD, TOLD_BEGIN, TOLD_BEGIN + 5000 * GOOD_MS);
    asks(CALL_WAITS, GOOD_RETURN - 1000 * GOOD_MS);
    good_run_event(EVENT_PROCESS_START, GOOD_ICMA, GOOD_RETURN);
    good_run_event(EVENT_PROCESS_START, GOOD_ICMB, GOOD_RETURN + 100 * GOOD_MS);
    good_icm_becomes(GOOD_ICMA, MDS_STATE_PAIRED_ENABLED, SERVES);
    good_icm_becomes(GOOD_ICMB, MDS_STATE_PAIRED_DISABLED, SERVES + 10 * GOOD_MS);
    good_icm_recovers(GOOD_ICMA, GOOD_ICMB, 0, SERVES + 20 * GOOD_MS);
    good_icm_recovers(GOOD_ICMB, GOOD_ICMA, 0, SERVES + 20 * GOOD_MS);
    good_run_routed(5002, GOOD_PGA, CALL_WAITS, SERVES + 50 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
    return told;
}

static void test_sentence_gone__a_good_run_passes(void **state)
{
    static const char *const ids[] = {"S14-NO-ROUTE", "S14-WAIT", "S14-PG",
                                      "S14-OUTBOX",   "S14-PAIR", "S14-ROUTED"};
    (void)state;
    make();
    good_icm_all_pass(ids, sizeof ids / sizeof ids[0]);
}

static void test_sentence_gone__a_call_that_is_routed_meanwhile_is_caught(void **state)
{
    (void)state;
    make();
    good_run_routed(5003, GOOD_PGA, 0x113, GOOD_FAULT + 3000 * GOOD_MS);
    good_run_caught("S14-NO-ROUTE");
}

static void test_sentence_gone__no_return_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMA, GOOD_RETURN)->value = MDS_STATE_ISOLATED_DISABLED;
    good_run_caught("S14-NO-ROUTE");
}

static void test_sentence_gone__a_side_that_lives_is_no_such_run(void **state)
{
    (void)state;
    make();
    for (size_t i = 0; i < good.events_n; i++) {
        bool of_b = good_events[i].kind == EVENT_FAULT && good_events[i].peer.v == GOOD_ICMB.v;
        good_events[i].kind = of_b ? EVENT_LINK_UP : good_events[i].kind;
    }
    good_run_finish();
    assert_int_equal(good_run_judged("S14-NO-ROUTE")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_sentence_gone__a_caller_who_is_turned_away_early_is_caught(void **state)
{
    (void)state;
    make()->end_us = TOLD_BEGIN + 2000 * GOOD_MS;
    good_run_caught("S14-WAIT");
}

static void test_sentence_gone__a_caller_who_is_dropped_is_caught(void **state)
{
    (void)state;
    make()->reason = REASON_UNREGISTERED;
    good_run_caught("S14-WAIT");
}

static void test_sentence_gone__a_record_that_is_not_delivered_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_TCD_STORED, GOOD_ICMA, SERVES)->value++;
    good_run_find(EVENT_TCD_STORED, GOOD_ICMB, SERVES)->value++;
    good_run_caught("S14-OUTBOX");
}

static void test_sentence_gone__a_side_that_stays_alone_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMB, SERVES)->value = MDS_STATE_ISOLATED_DISABLED;
    good_run_caught("S14-PAIR");
}

static void test_sentence_gone__a_logger_that_asks_nobody_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_RECOVERED, GOOD_ICMB, SERVES)->kind = EVENT_LINK_UP;
    good_run_caught("S14-PAIR");
}

static void test_sentence_gone__a_caller_who_is_forgotten_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, SERVES)->at.us += 11000 * GOOD_MS;
    good_run_caught("S14-ROUTED");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_gone__a_good_run_passes),
    cmocka_unit_test(test_sentence_gone__a_call_that_is_routed_meanwhile_is_caught),
    cmocka_unit_test(test_sentence_gone__no_return_is_caught),
    cmocka_unit_test(test_sentence_gone__a_side_that_lives_is_no_such_run),
    cmocka_unit_test(test_sentence_gone__a_caller_who_is_turned_away_early_is_caught),
    cmocka_unit_test(test_sentence_gone__a_caller_who_is_dropped_is_caught),
    cmocka_unit_test(test_sentence_gone__a_record_that_is_not_delivered_is_caught),
    cmocka_unit_test(test_sentence_gone__a_side_that_stays_alone_is_caught),
    cmocka_unit_test(test_sentence_gone__a_logger_that_asks_nobody_is_caught),
    cmocka_unit_test(test_sentence_gone__a_caller_who_is_forgotten_is_caught),
};

UNIT_MAIN(tests);
