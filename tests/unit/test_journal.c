#include "node/runtime/journal.h"

#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>

#define CATALOGUE "deploy/systemd/rehome.catalog"
#define ID_LEN    32

static struct topology topology;

static const char *said(struct event e, enum journal_entry entry)
{
    static char text[JOURNAL_TEXT_LEN];
    small_topology(&topology);
    e.proc = topology_proc_named(&topology, "sub1");
    assert_int_equal(journal_of(&topology, &e, text), entry);
    return text;
}

static void test_journal__crash_of_a_service_names_process_and_service(void **state)
{
    (void)state;
    const struct event e = {.kind = EVENT_SERVICE_CRASH, .text = "callmanager"};
    assert_string_equal(said(e, JOURNAL_SERVICE_CRASHED), "sub1 lost its callmanager in a crash");
}

static void test_journal__leader_and_follower_are_different_entries(void **state)
{
    (void)state;
    struct event e = {.kind = EVENT_RAFT_STATE, .value = RAFT_STATE_LEADER, .value2 = 7};
    assert_string_equal(said(e, JOURNAL_LEADER), "sub1 is the Raft leader in term 7");
    e.value = RAFT_STATE_CANDIDATE;
    assert_string_equal(said(e, JOURNAL_NOT_LEADER), "sub1 knows no Raft leader in term 7");
    e.value = RAFT_STATE_FOLLOWER;
    e.peer = (struct proc_id){1};
    assert_string_equal(said(e, JOURNAL_NOT_LEADER), "sub1 follows pub in term 7");
}

static void test_journal__events_for_programs_are_no_entries(void **state)
{
    (void)state;
    const struct event e = {.kind = EVENT_REGISTERED, .value = 7};
    assert_string_equal(said(e, JOURNAL_NONE), "");
}

static void test_journal__every_entry_is_in_the_catalogue_and_no_other(void **state)
{
    (void)state;
    static const char *const ids[] = {
#define ID(name, id, priority) id,
        JOURNAL_MAP(ID)
#undef ID
    };
    char line[256];
    unsigned seen = 0;
    FILE *file = fopen(CATALOGUE, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "-- ", 3) == 0) {
            assert_true(seen < sizeof ids / sizeof ids[0]);
            assert_int_equal(strlen(ids[seen]), ID_LEN);
            assert_int_equal(strncmp(line + 3, ids[seen], ID_LEN), 0);
            assert_int_equal(line[3 + ID_LEN], '\n');
            seen++;
        }
    }
    fclose(file);
    assert_int_equal(seen, sizeof ids / sizeof ids[0]);
}

static void test_journal__it_is_reached_when_stderr_is_it(void **state)
{
    (void)state;
    char stream[64];
    struct stat st;
    unsetenv("JOURNAL_STREAM");
    assert_false(journal_reached());
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    assert_true(journal_reached());
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + 1);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    assert_false(journal_reached());
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_journal__crash_of_a_service_names_process_and_service),
    cmocka_unit_test(test_journal__leader_and_follower_are_different_entries),
    cmocka_unit_test(test_journal__events_for_programs_are_no_entries),
    cmocka_unit_test(test_journal__every_entry_is_in_the_catalogue_and_no_other),
    cmocka_unit_test(test_journal__it_is_reached_when_stderr_is_it),
};

UNIT_MAIN(tests);
