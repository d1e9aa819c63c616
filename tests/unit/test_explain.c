#include "cluster/control/explain.h"

#include "node/base/event.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct explain_found found[EXPLAIN_FOUND_MAX];
static struct nearest near;

static void test_explain__every_event_is_known(void **state)
{
    (void)state;
    for (unsigned k = EVENT_NONE + 1; k < EVENT_COUNT; k++) {
        const char *word = event_word((enum event_kind)k);
        uint32_t n = explain_find(word, found, &near);
        assert_true(n >= 1);
        assert_string_equal(found[0].kind, "event");
        assert_string_equal(found[0].text, event_explanation((enum event_kind)k));
    }
}

static void test_explain__a_word_may_mean_several_things(void **state)
{
    (void)state;
    uint32_t n = explain_find("hold", found, &near);
    assert_int_equal(n, 1);
    n = explain_find("ready", found, &near);
    assert_true(n >= 1);
    n = explain_find("preserved", found, &near);
    assert_true(n >= 2);
    assert_string_not_equal(found[0].kind, found[1].kind);
}

static void test_explain__exit_codes_are_words_too(void **state)
{
    (void)state;
    assert_int_equal(explain_find("78", found, &near), 1);
    assert_string_equal(found[0].kind, "exit code");
}

static void test_explain__case_does_not_matter(void **state)
{
    (void)state;
    assert_true(explain_find("no_quorum", found, &near) >= 1);
    assert_true(explain_find("NO_QUORUM", found, &near) >= 1);
    assert_true(explain_find("home-1", found, &near) >= 1);
}

static void test_explain__nothing_means_the_nearest_word(void **state)
{
    (void)state;
    assert_int_equal(explain_find("raft_servin", found, &near), 0);
    assert_string_equal(near.best, "raft_serving");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_explain__every_event_is_known),
    cmocka_unit_test(test_explain__a_word_may_mean_several_things),
    cmocka_unit_test(test_explain__exit_codes_are_words_too),
    cmocka_unit_test(test_explain__case_does_not_matter),
    cmocka_unit_test(test_explain__nothing_means_the_nearest_word),
};

UNIT_MAIN(tests);
