#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define FIRST_END  (GOOD_FAULT + 5000 * GOOD_MS)
#define SECOND     (GOOD_FAULT + 10000 * GOOD_MS)
#define SECOND_END (GOOD_FAULT + 20000 * GOOD_MS)

static void cut(enum event_kind kind, const char *what, int64_t at)
{
    good_run_fault(kind, GOOD_PGA, what, at);
    good_run_fault(kind, GOOD_PGB, what, at);
}

static void misses(struct proc_id side, struct proc_id peer, int64_t at)
{
    struct event *e = good_run_event(EVENT_LINK_DOWN, side, at);
    e->peer = peer;
    snprintf(e->text, sizeof e->text, "private");
}

static void cut_private(int64_t from, int64_t until)
{
    cut(EVENT_FAULT, "partition private", from);
    misses(GOOD_PGA, GOOD_PGB, from + 450 * GOOD_MS);
    misses(GOOD_PGB, GOOD_PGA, from + 520 * GOOD_MS);
    good_run_routed(5001, GOOD_PGA, 0x101, from + 3000 * GOOD_MS);
    cut(EVENT_HEAL, "partition private", until);
}

/* The first time side A goes on, the second time side B takes over. */
static void make(void)
{
    good_run_begin("private-cut");
    cut_private(GOOD_FAULT, FIRST_END);
    cut_private(SECOND, SECOND_END);
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, SECOND + 1000 * GOOD_MS);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, SECOND + 2000 * GOOD_MS);
    good_run_event(EVENT_PG_SYNCED, GOOD_PGA, SECOND_END + 300 * GOOD_MS)->peer = GOOD_PGB;
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void all_pass(const char *const *ids, size_t n)
{
    good_run_finish();
    for (size_t i = 0; i < n; i++) {
        const struct check_result *r = good_run_judged(ids[i]);
        if (r->verdict != VERDICT_PASS) {
            fail_msg("%s: %s: %s", ids[i], check_verdict_text(r->verdict), r->observed);
        }
    }
    history_free(&good);
}

static void test_sentence_cut__a_good_run_passes(void **state)
{
    static const char *const ids[] = {"S9-NOTICED", "S9-KEEPS",   "S9-HEAVIER", "S9-ONE-ACTIVE",
                                      "S9-ROUTED",  "S9-STANDBY", "S9-PG-STAYS"};
    (void)state;
    make();
    all_pass(ids, sizeof ids / sizeof ids[0]);
}

static void test_sentence_cut__a_side_that_misses_nothing_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_LINK_DOWN, GOOD_PGB, SECOND)->kind = EVENT_LINK_UP;
    good_run_caught("S9-NOTICED");
}

static void test_sentence_cut__a_change_among_equals_is_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGB, GOOD_FAULT + 2000 * GOOD_MS)->value = 2;
    good_run_caught("S9-KEEPS");
}

static void test_sentence_cut__a_heavier_side_that_waits_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, SECOND)->at.us = SECOND_END + 100 * GOOD_MS;
    good_run_caught("S9-HEAVIER");
}

static void test_sentence_cut__an_older_epoch_is_caught(void **state)
{
    (void)state;
    make();
    struct event *e = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, SECOND + 4000 * GOOD_MS);
    e->peer = GOOD_PGA;
    e->value = 1;
    good_run_caught("S9-ONE-ACTIVE");
}

static void test_sentence_cut__two_sides_of_one_epoch_are_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, SECOND + 4000 * GOOD_MS)->value = 2;
    good_run_caught("S9-ONE-ACTIVE");
}

static void test_sentence_cut__a_cut_without_calls_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, SECOND)->value2 = ROUTE_NONE;
    good_run_caught("S9-ROUTED");
}

static void test_sentence_cut__a_side_without_the_state_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_PG_SYNCED, GOOD_PGA, SECOND_END)->kind = EVENT_LINK_UP;
    good_run_caught("S9-STANDBY");
}

static void test_sentence_cut__a_pg_that_fails_back_is_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, SECOND_END + 5000 * GOOD_MS)->value = 3;
    good_run_caught("S9-PG-STAYS");
}

/* Side A loses the visible network only. */
static void make_visible(void)
{
    good_run_begin("visible-cut");
    cut(EVENT_FAULT, "partition", GOOD_FAULT);
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, GOOD_FAULT + 700 * GOOD_MS);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, GOOD_FAULT + 2000 * GOOD_MS);
    cut(EVENT_HEAL, "partition", SECOND);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_sentence_cut__a_good_change_passes(void **state)
{
    static const char *const ids[] = {"S10-LETS-GO", "S10-TAKEN", "S10-ONE-ACTIVE"};
    (void)state;
    make_visible();
    all_pass(ids, sizeof ids / sizeof ids[0]);
}

static void test_sentence_cut__a_side_that_does_not_let_go_is_caught(void **state)
{
    (void)state;
    make_visible();
    good_run_find(EVENT_PG_STANDBY, GOOD_PGA, GOOD_FAULT)->kind = EVENT_LINK_UP;
    good_run_caught("S10-LETS-GO");
}

static void test_sentence_cut__a_side_that_is_active_too_early_is_caught(void **state)
{
    (void)state;
    make_visible();
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, GOOD_FAULT)->value2 = 10;
    good_run_caught("S10-TAKEN");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_cut__a_good_run_passes),
    cmocka_unit_test(test_sentence_cut__a_side_that_misses_nothing_is_caught),
    cmocka_unit_test(test_sentence_cut__a_change_among_equals_is_caught),
    cmocka_unit_test(test_sentence_cut__a_heavier_side_that_waits_is_caught),
    cmocka_unit_test(test_sentence_cut__an_older_epoch_is_caught),
    cmocka_unit_test(test_sentence_cut__two_sides_of_one_epoch_are_caught),
    cmocka_unit_test(test_sentence_cut__a_cut_without_calls_is_caught),
    cmocka_unit_test(test_sentence_cut__a_side_without_the_state_is_caught),
    cmocka_unit_test(test_sentence_cut__a_pg_that_fails_back_is_caught),
    cmocka_unit_test(test_sentence_cut__a_good_change_passes),
    cmocka_unit_test(test_sentence_cut__a_side_that_does_not_let_go_is_caught),
    cmocka_unit_test(test_sentence_cut__a_side_that_is_active_too_early_is_caught),
};

UNIT_MAIN(tests);
