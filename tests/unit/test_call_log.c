#include "node/runtime/call_log.h"

#include "tests/unit/fake_world.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_call_log.XXXXXX";
static char path[64];
static struct topology topology;

static int make_folder(void **state)
{
    (void)state;
    strcpy(dir + sizeof dir - 7, "XXXXXX");
    fake_world_topology(&topology, 10, 2);
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/" CALL_LOG_FILE, dir);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static const struct leg_record record = {
    .device = {1},
    .agent = {5001},
    .call = {0x0200010000000007u},
    .incoming = true,
    .preserved = true,
    .reason = REASON_HUNG_UP,
    .begin = {1000000},
    .answer = {1500000},
    .end = {4000000},
    .held_us = 250000,
    .received = 123,
    .gap_us = 52999,
    .from = "4911",
    .to = "80001",
    .wrapup = "W5001-\"1\"",
};

static json_t *line_of_file(size_t nth)
{
    char line[CALL_LOG_LINE_MAX];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (size_t i = 0; i <= nth; i++) {
        assert_non_null(fgets(line, sizeof line, file));
    }
    fclose(file);
    return json_loads(line, 0, NULL);
}

static void test_call_log__a_leg_is_one_line_with_all_its_fields(void **state)
{
    (void)state;
    struct call_log *log = NULL;
    assert_int_equal(call_log_new(dir, &topology, (struct instant){0}, 86400000000, &log), ERR_OK);
    call_log_write(log, &record);
    assert_int_equal(call_log_flush(log), ERR_OK);
    json_t *o = line_of_file(0);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "device")), "SEP000000000001");
    assert_string_equal(json_string_value(json_object_get(o, "number")), "1001");
    assert_int_equal(json_integer_value(json_object_get(o, "agent")), 5001);
    assert_string_equal(json_string_value(json_object_get(o, "call")), "0200010000000007");
    assert_string_equal(json_string_value(json_object_get(o, "direction")), "in");
    assert_string_equal(json_string_value(json_object_get(o, "begin")),
                        "1970-01-02T00:00:01.000000Z");
    assert_int_equal(json_integer_value(json_object_get(o, "answer_us")), 1500000);
    assert_string_equal(json_string_value(json_object_get(o, "reason")), "hung_up");
    assert_true(json_is_true(json_object_get(o, "preserved")));
    assert_string_equal(json_string_value(json_object_get(o, "wrapup")), "W5001-\"1\"");
    assert_null(json_object_get(o, "open"));
    json_t *media = json_object_get(o, "media");
    assert_int_equal(json_integer_value(json_object_get(media, "received")), 123);
    assert_int_equal(json_integer_value(json_object_get(media, "gap_ms")), 52);
    json_decref(o);
    call_log_free(&log);
}

static void test_call_log__an_unanswered_gateway_leg_has_a_line_and_no_answer(void **state)
{
    (void)state;
    struct call_log *log = NULL;
    struct leg_record r = record;
    r.device.v = 11;
    r.line = 7;
    r.answer = INSTANT_NEVER;
    r.open = true;
    assert_int_equal(call_log_new(dir, &topology, (struct instant){0}, 0, &log), ERR_OK);
    call_log_write(log, &r);
    call_log_free(&log);
    json_t *o = line_of_file(0);
    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "device")), "gw1");
    assert_int_equal(json_integer_value(json_object_get(o, "line")), 7);
    assert_int_equal(json_integer_value(json_object_get(o, "answer_us")), 0);
    assert_true(json_is_null(json_object_get(o, "answer")));
    assert_true(json_is_true(json_object_get(o, "open")));
    json_decref(o);
}

static void test_call_log__after_half_a_line_the_next_is_whole(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"device\":\"SEP", file);
    fclose(file);
    struct call_log *log = NULL;
    assert_int_equal(call_log_new(dir, &topology, (struct instant){0}, 0, &log), ERR_OK);
    call_log_write(log, &record);
    call_log_free(&log);
    json_t *o = line_of_file(1);
    assert_non_null(o);
    json_decref(o);
}

static void test_call_log__many_lines_fit(void **state)
{
    (void)state;
    struct call_log *log = NULL;
    assert_int_equal(call_log_new(dir, &topology, (struct instant){0}, 0, &log), ERR_OK);
    for (int i = 0; i < 2000; i++) {
        call_log_write(log, &record);
    }
    assert_int_equal(call_log_lost(log), 0);
    call_log_free(&log);
    json_t *o = line_of_file(1999);
    assert_non_null(o);
    json_decref(o);
}

static void test_call_log__no_folder_is_an_error(void **state)
{
    (void)state;
    struct call_log *log = NULL;
    assert_int_equal(call_log_new("/nonexistent", &topology, (struct instant){0}, 0, &log), ERR_IO);
    assert_null(log);
}

static void test_call_log__a_full_disk_is_counted(void **state)
{
    (void)state;
    assert_int_equal(symlink("/dev/full", path), 0);
    struct call_log *log = NULL;
    assert_int_equal(call_log_new(dir, &topology, (struct instant){0}, 0, &log), ERR_OK);
    call_log_write(log, &record);
    call_log_write(log, &record);
    assert_int_equal(call_log_flush(log), ERR_IO);
    assert_int_equal(call_log_lost(log), 2);
    call_log_free(&log);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
static const struct CMUnitTest tests[] = {
    WITH_FOLDER(test_call_log__a_leg_is_one_line_with_all_its_fields),
    WITH_FOLDER(test_call_log__an_unanswered_gateway_leg_has_a_line_and_no_answer),
    WITH_FOLDER(test_call_log__after_half_a_line_the_next_is_whole),
    WITH_FOLDER(test_call_log__many_lines_fit),
    WITH_FOLDER(test_call_log__no_folder_is_an_error),
    WITH_FOLDER(test_call_log__a_full_disk_is_counted),
};

UNIT_MAIN(tests);
