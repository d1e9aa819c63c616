#include "cluster/check/check.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* conforms: 40 */
static void test_check_pg__pg_1_catches_two_sides_under_one_epoch(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 60000 * GOOD_MS);
    e->peer = GOOD_PGA;
    e->value = 2;
    good_run_caught("PG-1");
}

static void test_check_pg__pg_2_catches_a_fail_back(void **state)
{
    (void)state;
    good_run_make();
    struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
    e->value = 3;
    e->value2 = 11;
    good_run_caught("PG-2");
}

/* Only as long as it has no controller that side may let go because of that, or be replaced. */
static void test_check_pg__pg_2_knows_a_side_without_a_controller(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        unsigned back = c & 1;
        good_run_make();
        for (unsigned up = 0; up <= back; up++) {
            struct event *link = good_run_event(up == 1 ? EVENT_LINK_UP : EVENT_LINK_DOWN, GOOD_PGB,
                                                (58000 + 500 * up) * GOOD_MS);
            link->peer = GOOD_ICMA;
            snprintf(link->text, sizeof link->text, "controller");
        }
        if ((c & 2) != 0) {
            struct event *granted = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 59000 * GOOD_MS);
            granted->peer = GOOD_PGA;
            granted->value = 3;
        } else {
            struct event *standby = good_run_event(EVENT_PG_STANDBY, GOOD_PGB, 59000 * GOOD_MS);
            standby->reason = REASON_NO_CONTROLLER;
        }
        struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
        e->value = 3;
        e->value2 = 11;
        good_run_finish();
        assert_int_equal(good_run_judged("PG-2")->verdict, back == 1 ? VERDICT_FAIL : VERDICT_PASS);
        history_free(&good);
    }
}

/* It has lost one side of a duplexed controller, or both, when the other PG side is granted. */
static void test_check_pg__pg_2_knows_two_controllers(void **state)
{
    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        good_run_make();
        struct topology_proc *icmb = &good_topology.procs[good_topology.procs_n++];
        *icmb = good_topology.procs[GOOD_ICMA.v - 1];
        snprintf(icmb->name, sizeof icmb->name, "icmb");
        for (unsigned which = 0; which <= both; which++) {
            struct event *link = good_run_event(EVENT_LINK_DOWN, GOOD_PGB, 58000 * GOOD_MS);
            link->peer.v = which == 0 ? (uint16_t)good_topology.procs_n : GOOD_ICMA.v;
            snprintf(link->text, sizeof link->text, "controller");
        }
        struct event *granted = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 59000 * GOOD_MS);
        granted->peer = GOOD_PGA;
        granted->value = 3;
        struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
        e->value = 3;
        e->value2 = 11;
        good_run_finish();
        assert_int_equal(good_run_judged("PG-2")->verdict, both == 1 ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

/* The path, which was gone from 58.0 s to 58.5 s, was back when the grant, which is on disk at
 * 59.0 s, was decided, or was not yet, or was not gone yet. */
static void test_check_pg__pg_2_asks_when_a_grant_was_decided(void **state)
{
    (void)state;
    static const struct {
        int64_t took_ms;
        bool controller_sees_it_late;
        enum verdict verdict;
    } cases[] = {
        {600, false, VERDICT_PASS}, {400, false, VERDICT_FAIL},  {400, true, VERDICT_PASS},
        {200, true, VERDICT_FAIL},  {1200, false, VERDICT_FAIL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        good_run_make();
        for (unsigned end = 0; end < 2; end++) {
            for (unsigned up = 0; up < 2; up++) {
                bool late = end == 1 && up == 1 && cases[i].controller_sees_it_late;
                struct event *link = good_run_event(up == 1 ? EVENT_LINK_UP : EVENT_LINK_DOWN,
                                                    end == 0 ? GOOD_PGB : GOOD_ICMA,
                                                    (58000 + 500 * up + 200 * late) * GOOD_MS);
                link->peer = end == 0 ? GOOD_ICMA : GOOD_PGB;
                snprintf(link->text, sizeof link->text, "controller");
            }
        }
        struct event *granted = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 59000 * GOOD_MS);
        granted->peer = GOOD_PGA;
        granted->value = 3;
        granted->value2 = cases[i].took_ms * GOOD_MS;
        struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
        e->value = 3;
        e->value2 = 11;
        good_run_finish();
        assert_int_equal(good_run_judged("PG-2")->verdict, cases[i].verdict);
        history_free(&good);
    }
}

/* It died before it had told what it stored, and grants the side that acts another epoch when it is
 * back; or it does so without having been away, or having been only cut off. */
static void test_check_pg__pg_2_knows_a_controller_with_an_untold_grant(void **state)
{
    (void)state;
    enum { STAYED, CUT_OFF, DIED };
    for (unsigned what = STAYED; what <= DIED; what++) {
        good_run_make();
        if (what == DIED) {
            good_run_fault(EVENT_FAULT, GOOD_ICMA, "power", 55000 * GOOD_MS);
            good_run_event(EVENT_PROCESS_START, GOOD_ICMA, 57000 * GOOD_MS);
        } else if (what == CUT_OFF) {
            good_run_fault(EVENT_FAULT, GOOD_ICMA, "unplug", 55000 * GOOD_MS);
        }
        for (unsigned to = 0; to < 2; to++) {
            struct event *granted =
                good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, (59000 + to) * GOOD_MS);
            granted->peer = to == 0 ? GOOD_PGB : GOOD_PGA;
            granted->value = 4 + to;
        }
        struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
        e->value = 5;
        e->value2 = 11;
        good_run_finish();
        assert_int_equal(good_run_judged("PG-2")->verdict,
                         what == DIED ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

/* The controller says that it weighed the sides. They had lost each other, or one of them the
 * other, or neither; or it says nothing. */
static void test_check_pg__pg_2_knows_a_pair_that_was_weighed(void **state)
{
    (void)state;
    enum { WEIGHED, ONE_END, TOGETHER, SILENT };
    for (unsigned what = WEIGHED; what <= SILENT; what++) {
        good_run_make();
        unsigned ends = what == TOGETHER ? 0 : what == ONE_END ? 1 : 2;
        for (unsigned end = 0; end < ends; end++) {
            struct event *link =
                good_run_event(EVENT_LINK_DOWN, end == 0 ? GOOD_PGA : GOOD_PGB, 57000 * GOOD_MS);
            link->peer = end == 0 ? GOOD_PGB : GOOD_PGA;
            snprintf(link->text, sizeof link->text, "private");
        }
        struct event *granted = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, 59000 * GOOD_MS);
        granted->peer = GOOD_PGA;
        granted->value = 3;
        granted->reason = what == SILENT ? REASON_NONE : REASON_OUTWEIGHED;
        struct event *e = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS);
        e->value = 3;
        e->value2 = 11;
        good_run_finish();
        assert_int_equal(good_run_judged("PG-2")->verdict,
                         what == WEIGHED ? VERDICT_PASS : VERDICT_FAIL);
        history_free(&good);
    }
}

/* It was granted, cut off, and replaced; it is ready afterwards, before it hears of that, and lets
 * go then. Or it was not cut off, or long ago; or it goes on; or the epoch is old only for the
 * second grant of the one that acts. */
static void test_check_pg__pg_2_knows_a_side_that_did_not_hear_that_it_was_replaced(void **state)
{
    (void)state;
    enum { CUT_OFF, GRANTED_TWICE, NOT_CUT, LONG_AGO, GOES_ON, CASES };
    for (unsigned what = 0; what < CASES; what++) {
        good_run_make();
        int64_t healed = (what == LONG_AGO ? 40000 : 59000) * GOOD_MS;
        if (what != NOT_CUT) {
            good_run_fault(EVENT_FAULT, GOOD_PGA, "unplug", 38000 * GOOD_MS);
            good_run_fault(EVENT_HEAL, GOOD_PGA, "unplug", healed);
        }
        if (what == GRANTED_TWICE) {
            good_run_activates(GOOD_PGB, GOOD_SUB2, 4, 50000 * GOOD_MS);
        }
        struct event *late = good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 55000 * GOOD_MS);
        late->at.us = healed + 1000 * GOOD_MS + (what == LONG_AGO ? 15000 * GOOD_MS : 0);
        late->value = what == GRANTED_TWICE ? 3 : 1; /* the other one acts under 2 or 4 */
        late->value2 = 11;
        if (what != GOES_ON) {
            good_run_event(EVENT_PG_STANDBY, GOOD_PGA, late->at.us + 100 * GOOD_MS);
        }
        good_run_finish();
        bool knows = what == CUT_OFF || what == GRANTED_TWICE;
        const struct check_result *r = good_run_judged("PG-2");
        if (r->verdict != (knows ? VERDICT_PASS : VERDICT_FAIL)) {
            fail_msg("case %u: %s", what, r->observed);
        }
        history_free(&good);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_check_pg__pg_1_catches_two_sides_under_one_epoch),
    cmocka_unit_test(test_check_pg__pg_2_catches_a_fail_back),
    cmocka_unit_test(test_check_pg__pg_2_knows_a_side_without_a_controller),
    cmocka_unit_test(test_check_pg__pg_2_knows_two_controllers),
    cmocka_unit_test(test_check_pg__pg_2_asks_when_a_grant_was_decided),
    cmocka_unit_test(test_check_pg__pg_2_knows_a_controller_with_an_untold_grant),
    cmocka_unit_test(test_check_pg__pg_2_knows_a_pair_that_was_weighed),
    cmocka_unit_test(test_check_pg__pg_2_knows_a_side_that_did_not_hear_that_it_was_replaced),
};

UNIT_MAIN(tests);
