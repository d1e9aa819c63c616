#include "cluster/record/line.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static void test_line__a_time_comes_back_as_it_was_written(void **state)
{
    (void)state;
    static const int64_t times[] = {-1,
                                    -1000000,
                                    -1500000,
                                    0,
                                    1,
                                    999999,
                                    GOOD_WALL,
                                    GOOD_WALL + 123456,
                                    INT64_C(253402300799999999)};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char stamp[LINE_STAMP_LEN];
        int64_t us = -1;
        assert_int_equal(line_wall(line_stamp(times[i], stamp), &us), ERR_OK);
        assert_int_equal(us, times[i]);
    }
}

static void test_line__what_no_calendar_has_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "today",
                                      "2026-11-23",
                                      "2026-11-23T20:15",
                                      "2026-13-01T00:00:00Z",
                                      "2026-02-30T00:00:00Z",
                                      "2026-11-23T24:00:00Z",
                                      "2026-11-23T20:60:00Z",
                                      "1899-12-31T23:59:59Z",
                                      "  26-11-02T03:00:21Z",
                                      "-026-11-02T03:00:21Z",
                                      "2026-11-23_20:15:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us = 7;
        assert_int_equal(line_wall(bad[i], &us), ERR_INVALID);
        assert_int_equal(us, 7);
    }
}

static enum err event(const char *at_us, struct event *ret)
{
    char text[512];
    int n = snprintf(text, sizeof text,
                     "{\"at\":\"2026-11-23T20:15:00.5Z\",\"at_us\":%s,\"process\":\"sub1\","
                     "\"kind\":\"registered\",\"device\":\"SEP000000000001\"}",
                     at_us);
    return line_event(&good_topology, text, (size_t)n, ret);
}

static void test_line__an_event_has_a_time_that_a_clock_can_show(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "-1", "9007199254740993", "9223372036854775807", "\"1\"", "1.5", "null"};
    struct event e = {0};
    good_run_make();
    assert_int_equal(event("12", &e), ERR_OK);
    assert_int_equal(e.at.us, 12);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(event(bad[i], &e), ERR_INVALID);
    }
    assert_int_equal(event("1}", &e), ERR_TRUNCATED);
}

static enum err leg(const char *gap_ms, struct history_leg *ret)
{
    char text[512];
    int n = snprintf(text, sizeof text,
                     "{\"device\":\"SEP000000000001\",\"call\":\"7\",\"begin_us\":1,\"media\":"
                     "{\"received\":5,\"gap_ms\":%s}}",
                     gap_ms);
    return line_leg(&good_topology, text, (size_t)n, ret);
}

static void test_line__a_pause_longer_than_any_run_is_refused(void **state)
{
    (void)state;
    struct history_leg l = {0};
    good_run_make();
    assert_int_equal(leg("20", &l), ERR_OK);
    assert_int_equal(l.gap_us, 20000);
    assert_int_equal(leg("9223372036854775807", &l), ERR_INVALID);
    assert_int_equal(leg("-1", &l), ERR_INVALID);
    assert_int_equal(l.gap_us, 20000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_line__a_time_comes_back_as_it_was_written),
    cmocka_unit_test(test_line__what_no_calendar_has_is_no_time),
    cmocka_unit_test(test_line__an_event_has_a_time_that_a_clock_can_show),
    cmocka_unit_test(test_line__a_pause_longer_than_any_run_is_refused),
};

UNIT_MAIN(tests);
