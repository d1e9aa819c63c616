#include "cluster/control/clocks.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* 2026-11-23T20:15:00Z */
#define WALL INT64_C(1795464900000000)

static struct clocks two_boots(void)
{
    return (struct clocks){
        .n = 3,
        .at = {{.name = "sub1", .boot_us = WALL - 50000000, .shift_us = 1000},
               {.name = "sub1", .boot_us = WALL, .shift_us = 70000000, .wall_shift_us = -2000000},
               {.name = "sub2", .boot_us = WALL, .shift_us = 3}}};
}

static void test_clocks__the_middle_of_a_round_trip_is_compared(void **state)
{
    (void)state;
    /* There it is 5,000 when here it is 1,000,100, to half of the 200 that the answer took. */
    struct clocks_one one = clocks_sample(1000000, 1000200, 5000, WALL + 5000, WALL - 995000);
    assert_int_equal(one.shift_us, 1000100 - 5000);
    assert_int_equal(one.boot_us, WALL);
    assert_int_equal(one.known_to_us, 100);
    /* The walls agree to what is known of them: there is no offset. */
    assert_int_equal(one.wall_shift_us, 0);
}

static void test_clocks__what_is_smaller_than_the_measure_is_no_offset(void **state)
{
    (void)state;
    assert_int_equal(clocks_sample(1000, 1200, 1000, 0, 0).shift_us, 0);
    assert_int_equal(clocks_sample(1000, 1200, 1200, 0, 0).shift_us, 0);
    assert_int_equal(clocks_sample(1000, 1200, 999, 0, 0).shift_us, 101);
}

static void test_clocks__the_quickest_of_many_counts(void **state)
{
    (void)state;
    struct clocks_one best = {.samples = 0};
    const struct clocks_one slow = clocks_sample(0, 1000, 100000, 0, 0);
    const struct clocks_one quick = clocks_sample(2000, 2010, 101800, 0, 0);
    clocks_better(&best, &slow);
    clocks_better(&best, &quick);
    clocks_better(&best, &slow);
    assert_int_equal(best.shift_us, 2005 - 101800);
    assert_int_equal(best.known_to_us, 5);
    assert_int_equal(best.samples, 3);
}

static void test_clocks__each_boot_of_a_machine_has_its_own(void **state)
{
    (void)state;
    const struct clocks c = two_boots();
    assert_int_equal(clocks_of(&c, "sub1", WALL - 50000100)->shift_us, 1000);
    assert_int_equal(clocks_of(&c, "sub1", WALL + 100)->shift_us, 70000000);
    assert_null(clocks_of(&c, "pga", WALL));
}

static void test_clocks__a_line_is_brought_to_our_clocks_and_nothing_else_of_it_changes(
    void **state)
{
    (void)state;
    const struct clocks c = two_boots();
    const char *line = "{\"at\":\"2026-11-23T20:15:09.000001Z\",\"at_us\":9000001,\"seq\":7}";
    char *text = clocks_line(&c, "sub1", line, strlen(line));
    assert_non_null(text);
    assert_string_equal(text,
                        "{\"at\":\"2026-11-23T20:15:07.000001Z\",\"at_us\":79000001,\"seq\":7}");
    free(text);
    const char *leg = "{\"call\":\"1f\",\"begin\":\"2026-11-23T20:15:09.000000Z\",\"answer\":null,"
                      "\"end\":\"2026-11-23T20:15:10.000000Z\",\"begin_us\":9000000,"
                      "\"answer_us\":0,\"end_us\":10000000,\"held_us\":5}";
    text = clocks_line(&c, "sub1", leg, strlen(leg));
    assert_non_null(text);
    assert_string_equal(
        text, "{\"call\":\"1f\",\"begin\":\"2026-11-23T20:15:07.000000Z\",\"answer\":null,"
              "\"end\":\"2026-11-23T20:15:08.000000Z\",\"begin_us\":79000000,"
              "\"answer_us\":0,\"end_us\":80000000,\"held_us\":5}");
    free(text);
}

static void test_clocks__what_needs_no_change_is_left_byte_for_byte(void **state)
{
    (void)state;
    struct clocks c = two_boots();
    const char *line = "{\"at\":\"2026-11-23T20:15:09.000001Z\",\"at_us\":9000001,\"seq\":7}";
    assert_null(clocks_line(&c, "pga", line, strlen(line))); /* nobody measured it */
    assert_null(clocks_line(&c, "sub1", line, 20));          /* half a line */
    c.at[2].shift_us = 0;
    assert_null(clocks_line(&c, "sub2", line, strlen(line)));
}

static void test_clocks__a_moment_that_a_machine_told_is_between_ours(void **state)
{
    (void)state;
    const struct clocks c = two_boots();
    /* By the boot that fits. */
    assert_int_equal(clocks_moment(&c, "sub1", "81.25", 81000000, 82000000), 81251000);
    assert_int_equal(clocks_moment(&c, "sub1", "11.25", 81000000, 82000000), 81250000);
    assert_int_equal(clocks_moment(&c, "sub2", "81.00", 81000000, 82000000), 81000003);
    /* Another time, an unknown machine, no word at all: not before the order. */
    assert_int_equal(clocks_moment(&c, "sub1", "80.99", 81000000, 82000000), 81000000);
    assert_int_equal(clocks_moment(&c, "pga", "81.25", 81000000, 82000000), 81000000);
    assert_int_equal(clocks_moment(&c, "sub1", "", 81000000, 82000000), 81000000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_clocks__the_middle_of_a_round_trip_is_compared),
    cmocka_unit_test(test_clocks__what_is_smaller_than_the_measure_is_no_offset),
    cmocka_unit_test(test_clocks__the_quickest_of_many_counts),
    cmocka_unit_test(test_clocks__each_boot_of_a_machine_has_its_own),
    cmocka_unit_test(test_clocks__a_moment_that_a_machine_told_is_between_ours),
    cmocka_unit_test(test_clocks__a_line_is_brought_to_our_clocks_and_nothing_else_of_it_changes),
    cmocka_unit_test(test_clocks__what_needs_no_change_is_left_byte_for_byte),
};

UNIT_MAIN(tests);
