#include "cluster/record/report.h"

#include "cluster/record/page.h"
#include "cluster/record/record.h"
#include "tests/unit/good_files.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[GOOD_PATH];
static json_t *answer;
static enum verdict verdict;

static void judged_run(void)
{
    const struct runfile_rehearsal rehearsal = {
        .scenario = "subscriber-fails", .title = "A subscriber & its phones", .seed = 7};
    good_run_finish();
    good_files_folder(dir);
    good_files_database(dir);
    good_files_write(dir, 0, INT64_MAX);
    assert_int_equal(record_collect(dir, dir, &good_topology, &rehearsal), ERR_OK);
    /* Collecting goes on while a cluster runs: the second time adds nothing. */
    assert_int_equal(record_collect(dir, dir, &good_topology, &rehearsal), ERR_OK);
    assert_int_equal(record_judge(dir, &good_topology, NULL, &verdict, &answer), ERR_OK);
}

static void freed(void)
{
    json_decref(answer);
    history_free(&good);
    good_files_remove(dir);
}

static char *read_report(void)
{
    char path[GOOD_PATH + 32];
    snprintf(path, sizeof path, "%s/report.html", dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static int64_t number(const char *group, const char *key)
{
    const json_t *value = json_object_get(json_object_get(answer, group), key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void test_report__a_good_run_passes_and_says_so_in_json(void **state)
{
    (void)state;
    good_run_make();
    judged_run();
    assert_int_equal(verdict, VERDICT_PASS);
    assert_int_equal(json_integer_value(json_object_get(answer, "schema")), 1);
    assert_string_equal(json_string_value(json_object_get(answer, "scenario")), "subscriber-fails");
    assert_string_equal(json_string_value(json_object_get(answer, "verdict")), "pass");
    assert_int_equal(json_integer_value(json_object_get(answer, "seed")), 7);
    assert_int_equal(number("timings", "elect_ms"), 95);
    assert_int_equal(number("timings", "last_rehome_ms"), 276);
    assert_int_equal(number("devices", "lost"), 0);
    assert_int_equal(number("devices", "kept_in_call"), 1);
    assert_int_equal(number("calls", "preserved"), 2);
    assert_int_equal(number("ledger", "calls"), 6);
    assert_int_equal(number("ledger", "truncated"), 2);
    assert_int_equal(json_array_size(json_object_get(json_object_get(answer, "ledger"), "wrong")),
                     0);
    const json_t *checks = json_object_get(answer, "checks");
    assert_true(json_array_size(checks) > 16);
    const json_t *first = json_array_get(checks, 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "REG-1");
    assert_true(json_is_string(json_object_get(first, "observed")));
    freed();
}

/* The numbers of a new life begin anew. */
static void test_report__a_process_that_ends_and_begins_at_one_moment_is_there(void **state)
{
    (void)state;
    const int64_t at = GOOD_RETURN + 5000 * GOOD_MS;
    good_run_make();
    struct event *leads = good_run_event(EVENT_RAFT_STATE, GOOD_PUB, at - GOOD_MS);
    leads->value = RAFT_STATE_LEADER;
    leads->value2 = 4;
    good_run_fault(EVENT_FAULT, GOOD_PUB, "stop", at);
    good_run_fault(EVENT_HEAL, GOOD_PUB, "stop", at);
    good_run_event(EVENT_PROCESS_STOP, GOOD_PUB, at);
    good_run_event(EVENT_PROCESS_START, GOOD_PUB, at);
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        bool later = e->at.us > at || (e->at.us == at && e->kind == EVENT_PROCESS_START);
        e->incarnation.v += proc_id_eq(e->proc, GOOD_PUB) && later ? 1 : 0;
    }
    judged_run();
    const json_t *checks = json_object_get(answer, "checks");
    const char *said = NULL;
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        if (strcmp(json_string_value(json_object_get(check, "id")), "LIVE-1") == 0) {
            said = json_string_value(json_object_get(check, "verdict"));
        }
    }
    assert_string_equal(said, "pass");
    freed();
}

static void test_report__it_is_one_file_without_anything_from_outside(void **state)
{
    (void)state;
    static const char *const never[] = {"http:", "https:",  "src=",  "@import",
                                        "url(",  "<script", "<link", "javascript"};
    good_run_make();
    judged_run();
    char *text = read_report();
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        assert_null(strstr(text, never[i]));
    }
    assert_non_null(strstr(text, "</html>"));
    free(text);
    freed();
}

static void test_report__it_shows_every_check_the_fault_and_the_records(void **state)
{
    (void)state;
    good_run_make();
    judged_run();
    char *text = read_report();
    const json_t *checks = json_object_get(answer, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        assert_non_null(strstr(text, json_string_value(json_object_get(check, "id"))));
    }
    assert_non_null(strstr(text, "sub1: crash"));
    assert_non_null(strstr(text, "truncated"));
    assert_non_null(strstr(text, "9001 (partial)"));
    free(text);
    freed();
}

/* The height of the text with this label in the picture of the whole run; its beginning. */
static int label_at(const char *text, const char *label, int *ret_x)
{
    char want[64];
    int y = 0;
    snprintf(want, sizeof want, ">%s</text>", label);
    const char *at = strstr(text, want);
    assert_non_null(at);
    while (strncmp(at, "<text", 5) != 0) {
        at--;
    }
    assert_int_equal(sscanf(strstr(at, " x="), " x=%d y=%d", ret_x, &y), 2);
    return y;
}

/* Three within a second, so that their labels would lie on each other; the fourth stands alone. */
static void test_report__no_label_of_the_timeline_lies_on_another(void **state)
{
    (void)state;
    int x[4];
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", GOOD_FAULT + 300 * GOOD_MS);
    good_run_fault(EVENT_FAULT, GOOD_PUB, "hang", GOOD_FAULT + 900 * GOOD_MS);
    judged_run();
    char *text = read_report();
    int high = label_at(text, "sub1: crash", &x[0]), middle = label_at(text, "sub2: crash", &x[1]);
    int low = label_at(text, "pub: hang", &x[2]);
    assert_true(x[0] < x[1] && x[1] < x[2] && x[2] < x[0] + 60);
    assert_true(middle <= low - 12 && high <= middle - 12);
    assert_int_equal(label_at(text, "sub1 back", &x[3]), low);
    assert_non_null(strstr(text, "<h1>A subscriber &amp; its phones</h1>"));
    free(text);
    freed();
}

/* Its place is at the right edge, where texts stand left of their lines. */
static void test_report__the_first_fault_always_has_a_label(void **state)
{
    (void)state;
    int x;
    good_run_begin("");
    good_run_fault(EVENT_FAULT, GOOD_SUB1, "crash", GOOD_END - 8000 * GOOD_MS);
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", GOOD_END - 4000 * GOOD_MS);
    good_run_event(EVENT_RAFT_SNAPSHOT, GOOD_PUB, GOOD_END);
    judged_run();
    char *text = read_report();
    label_at(text, "sub1: crash", &x);
    assert_true(x > 800);
    label_at(text, "sub2: crash", &x);
    assert_true(x > 900);
    free(text);
    freed();
}

static void test_report__verdict_anatomy_and_timeline_come_first(void **state)
{
    (void)state;
    static const char *const order[] = {"class=\"banner pass\"", "Anatomy of the failover",
                                        "Who served the phones", "class=cards",
                                        "What was promised"};
    good_run_make();
    judged_run();
    char *text = read_report();
    const char *at = text;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    freed();
    free(text);
}

static void test_report__the_anatomy_says_when_and_what_did_not_happen(void **state)
{
    (void)state;
    good_run_make();
    judged_run();
    char *text = read_report();
    const char *elected = strstr(text, "<dt>new Raft leader<dd class=track><i style=\"left:");
    assert_non_null(elected);
    const char *when = strstr(elected, "<dd class=done>95 ms");
    assert_non_null(when);
    assert_true(when < strstr(elected, "<dt>first device"));
    freed();
    free(text);
}

static void test_report__a_spoilt_run_fails(void **state)
{
    (void)state;
    good_run_make();
    good_rows[GOOD_ROW_DONE] = good_rows[--good.rows_n];
    judged_run();
    assert_int_equal(verdict, VERDICT_FAIL);
    char *text = read_report();
    assert_non_null(strstr(text, "banner fail"));
    assert_int_equal(number("ledger", "lost"), 1);
    const json_t *list = json_object_get(json_object_get(answer, "ledger"), "wrong");
    assert_int_equal(json_array_size(list), 1);
    const json_t *wrong = json_array_get(list, 0);
    const struct history_leg *leg = &good_legs[GOOD_LEG_DONE];
    assert_string_equal(json_string_value(json_object_get(wrong, "class")), "lost");
    assert_string_equal(json_string_value(json_object_get(wrong, "number")), leg->number);
    assert_int_equal(strtoull(json_string_value(json_object_get(wrong, "call")), NULL, 16),
                     leg->call.v);
    assert_string_equal(json_string_value(json_array_get(json_object_get(wrong, "expected"), 0)),
                        "ok");
    assert_int_equal(json_array_size(json_object_get(wrong, "recovery_keys")), 0);
    free(text);
    freed();
}

static void test_report__a_ledger_without_its_witness_says_so(void **state)
{
    (void)state;
    good_run_make();
    judged_run();
    const json_t *ledger = json_object_get(answer, "ledger");
    assert_true(json_is_null(json_object_get(ledger, "inconclusive")));
    freed();
    good_run_make();
    good_run_fault(EVENT_FAULT, GOOD_FLEET, "crash", GOOD_FAULT + GOOD_MS);
    judged_run();
    ledger = json_object_get(answer, "ledger");
    assert_string_equal(json_string_value(json_object_get(ledger, "inconclusive")),
                        "the fleet was killed, and it is the only witness");
    freed();
}

/* The verdict of a check of the last answer. */
static const char *verdict_of(const char *id)
{
    const json_t *checks = json_object_get(answer, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        if (strcmp(json_string_value(json_object_get(check, "id")), id) == 0) {
            return json_string_value(json_object_get(check, "verdict"));
        }
    }
    return "";
}

static void test_report__what_comes_after_the_end_of_a_run_is_not_judged(void **state)
{
    (void)state;
    static const struct proc_id nodes[] = {{1}, {2}, {3}, {4}, {5}};
    good_run_make();
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        (void)good_run_event(EVENT_PROCESS_STOP, nodes[i], GOOD_END + 1000 * GOOD_MS);
    }
    judged_run();
    assert_string_equal(verdict_of("LIVE-1"), "fail");
    json_decref(answer);
    assert_int_equal(record_limit(dir, &good_topology, 0, GOOD_END), ERR_OK);
    assert_int_equal(record_judge(dir, &good_topology, NULL, &verdict, &answer), ERR_OK);
    assert_string_equal(verdict_of("LIVE-1"), "pass");
    assert_int_equal(verdict, VERDICT_PASS);
    freed();
}

static void test_report__who_is_still_in_a_call_needs_no_line_in_the_call_log(void **state)
{
    (void)state;
    good_run_make();
    struct history_leg kept = good_legs[GOOD_LEG_KEPT];
    struct event *begin = good_run_event(EVENT_CALL_BEGIN, GOOD_FLEET, kept.begin_us);
    begin->device = kept.device;
    begin->call = kept.call;
    begin->value = kept.incoming ? 2 : 1;
    (void)good_run_event(EVENT_LOOP_LATE, GOOD_FLEET, kept.end_us - 2 * GOOD_MS);
    good_legs[GOOD_LEG_KEPT] = good_legs[--good.legs_n]; /* the fleet has not written it yet */
    judged_run();
    json_decref(answer);
    int64_t bound = good_topology.timers.home_bound.us;
    assert_true(GOOD_FAULT + bound < kept.end_us - GOOD_MS);
    assert_int_equal(record_limit(dir, &good_topology, 0, kept.end_us - GOOD_MS), ERR_OK);
    assert_int_equal(record_judge(dir, &good_topology, NULL, &verdict, &answer), ERR_OK);
    assert_string_equal(verdict_of("HOME-1"), "pass");
    freed();
}

static void test_report__what_was_before_the_begin_of_a_run_is_not_judged(void **state)
{
    (void)state;
    good_run_make();
    judged_run();
    assert_true(number("devices", "moved") > 0);
    assert_true(number("ledger", "calls") > 0);
    json_decref(answer);
    int64_t from_us = GOOD_END + GOOD_MS; /* the cluster was started again then */
    assert_int_equal(record_limit(dir, &good_topology, from_us, INT64_MAX), ERR_OK);
    assert_int_equal(record_judge(dir, &good_topology, NULL, &verdict, &answer), ERR_OK);
    assert_int_equal(number("devices", "moved"), 0);
    assert_int_equal(number("ledger", "calls"), 0);
    assert_string_equal(verdict_of("LIVE-1"), "inconclusive");
    freed();
}

static void test_report__a_pause_that_ends_after_the_run_is_not_judged(void **state)
{
    (void)state;
    good_run_make();
    struct history_leg *leg = &good_legs[GOOD_LEG_KEPT];
    leg->gap_us = 2000 * GOOD_MS;
    judged_run();
    assert_string_equal(verdict_of("CALL-1"), "fail");
    json_decref(answer);
    assert_int_equal(record_limit(dir, &good_topology, 0, leg->end_us - GOOD_MS), ERR_OK);
    assert_int_equal(record_judge(dir, &good_topology, NULL, &verdict, &answer), ERR_OK);
    assert_string_equal(verdict_of("CALL-1"), "pass");
    freed();
}

static void test_report__a_run_without_events_is_inconclusive_and_still_has_a_report(void **state)
{
    (void)state;
    good_run_make();
    good.events_n = 0;
    good.legs_n = 0;
    good.rows_n = 0;
    judged_run();
    assert_int_equal(verdict, VERDICT_INCONCLUSIVE);
    assert_true(json_is_null(json_object_get(json_object_get(answer, "timings"), "elect_ms")));
    char *text = read_report();
    assert_non_null(strstr(text, "banner inconclusive"));
    free(text);
    freed();
}

static void test_report__text_cannot_become_markup(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    page_text(f, "<b a='\"'>&\x01");
    fclose(f);
    assert_string_equal(text, "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    free(text);
}

static void test_report__times_are_short(void **state)
{
    (void)state;
    char text[PAGE_TIME_LEN];
    assert_string_equal(page_time(-1, text), "–");
    assert_string_equal(page_time(412000, text), "412 ms");
    assert_string_equal(page_time(1900000, text), "1.90 s");
    assert_string_equal(page_time(125000000, text), "2 min 05 s");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_report__a_good_run_passes_and_says_so_in_json),
    cmocka_unit_test(test_report__a_process_that_ends_and_begins_at_one_moment_is_there),
    cmocka_unit_test(test_report__it_is_one_file_without_anything_from_outside),
    cmocka_unit_test(test_report__it_shows_every_check_the_fault_and_the_records),
    cmocka_unit_test(test_report__no_label_of_the_timeline_lies_on_another),
    cmocka_unit_test(test_report__the_first_fault_always_has_a_label),
    cmocka_unit_test(test_report__verdict_anatomy_and_timeline_come_first),
    cmocka_unit_test(test_report__the_anatomy_says_when_and_what_did_not_happen),
    cmocka_unit_test(test_report__a_spoilt_run_fails),
    cmocka_unit_test(test_report__a_ledger_without_its_witness_says_so),
    cmocka_unit_test(test_report__what_comes_after_the_end_of_a_run_is_not_judged),
    cmocka_unit_test(test_report__who_is_still_in_a_call_needs_no_line_in_the_call_log),
    cmocka_unit_test(test_report__what_was_before_the_begin_of_a_run_is_not_judged),
    cmocka_unit_test(test_report__a_pause_that_ends_after_the_run_is_not_judged),
    cmocka_unit_test(test_report__a_run_without_events_is_inconclusive_and_still_has_a_report),
    cmocka_unit_test(test_report__text_cannot_become_markup),
    cmocka_unit_test(test_report__times_are_short),
};

UNIT_MAIN(tests);
