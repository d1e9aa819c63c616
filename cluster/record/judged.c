#include "cluster/record/judged.h"

#include "cluster/record/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRONG_MAX 50 /* legs that are named one by one */

enum err judged_make(struct runfile *runfile, const struct topology *topology,
                     struct judged *ret_judged)
{
    struct judged *j = ret_judged;
    char value[RUNFILE_META_LEN];
    memset(j, 0, sizeof *j);
    enum err err = load_run(runfile, topology, &j->run);
    if (err != ERR_OK) {
        return err;
    }
    snprintf(j->scenario, sizeof j->scenario, "%.63s", runfile_meta(runfile, "scenario", value));
    snprintf(j->title, sizeof j->title, "%.127s", runfile_meta(runfile, "title", value));
    j->seed = strtoull(runfile_meta(runfile, "seed", value), NULL, 10);
    err = timings_find(&j->run.history, &j->timings);
    if (err == ERR_OK) {
        err = ledger_make(&j->run.history, &j->ledger);
    }
    if (err != ERR_OK) {
        judged_free(j);
        return err;
    }
    j->results_n = check_run(&j->run.history, j->scenario, j->results, &j->verdict);
    return ERR_OK;
}

void judged_free(struct judged *judged)
{
    ledger_free(&judged->ledger);
    load_free(&judged->run);
}

static json_t *milliseconds(int64_t us)
{
    return us == TIMINGS_NONE ? json_null() : json_integer(us / 1000);
}

static json_t *timings_json(const struct timings *t)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "detect_ms",
                     milliseconds(t->detect), "elect_ms", milliseconds(t->elect), "first_rehome_ms",
                     milliseconds(t->first_rehome), "rehome_p50_ms", milliseconds(t->p50),
                     "rehome_p99_ms", milliseconds(t->p99), "last_rehome_ms",
                     milliseconds(t->last_rehome), "pg_active_ms", milliseconds(t->pg_active),
                     "steady_ms", milliseconds(t->steady));
}

static void set_time(json_t *o, const char *key, const struct load *run, int64_t us)
{
    char stamp[LINE_STAMP_LEN];
    json_object_set_new(o, key, json_string(line_stamp(run->wall_us + us, stamp)));
}

/* One leg, or one row without a leg, that the ledger cannot account for. */
static json_t *wrong_json(const struct load *run, const struct ledger_entry *e)
{
    const struct history *h = &run->history;
    const struct history_leg *leg = e->leg != UINT32_MAX ? &h->legs[e->leg] : NULL;
    const struct history_row *row = leg == NULL ? &h->rows[e->rows[0]] : NULL;
    char call[24];
    snprintf(call, sizeof call, "%016llx",
             (unsigned long long)(leg != NULL ? leg->call.v : row->call.v));
    const char *number = leg == NULL ? row->instrument : e->at_route_point ? leg->to : leg->number;
    json_t *o = json_pack("{s:s, s:s, s:s}", "class", ledger_class_text(e->found), "number", number,
                          "call", call);
    json_t *expected = json_array();
    json_t *rows = json_array();
    if (leg != NULL) {
        set_time(o, "begin", run, leg->begin_us);
        set_time(o, "end", run, leg->end_us);
    }
    for (unsigned c = 0; c < LEDGER_LEFT_OUT; c++) {
        if ((e->allowed & 1u << c) != 0) {
            json_array_append_new(expected, json_string(ledger_class_text((enum ledger_class)c)));
        }
    }
    for (uint32_t i = 0; i < e->rows_n && i < LEDGER_ROWS_MAX; i++) {
        json_array_append_new(rows, json_integer((json_int_t)h->rows[e->rows[i]].recovery_key));
    }
    json_object_set_new(o, "expected", expected);
    json_object_set_new(o, "recovery_keys", rows);
    return o;
}

json_t *judged_ledger(const struct load *run, const struct ledger *l)
{
    json_t *o = json_pack("{s:I}", "calls", (json_int_t)l->calls);
    for (unsigned c = 0; c < LEDGER_LEFT_OUT; c++) {
        json_object_set_new(o, ledger_class_text((enum ledger_class)c),
                            json_integer((json_int_t)l->by_class[c]));
    }
    json_t *wrong = json_array();
    for (size_t i = 0; i < l->entries_n && json_array_size(wrong) < WRONG_MAX; i++) {
        const struct ledger_entry *e = &l->entries[i];
        if (e->found >= LEDGER_LOST && e->found < LEDGER_LEFT_OUT) {
            json_array_append_new(wrong, wrong_json(run, e));
        }
    }
    json_object_set_new(o, "wrong", wrong);
    json_object_set_new(o, "inconclusive", l->conclusive ? json_null() : json_string(l->why_not));
    return o;
}

static json_t *checks_json(const struct judged *j)
{
    json_t *list = json_array();
    for (size_t i = 0; i < j->results_n; i++) {
        const struct check_result *r = &j->results[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", r->id, "verdict",
                                              check_verdict_text(r->verdict), "observed",
                                              r->observed, "title", r->title));
    }
    return list;
}

json_t *judged_json(const struct judged *j, const char *run, const char *report)
{
    const struct timings *t = &j->timings;
    json_t *o = json_pack(
        "{s:i, s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:o}",
        "schema", 1, "scenario", j->scenario, "seed", (json_int_t)j->seed, "verdict",
        check_verdict_text(j->verdict), "run", run, "report", report, "checks", checks_json(j),
        "timings", timings_json(t), "devices", "moved", (json_int_t)t->moved, "kept_in_call",
        (json_int_t)t->kept_in_call, "lost", (json_int_t)t->lost, "calls", "preserved",
        (json_int_t)t->preserved, "dropped_in_setup", (json_int_t)t->dropped_in_setup,
        "media_gap_max_ms", (json_int_t)(t->gap_max / 1000), "ledger",
        judged_ledger(&j->run, &j->ledger));
    ASSERT(o != NULL);
    return o;
}
