#include "tests/unit/good_icm.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define SCENARIO "controller-fails"

static void make_calls(void)
{
    struct history_leg *kept = good_run_talk(5001, 0x101, 15000 * GOOD_MS, 28000 * GOOD_MS);
    good_run_routed(5001, GOOD_PGA, 0x101, 14900 * GOOD_MS);
    good_run_agents(GOOD_PGA, AGENT_STATE_TALKING, 5001, 5001, 15900 * GOOD_MS);
    good_icm_row(kept, 1, 29000 * GOOD_MS);
    struct history_leg *later = good_run_talk(5004, 0x104, 20700 * GOOD_MS, 31000 * GOOD_MS);
    good_run_routed(5004, GOOD_PGA, 0x104, 20600 * GOOD_MS);
    good_icm_row(later, 2, 32000 * GOOD_MS);
}

static void make(void)
{
    good_icm_begin(SCENARIO);
    make_calls();
    good_run_fault(EVENT_FAULT, GOOD_ICMA, "crash", GOOD_FAULT);
    good_icm_becomes(GOOD_ICMB, MDS_STATE_ISOLATED_ENABLED, GOOD_FAULT + 510 * GOOD_MS);
    good_run_fault(EVENT_HEAL, GOOD_ICMA, "crash", GOOD_RETURN);
    good_run_event(EVENT_PROCESS_START, GOOD_ICMA, GOOD_RETURN + 50 * GOOD_MS);
    good_icm_becomes(GOOD_ICMB, MDS_STATE_PAIRED_ENABLED, GOOD_RETURN + 90 * GOOD_MS);
    good_icm_becomes(GOOD_ICMA, MDS_STATE_PAIRED_DISABLED, GOOD_RETURN + 100 * GOOD_MS);
    good_icm_recovers(GOOD_ICMA, GOOD_ICMB, 1, GOOD_RETURN + 200 * GOOD_MS);
    good_icm_recovers(GOOD_ICMB, GOOD_ICMA, 0, GOOD_RETURN + 200 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void test_scenario_controller__a_good_run_passes(void **state)
{
    (void)state;
    const char *ids[CHECK_RESULTS_MAX];
    size_t n = 0;
    const struct check *checks = check_sentences(SCENARIO, &n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        ids[i] = checks[i].id;
    }
    make();
    good_icm_all_pass(ids, n);
}

static void test_scenario_controller__a_side_that_takes_over_late_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMB, GOOD_FAULT)->at.us = GOOD_FAULT + 1100 * GOOD_MS;
    good_run_caught("CC-ALONE");
}

static void test_scenario_controller__a_side_that_never_serves_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMB, GOOD_FAULT)->value = MDS_STATE_ISOLATED_DISABLED;
    good_run_caught("CC-ALONE");
}

static void test_scenario_controller__a_pg_side_that_gives_up_is_caught(void **state)
{
    (void)state;
    make();
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, GOOD_FAULT + 100 * GOOD_MS);
    good_run_caught("CC-PG");
}

static void test_scenario_controller__a_request_without_an_answer_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_ROUTED, GOOD_ICMA, GOOD_FAULT)->at.us += 2000 * GOOD_MS;
    good_run_caught("CC-ROUTED");
}

static void test_scenario_controller__a_pause_is_caught(void **state)
{
    (void)state;
    make();
    good_legs[0].gap_us = 800 * GOOD_MS;
    good_run_caught("CC-MEDIA");
}

static void test_scenario_controller__a_phone_that_moves_is_caught(void **state)
{
    (void)state;
    make();
    good_run_registers(7, GOOD_SUB2, 2, GOOD_FAULT + 500 * GOOD_MS, 100);
    good_run_caught("CC-PHONES");
}

static void test_scenario_controller__a_logout_is_caught(void **state)
{
    (void)state;
    make();
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGA, GOOD_FAULT + 100 * GOOD_MS);
    e->value = 5003;
    e->value2 = 50003;
    good_run_caught("CC-AGENTS");
}

static void test_scenario_controller__a_cut_record_is_caught(void **state)
{
    (void)state;
    make();
    good_rows[0].partial = true;
    good_run_caught("CC-WHOLE");
}

static void test_scenario_controller__a_side_that_returns_without_the_state_is_caught(void **state)
{
    (void)state;
    make();
    good_run_find(EVENT_MDS_STATE, GOOD_ICMA, GOOD_RETURN)->value = MDS_STATE_ISOLATED_ENABLED;
    good_run_caught("CC-RETURN");
}

static void test_scenario_controller__a_record_that_one_database_lacks_is_caught(void **state)
{
    (void)state;
    make();
    good_rows[1] = good_rows[--good.rows_n];
    good_run_caught("CC-LOGGERS");
    make();
    good_rows[1] = good_rows[--good.rows_n];
    good_run_caught("TCD-3");
}

static void test_scenario_controller__a_record_that_differs_is_caught(void **state)
{
    (void)state;
    make();
    good_rows[1].talk_s++;
    good_run_caught("CC-LOGGERS");
}

static void test_scenario_controller__an_amended_record_is_caught(void **state)
{
    (void)state;
    make();
    snprintf(good_rows[1].hash, sizeof good_rows[1].hash, "amended");
    good_run_caught("CC-UNCHANGED");
}

static void test_scenario_controller__a_lost_record_is_caught(void **state)
{
    (void)state;
    make();
    good.rows_n -= 2;
    good_run_caught("CC-LEDGER");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scenario_controller__a_good_run_passes),
    cmocka_unit_test(test_scenario_controller__a_side_that_takes_over_late_is_caught),
    cmocka_unit_test(test_scenario_controller__a_side_that_never_serves_is_caught),
    cmocka_unit_test(test_scenario_controller__a_pg_side_that_gives_up_is_caught),
    cmocka_unit_test(test_scenario_controller__a_request_without_an_answer_is_caught),
    cmocka_unit_test(test_scenario_controller__a_pause_is_caught),
    cmocka_unit_test(test_scenario_controller__a_phone_that_moves_is_caught),
    cmocka_unit_test(test_scenario_controller__a_logout_is_caught),
    cmocka_unit_test(test_scenario_controller__a_cut_record_is_caught),
    cmocka_unit_test(test_scenario_controller__a_side_that_returns_without_the_state_is_caught),
    cmocka_unit_test(test_scenario_controller__a_record_that_one_database_lacks_is_caught),
    cmocka_unit_test(test_scenario_controller__a_record_that_differs_is_caught),
    cmocka_unit_test(test_scenario_controller__an_amended_record_is_caught),
    cmocka_unit_test(test_scenario_controller__a_lost_record_is_caught),
};

UNIT_MAIN(tests);
