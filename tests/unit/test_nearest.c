#include "node/base/nearest.h"

#include "tests/unit/unit.h"

static void test_nearest__counts_what_must_be_changed(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("sub1", "sub1"), 0);
    assert_int_equal(nearest_distance("subscribr", "subscriber"), 1);
    assert_int_equal(nearest_distance("", "abc"), 3);
    assert_int_equal(nearest_distance("abc", ""), 3);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
}

static void test_nearest__a_swap_of_neighbours_is_one_slip(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("sbu1", "sub1"), 1);
}

static void test_nearest__only_a_slip_is_likely(void **state)
{
    (void)state;
    struct nearest n = nearest_to("subscribr");
    assert_null(nearest_likely(&n));
    nearest_offer(&n, "publisher");
    assert_null(nearest_likely(&n));
    nearest_offer(&n, "subscriber");
    assert_string_equal(nearest_likely(&n), "subscriber");
    n = nearest_to("sub");
    nearest_offer(&n, "subscriber");
    assert_string_equal(nearest_likely(&n), "subscriber");
    n = nearest_to("su");
    nearest_offer(&n, "subscriber");
    assert_null(nearest_likely(&n));
    assert_string_equal(n.best, "subscriber");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_nearest__counts_what_must_be_changed),
    cmocka_unit_test(test_nearest__a_swap_of_neighbours_is_one_slip),
    cmocka_unit_test(test_nearest__only_a_slip_is_likely),
};

UNIT_MAIN(tests);
