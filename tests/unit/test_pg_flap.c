/* A link of a PG side that comes and goes: the pair does not follow each time. */
#include "tests/unit/pg_world.h"
#include "tests/unit/unit.h"

#define A 0
#define B 1

static struct pg_world *pair(void)
{
    struct pg_world *w = pg_world_new();
    pg_world_start(w, A);
    pg_world_run(w, 500);
    pg_world_start(w, B);
    pg_world_run(w, 500);
    return w;
}

/* How often the pair changed its active side while the link of side A to its CTI Manager, or those
 * of both, flapped ten times. */
static int switches_while_flapping(bool both, int64_t down_ms, int64_t up_ms)
{
    struct pg_world *w = pair();
    int active = A;
    int switches = 0;
    for (int64_t ms = 0; ms < 10 * (down_ms + up_ms); ms += 100) {
        int64_t at = ms % (down_ms + up_ms);
        for (int side = A; side <= (both ? B : A); side++) {
            if (at == 0 || at == down_ms) {
                pg_world_cti(w, side, at == down_ms);
            }
        }
        pg_world_run(w, 100);
        if (pg_world_is_active(w, 1 - active)) {
            active = 1 - active;
            switches++;
        }
    }
    pg_world_run(w, 20000);
    assert_true(pg_world_is_active(w, A) != pg_world_is_active(w, B));
    pg_world_free(w);
    return switches;
}

/* conforms: 56 */
static void test_pg_flap__link_that_flaps_ten_times_does_not_bounce_the_pair(void **state)
{
    (void)state;
    for (int64_t down_ms = 100; down_ms <= 800; down_ms *= 2) {
        for (int64_t up_ms = 100; up_ms <= 1600; up_ms *= 2) {
            assert_true(switches_while_flapping(false, down_ms, up_ms) <= 1);
            assert_true(switches_while_flapping(true, down_ms, up_ms) <= 2);
        }
    }
}

/* conforms: 56 */
static void test_pg_flap__flapping_provider_is_held_down_longer_each_time(void **state)
{
    (void)state;
    struct pg_world *w = pg_world_new();
    pg_world_start(w, A);
    pg_world_run(w, 500);
    int64_t waits[3] = {0};
    for (int i = 0; i < 3; i++) {
        pg_world_cti(w, A, false);
        pg_world_run(w, 1000);
        assert_false(pg_world_is_active(w, A));
        pg_world_cti(w, A, true);
        while (!pg_world_is_active(w, A) && waits[i] < 30000) {
            pg_world_run(w, 100);
            waits[i] += 100;
        }
    }
    assert_true(waits[0] >= 900);
    assert_true(waits[1] > waits[0]);
    assert_true(waits[2] > waits[1]);
    pg_world_free(w);
}

/* The private link, or both paths to the controller, come and go ten times. */
static void test_pg_flap__another_link_that_flaps_moves_the_pair_twice_at_most(void **state)
{
    (void)state;
    for (unsigned controller = 0; controller <= 1; controller++) {
        struct pg_world *w = pair();
        uint32_t before = pg_world_count(&w->sides[A], EVENT_PG_ACTIVE) +
                          pg_world_count(&w->sides[B], EVENT_PG_ACTIVE);
        for (int i = 0; i < 20; i++) {
            bool up = i % 2 == 1;
            (controller == 1 ? pg_world_controller : pg_world_private)(w, up);
            pg_world_run(w, 700);
        }
        pg_world_run(w, 10000);
        uint32_t after = pg_world_count(&w->sides[A], EVENT_PG_ACTIVE) +
                         pg_world_count(&w->sides[B], EVENT_PG_ACTIVE);
        assert_true(after - before <= 2);
        assert_true(pg_world_is_active(w, A) != pg_world_is_active(w, B));
        pg_world_free(w);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pg_flap__link_that_flaps_ten_times_does_not_bounce_the_pair),
    cmocka_unit_test(test_pg_flap__flapping_provider_is_held_down_longer_each_time),
    cmocka_unit_test(test_pg_flap__another_link_that_flaps_moves_the_pair_twice_at_most),
};

UNIT_MAIN(tests);
