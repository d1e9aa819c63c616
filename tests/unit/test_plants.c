/* Each judge finds the bug that is planted for it, and not without it. A seed is another case
 * whenever the swarm draws something else, so each test looks for one from 1 on. */
#include "cluster/sim/sim_swarm.h"
#include "node/base/plant.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SEEDS_MAX  1000 /* what design promises: within so many */
#define PHONES_MAX 40   /* large clusters take long, and find no more */

#define OUT_US INT64_C(7000000) /* longer than the bound of HOME-1 */

#define BIT(kind) (1u << SIM_FAULT_##kind)

static struct sim_case one;
static struct sim_outcome outcome;

static enum verdict verdict_of(enum plant plant, const char *judge)
{
    plant_set(plant);
    sim_swarm_run(&one, NULL, NULL, &outcome);
    plant_set(PLANT_NONE);
    for (size_t i = 0; i < outcome.results_n; i++) {
        if (strcmp(outcome.results[i].id, judge) == 0) {
            return outcome.results[i].verdict;
        }
    }
    fail_msg("there is no judge %s", judge);
    return VERDICT_INCONCLUSIVE;
}

/* kinds     the faults that give the bug an opportunity
 * least_us  how long each of them lasts at least */
static void expect_caught_by_long(enum plant plant, uint32_t kinds, int64_t least_us)
{
    const char *judge = plant_judge(plant);
    for (uint64_t seed = 1; seed <= SEEDS_MAX; seed++) {
        sim_swarm_draw(seed, "lab", kinds, &one);
        if (one.size.phones > PHONES_MAX) {
            one.size.phones = PHONES_MAX;
            one.size.agents = one.size.agents < PHONES_MAX / 2 ? one.size.agents : PHONES_MAX / 2;
        }
        for (size_t i = 0; i < one.faults_n; i++) {
            struct sim_fault *f = &one.faults[i];
            int64_t least = f->at_us + least_us;
            f->until_us = f->until_us > least ? f->until_us : least;
            f->until_us = f->until_us < one.faults_us ? f->until_us : one.faults_us;
        }
        if (verdict_of(plant, judge) == VERDICT_FAIL &&
            verdict_of(PLANT_NONE, judge) != VERDICT_FAIL) {
            print_message("%s: %s at seed %llu\n", plant_text(plant), judge,
                          (unsigned long long)seed);
            return;
        }
    }
    fail_msg("%s (%s) was not caught by %s within %d seeds", plant_text(plant),
             plant_meaning(plant), judge, SEEDS_MAX);
}

static void expect_caught(enum plant plant, uint32_t kinds)
{
    expect_caught_by_long(plant, kinds, 0);
}

static void test_plants__reg_1_catches_ack_early(void **state)
{
    (void)state;
    expect_caught(PLANT_ACK_EARLY, 0);
}

static void test_plants__reg_2_catches_old_epoch(void **state)
{
    (void)state;
    expect_caught(PLANT_OLD_EPOCH, BIT(HANG));
}

static void test_plants__reg_2_catches_no_lease(void **state)
{
    (void)state;
    expect_caught(PLANT_NO_LEASE, BIT(UNPLUG) | BIT(PARTITION));
}

static void test_plants__reg_3_catches_stale_read(void **state)
{
    (void)state;
    expect_caught(PLANT_STALE_READ, BIT(HANG) | BIT(PARTITION));
}

static void test_plants__reg_4_catches_skip_command(void **state)
{
    (void)state;
    expect_caught(PLANT_SKIP_COMMAND, 0);
}

static void test_plants__home_1_catches_stay_put(void **state)
{
    (void)state;
    expect_caught_by_long(PLANT_STAY_PUT, BIT(CRASH), OUT_US);
}

static void test_plants__home_1_catches_no_fallback(void **state)
{
    (void)state;
    expect_caught(PLANT_NO_FALLBACK, BIT(CRASH));
}

static void test_plants__home_2_catches_no_watch(void **state)
{
    (void)state;
    expect_caught(PLANT_NO_WATCH, BIT(CRASH));
}

static void test_plants__home_2_catches_deaf(void **state)
{
    (void)state;
    expect_caught(PLANT_DEAF, 0);
}

static void test_plants__call_1_catches_mute(void **state)
{
    (void)state;
    expect_caught(PLANT_MUTE, BIT(CRASH));
}

static void test_plants__call_2_catches_features(void **state)
{
    (void)state;
    expect_caught(PLANT_FEATURES, BIT(CRASH));
}

static void test_plants__cti_1_catches_twice(void **state)
{
    (void)state;
    expect_caught(PLANT_TWICE, 0);
}

static void test_plants__cti_1_catches_pass_over(void **state)
{
    (void)state;
    expect_caught(PLANT_PASS_OVER, 0);
}

static void test_plants__cti_2_catches_cross_connect(void **state)
{
    (void)state;
    expect_caught(PLANT_CROSS_CONNECT, 0);
}

static void test_plants__pg_1_catches_two_active(void **state)
{
    (void)state;
    expect_caught(PLANT_TWO_ACTIVE, BIT(PRIVATE));
}

static void test_plants__pg_2_catches_fail_back(void **state)
{
    (void)state;
    expect_caught(PLANT_FAIL_BACK, BIT(CRASH));
}

static void test_plants__tcd_1_catches_row_twice(void **state)
{
    (void)state;
    expect_caught(PLANT_ROW_TWICE, 0);
}

static void test_plants__tcd_1_catches_row_lost(void **state)
{
    (void)state;
    expect_caught(PLANT_ROW_LOST, 0);
}

static void test_plants__tcd_2_catches_amend(void **state)
{
    (void)state;
    expect_caught(PLANT_AMEND, 0);
}

static void test_plants__agt_1_catches_route_to_nobody(void **state)
{
    (void)state;
    expect_caught(PLANT_ROUTE_TO_NOBODY, BIT(CRASH));
}

static void test_plants__agt_1_catches_log_out(void **state)
{
    (void)state;
    expect_caught(PLANT_LOG_OUT, BIT(CRASH));
}

static void test_plants__raft_1_catches_usurp(void **state)
{
    (void)state;
    expect_caught(PLANT_USURP, BIT(HANG));
}

static void test_plants__raft_2_catches_forget_term(void **state)
{
    (void)state;
    expect_caught(PLANT_FORGET_TERM, BIT(CRASH));
}

static void test_plants__raft_3_catches_serve_early(void **state)
{
    (void)state;
    expect_caught(PLANT_SERVE_EARLY, BIT(CRASH));
}

static void test_plants__live_1_catches_leave_points(void **state)
{
    (void)state;
    expect_caught(PLANT_LEAVE_POINTS, BIT(CRASH));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_plants__reg_1_catches_ack_early),
    cmocka_unit_test(test_plants__reg_2_catches_old_epoch),
    cmocka_unit_test(test_plants__reg_2_catches_no_lease),
    cmocka_unit_test(test_plants__reg_3_catches_stale_read),
    cmocka_unit_test(test_plants__reg_4_catches_skip_command),
    cmocka_unit_test(test_plants__home_1_catches_stay_put),
    cmocka_unit_test(test_plants__home_1_catches_no_fallback),
    cmocka_unit_test(test_plants__home_2_catches_no_watch),
    cmocka_unit_test(test_plants__home_2_catches_deaf),
    cmocka_unit_test(test_plants__call_1_catches_mute),
    cmocka_unit_test(test_plants__call_2_catches_features),
    cmocka_unit_test(test_plants__cti_1_catches_twice),
    cmocka_unit_test(test_plants__cti_1_catches_pass_over),
    cmocka_unit_test(test_plants__cti_2_catches_cross_connect),
    cmocka_unit_test(test_plants__pg_1_catches_two_active),
    cmocka_unit_test(test_plants__pg_2_catches_fail_back),
    cmocka_unit_test(test_plants__tcd_1_catches_row_twice),
    cmocka_unit_test(test_plants__tcd_1_catches_row_lost),
    cmocka_unit_test(test_plants__tcd_2_catches_amend),
    cmocka_unit_test(test_plants__agt_1_catches_route_to_nobody),
    cmocka_unit_test(test_plants__agt_1_catches_log_out),
    cmocka_unit_test(test_plants__raft_1_catches_usurp),
    cmocka_unit_test(test_plants__raft_2_catches_forget_term),
    cmocka_unit_test(test_plants__raft_3_catches_serve_early),
    cmocka_unit_test(test_plants__live_1_catches_leave_points),
};

UNIT_MAIN(tests);
