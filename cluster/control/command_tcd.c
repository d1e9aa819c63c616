/* tcd: call records, read where the logger keeps them, or as a run has recorded them; with --check,
 * the ledger; with --call, the story of one call. */
#include "cluster/control/backend.h"
#include "cluster/control/judge.h"
#include "cluster/control/look.h"
#include "cluster/control/past.h"
#include "cluster/control/story.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "cluster/record/judged.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE   "Termination_Call_Detail"
#define BUSY_MS 2000

#define CALL_DIGITS 16
#define DATE_LEN    11 /* of a stamp, with the T */

static json_t *cell(sqlite3_stmt *q, int i)
{
    switch (sqlite3_column_type(q, i)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(q, i));
    case SQLITE_FLOAT: {
        double v = sqlite3_column_double(q, i);
        json_int_t whole = (json_int_t)v;
        return (double)whole >= v && (double)whole <= v ? json_integer(whole) : json_real(v);
    }
    case SQLITE_TEXT:
        return json_string((const char *)sqlite3_column_text(q, i));
    default:
        return json_null();
    }
}

static int read_rows(sqlite3 *db, const char *path, const char *sql, int64_t until_us, json_t *rows)
{
    sqlite3_stmt *q = NULL;
    int step = SQLITE_DONE;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_bind_int64(q, 1, until_us) != SQLITE_OK) {
        sqlite3_finalize(q);
        return outcome_error(OUTCOME_DATA, "rehome status", "%s: %s", path, sqlite3_errmsg(db));
    }
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        json_t *row = json_object();
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            json_object_set_new(row, sqlite3_column_name(q, i), cell(q, i));
        }
        json_array_append_new(rows, row);
    }
    sqlite3_finalize(q);
    return step == SQLITE_DONE
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_IO, NULL, "%s: %s", path, sqlite3_errmsg(db));
}

/* The logger of a controller side that serves, else of the first; procs_n: there is none. */
static uint32_t logger_of(const struct topology *t, const struct scene *s)
{
    uint32_t first = t->procs_n;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind != PROC_ICM) {
            continue;
        }
        first = first == t->procs_n ? i : first;
        if (s->procs[i].state == SCENE_UP && s->procs[i].icm.state != MDS_STATE_ISOLATED_DISABLED) {
            return i;
        }
    }
    return first;
}

/* Where the logger of the living cluster keeps them. */
static int read_live(const struct session_of_command *s, json_t *rows)
{
    const struct cluster *c = &s->cluster;
    const struct topology *t = &c->topology;
    char path[HOME_PATH_MAX];
    sqlite3 *db = NULL;
    uint32_t i = logger_of(t, &s->scene);
    if (i == t->procs_n) {
        return OUTCOME_DONE;
    }
    home_proc_path(c, t->procs[i].name, "icm.db", path, sizeof path);
    int code = backend_fetch(c, true);
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK) {
        code = outcome_error(OUTCOME_DATA, "rehome status", "%s: %s", path,
                             db != NULL ? sqlite3_errmsg(db) : "cannot be opened");
    } else {
        code = read_rows(db, path, "SELECT * FROM " TABLE " WHERE WallUs <= ? ORDER BY RecoveryKey",
                         INT64_MAX, rows);
    }
    sqlite3_close(db);
    return code;
}

/* As they were copied into the run file, up to the moment. */
static int read_past(const struct session_of_command *s, json_t *rows)
{
    const struct past *p = s->past;
    if (!p->load.history.rows_known) {
        return outcome_error(OUTCOME_DATA, NULL, "%s holds no call records", p->path);
    }
    return read_rows(
        runfile_db(p->file), p->path,
        "SELECT * FROM tcd WHERE WallUs <= ? GROUP BY RecoveryKey ORDER BY RecoveryKey",
        s->scene.wall_us, rows);
}

static int make_ledger(const struct session_of_command *s, json_t **ret_ledger)
{
    struct ledger ledger;
    if (s->past == NULL) {
        return judge_ledger(&s->cluster, judge_until(&s->cluster), ret_ledger);
    }
    past_cut(s->past, s->scene.at_us);
    if (ledger_make(&s->past->load.history, &ledger) != ERR_OK) {
        abort();
    }
    *ret_ledger = judged_ledger(&s->past->load, &ledger);
    ledger_free(&ledger);
    return OUTCOME_DONE;
}

static const char *text_of(const json_t *row, const char *key, char *room, size_t size)
{
    const json_t *v = json_object_get(row, key);
    if (json_is_string(v)) {
        return json_string_value(v);
    }
    if (!json_is_integer(v)) {
        return "-";
    }
    snprintf(room, size, "%lld", (long long)json_integer_value(v));
    return room;
}

static void rows_table(const json_t *rows)
{
    static const enum column columns[] = {COLUMN_RECOVERY_KEY,
                                          COLUMN_ROUTER_CALL_KEY,
                                          COLUMN_PERIPHERAL_CALL_KEY,
                                          COLUMN_DIGITS_DIALED,
                                          COLUMN_AGENT_PERIPHERAL_NUMBER,
                                          COLUMN_CALL_DISPOSITION,
                                          COLUMN_DURATION,
                                          COLUMN_TALK_TIME,
                                          COLUMN_WORK_TIME,
                                          COLUMN_WRAPUP_DATA,
                                          COLUMN_END};
    struct table *table = table_new(columns);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        table_row(table);
        for (size_t k = 0; columns[k] != COLUMN_END; k++) {
            char room[32];
            table_cell(
                table, "%s",
                text_of(json_array_get(rows, i), columns_head(columns[k]), room, sizeof room));
        }
    }
    table_end_or(&table, "no record yet");
}

static void ledger_line(const json_t *ledger)
{
    const char *key = NULL;
    json_t *value = NULL;
    printf("ledger:");
    json_object_foreach((json_t *)(uintptr_t)ledger, key, value)
    {
        if (json_is_integer(value)) {
            printf(" %s %lld", key, (long long)json_integer_value(value));
        }
    }
    putchar('\n');
}

static const char *word_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && text[0] != '\0' ? text : "-";
}

/* The words or numbers of a list, with commas; "-" if there is none. */
static const char *joined(const json_t *list, char *room, size_t size)
{
    size_t n = 0;
    snprintf(room, size, "-");
    for (size_t i = 0; i < json_array_size(list) && n < size; i++) {
        const json_t *v = json_array_get(list, i);
        const char *comma = i > 0 ? "," : "";
        int more =
            json_is_string(v)
                ? snprintf(room + n, size - n, "%s%s", comma, json_string_value(v))
                : snprintf(room + n, size - n, "%s%lld", comma, (long long)json_integer_value(v));
        n += (size_t)more;
    }
    return room;
}

/* What is wrong, leg by leg: enough to find it in the records and in the events. */
static void wrong_table(const json_t *wrong)
{
    static const enum column columns[] = {COLUMN_CLASS,        COLUMN_NUMBER, COLUMN_CALL,
                                          COLUMN_BEGAN,        COLUMN_ENDED,  COLUMN_EXPECTED,
                                          COLUMN_RECOVERY_KEY, COLUMN_END};
    char room[128];
    struct table *table = json_array_size(wrong) > 0 ? table_new(columns) : NULL;
    for (size_t i = 0; i < json_array_size(wrong); i++) {
        const json_t *w = json_array_get(wrong, i);
        table_row(table);
        table_cell(table, "%s", word_of(w, "class"));
        table_cell(table, "%s", word_of(w, "number"));
        table_cell(table, "%s", word_of(w, "call"));
        table_cell(table, "%s", word_of(w, "begin"));
        table_cell(table, "%s", word_of(w, "end"));
        table_cell(table, "%s", joined(json_object_get(w, "expected"), room, sizeof room));
        table_cell(table, "%s", joined(json_object_get(w, "recovery_keys"), room, sizeof room));
    }
    if (table != NULL) {
        table_end(&table);
    }
}

/* How --check ends; why it cannot say is said. */
static int ledger_outcome(const json_t *ledger)
{
    const char *why = json_string_value(json_object_get(ledger, "inconclusive"));
    if (why != NULL) {
        outcome_progress("inconclusive: %s", why);
        return OUTCOME_INCONCLUSIVE;
    }
    return json_integer_value(json_object_get(ledger, "lost")) == 0 &&
                   json_integer_value(json_object_get(ledger, "duplicate")) == 0 &&
                   json_integer_value(json_object_get(ledger, "unexplained")) == 0
               ? OUTCOME_DONE
               : OUTCOME_NO;
}

/* -- One call. -- */

static int64_t number_of(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

static struct call_id call_of(const json_t *row)
{
    return (struct call_id){strtoull(word_of(row, "CallReferenceID"), NULL, 16)};
}

/* What a user can name a call by: DAY-KEY of the router, the number of the call, a row of it; or
 * the last one that has a row. */
static int find_call(const char *word, const json_t *rows, struct call_id *ret_call)
{
    const size_t digits = strspn(word, "0123456789");
    const size_t more = word[digits] == '-' ? strspn(word + digits + 1, "0123456789") : 0;
    const bool key = digits > 0 && more > 0 && word[digits + 1 + more] == '\0';
    const bool row_key = digits > 0 && digits < CALL_DIGITS && word[digits] == '\0';
    *ret_call = (struct call_id){0};
    if (strlen(word) == CALL_DIGITS && strspn(word, "0123456789abcdefABCDEF") == CALL_DIGITS) {
        ret_call->v = strtoull(word, NULL, 16);
        return OUTCOME_DONE;
    }
    if (strcmp(word, "last") == 0) {
        *ret_call = call_of(json_array_get(rows, json_array_size(rows) - 1));
        return OUTCOME_DONE;
    }
    if (!key && !row_key) {
        return outcome_error(OUTCOME_USAGE, "rehome tcd --call last",
                             "'%s' is no call: name it by RouterCallKeyDay-RouterCallKey, by the "
                             "16 digits of CallReferenceID, or by the RecoveryKey of a row",
                             word);
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        bool fits =
            key ? number_of(row, "RouterCallKeyDay") == strtoll(word, NULL, 10) &&
                      number_of(row, "RouterCallKey") == strtoll(word + digits + 1, NULL, 10)
                : number_of(row, "RecoveryKey") == strtoll(word, NULL, 10);
        if (fits) {
            *ret_call = call_of(row);
            return OUTCOME_DONE;
        }
    }
    return OUTCOME_DONE; /* of no call */
}

/* "2 s (ring 1, talk 1), key 20786-200, partial, FailCause timeout" */
static void row_text(const json_t *row, char *ret, size_t size)
{
    static const struct {
        const char *column, *word;
    } parts[] = {{"LocalQTime", "queue"}, {"RingTime", "ring"}, {"DelayTime", "delay"},
                 {"TalkTime", "talk"},    {"HoldTime", "hold"}, {"WorkTime", "wrap-up"}};
    const char *separator = " (";
    size_t n = (size_t)snprintf(ret, size, "%" PRId64 " s", number_of(row, "Duration"));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && n < size; i++) {
        if (number_of(row, parts[i].column) > 0) {
            n += (size_t)snprintf(ret + n, size - n, "%s%s %" PRId64, separator, parts[i].word,
                                  number_of(row, parts[i].column));
            separator = ", ";
        }
    }
    n += n < size
             ? (size_t)snprintf(ret + n, size - n, "%s, disposition %" PRId64,
                                separator[0] == ',' ? ")" : "", number_of(row, "CallDisposition"))
             : 0;
    if (n < size && number_of(row, "RouterCallKey") > 0) {
        n += (size_t)snprintf(ret + n, size - n, ", key %" PRId64 "-%" PRId64,
                              number_of(row, "RouterCallKeyDay"), number_of(row, "RouterCallKey"));
    }
    if (n < size && strcmp(word_of(row, "WrapupData"), "-") != 0) {
        n += (size_t)snprintf(ret + n, size - n, ", wrap-up data %s", word_of(row, "WrapupData"));
    }
    if (n < size && strcmp(word_of(row, "Partial"), "Y") == 0) {
        snprintf(ret + n, size - n, ", partial, FailCause %s", word_of(row, "FailCause"));
    }
}

struct telling {
    const struct topology *topology;
    struct story *story;
    json_t *lines; /* NULL: print them */
    struct call_id call;
    bool begun;
};

static void link_event(void *context, const struct event *e, const char *line)
{
    (void)line;
    story_link(((struct telling *)context)->story, e);
}

static void take_event(void *context, const struct event *e, const char *line)
{
    (void)line;
    story_take(((struct telling *)context)->story, e);
}

static void tell_sentence(void *context, const struct event *e, const char *text)
{
    struct telling *t = context;
    char stamp[TICK_STAMP_LEN] = "-";
    const char *proc = e != NULL ? topology_name(t->topology, e->proc) : "-";
    if (e != NULL) {
        tick_stamp(e->wall_us, stamp);
    }
    if (t->lines != NULL) {
        json_array_append_new(t->lines,
                              json_pack("{s:s?, s:s, s:s?, s:s}", "at", e != NULL ? stamp : NULL,
                                        "process", proc, "kind",
                                        e != NULL ? event_word(e->kind) : NULL, "text", text));
        return;
    }
    if (!t->begun) {
        printf("call %016" PRIx64 ", %.10s UTC\n", t->call.v, stamp);
        t->begun = true;
    }
    printf("%-12.12s  %-8s  %s\n", e != NULL ? stamp + DATE_LEN : stamp, proc, text);
}

/* Take the rows that are not of the call out. */
static void keep_rows(json_t *rows, struct story *story)
{
    for (size_t i = json_array_size(rows); i-- > 0;) {
        const json_t *row = json_array_get(rows, i);
        if (!story_has(story, call_of(row))) {
            json_array_remove(rows, i);
        }
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        char text[STORY_TEXT_LEN];
        row_text(json_array_get(rows, i), text, sizeof text);
        story_row(story, number_of(json_array_get(rows, i), "RecoveryKey"), text);
    }
}

static int tell_call(const struct session_of_command *s, const char *word, bool json, json_t *rows)
{
    struct call_id call;
    char number[CALL_DIGITS + 1];
    int code = find_call(word, rows, &call);
    if (code != OUTCOME_DONE) {
        return code;
    }
    struct telling t = {.topology = &s->cluster.topology,
                        .story = story_new(&s->cluster.topology, call),
                        .call = call};
    if (call_id_some(call)) {
        look_events(s, link_event, &t);
        look_events(s, take_event, &t);
        keep_rows(rows, t.story);
    }
    snprintf(number, sizeof number, "%016" PRIx64, call.v);
    if (!story_known(t.story)) {
        code =
            outcome_error(OUTCOME_USAGE, "rehome tcd",
                          "there is no call '%s', neither in the records nor in the events", word);
    } else if (json) {
        t.lines = json_array();
        story_tell(t.story, tell_sentence, &t);
        table_json(look_sign(s, json_pack("{s:i, s:s, s:o, s:O}", "schema", 1, "call", number,
                                          "story", t.lines, "rows", rows)));
    } else {
        story_tell(t.story, tell_sentence, &t);
    }
    story_free(&t.story);
    return code;
}

int command_tcd(int argc, char **argv)
{
    bool check = false;
    const char *call = NULL;
    struct look_when when = {0};
    const struct option_row options[] = {
        {"check", 0, NULL, "judge them against what the fleet saw", &check, NULL},
        {"call", 0, "KEY",
         "the story of one call: RouterCallKeyDay-RouterCallKey, CallReferenceID, a RecoveryKey, "
         "or last",
         NULL, &call},
        LOOK_OPTIONS(when)};
    const struct options_spec spec = {
        .name = "tcd",
        .examples = "rehome tcd\nrehome tcd --check\nrehome tcd --call 20786-200",
        .lacks = OPTIONS_NO_WAIT,
        .doc = "The call records.",
        .rows = options,
        .rows_n = sizeof options / sizeof options[0]};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    if (check && call != NULL) {
        return outcome_error(OUTCOME_USAGE, NULL, "--check is about all calls, --call about one");
    }
    int code = look_open_files(&common, &when, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    json_t *rows = json_array();
    json_t *ledger = NULL;
    /* The record of a cluster that lives holds no rows; the story of a call is in its events. */
    const bool no_rows = call != NULL && s->past != NULL && !s->past->load.history.rows_known;
    code = no_rows ? OUTCOME_DONE : s->past != NULL ? read_past(s, rows) : read_live(s, rows);
    if (code == OUTCOME_DONE && call != NULL) {
        code = tell_call(s, call, common.json, rows);
        json_decref(rows);
        command_close(&s);
        return code;
    }
    if (code == OUTCOME_DONE && check) {
        code = make_ledger(s, &ledger);
    }
    if (code == OUTCOME_DONE && common.json) {
        json_t *root = look_sign(s, json_pack("{s:i, s:O}", "schema", 1, "rows", rows));
        if (ledger != NULL) {
            json_object_set(root, "ledger", ledger);
        }
        table_json(root);
    } else if (code == OUTCOME_DONE && check) {
        ledger_line(ledger);
        wrong_table(json_object_get(ledger, "wrong"));
    } else if (code == OUTCOME_DONE) {
        rows_table(rows);
    }
    if (code == OUTCOME_DONE && ledger != NULL) {
        code = ledger_outcome(ledger);
    }
    json_decref(rows);
    json_decref(ledger);
    command_close(&s);
    return code;
}
