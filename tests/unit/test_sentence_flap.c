#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define FLAPS     10
#define PERIOD    (2000 * GOOD_MS)
#define LAST_HEAL (GOOD_FAULT + FLAPS * PERIOD - 1000 * GOOD_MS)

static void cut(enum event_kind kind, int64_t at)
{
    good_run_fault(kind, GOOD_PGA, "partition", at);
    good_run_fault(kind, GOOD_SUB1, "partition", at);
}

/* Side A lets go at the first cut; side B is active from then on. */
static void make(void)
{
    good_run_begin("link-flaps");
    for (int i = 0; i < FLAPS; i++) {
        int64_t at = GOOD_FAULT + i * PERIOD;
        cut(EVENT_FAULT, at);
        struct event *e = good_run_event(EVENT_LINK_DOWN, GOOD_PGA, at + 50 * GOOD_MS);
        e->peer = GOOD_SUB1;
        snprintf(e->text, sizeof e->text, "jtapi");
        cut(EVENT_HEAL, at + 1000 * GOOD_MS);
    }
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, GOOD_FAULT + 250 * GOOD_MS);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, GOOD_FAULT + 500 * GOOD_MS);
    good_run_event(EVENT_PG_SYNCED, GOOD_PGA, GOOD_FAULT + 510 * GOOD_MS)->peer = GOOD_PGB;
    good_run_routed(5001, GOOD_PGB, 0x101, LAST_HEAL + 2000 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_sentence_flap__a_good_run_passes(void **state)
{
    static const char *const ids[] = {"S16-FLAPS",  "S16-MOVES",   "S16-TAKEN",   "S16-ONE-ACTIVE",
                                      "S16-ROUTED", "S16-STANDBY", "S16-PG-STAYS"};
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

static void test_sentence_flap__one_cut_is_no_flapping(void **state)
{
    (void)state;
    make();
    for (size_t i = 0; i < good.events_n; i++) {
        bool later = good_events[i].kind == EVENT_FAULT && good_events[i].at.us > GOOD_FAULT;
        good_events[i].kind = later ? EVENT_LINK_UP : good_events[i].kind;
    }
    good_run_finish();
    assert_int_equal(good_run_judged("S16-MOVES")->verdict, VERDICT_INCONCLUSIVE);
    history_free(&good);
}

static void test_sentence_flap__cuts_that_nobody_notices_are_caught(void **state)
{
    (void)state;
    make();
    for (int i = 0; i < FLAPS / 2 + 1; i++) {
        good_run_find(EVENT_LINK_DOWN, GOOD_PGA, GOOD_FAULT)->kind = EVENT_LINK_UP;
    }
    good_run_caught("S16-FLAPS");
}

static void test_sentence_flap__a_pair_that_follows_each_time_is_caught(void **state)
{
    (void)state;
    make();
    good_run_activates(GOOD_PGA, GOOD_SUB1, 3, GOOD_FAULT + PERIOD + 1500 * GOOD_MS);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 4, GOOD_FAULT + 2 * PERIOD + 500 * GOOD_MS);
    good_run_caught("S16-MOVES");
}

static void test_sentence_flap__a_side_without_all_monitors_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, GOOD_FAULT)->value2 = 10;
    good_run_caught("S16-TAKEN");
}

static void test_sentence_flap__a_side_that_waits_for_the_end_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, GOOD_FAULT)->at.us = LAST_HEAL;
    good_run_caught("S16-TAKEN");
}

static void test_sentence_flap__no_call_afterwards_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, LAST_HEAL)->value2 = ROUTE_NONE;
    good_run_caught("S16-ROUTED");
}

static void test_sentence_flap__a_side_that_fails_back_afterwards_is_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, LAST_HEAL + 5000 * GOOD_MS)->value = 3;
    good_run_caught("S16-PG-STAYS");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_flap__a_good_run_passes),
    cmocka_unit_test(test_sentence_flap__one_cut_is_no_flapping),
    cmocka_unit_test(test_sentence_flap__cuts_that_nobody_notices_are_caught),
    cmocka_unit_test(test_sentence_flap__a_pair_that_follows_each_time_is_caught),
    cmocka_unit_test(test_sentence_flap__a_side_without_all_monitors_is_caught),
    cmocka_unit_test(test_sentence_flap__a_side_that_waits_for_the_end_is_caught),
    cmocka_unit_test(test_sentence_flap__no_call_afterwards_is_caught),
    cmocka_unit_test(test_sentence_flap__a_side_that_fails_back_afterwards_is_caught),
};

UNIT_MAIN(tests);
