#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#define EVERY (6000 * GOOD_MS) /* from one restart to the next */
#define AWAY  (1000 * GOOD_MS)

static const struct proc_id order[] = {{1}, {3}, {2}, {4}, {5}, {6}};
#define ORDER_N (sizeof order / sizeof order[0])

static int64_t goes_at(size_t i)
{
    return GOOD_FAULT + (int64_t)i * EVERY;
}

static void make(void)
{
    good_run_begin("rolling-restart");
    for (size_t i = 0; i < ORDER_N; i++) {
        good_run_fault(EVENT_FAULT, order[i], "stop", goes_at(i));
        good_run_event(EVENT_PROCESS_STOP, order[i], goes_at(i) + GOOD_MS);
        good_run_event(EVENT_PROCESS_START, order[i], goes_at(i) + AWAY);
        good_run_routed(5001, GOOD_PGB, 0x101, goes_at(i) + 4000 * GOOD_MS);
    }
    /* sub1 takes the CTI Manager of side A with it, pgb itself. */
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, goes_at(2) + 10 * GOOD_MS);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, goes_at(2) + 1500 * GOOD_MS);
    good_run_event(EVENT_PG_STANDBY, GOOD_PGB, goes_at(4) + 10 * GOOD_MS);
    good_run_activates(GOOD_PGA, GOOD_SUB1, 3, goes_at(4) + 1500 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_sentence_rolling__a_good_run_passes(void **state)
{
    static const char *const ids[] = {"S12-ALL", "S12-CONTROL", "S12-ROUTED"};
    (void)state;
    make();
    good_run_finish();
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct check_result *r = good_run_judged(ids[i]);
        if (r->verdict != VERDICT_PASS) {
            fail_msg("%s: %s: %s", ids[i], check_verdict_text(r->verdict), r->observed);
        }
    }
    history_free(&good);
}

static void test_sentence_rolling__one_that_is_left_out_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_FAULT, GOOD_GUEST, goes_at(5))->kind = EVENT_LINK_UP;
    good_run_find(EVENT_PROCESS_STOP, GOOD_ICMA, goes_at(5))->kind = EVENT_LINK_UP;
    good_run_caught("S12-ALL");
}

static void test_sentence_rolling__two_at_once_are_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PROCESS_START, order[1], goes_at(1))->at.us = goes_at(2) + 500 * GOOD_MS;
    good_run_caught("S12-ALL");
}

static void test_sentence_rolling__a_restart_without_calls_after_it_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, goes_at(3))->value2 = ROUTE_NONE;
    good_run_caught("S12-ROUTED");
}

static void test_sentence_rolling__a_pair_that_stays_passive_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, goes_at(2))->at.us = goes_at(2) + 10500 * GOOD_MS;
    good_run_caught("S12-CONTROL");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_rolling__a_good_run_passes),
    cmocka_unit_test(test_sentence_rolling__one_that_is_left_out_is_caught),
    cmocka_unit_test(test_sentence_rolling__two_at_once_are_caught),
    cmocka_unit_test(test_sentence_rolling__a_restart_without_calls_after_it_is_caught),
    cmocka_unit_test(test_sentence_rolling__a_pair_that_stays_passive_is_caught),
};

UNIT_MAIN(tests);
