#include "cluster/record/judged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

json_t *judged_ledger(const struct ledger *l)
{
    json_t *o = json_pack("{s:I}", "calls", (json_int_t)l->calls);
    for (unsigned c = 0; c < LEDGER_LEFT_OUT; c++) {
        json_object_set_new(o, ledger_class_text((enum ledger_class)c),
                            json_integer((json_int_t)l->by_class[c]));
    }
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
        "media_gap_max_ms", (json_int_t)(t->gap_max / 1000), "ledger", judged_ledger(&j->ledger));
    ASSERT(o != NULL);
    return o;
}
