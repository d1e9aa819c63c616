#include "node/base/rand.h"

#include "tests/unit/unit.h"

#define DRAWS 10000

/* The first numbers of SplitMix64 for seed 1234567, as its author's program prints them. */
static void test_rand__numbers_are_those_of_splitmix64(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        6457827717110365317u, 3203168211198807973u,  9817491932198370423u,
        4593380528125082431u, 16408922859458223821u,
    };
    struct rand_state r = {.v = 1234567};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_true(rand_next(&r) == expected[i]);
    }
}

static void test_rand__the_same_seed_gives_the_same_numbers(void **state)
{
    (void)state;
    struct rand_state a = {.v = 7};
    struct rand_state b = {.v = 7};
    for (int i = 0; i < DRAWS; i++) {
        assert_true(rand_next(&a) == rand_next(&b));
    }
}

static void test_rand__another_seed_gives_other_numbers(void **state)
{
    (void)state;
    struct rand_state a = {.v = 7};
    struct rand_state b = {.v = 8};
    assert_true(rand_next(&a) != rand_next(&b));
}

static void test_rand__below_stays_below_and_meets_every_value(void **state)
{
    (void)state;
    struct rand_state r = {.v = 1};
    int seen[10] = {0};
    for (int i = 0; i < DRAWS; i++) {
        uint64_t n = rand_below(&r, 10);
        assert_true(n < 10);
        seen[n]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(seen[i], DRAWS / 20, DRAWS / 5);
    }
}

static void test_rand__below_one_is_zero(void **state)
{
    (void)state;
    struct rand_state r = {.v = 1};
    assert_true(rand_below(&r, 1) == 0);
}

static void test_rand__between_includes_both_ends(void **state)
{
    (void)state;
    struct rand_state r = {.v = 1};
    int low = 0;
    int high = 0;
    for (int i = 0; i < DRAWS; i++) {
        int64_t n = rand_between(&r, -2, 2);
        assert_true(n >= -2 && n <= 2);
        low += n == -2;
        high += n == 2;
    }
    assert_true(low > 0);
    assert_true(high > 0);
}

static void test_rand__between_equal_ends_is_that_value(void **state)
{
    (void)state;
    struct rand_state r = {.v = 1};
    assert_true(rand_between(&r, 5, 5) == 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rand__numbers_are_those_of_splitmix64),
    cmocka_unit_test(test_rand__the_same_seed_gives_the_same_numbers),
    cmocka_unit_test(test_rand__another_seed_gives_other_numbers),
    cmocka_unit_test(test_rand__below_stays_below_and_meets_every_value),
    cmocka_unit_test(test_rand__below_one_is_zero),
    cmocka_unit_test(test_rand__between_includes_both_ends),
    cmocka_unit_test(test_rand__between_equal_ends_is_that_value),
};

UNIT_MAIN(tests);
