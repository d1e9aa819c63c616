#include "node/base/time.h"

#include "tests/unit/unit.h"

#define WALL_MS INT64_C(1700000000000)

static void test_time__an_instant_moves_by_a_duration(void **state)
{
    (void)state;
    struct instant start = {.us = 1000};
    struct instant end = instant_add(start, duration_ms(5));
    assert_true(end.us == 6000);
    assert_true(duration_to_ms(instant_since(end, start)) == 5);
}

static void test_time__never_stays_never(void **state)
{
    (void)state;
    assert_true(instant_add(INSTANT_NEVER, duration_ms(1)).us == INSTANT_NEVER.us);
    assert_false(instant_reached((struct instant){.us = INT64_MAX - 1}, INSTANT_NEVER));
}

static void test_time__a_deadline_is_reached_at_its_instant(void **state)
{
    (void)state;
    struct instant deadline = {.us = 10};
    assert_false(instant_reached((struct instant){.us = 9}, deadline));
    assert_true(instant_reached((struct instant){.us = 10}, deadline));
    assert_true(instant_reached((struct instant){.us = 11}, deadline));
}

static void test_time__the_earlier_instant_is_the_minimum(void **state)
{
    (void)state;
    struct instant early = {.us = 1};
    assert_true(instant_min(early, INSTANT_NEVER).us == 1);
    assert_true(instant_min(INSTANT_NEVER, early).us == 1);
}

static void test_time__hlc_follows_the_wall_clock(void **state)
{
    (void)state;
    struct hlc clock = {0};
    struct hlc tick = hlc_tick(&clock, WALL_MS);
    assert_true(tick.v >> 16 == (uint64_t)WALL_MS);
    assert_true(clock.v == tick.v);
}

static void test_time__hlc_rises_while_the_wall_clock_stands_or_goes_back(void **state)
{
    (void)state;
    struct hlc clock = {0};
    struct hlc last = hlc_tick(&clock, WALL_MS);
    for (int64_t back = 0; back < 1000; back++) {
        struct hlc next = hlc_tick(&clock, WALL_MS - back);
        assert_true(next.v > last.v);
        last = next;
    }
}

static void test_time__hlc_is_later_than_what_it_has_seen(void **state)
{
    (void)state;
    struct hlc clock = {0};
    struct hlc peer = {0};
    struct hlc seen = hlc_tick(&peer, WALL_MS + HLC_AHEAD_MS - 1);
    struct hlc merged = hlc_merge(&clock, seen, WALL_MS);
    assert_true(merged.v > seen.v);
}

static void test_time__hlc_does_not_follow_a_clock_too_far_ahead(void **state)
{
    (void)state;
    struct hlc clock = {0};
    struct hlc peer = {0};
    struct hlc seen = hlc_tick(&peer, WALL_MS + HLC_AHEAD_MS);
    struct hlc merged = hlc_merge(&clock, seen, WALL_MS);
    assert_true(merged.v < seen.v);
    assert_true(merged.v >> 16 == (uint64_t)WALL_MS);
}

static void test_time__hlc_does_not_go_back_for_an_old_message(void **state)
{
    (void)state;
    struct hlc clock = {0};
    struct hlc before = hlc_tick(&clock, WALL_MS);
    struct hlc merged = hlc_merge(&clock, (struct hlc){.v = 1}, WALL_MS - 5);
    assert_true(merged.v > before.v);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_time__an_instant_moves_by_a_duration),
    cmocka_unit_test(test_time__never_stays_never),
    cmocka_unit_test(test_time__a_deadline_is_reached_at_its_instant),
    cmocka_unit_test(test_time__the_earlier_instant_is_the_minimum),
    cmocka_unit_test(test_time__hlc_follows_the_wall_clock),
    cmocka_unit_test(test_time__hlc_rises_while_the_wall_clock_stands_or_goes_back),
    cmocka_unit_test(test_time__hlc_is_later_than_what_it_has_seen),
    cmocka_unit_test(test_time__hlc_does_not_follow_a_clock_too_far_ahead),
    cmocka_unit_test(test_time__hlc_does_not_go_back_for_an_old_message),
};

UNIT_MAIN(tests);
