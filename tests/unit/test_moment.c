#include "cluster/control/moment.h"

#include "tests/unit/unit.h"

static struct moment moment;
static const char *likely;

static void is(const char *text, enum moment_origin origin, int64_t us)
{
    assert_int_equal(moment_parse(text, &moment, &likely), ERR_OK);
    assert_int_equal(moment.origin, origin);
    assert_int_equal(moment.us, us);
}

static void test_moment__offsets_count_from_what_they_name(void **state)
{
    (void)state;
    is("12.5s", MOMENT_BEGIN, 12500000);
    is("+12.5s", MOMENT_BEGIN, 12500000);
    is("300ms", MOMENT_BEGIN, 300000);
    is("95.5ms", MOMENT_BEGIN, 95500);
    is("fault+0.095503s", MOMENT_FAULT, 95503);
    is("2", MOMENT_BEGIN, 2000000);
    is("1.5m", MOMENT_BEGIN, 90000000);
    is("begin+2s", MOMENT_BEGIN, 2000000);
    is("begin", MOMENT_BEGIN, 0);
    is("fault", MOMENT_FAULT, 0);
    is("fault+0.3s", MOMENT_FAULT, 300000);
    is("fault-1s", MOMENT_FAULT, -1000000);
    is("end", MOMENT_END, 0);
    is("end-1m", MOMENT_END, -60000000);
}

static void test_moment__times_of_the_wall_have_a_zone(void **state)
{
    (void)state;
    is("1970-01-01T00:00:10Z", MOMENT_WALL, 10000000);
    is("1970-01-01T00:00:10.25Z", MOMENT_WALL, 10250000);
    is("1970-01-01T00:00:10", MOMENT_WALL, 10000000);
    is("1970-01-01 02:00:10+02:00", MOMENT_WALL, 10000000);
    is("1969-12-31T23:30:10.5-00:30", MOMENT_WALL, 10500000);
}

static void test_moment__what_is_no_moment_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "+",
                                      "s",
                                      "12.5.5s",
                                      "fault+",
                                      "fault 3s",
                                      "fault3s",
                                      "1h",
                                      "--3s",
                                      "fault+-3s",
                                      "2026-11-23",
                                      "2026-11-23T20:15:00 yesterday",
                                      "2026-11-23T20:15:00+2",
                                      "12s later",
                                      "1.s",
                                      ".5s",
                                      "1234567s",
                                      "0.1234567s"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(moment_parse(bad[i], &moment, &likely), ERR_OK);
    }
}

static void test_moment__a_slip_of_the_pen_is_recognised(void **state)
{
    (void)state;
    assert_int_equal(moment_parse("falt+3s", &moment, &likely), ERR_UNKNOWN);
    assert_string_equal(likely, "fault");
    assert_int_equal(moment_parse("yesterday", &moment, &likely), ERR_UNKNOWN);
    assert_null(likely);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_moment__offsets_count_from_what_they_name),
    cmocka_unit_test(test_moment__times_of_the_wall_have_a_zone),
    cmocka_unit_test(test_moment__what_is_no_moment_is_refused),
    cmocka_unit_test(test_moment__a_slip_of_the_pen_is_recognised),
};

UNIT_MAIN(tests);
