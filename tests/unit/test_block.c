#include "cluster/control/block.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

static void test_block__what_is_held_is_not_given_again(void **state)
{
    (void)state;
    char first[BLOCK_LEN];
    char second[BLOCK_LEN];
    int a = -1;
    int b = -1;
    assert_int_equal(block_reserve(NULL, 4711, first, &a), ERR_OK);
    assert_int_equal(block_reserve(first, 0, second, &b), ERR_IN_USE);
    assert_int_equal(block_reserve(NULL, 4711, second, &b), ERR_OK);
    assert_string_not_equal(first, second);
    close(a);
    close(b);
}

static void test_block__what_was_let_go_is_free(void **state)
{
    (void)state;
    char first[BLOCK_LEN];
    char again[BLOCK_LEN];
    int fd = -1;
    assert_int_equal(block_reserve(NULL, 815, first, &fd), ERR_OK);
    close(fd);
    assert_int_equal(block_reserve(first, 0, again, &fd), ERR_OK);
    assert_string_equal(first, again);
    close(fd);
}

static void test_block__a_block_is_three_numbers_of_the_loopback(void **state)
{
    (void)state;
    static const char *const bad[] = {"127.1", "10.1.2", "127.1.2.3", "127.256.1", "127.a.b", ""};
    char block[BLOCK_LEN];
    int fd = -1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(block_reserve(bad[i], 0, block, &fd), ERR_INVALID);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_block__what_is_held_is_not_given_again),
    cmocka_unit_test(test_block__what_was_let_go_is_free),
    cmocka_unit_test(test_block__a_block_is_three_numbers_of_the_loopback),
};

UNIT_MAIN(tests);
