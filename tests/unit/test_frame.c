#include "cluster/control/frame.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static struct frame f;

/* What is seen: the text without its escapes, lines ended by '\n'. */
static const char *seen(void)
{
    static char plain[FRAME_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < f.n; i++) {
        if (f.text[i] == '\033') {
            while (f.text[i] < '@' || f.text[i] == '[' || f.text[i] > '~') {
                i++;
            }
        } else if (f.text[i] != '\r') {
            plain[n++] = f.text[i];
        }
    }
    plain[n] = '\0';
    return plain;
}

static void begin(uint32_t columns, uint32_t rows, bool unicode)
{
    frame_begin(&f, columns, rows, false, unicode);
}

static void test_frame__a_line_is_cut_at_the_edge(void **state)
{
    (void)state;
    begin(10, 5, true);
    frame_put(&f, FRAME_PLAIN, "%s", "0123456");
    frame_put(&f, FRAME_BOLD, "%s", "789abc");
    frame_put(&f, FRAME_PLAIN, "%s", "def");
    frame_line_end(&f);
    frame_put(&f, FRAME_PLAIN, "x");
    frame_line_end(&f);
    frame_end(&f);
    assert_string_equal(seen(), "0123456789\nx\n");
}

static void test_frame__it_never_has_more_lines_than_the_terminal(void **state)
{
    (void)state;
    begin(10, 3, true);
    for (int i = 0; i < 9; i++) {
        frame_put(&f, FRAME_PLAIN, "%d", i);
        frame_line_end(&f);
    }
    frame_end(&f);
    /* No line end after the last line: the terminal would scroll. */
    assert_string_equal(seen(), "0\n1\n2");
    assert_int_equal(frame_left(&f), 0);
}

static void test_frame__characters_are_counted_not_bytes(void **state)
{
    (void)state;
    begin(4, 2, true);
    frame_put(&f, FRAME_PLAIN, "%s", "müßig");
    frame_line_end(&f);
    assert_string_equal(seen(), "müßi\n");
    begin(4, 2, false);
    frame_put(&f, FRAME_PLAIN, "%s", "müßig");
    frame_line_end(&f);
    assert_string_equal(seen(), "m??i\n");
}

static void test_frame__nothing_that_is_shown_can_command_the_terminal(void **state)
{
    (void)state;
    begin(40, 2, true);
    frame_put(&f, FRAME_PLAIN, "%s", "a\033[2Jb\nc");
    frame_line_end(&f);
    assert_null(strstr(f.text, "\033[2J"));
    assert_string_equal(seen(), "a?[2Jb?c\n");
}

static void test_frame__bars_are_in_proportion(void **state)
{
    (void)state;
    begin(40, 9, true);
    frame_bar(&f, FRAME_PLAIN, 4, 0, 100);
    frame_line_end(&f);
    frame_bar(&f, FRAME_PLAIN, 4, 1, 1000);
    frame_line_end(&f);
    frame_bar(&f, FRAME_PLAIN, 4, 50, 100);
    frame_line_end(&f);
    frame_bar(&f, FRAME_PLAIN, 4, 200, 100);
    frame_line_end(&f);
    frame_bar(&f, FRAME_PLAIN, 4, 7, 0);
    frame_line_end(&f);
    assert_string_equal(seen(), "\n▏\n██\n████\n▏\n");
    begin(40, 9, false);
    frame_bar(&f, FRAME_PLAIN, 4, 1, 1000);
    frame_line_end(&f);
    frame_bar(&f, FRAME_PLAIN, 4, 50, 100);
    frame_line_end(&f);
    assert_string_equal(seen(), "#\n##\n");
}

static void test_frame__what_does_not_fit_into_memory_is_left_out(void **state)
{
    (void)state;
    begin(400, 1000, true);
    for (int i = 0; i < 1000; i++) {
        frame_bar(&f, FRAME_BAD, 400, 1, 1);
        frame_line_end(&f);
    }
    frame_end(&f);
    assert_true(f.n < sizeof f.text);
}

static void test_frame__a_terminal_without_room_shows_nothing(void **state)
{
    (void)state;
    begin(0, 0, true);
    frame_put(&f, FRAME_PLAIN, "x");
    frame_tab(&f, 5);
    frame_bar(&f, FRAME_PLAIN, 4, 1, 1);
    frame_line_end(&f);
    frame_end(&f);
    assert_string_equal(seen(), "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_frame__a_line_is_cut_at_the_edge),
    cmocka_unit_test(test_frame__it_never_has_more_lines_than_the_terminal),
    cmocka_unit_test(test_frame__characters_are_counted_not_bytes),
    cmocka_unit_test(test_frame__nothing_that_is_shown_can_command_the_terminal),
    cmocka_unit_test(test_frame__bars_are_in_proportion),
    cmocka_unit_test(test_frame__what_does_not_fit_into_memory_is_left_out),
    cmocka_unit_test(test_frame__a_terminal_without_room_shows_nothing),
};

UNIT_MAIN(tests);
