#include "node/base/err.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_err__every_error_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < ERR_COUNT; a++) {
        assert_non_null(err_text((enum err)a));
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(err_text((enum err)a), err_text((enum err)b));
        }
    }
}

static void test_err__a_text_fits_into_a_sentence(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++) {
        const char *text = err_text((enum err)e);
        size_t length = strlen(text);
        assert_true(length > 0);
        assert_true(text[0] >= 'a' && text[0] <= 'z');
        assert_true(text[length - 1] != '.');
    }
}

static void test_err__ok_is_zero(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_string_equal(err_text(ERR_OK), "ok");
}

static void test_err__a_number_outside_the_list_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(err_text(ERR_COUNT), "an unknown error");
    assert_string_equal(err_text((enum err)4711), "an unknown error");
}

/* Run `breaks` in a child; what it said on stderr goes to `ret_said`, how it ended is returned. */
static int in_a_child(void (*breaks)(void), char *ret_said, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0};
        (void)signal(SIGABRT, SIG_DFL);
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)dup2(ends[1], STDERR_FILENO);
        breaks();
        _exit(0);
    }
    (void)close(ends[1]);
    size_t length = 0;
    ssize_t got = 0;
    while (length + 1 < size && (got = read(ends[0], ret_said + length, size - 1 - length)) > 0) {
        length += (size_t)got;
    }
    ret_said[length] = '\0';
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void break_a_promise(void)
{
    ASSERT(1 + 1 == 3);
}

static void reach_the_unreachable(void)
{
    UNREACHABLE("all kinds are above");
}

static void keep_a_promise(void)
{
    ASSERT(1 + 1 == 2);
    ASSERT_SLOW(2 + 2 == 4);
}

static void test_err__a_failed_assertion_says_where_and_aborts(void **state)
{
    (void)state;
    char said[512];
    int status = in_a_child(break_a_promise, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(said, "test_err.c:"));
    assert_non_null(strstr(said, "assertion failed: 1 + 1 == 3"));
}

static void test_err__the_unreachable_says_why_and_aborts(void **state)
{
    (void)state;
    char said[512];
    int status = in_a_child(reach_the_unreachable, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(said, "unreachable: all kinds are above"));
}

static void test_err__an_assertion_that_holds_is_silent(void **state)
{
    (void)state;
    char said[512];
    int status = in_a_child(keep_a_promise, said, sizeof said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_string_equal(said, "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_err__every_error_has_a_text_of_its_own),
    cmocka_unit_test(test_err__a_text_fits_into_a_sentence),
    cmocka_unit_test(test_err__ok_is_zero),
    cmocka_unit_test(test_err__a_number_outside_the_list_is_unknown),
    cmocka_unit_test(test_err__a_failed_assertion_says_where_and_aborts),
    cmocka_unit_test(test_err__the_unreachable_says_why_and_aborts),
    cmocka_unit_test(test_err__an_assertion_that_holds_is_silent),
};

UNIT_MAIN(tests);
