#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* Two times without control: pgb ends the first, the CTI Manager of sub2 the second. */
#define FIRST_END  (GOOD_FAULT + 5000 * GOOD_MS)
#define SECOND     (GOOD_FAULT + 15000 * GOOD_MS)
#define SECOND_END (GOOD_FAULT + 20000 * GOOD_MS)
#define ACTIVE_US  (3000 * GOOD_MS) /* after each end */

static void ctimanager(enum event_kind kind, struct proc_id node, int64_t at)
{
    struct event *e = good_run_event(kind, node, at);
    snprintf(e->text, sizeof e->text, "ctimanager");
}

static void lose(struct proc_id side, struct proc_id node, int64_t at)
{
    good_run_fault(EVENT_FAULT, side, "crash", at);
    good_run_fault(EVENT_FAULT, node, "crash ctimanager", at + 10 * GOOD_MS);
    ctimanager(EVENT_SERVICE_CRASH, node, at + 11 * GOOD_MS);
}

static void make(void)
{
    good_run_begin("no-control");
    lose(GOOD_PGB, GOOD_SUB1, GOOD_FAULT);
    good_run_event(EVENT_PROCESS_START, GOOD_PGB, FIRST_END);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, FIRST_END + ACTIVE_US);
    good_run_routed(5001, GOOD_PGB, 0x101, FIRST_END + ACTIVE_US + 500 * GOOD_MS);
    ctimanager(EVENT_SERVICE_START, GOOD_SUB1, FIRST_END + 5000 * GOOD_MS);
    lose(GOOD_PGA, GOOD_SUB2, SECOND);
    ctimanager(EVENT_SERVICE_START, GOOD_SUB2, SECOND_END);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 3, SECOND_END + ACTIVE_US);
    good_run_routed(5002, GOOD_PGB, 0x102, SECOND_END + ACTIVE_US + 500 * GOOD_MS);
    good_run_event(EVENT_PROCESS_START, GOOD_PGA, SECOND_END + 6000 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_sentence_control__a_good_run_passes(void **state)
{
    static const char *const ids[] = {"S5-NO-CONTROL", "S5-BACK", "S5-ROUTED"};
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

static void test_sentence_control__a_side_that_is_active_meanwhile_is_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, GOOD_FAULT + 2000 * GOOD_MS)->value = 2;
    good_run_caught("S5-NO-CONTROL");
}

static void test_sentence_control__a_call_that_is_routed_meanwhile_is_caught(void **state)
{
    (void)state;
    make();
    good_run_routed(5003, GOOD_PGA, 0x103, SECOND + 2000 * GOOD_MS);
    good_run_caught("S5-NO-CONTROL");
}

static void test_sentence_control__a_side_that_is_late_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, SECOND_END)->at.us = SECOND_END + 11000 * GOOD_MS;
    good_run_caught("S5-BACK");
}

static void test_sentence_control__one_way_back_is_not_enough(void **state)
{
    (void)state;
    make();
    for (size_t i = 0; i < good.events_n; i++) {
        bool second = good_events[i].at.us >= SECOND && good_events[i].kind == EVENT_FAULT;
        good_events[i].kind = second ? EVENT_LINK_UP : good_events[i].kind;
    }
    good_run_find(EVENT_SERVICE_CRASH, GOOD_SUB2, SECOND)->kind = EVENT_LINK_UP;
    good_run_finish();
    assert_int_equal(good_run_judged("S5-BACK")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_sentence_control__no_call_afterwards_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, SECOND_END)->value2 = ROUTE_NONE;
    good_run_caught("S5-ROUTED");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_control__a_good_run_passes),
    cmocka_unit_test(test_sentence_control__a_side_that_is_active_meanwhile_is_caught),
    cmocka_unit_test(test_sentence_control__a_call_that_is_routed_meanwhile_is_caught),
    cmocka_unit_test(test_sentence_control__a_side_that_is_late_is_caught),
    cmocka_unit_test(test_sentence_control__one_way_back_is_not_enough),
    cmocka_unit_test(test_sentence_control__no_call_afterwards_is_caught),
};

UNIT_MAIN(tests);
