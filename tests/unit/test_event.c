#include "node/base/event.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <string.h>

/* lower_snake_case: what JSON keys and command lines take. */
static bool is_word(const char *text)
{
    if (!islower((unsigned char)text[0])) {
        return false;
    }
    for (const char *p = text; *p != '\0'; p++) {
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
            (*p != '_' || p[1] == '_' || p[1] == '\0')) {
            return false;
        }
    }
    return true;
}

static void test_event__every_kind_is_found_by_its_word(void **state)
{
    (void)state;
    for (unsigned kind = EVENT_NONE + 1; kind < EVENT_COUNT; kind++) {
        const char *word = event_word((enum event_kind)kind);
        assert_true(is_word(word));
        assert_int_equal(event_named(word), kind); /* so that no two have the same */
    }
}

static void test_event__every_kind_is_explained(void **state)
{
    (void)state;
    for (unsigned kind = EVENT_NONE; kind < EVENT_COUNT; kind++) {
        const char *text = event_explanation((enum event_kind)kind);
        assert_true(strlen(text) >= 5);
        assert_int_not_equal(text[strlen(text) - 1], '.');
    }
}

static void test_event__what_is_no_kind_has_words_too(void **state)
{
    (void)state;
    assert_string_equal(event_word(EVENT_COUNT), "?");
    assert_string_equal(event_explanation(EVENT_COUNT), "unknown");
    assert_string_equal(event_word((enum event_kind) - 1), "?");
}

static void test_event__what_is_no_word_is_no_kind(void **state)
{
    (void)state;
    static const char *const words[] = {
        "", "none", "?", "call", "call_begin ", "CALL_BEGIN", "call_begin2", "unknown"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_int_equal(event_named(words[i]), EVENT_NONE);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_event__every_kind_is_found_by_its_word),
    cmocka_unit_test(test_event__every_kind_is_explained),
    cmocka_unit_test(test_event__what_is_no_kind_has_words_too),
    cmocka_unit_test(test_event__what_is_no_word_is_no_kind),
};

UNIT_MAIN(tests);
