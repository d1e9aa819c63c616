#include "node/base/vocabulary.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* One list of words, without its type. */
struct list {
    const char *name;
    unsigned count;
    const char *(*text)(unsigned v);
    const char *(*meaning)(unsigned v);
};

#define LIST_FUNCTIONS(type, prefix)                 \
    static const char *text_of_##type(unsigned v)    \
    {                                                \
        return type##_text((enum type)v);            \
    }                                                \
    static const char *meaning_of_##type(unsigned v) \
    {                                                \
        return type##_meaning((enum type)v);         \
    }
VOCABULARY_MAP(LIST_FUNCTIONS)

#define LIST(type, prefix) {#type, prefix##_COUNT, text_of_##type, meaning_of_##type},
static const struct list lists[] = {VOCABULARY_MAP(LIST)};

#define LISTS_N (sizeof lists / sizeof lists[0])

static void test_vocabulary__the_words_of_a_list_differ_and_can_be_typed(void **state)
{
    (void)state;
    for (size_t i = 0; i < LISTS_N; i++) {
        for (unsigned v = 0; v < lists[i].count; v++) {
            const char *word = lists[i].text(v);
            assert_true(strlen(word) > 0);
            for (const char *p = word; *p != '\0'; p++) {
                assert_true(islower((unsigned char)*p) || *p == '_');
            }
            for (unsigned u = 0; u < v; u++) {
                if (strcmp(lists[i].text(u), word) == 0) {
                    fail_msg("%s has '%s' twice", lists[i].name, word);
                }
            }
        }
    }
}

static void test_vocabulary__every_word_has_a_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < LISTS_N; i++) {
        for (unsigned v = 0; v < lists[i].count; v++) {
            const char *meaning = lists[i].meaning(v);
            assert_true(strlen(meaning) > 0);
            assert_int_not_equal(meaning[strlen(meaning) - 1], '.');
        }
    }
}

static void test_vocabulary__what_is_no_value_has_words_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < LISTS_N; i++) {
        assert_string_equal(lists[i].text(lists[i].count), "?");
        assert_string_equal(lists[i].meaning(lists[i].count), "unknown");
        assert_string_equal(lists[i].text(UINT32_MAX), "?");
        assert_string_equal(lists[i].meaning(UINT32_MAX), "unknown");
    }
}

static void test_vocabulary__nothing_comes_first(void **state)
{
    (void)state;
    /* A struct of zeros says nothing, on the wire and in a record. */
    assert_string_equal(reason_text(REASON_NONE), "none");
    assert_string_equal(key_text(KEY_NONE), "none");
    assert_string_equal(leg_text(LEG_IDLE), "idle");
    assert_string_equal(device_event_text(DEVICE_EVENT_NONE), "none");
    assert_int_equal(REASON_NONE, 0);
    assert_int_equal(KEY_NONE, 0);
    assert_int_equal(LEG_IDLE, 0);
    assert_int_equal(COMMAND_NONE, 0);
    assert_int_equal(OP_VERB_NONE, 0);
}

static void test_vocabulary__states_of_agents_are_numbered_as_in_the_records(void **state)
{
    (void)state;
    /* Agent_State_Trace.AgentState */
    assert_int_equal(AGENT_STATE_LOGGED_OFF, 0);
    assert_int_equal(AGENT_STATE_NOT_READY, 2);
    assert_int_equal(AGENT_STATE_READY, 3);
    assert_int_equal(AGENT_STATE_TALKING, 4);
    assert_int_equal(AGENT_STATE_WORK_NOT_READY, 5);
    assert_int_equal(AGENT_STATE_WORK_READY, 6);
    assert_int_equal(AGENT_STATE_RESERVED, 8);
    assert_int_equal(AGENT_STATE_HELD, 10);
    assert_int_equal(AGENT_STATE_UNKNOWN, 14);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_vocabulary__the_words_of_a_list_differ_and_can_be_typed),
    cmocka_unit_test(test_vocabulary__every_word_has_a_meaning),
    cmocka_unit_test(test_vocabulary__what_is_no_value_has_words_too),
    cmocka_unit_test(test_vocabulary__nothing_comes_first),
    cmocka_unit_test(test_vocabulary__states_of_agents_are_numbered_as_in_the_records),
};

UNIT_MAIN(tests);
