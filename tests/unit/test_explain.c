#include "cluster/control/explain.h"

#include "cluster/check/check.h"
#include "cluster/check/ledger.h"
#include "cluster/control/columns.h"
#include "cluster/control/outcome.h"

#include "cluster/record/scene.h"
#include "node/base/event.h"
#include "node/runtime/logger.h"
#include "proto/msg.h"
#include "tests/unit/small.h"
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

/* Whether the word is explained as something of that kind, and by that text (NULL: by any). */
static bool explained(const char *word, const char *kind, const char *text)
{
    uint32_t n = explain_find(word, found, &near);
    for (uint32_t i = 0; i < n; i++) {
        if ((kind == NULL || strcmp(found[i].kind, kind) == 0) &&
            (text == NULL || strcmp(found[i].text, text) == 0)) {
            return found[i].text[0] != '\0';
        }
    }
    print_message("'%s' is not explained as %s\n", word, kind != NULL ? kind : "anything");
    return false;
}

static void test_explain__every_word_of_the_vocabulary_is_known(void **state)
{
    (void)state;
#define ALL(type, prefix)                                                                      \
    for (unsigned v = 0; v < prefix##_COUNT; v++) {                                            \
        assert_true(explained(type##_text((enum type)v), NULL, type##_meaning((enum type)v))); \
    }
    VOCABULARY_MAP(ALL)
#undef ALL
}

static void test_explain__every_column_is_known(void **state)
{
    (void)state;
    for (unsigned c = COLUMN_END + 1; c < COLUMN_COUNT; c++) {
        assert_true(explained(columns_head((enum column)c), "column", NULL));
    }
}

static void test_explain__every_column_of_the_records_is_known(void **state)
{
    (void)state;
    static struct topology topology;
    struct store *store = NULL;
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    char dir[64];
    char path[128];
    uint32_t n = 0;
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/%s", dir, LOGGER_FILE);
    assert_int_equal(store_new(dir, &topology, &logger_backend, &store), ERR_OK);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT DISTINCT c.name FROM sqlite_master t, "
                                        "pragma_table_info(t.name) c WHERE t.type = 'table' AND "
                                        "t.name IN ('Termination_Call_Detail', 'Agent_Logout', "
                                        "'Agent_State_Trace')",
                                        -1, &s, NULL),
                     SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        assert_true(explained((const char *)sqlite3_column_text(s, 0), "column", NULL));
        n++;
    }
    assert_true(n > 60);
    sqlite3_finalize(s);
    sqlite3_close(db);
    store_free(&store);
    small_remove(dir);
}

static void test_explain__every_exit_code_is_known(void **state)
{
    (void)state;
#define CODE(name, number, text) assert_true(explained(#number, "exit code", text));
    OUTCOME_MAP(CODE)
#undef CODE
}

static void test_explain__every_check_is_known(void **state)
{
    (void)state;
    size_t n = 0;
    size_t scenarios = 0;
    const struct check *checks = check_invariants(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true(explained(checks[i].id, "invariant", checks[i].title));
    }
    for (; check_scenario(scenarios) != NULL; scenarios++) {
        checks = check_sentences(check_scenario(scenarios), &n);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            assert_true(explained(checks[i].id, check_scenario(scenarios), checks[i].title));
        }
    }
    assert_true(scenarios > 0);
}

static void test_explain__every_class_verdict_state_and_link_is_known(void **state)
{
    (void)state;
    for (unsigned c = 0; c < LEDGER_LEFT_OUT; c++) {
        assert_true(
            explained(ledger_class_text((enum ledger_class)c), "class of the ledger", NULL));
    }
    for (unsigned v = VERDICT_INCONCLUSIVE; v <= VERDICT_FAIL; v++) {
        assert_true(explained(check_verdict_text((enum verdict)v), "verdict", NULL));
    }
    for (unsigned v = SCENE_DOWN; v <= SCENE_STARTING; v++) {
        assert_true(explained(scene_state_word((enum scene_state)v), "state of a process", NULL));
    }
    for (unsigned l = 0; l < LINK_COUNT; l++) {
        assert_true(explained(msg_link_name((enum link)l), NULL, NULL));
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
    cmocka_unit_test(test_explain__every_word_of_the_vocabulary_is_known),
    cmocka_unit_test(test_explain__every_column_is_known),
    cmocka_unit_test(test_explain__every_column_of_the_records_is_known),
    cmocka_unit_test(test_explain__every_exit_code_is_known),
    cmocka_unit_test(test_explain__every_check_is_known),
    cmocka_unit_test(test_explain__every_class_verdict_state_and_link_is_known),
    cmocka_unit_test(test_explain__case_does_not_matter),
    cmocka_unit_test(test_explain__nothing_means_the_nearest_word),
};

UNIT_MAIN(tests);
