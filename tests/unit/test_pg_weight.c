/* Side weight: who keeps the control when the two sides of a pair have lost each other. */
#include "tests/unit/pg_world.h"
#include "tests/unit/unit.h"

#define A    0
#define B    1
#define FULL 4 /* all devices of the pair */

/* Side A is active, both reach everything. */
static struct pg_world *pair(void)
{
    struct pg_world *w = pg_world_new();
    pg_world_start(w, A);
    pg_world_run(w, 500);
    pg_world_start(w, B);
    pg_world_run(w, 500);
    pg_world_reach(w, A, FULL);
    pg_world_reach(w, B, FULL);
    pg_world_run(w, 500);
    assert_true(pg_world_is_active(w, A));
    return w;
}

/* conforms: 32 */
static void test_pg_weight__of_two_equal_sides_the_active_one_stays(void **state)
{
    (void)state;
    for (int gone = 0; gone <= 1; gone++) {
        struct pg_world *w = pair();
        pg_world_private(w, false);
        if (gone) {
            pg_world_controller(w, false);
        }
        pg_world_run(w, 60000);
        assert_true(pg_world_is_active(w, A));
        assert_false(pg_world_is_active(w, B));
        assert_int_equal(w->highest, 1);
        pg_world_free(w);
    }
}

/* conforms: 32 */
static void test_pg_weight__the_heavier_side_takes_over_through_the_controller(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_private(w, false);
    pg_world_reach(w, A, FULL - 1);
    pg_world_run(w, 500);
    assert_true(pg_world_is_active(w, A)); /* it may be over in a moment */
    pg_world_run(w, 10000);
    assert_false(pg_world_is_active(w, A));
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->highest, 2);
    assert_int_equal(w->sides[A].monitored_n, 0);
    /* The call that was in view is cut by both, under one key. */
    assert_int_equal(w->sides[A].rows_n, 1);
    assert_int_equal(w->sides[B].rows_n, 1);
    assert_int_equal(w->sides[A].rows[0].icr_call_key, w->sides[B].rows[0].icr_call_key);
    assert_true(w->sides[A].rows[0].partial && w->sides[B].rows[0].partial);
    /* And nothing moves when the pair is together again. */
    pg_world_reach(w, A, FULL);
    pg_world_private(w, true);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->highest, 2);
    pg_world_free(w);
}

static void test_pg_weight__a_lighter_side_is_refused(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_private(w, false);
    pg_world_reach(w, B, FULL - 1);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, A));
    assert_true(w->refused > 0);
    pg_world_free(w);
}

static void test_pg_weight__weight_decides_nothing_while_the_sides_see_each_other(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_reach(w, A, 0);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(w->highest, 1);
    pg_world_free(w);
}

static void test_pg_weight__without_peer_and_controller_the_lighter_side_lets_go(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_private(w, false);
    pg_world_controller(w, false);
    pg_world_run(w, 100);
    pg_world_reach(w, A, FULL - 1);
    pg_world_run(w, 700);
    assert_true(pg_world_is_active(w, A));
    pg_world_run(w, 500);
    assert_false(pg_world_is_active(w, A));
    assert_false(pg_world_is_active(w, B)); /* nobody is there to grant it */
    assert_int_equal(w->sides[A].rows_n, 1);
    assert_int_equal(w->sides[A].rows[0].fail_cause, REASON_NO_CONTROLLER);
    /* The first controller that is back finds the heavier one. */
    pg_world_controller(w, true);
    pg_world_run(w, 20000);
    assert_false(pg_world_is_active(w, A));
    assert_true(pg_world_is_active(w, B));
    pg_world_free(w);
}

static void test_pg_weight__the_heavier_side_keeps_what_it_has(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_reach(w, B, FULL - 1);
    pg_world_run(w, 500);
    pg_world_private(w, false);
    pg_world_controller(w, false);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, A));
    pg_world_controller(w, true);
    pg_world_run(w, 10000);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(w->highest, 1);
    pg_world_free(w);
}

static void test_pg_weight__what_is_over_in_a_moment_moves_nothing(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    for (int i = 0; i < 20; i++) {
        pg_world_private(w, false);
        pg_world_controller(w, i % 2 == 0);
        pg_world_reach(w, A, FULL - 1);
        pg_world_run(w, 800);
        pg_world_private(w, true);
        pg_world_controller(w, true);
        pg_world_reach(w, A, FULL);
        pg_world_run(w, 800);
        assert_true(pg_world_is_active(w, A));
    }
    assert_int_equal(w->highest, 1);
    pg_world_free(w);
}

static void test_pg_weight__a_side_that_comes_back_does_not_take_over_by_weight(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_kill(w, A);
    pg_world_run(w, 10000);
    assert_true(pg_world_is_active(w, B));
    pg_world_reach(w, B, FULL - 1);
    pg_world_start(w, A);
    pg_world_reach(w, A, FULL);
    pg_world_private(w, false); /* its private link takes a moment longer */
    pg_world_run(w, 700);
    pg_world_private(w, true);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, B)); /* PG-2 */
    assert_int_equal(w->highest, 2);
    pg_world_free(w);
}

/* conforms: 56 */
static void test_pg_weight__weights_that_flap_do_not_make_the_pair_bounce(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_private(w, false);
    for (int i = 0; i < 60; i++) {
        pg_world_reach(w, i % 2 == 0 ? A : B, FULL - 1);
        pg_world_reach(w, i % 2 == 0 ? B : A, FULL);
        pg_world_run(w, 1000);
    }
    assert_in_range(w->highest, 2, 12);
    pg_world_free(w);
}

static void test_pg_weight__a_side_without_a_peer_never_lets_go(void **state)
{
    (void)state;
    struct pg_world *w = pg_world_new();
    w->topology.procs[PG_WORLD_B.v - 1].kind = PROC_FLEET; /* simplex */
    pg_world_start(w, A);
    pg_world_run(w, 500);
    pg_world_reach(w, A, FULL);
    assert_true(pg_world_is_active(w, A));
    pg_world_controller(w, false);
    pg_world_reach(w, A, 0);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, A));
    pg_world_free(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pg_weight__of_two_equal_sides_the_active_one_stays),
    cmocka_unit_test(test_pg_weight__the_heavier_side_takes_over_through_the_controller),
    cmocka_unit_test(test_pg_weight__a_lighter_side_is_refused),
    cmocka_unit_test(test_pg_weight__weight_decides_nothing_while_the_sides_see_each_other),
    cmocka_unit_test(test_pg_weight__without_peer_and_controller_the_lighter_side_lets_go),
    cmocka_unit_test(test_pg_weight__the_heavier_side_keeps_what_it_has),
    cmocka_unit_test(test_pg_weight__what_is_over_in_a_moment_moves_nothing),
    cmocka_unit_test(test_pg_weight__a_side_that_comes_back_does_not_take_over_by_weight),
    cmocka_unit_test(test_pg_weight__weights_that_flap_do_not_make_the_pair_bounce),
    cmocka_unit_test(test_pg_weight__a_side_without_a_peer_never_lets_go),
};

UNIT_MAIN(tests);
