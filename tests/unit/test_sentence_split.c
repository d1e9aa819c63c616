#include "tests/unit/good_icm.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* The first time no PG side reaches icma, the second time all reach both. */
#define FIRST      (GOOD_FAULT + 3000 * GOOD_MS)
#define FIRST_END  (GOOD_FAULT + 8000 * GOOD_MS)
#define SECOND     (GOOD_FAULT + 15000 * GOOD_MS)
#define SECOND_END (GOOD_FAULT + 20000 * GOOD_MS)

static void links(enum event_kind kind, struct proc_id icm, int64_t at)
{
    const struct proc_id pgs[] = {GOOD_PGA, GOOD_PGB};
    for (size_t i = 0; i < sizeof pgs / sizeof pgs[0]; i++) {
        struct event *e = good_run_event(kind, pgs[i], at);
        e->peer = icm;
        snprintf(e->text, sizeof e->text, "controller");
    }
}

static void no_path(enum event_kind kind, int64_t at)
{
    good_run_fault(kind, GOOD_PGA, "partition", at);
    good_run_fault(kind, GOOD_PGB, "partition", at);
    good_run_fault(kind, GOOD_ICMA, "partition", at);
}

static void cut(int64_t from, int64_t until, struct proc_id alone, struct proc_id leaves)
{
    good_run_fault(EVENT_FAULT, GOOD_ICMA, "partition private", from);
    good_run_fault(EVENT_FAULT, GOOD_ICMB, "partition private", from);
    good_icm_becomes(leaves, MDS_STATE_ISOLATED_DISABLED, from + 490 * GOOD_MS);
    good_icm_becomes(alone, MDS_STATE_ISOLATED_ENABLED, from + 510 * GOOD_MS);
    good_run_routed(5001, GOOD_PGA, 0x101, from + 1000 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_ICMA, "partition private", until);
    good_run_fault(EVENT_HEAL, GOOD_ICMB, "partition private", until);
    good_icm_becomes(alone, MDS_STATE_PAIRED_ENABLED, until + 300 * GOOD_MS);
    good_icm_becomes(leaves, MDS_STATE_PAIRED_DISABLED, until + 310 * GOOD_MS);
    good_icm_recovers(alone, leaves, 0, until + 320 * GOOD_MS);
    good_icm_recovers(leaves, alone, 1, until + 330 * GOOD_MS);
}

static void make(void)
{
    good_icm_begin("controller-split");
    links(EVENT_LINK_UP, GOOD_ICMA, 500 * GOOD_MS);
    links(EVENT_LINK_UP, GOOD_ICMB, 500 * GOOD_MS);
    no_path(EVENT_FAULT, GOOD_FAULT);
    links(EVENT_LINK_DOWN, GOOD_ICMA, GOOD_FAULT + 1000 * GOOD_MS);
    cut(FIRST, FIRST_END, GOOD_ICMB, GOOD_ICMA);
    no_path(EVENT_HEAL, FIRST_END + 1000 * GOOD_MS);
    links(EVENT_LINK_UP, GOOD_ICMA, FIRST_END + 1500 * GOOD_MS);
    cut(SECOND, SECOND_END, GOOD_ICMA, GOOD_ICMB);
    struct history_leg *leg = good_run_talk(5001, 0x101, 15000 * GOOD_MS, 22000 * GOOD_MS);
    good_icm_row(leg, 1, FIRST + 700 * GOOD_MS);
    good_run_event(EVENT_TCD_WRITTEN, GOOD_PGA, FIRST)->value = good_rows[0].key;
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_sentence_split__a_good_run_passes(void **state)
{
    static const char *const ids[] = {"S15-ALONE",  "S15-ONE",     "S15-PG",
                                      "S15-ROUTED", "S15-RECORDS", "S15-RETURN"};
    (void)state;
    make();
    good_icm_all_pass(ids, sizeof ids / sizeof ids[0]);
}

static void test_sentence_split__a_side_without_the_majority_that_serves_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_LINK_DOWN, GOOD_PGB, GOOD_FAULT)->kind = EVENT_LINK_UP;
    good_run_caught("S15-ALONE"); /* one of two PG sides reaches icma: icma has to go on */
}

static void test_sentence_split__a_side_that_takes_over_late_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMA, SECOND)->at.us = SECOND + 1100 * GOOD_MS;
    good_run_caught("S15-ALONE");
}

static void test_sentence_split__a_side_that_does_not_leave_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMB, SECOND)->value = MDS_STATE_ISOLATED_ENABLED;
    good_run_caught("S15-ALONE");
}

static void test_sentence_split__two_sides_that_serve_alone_are_caught(void **state)
{
    (void)state;
    make();
    good_icm_becomes(GOOD_ICMA, MDS_STATE_ISOLATED_ENABLED, FIRST_END + 299 * GOOD_MS);
    good_run_caught("S15-ONE");
}

static void test_sentence_split__a_pg_side_that_gives_up_is_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, SECOND + 600 * GOOD_MS);
    good_run_caught("S15-PG");
}

static void test_sentence_split__a_caller_who_waits_longer_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, SECOND)->at.us += 2100 * GOOD_MS;
    good_run_caught("S15-ROUTED");
}

static void test_sentence_split__a_record_that_is_lost_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_TCD_WRITTEN, GOOD_PGA, FIRST)->value++;
    good_run_caught("S15-RECORDS");
}

static void test_sentence_split__a_side_without_the_state_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMA, FIRST_END)->value = MDS_STATE_ISOLATED_ENABLED;
    good_run_caught("S15-RETURN");
}

static void test_sentence_split__a_logger_without_the_rows_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_RECOVERED, GOOD_ICMB, SECOND_END)->kind = EVENT_LINK_UP;
    good_run_caught("S15-RETURN");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sentence_split__a_good_run_passes),
    cmocka_unit_test(test_sentence_split__a_side_without_the_majority_that_serves_is_caught),
    cmocka_unit_test(test_sentence_split__a_side_that_takes_over_late_is_caught),
    cmocka_unit_test(test_sentence_split__a_side_that_does_not_leave_is_caught),
    cmocka_unit_test(test_sentence_split__two_sides_that_serve_alone_are_caught),
    cmocka_unit_test(test_sentence_split__a_pg_side_that_gives_up_is_caught),
    cmocka_unit_test(test_sentence_split__a_caller_who_waits_longer_is_caught),
    cmocka_unit_test(test_sentence_split__a_record_that_is_lost_is_caught),
    cmocka_unit_test(test_sentence_split__a_side_without_the_state_is_caught),
    cmocka_unit_test(test_sentence_split__a_logger_without_the_rows_is_caught),
};

UNIT_MAIN(tests);
