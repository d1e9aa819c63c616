#include "cluster/control/block.h"

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct topology topology = {.procs_n = 1, .procs = {{.name = "pub", .host = 7}}};
static char taken[BLOCK_PORT_LEN];

static void test_block__what_is_held_is_not_given_again(void **state)
{
    (void)state;
    char first[BLOCK_LEN];
    char second[BLOCK_LEN];
    int a = -1;
    int b = -1;
    assert_int_equal(block_reserve(&topology, NULL, 4711, first, &a, taken), ERR_OK);
    assert_int_equal(block_reserve(&topology, first, 0, second, &b, taken), ERR_IN_USE);
    assert_int_equal(block_reserve(&topology, NULL, 4711, second, &b, taken), ERR_OK);
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
    assert_int_equal(block_reserve(&topology, NULL, 815, first, &fd, taken), ERR_OK);
    close(fd);
    assert_int_equal(block_reserve(&topology, first, 0, again, &fd, taken), ERR_OK);
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
        assert_int_equal(block_reserve(&topology, bad[i], 0, block, &fd, taken), ERR_INVALID);
    }
}

static void test_block__a_port_that_somebody_has_is_named(void **state)
{
    (void)state;
    char block[BLOCK_LEN];
    char other[BLOCK_LEN];
    int fd = -1;
    assert_int_equal(block_reserve(&topology, NULL, 99, block, &fd, taken), ERR_OK);
    close(fd);
    char address[32];
    char expected[BLOCK_PORT_LEN];
    snprintf(address, sizeof address, "%s.7", block);
    snprintf(expected, sizeof expected, "%s.7:8002", block);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(8002)};
    assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
    int foreign = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(foreign, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(foreign, 1), 0);
    assert_int_equal(block_reserve(&topology, block, 0, other, &fd, taken), ERR_IN_USE);
    assert_string_equal(taken, expected);
    assert_int_equal(block_reserve(&topology, NULL, 99, other, &fd, taken), ERR_OK);
    assert_string_not_equal(block, other);
    close(fd);
    close(foreign);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_block__what_is_held_is_not_given_again),
    cmocka_unit_test(test_block__what_was_let_go_is_free),
    cmocka_unit_test(test_block__a_block_is_three_numbers_of_the_loopback),
    cmocka_unit_test(test_block__a_port_that_somebody_has_is_named),
};

UNIT_MAIN(tests);
