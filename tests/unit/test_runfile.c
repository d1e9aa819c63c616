#include "cluster/record/runfile.h"

#include "cluster/record/load.h"
#include "tests/unit/good_files.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[GOOD_PATH];
static struct runfile *run;
static struct load loaded;

static void opened(void)
{
    char path[GOOD_PATH + 16];
    snprintf(path, sizeof path, "%s/run.db", dir);
    assert_int_equal(runfile_open(path, &good_topology, &run), ERR_OK);
}

static void made(void)
{
    good_run_make();
    good_run_finish();
    good_files_folder(dir);
    opened();
}

static void freed(void)
{
    runfile_free(&run);
    history_free(&good);
    good_files_remove(dir);
}

static uint64_t followed(void)
{
    uint64_t lines = 0;
    assert_int_equal(runfile_follow(run, dir, &lines), ERR_OK);
    return lines;
}

static void append(const char *name, const char *text)
{
    char path[GOOD_PATH + 64];
    snprintf(path, sizeof path, "%s/proc/%s", dir, name);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_runfile__what_was_written_is_loaded_in_merged_order(void **state)
{
    (void)state;
    made();
    good_files_database(dir);
    good_files_write(dir, 0, INT64_MAX);
    assert_int_equal(followed(), good.events_n + good.legs_n);
    assert_int_equal(runfile_records(run, dir), ERR_OK);
    assert_int_equal(load_run(run, &good_topology, &loaded), ERR_OK);
    const struct history *h = &loaded.history;
    assert_int_equal(h->events_n, good.events_n);
    assert_int_equal(h->legs_n, good.legs_n);
    assert_int_equal(h->rows_n, good.rows_n);
    assert_true(h->rows_known);
    assert_int_equal(h->gaps, 0);
    for (size_t i = 1; i < h->events_n; i++) {
        assert_true(h->events[i - 1].at.us <= h->events[i].at.us);
    }
    const struct history_outage *fault = history_fault(h);
    assert_non_null(fault);
    assert_int_equal(fault->from, GOOD_FAULT);
    assert_string_equal(fault->what, "crash");
    for (size_t i = 0; i < h->rows_n; i++) {
        assert_int_equal(h->rows[i].key, good_rows[i].key);
        assert_int_equal(h->rows[i].at_us, good_rows[i].at_us);
        assert_int_equal(h->rows[i].call.v, good_rows[i].call.v);
        assert_int_equal(h->rows[i].partial, good_rows[i].partial);
        assert_string_equal(h->rows[i].instrument, good_rows[i].instrument);
        assert_int_equal(strlen(h->rows[i].hash), 16);
    }
    load_free(&loaded);
    freed();
}

static void test_runfile__an_amended_row_has_another_checksum(void **state)
{
    (void)state;
    char before[EVENT_TEXT_LEN];
    made();
    good_files_database(dir);
    good_files_write(dir, 0, INT64_MAX);
    assert_true(followed() > 0);
    assert_int_equal(runfile_records(run, dir), ERR_OK);
    assert_int_equal(load_run(run, &good_topology, &loaded), ERR_OK);
    assert_true(loaded.history.rows_n > 0);
    memcpy(before, loaded.history.rows[0].hash, sizeof before);
    load_free(&loaded);
    good_files_amend(dir);
    assert_int_equal(runfile_records(run, dir), ERR_OK);
    assert_int_equal(load_run(run, &good_topology, &loaded), ERR_OK);
    assert_string_not_equal(loaded.history.rows[0].hash, before);
    load_free(&loaded);
    freed();
}

static void test_runfile__a_second_look_reads_only_what_is_new(void **state)
{
    (void)state;
    made();
    good_files_write(dir, 0, GOOD_FAULT);
    uint64_t first = followed();
    assert_true(first > 0);
    assert_int_equal(followed(), 0);
    good_files_write(dir, GOOD_FAULT, INT64_MAX);
    /* The follower may have died in between. */
    runfile_free(&run);
    opened();
    assert_int_equal(first + followed(), good.events_n + good.legs_n);
    freed();
}

static void test_runfile__half_a_line_is_read_when_it_is_whole(void **state)
{
    (void)state;
    made();
    good_files_write(dir, 0, GOOD_FAULT);
    err_ignore(followed() > 0 ? ERR_OK : ERR_STATE, "only what follows counts here");
    append("pub/events.jsonl",
           "{\"at\":\"2026-01-01T00:00:00.000001Z\",\"at_us\":5,\"hlc\":1,\"process\":\"pub\",");
    assert_int_equal(followed(), 0);
    append("pub/events.jsonl", "\"incarnation\":1,\"seq\":99,\"kind\":\"lease_got\"}\n");
    assert_int_equal(followed(), 1);
    assert_int_equal(runfile_strange(run), 0);
    freed();
}

static void test_runfile__half_a_line_that_a_crash_left_is_counted_and_passed_over(void **state)
{
    (void)state;
    made();
    good_files_write(dir, 0, GOOD_FAULT);
    err_ignore(followed() > 0 ? ERR_OK : ERR_STATE, "only what follows counts here");
    append("pub/events.jsonl",
           "{\"at\":\"2026-01-01T00:00:0\n{\"at\":\"2026-01-01T00:00:00.000001Z\","
           "\"at_us\":5,\"process\":\"pub\",\"incarnation\":2,\"seq\":1,"
           "\"kind\":\"process_start\"}\n");
    assert_int_equal(followed(), 2);
    assert_int_equal(runfile_strange(run), 1);
    freed();
}

static void test_runfile__a_missing_number_is_a_gap(void **state)
{
    (void)state;
    made();
    good_files_write(dir, 0, GOOD_FAULT);
    append("pub/events.jsonl",
           "{\"at\":\"2026-01-01T00:00:00.000001Z\",\"at_us\":5,\"process\":\"pub\","
           "\"incarnation\":1,\"seq\":100000,\"kind\":\"lease_got\"}\n");
    assert_true(followed() > 0);
    assert_int_equal(load_run(run, &good_topology, &loaded), ERR_OK);
    assert_int_equal(loaded.history.gaps, 1);
    load_free(&loaded);
    freed();
}

static void test_runfile__without_a_record_database_the_rows_are_not_known(void **state)
{
    (void)state;
    made();
    good_files_write(dir, 0, INT64_MAX);
    assert_true(followed() > 0);
    assert_int_equal(load_run(run, &good_topology, &loaded), ERR_OK);
    assert_false(loaded.history.rows_known);
    load_free(&loaded);
    freed();
}

static void test_runfile__a_machine_with_another_clock_is_brought_to_the_fleets(void **state)
{
    (void)state;
    made();
    for (size_t i = 0; i < good.events_n; i++) {
        if (proc_id_eq(good_events[i].proc, GOOD_PUB)) {
            good_events[i].at.us += INT64_C(3600000000);
        }
    }
    good_files_write(dir, 0, INT64_MAX);
    assert_true(followed() > 0);
    assert_int_equal(load_run(run, &good_topology, &loaded), ERR_OK);
    assert_true(loaded.history.end_us < INT64_C(3600000000));
    load_free(&loaded);
    freed();
}

static void test_runfile__meta_is_kept(void **state)
{
    (void)state;
    char value[RUNFILE_META_LEN];
    made();
    assert_string_equal(runfile_meta(run, "scenario", value), "");
    assert_int_equal(runfile_meta_set(run, "scenario", "subscriber-fails"), ERR_OK);
    assert_string_equal(runfile_meta(run, "scenario", value), "subscriber-fails");
    freed();
}

static void test_runfile__a_file_that_is_no_database_is_refused(void **state)
{
    (void)state;
    char path[GOOD_PATH + 16];
    struct runfile *other = NULL;
    made();
    snprintf(path, sizeof path, "%s/other", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("this is no database, and long enough to be looked at as one", f);
    fclose(f);
    assert_int_equal(runfile_open(path, &good_topology, &other), ERR_CORRUPT);
    assert_null(other);
    freed();
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_runfile__the_topology_is_kept_with_the_run(void **state)
{
    (void)state;
    char path[GOOD_PATH + 32];
    made();
    snprintf(path, sizeof path, "%s/topology.yaml", dir);
    assert_null(runfile_topology(run));
    assert_int_equal(runfile_topology_keep(run, path), ERR_IO);
    write_file(path, "name: first\n");
    assert_int_equal(runfile_topology_keep(run, path), ERR_OK);
    /* A run has one topology: what the file becomes later is another run's. */
    write_file(path, "name: second\n");
    assert_int_equal(runfile_topology_keep(run, path), ERR_OK);
    char *text = runfile_topology(run);
    assert_string_equal(text, "name: first\n");
    free(text);
    freed();
}

static void test_runfile__a_look_changes_nothing(void **state)
{
    (void)state;
    char path[GOOD_PATH + 32];
    struct runfile *look = NULL;
    made();
    good_files_write(dir, 0, INT64_MAX);
    uint64_t lines = followed();
    snprintf(path, sizeof path, "%s/run.db", dir);
    /* While it is written, and afterwards. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(runfile_look(path, &look), ERR_OK);
        assert_int_equal(load_run(look, &good_topology, &loaded), ERR_OK);
        assert_int_equal(loaded.history.events_n + loaded.history.legs_n, lines);
        assert_int_equal(runfile_meta_set(look, "scenario", "mine"), ERR_IO);
        load_free(&loaded);
        runfile_free(&look);
        runfile_free(&run);
    }
    snprintf(path, sizeof path, "%s/run.db-shm", dir);
    assert_int_not_equal(access(path, F_OK), 0);
    freed();
}

static void test_runfile__a_look_at_something_else_says_what_it_is_not(void **state)
{
    (void)state;
    char path[GOOD_PATH + 32];
    struct runfile *look = NULL;
    sqlite3 *db = NULL;
    made();
    assert_int_equal(runfile_look(dir, &look), ERR_IO);
    snprintf(path, sizeof path, "%s/nothing", dir);
    assert_int_equal(runfile_look(path, &look), ERR_IO);
    snprintf(path, sizeof path, "%s/other?#%%", dir);
    write_file(path, "this is no database, and long enough to be looked at as one");
    assert_int_equal(runfile_look(path, &look), ERR_CORRUPT);
    write_file(path, "");
    assert_int_equal(runfile_look(path, &look), ERR_CORRUPT);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(runfile_look(path, &look), ERR_VERSION);
    assert_null(look);
    freed();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_runfile__the_topology_is_kept_with_the_run),
    cmocka_unit_test(test_runfile__a_look_changes_nothing),
    cmocka_unit_test(test_runfile__a_look_at_something_else_says_what_it_is_not),
    cmocka_unit_test(test_runfile__what_was_written_is_loaded_in_merged_order),
    cmocka_unit_test(test_runfile__an_amended_row_has_another_checksum),
    cmocka_unit_test(test_runfile__a_second_look_reads_only_what_is_new),
    cmocka_unit_test(test_runfile__half_a_line_is_read_when_it_is_whole),
    cmocka_unit_test(test_runfile__half_a_line_that_a_crash_left_is_counted_and_passed_over),
    cmocka_unit_test(test_runfile__a_missing_number_is_a_gap),
    cmocka_unit_test(test_runfile__without_a_record_database_the_rows_are_not_known),
    cmocka_unit_test(test_runfile__a_machine_with_another_clock_is_brought_to_the_fleets),
    cmocka_unit_test(test_runfile__meta_is_kept),
    cmocka_unit_test(test_runfile__a_file_that_is_no_database_is_refused),
};

UNIT_MAIN(tests);
