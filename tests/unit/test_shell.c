#include "cluster/fault/shell.h"

#include "tests/unit/unit.h"

#include <string.h>

static const char *const sh[] = {"sh", NULL};

/* What a script says, which must end well. */
static void expect(struct shell *s, const char *script, const char *want)
{
    struct shell_said said;
    assert_int_equal(shell_send(s, script), ERR_OK);
    assert_int_equal(shell_hear(s, 10000, &said), ERR_OK);
    assert_string_equal(said.text, want);
    assert_int_equal(said.n, strlen(want));
    shell_said_free(&said);
}

static void test_shell__scripts_follow_each_other_in_one_shell(void **state)
{
    (void)state;
    struct shell *s = shell_open(sh);
    assert_non_null(s);
    expect(s, "a=1; echo one", "one\n");
    expect(s, "echo $((a + 1))", "2\n");
    expect(s, "printf 'no end'", "no end");
    expect(s, "true", "");
    expect(s, "cat <<'END'\n$a\nEND\ncat", "$a\n"); /* the second one has nothing to read */
    shell_close(&s);
    assert_null(s);
}

static void test_shell__a_command_that_fails_leaves_the_shell_alive(void **state)
{
    (void)state;
    struct shell *s = shell_open(sh);
    struct shell_said said;
    assert_int_equal(shell_send(s, "echo why >&2; (exit 7)"), ERR_OK);
    assert_int_equal(shell_hear(s, 10000, &said), ERR_INVALID);
    assert_int_equal(said.code, 7);
    assert_string_equal(said.text, "why\n");
    shell_said_free(&said);
    expect(s, "echo on", "on\n");
    shell_close(&s);
}

static void test_shell__all_bytes_of_a_large_answer_arrive(void **state)
{
    (void)state;
    struct shell *s = shell_open(sh);
    struct shell_said said;
    assert_int_equal(shell_send(s, "head -c 3000000 /dev/zero; printf x"), ERR_OK);
    assert_int_equal(shell_hear(s, 20000, &said), ERR_OK);
    assert_int_equal(said.n, 3000001);
    assert_int_equal(said.text[2999999], 0);
    assert_int_equal(said.text[3000000], 'x');
    shell_said_free(&said);
    shell_close(&s);
}

static void test_shell__one_that_ends_says_its_last_words(void **state)
{
    (void)state;
    const char *const nowhere[] = {"sh", "-c", "echo no way there; exit 255", NULL};
    struct shell *s = shell_open(nowhere);
    struct shell_said said;
    char line[64];
    err_ignore(shell_send(s, "echo here"), "it may be gone already");
    assert_int_equal(shell_hear(s, 10000, &said), ERR_IO);
    assert_string_equal(shell_first_line(&said, line, sizeof line), "no way there");
    shell_said_free(&said);
    shell_close(&s);
}

static void test_shell__what_takes_too_long_is_given_up(void **state)
{
    (void)state;
    struct shell *s = shell_open(sh);
    struct shell_said said;
    assert_int_equal(shell_send(s, "echo begun; exec sleep 1000"), ERR_OK);
    assert_int_equal(shell_hear(s, 200, &said), ERR_TIMEOUT);
    shell_said_free(&said);
    shell_close(&s);
}

static void test_shell__a_program_answers_line_by_line(void **state)
{
    (void)state;
    const char *const cat[] = {"cat", NULL};
    struct shell *s = shell_open(cat);
    char line[16];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(shell_write(s, "ping\npong\n"), ERR_OK);
        assert_int_equal(shell_line(s, 10000, line, sizeof line), ERR_OK);
        assert_string_equal(line, "ping");
        assert_int_equal(shell_line(s, 10000, line, sizeof line), ERR_OK);
        assert_string_equal(line, "pong");
    }
    assert_int_equal(shell_line(s, 50, line, sizeof line), ERR_TIMEOUT);
    shell_close(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_shell__scripts_follow_each_other_in_one_shell),
    cmocka_unit_test(test_shell__a_command_that_fails_leaves_the_shell_alive),
    cmocka_unit_test(test_shell__all_bytes_of_a_large_answer_arrive),
    cmocka_unit_test(test_shell__one_that_ends_says_its_last_words),
    cmocka_unit_test(test_shell__what_takes_too_long_is_given_up),
    cmocka_unit_test(test_shell__a_program_answers_line_by_line),
};

UNIT_MAIN(tests);
