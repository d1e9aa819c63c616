/* scenario, check, report. */
#include "cluster/control/backend.h"
#include "cluster/control/command.h"
#include "cluster/control/judge.h"
#include "cluster/control/past.h"
#include "cluster/control/scenario_run.h"
#include "cluster/control/scenario_show.h"
#include "cluster/control/table.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct scenario_words {
    const char *trigger, *topology, *backend, *profile, *seed, *report;
    struct backend_place place;
    bool here;
};

/* Where a scenario is played: where it was asked for, if it can be played there; else the first of
 * the backends that it names. */
static int find_backend(const struct scenario *s, const struct scenario_words *w,
                        const struct backend **ret)
{
    int code = backend_named(w->backend != NULL ? w->backend : s->backends[0], ret);
    if (code != OUTCOME_DONE) {
        return code;
    }
    /* What can be done to namespaces can be done to machines. */
    const char *word = (*ret)->away ? "netns" : (*ret)->word;
    for (uint32_t i = 0; i < s->backends_count; i++) {
        if (w->here || strcmp(s->backends[i], word) == 0) {
            return OUTCOME_DONE;
        }
    }
    return outcome_error(OUTCOME_USAGE, "rehome scenario list --json",
                         "%s is not played on the backend %s, but on %s", s->name, (*ret)->word,
                         s->backends[0]);
}

static int play(const struct home *h, const struct scenario *s, const char *word,
                const struct scenario_words *w, const struct options_common *common,
                json_t **ret_verdict)
{
    struct scenario_run_options o = {.scenario = s,
                                     .word = word,
                                     .topology = w->topology,
                                     .profile = w->profile,
                                     .report_folder = w->report,
                                     .cluster = common->cluster,
                                     .here = w->here,
                                     .quiet = common->quiet};
    int code = scenario_trigger(s, w->trigger, &o.trigger);
    const struct backend *backend = NULL;
    code = code == OUTCOME_DONE ? find_backend(s, w, &backend) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    o.backend = backend->word;
    o.place = w->place;
    if (o.topology == NULL) {
        o.topology = backend->topology; /* the scenario's, if that is none */
    }
    if (w->seed != NULL) {
        o.seed = options_number("--seed", w->seed, 0, UINT32_MAX);
        o.seed_set = true;
    }
    return scenario_run(h, &o, ret_verdict);
}

static int run_one(const struct home *h, const struct scenario *s, const char *word,
                   const struct scenario_words *w, const struct options_common *common)
{
    json_t *verdict = NULL;
    int code = play(h, s, word, w, common, &verdict);
    if (verdict != NULL && common->json) {
        table_json(verdict);
    } else if (verdict != NULL) {
        judge_print(verdict);
        json_decref(verdict);
    }
    return code;
}

/* The worst of two: a failure over an inconclusive run over a pass; an error over all. */
static int worse(int a, int b)
{
    if (a == OUTCOME_DONE || b == OUTCOME_DONE) {
        return a == OUTCOME_DONE ? b : a;
    }
    if (a == OUTCOME_INCONCLUSIVE || b == OUTCOME_INCONCLUSIVE) {
        return a == OUTCOME_INCONCLUSIVE ? b : a;
    }
    return a > b ? a : b;
}

/* What became of a scenario among all. */
struct played {
    json_t *verdict; /* NULL: there is none, the code says why */
    int code;
    bool begun;
};

/* The line of a scenario in the table of all: how many checks passed, or the first that failed. */
static void add_row(struct table *table, const struct scenario *s, const struct played *p)
{
    const json_t *verdict = p->verdict;
    const json_t *checks = json_object_get(verdict, "checks");
    const char *run = json_string_value(json_object_get(verdict, "run"));
    const json_t *failed = NULL;
    size_t passed = 0;
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *c = json_array_get(checks, i);
        const char *text = json_string_value(json_object_get(c, "verdict"));
        passed += strcmp(text, "pass") == 0;
        failed = failed == NULL && strcmp(text, "fail") == 0 ? c : failed;
    }
    table_row(table);
    table_cell(table, "%u", s->number);
    table_cell(table, "%s", s->name);
    table_cell(table, "%s",
               verdict != NULL ? json_string_value(json_object_get(verdict, "verdict")) : "-");
    if (failed != NULL) {
        table_cell(table, "%s: %s", json_string_value(json_object_get(failed, "id")),
                   json_string_value(json_object_get(failed, "observed")));
    } else if (verdict != NULL) {
        table_cell(table, "%zu of %zu checks passed", passed, json_array_size(checks));
    } else {
        table_cell(table, "%s",
                   !p->begun                        ? "not run"
                   : p->code == OUTCOME_INTERRUPTED ? "interrupted"
                                                    : "it could not be run");
    }
    const char *id = run != NULL ? strrchr(run, '/') : NULL;
    table_cell(table, "%s", id != NULL ? id + 1 : "-");
}

static void tell_all(const struct scenario_all *all, const struct played played[SCENARIO_MAX])
{
    static const enum column columns[] = {COLUMN_NUMBER,   COLUMN_NAME, COLUMN_VERDICT,
                                          COLUMN_OBSERVED, COLUMN_RUN,  COLUMN_END};
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < all->n; i++) {
        add_row(table, all->at[i], &played[i]);
    }
    table_end(&table);
}

static void tell_all_json(const struct scenario_all *all, const struct played played[SCENARIO_MAX],
                          int code)
{
    const char *word = code == OUTCOME_DONE ? "pass" : code == OUTCOME_NO ? "fail" : "inconclusive";
    json_t *list = json_array();
    for (uint32_t i = 0; i < all->n; i++) {
        if (played[i].verdict != NULL) {
            json_array_append(list, played[i].verdict);
        }
    }
    table_json(json_pack("{s:i, s:s, s:o}", "schema", 1, "verdict", word, "scenarios", list));
}

/* One after the other, each in a cluster of its own; then one table, or one object. A file that is
 * refused is said before the first of them. */
static int run_all(const struct home *h, const struct scenario_all *all,
                   const struct scenario_words *w, const struct options_common *common)
{
    struct played played[SCENARIO_MAX] = {0};
    int code = scenario_refused(all);
    if (code != OUTCOME_DONE) {
        return outcome_error((enum outcome)code, "mend the file, or run one scenario by its name",
                             "not all scenarios can be run, so none is");
    }
    for (uint32_t i = 0; i < all->n && code != OUTCOME_INTERRUPTED; i++) {
        if (!common->quiet) {
            outcome_progress("%s", all->at[i]->name);
        }
        played[i].begun = true;
        played[i].code = play(h, all->at[i], all->at[i]->name, w, common, &played[i].verdict);
        code = worse(code, played[i].code);
    }
    if (common->json) {
        tell_all_json(all, played, code);
    } else {
        tell_all(all, played);
    }
    for (uint32_t i = 0; i < all->n; i++) {
        json_decref(played[i].verdict);
    }
    return code;
}

static int run_them(const char *word, const struct scenario_words *w,
                    const struct options_common *common, struct scenario_all *all)
{
    struct home h;
    const struct scenario *s = NULL;
    const struct backend *backend = NULL;
    bool every = strcmp(word, "all") == 0;
    if (every && w->trigger != NULL) {
        return outcome_error(OUTCOME_USAGE, "rehome scenario list",
                             "--trigger is for one scenario; 'all' begin with their first");
    }
    int code = every ? scenario_load(all) : scenario_open(word, all, &s);
    code = code == OUTCOME_DONE ? backend_named(w->backend, &backend) : code;
    code = code == OUTCOME_DONE ? command_profile(w->profile) : code;
    code = code == OUTCOME_DONE ? home_find(&h) : code;
    if (code == OUTCOME_DONE && !w->here) {
        code = command_none_up(&h, "rehome down      or run it --here, in that cluster");
    }
    if (code != OUTCOME_DONE || !every) {
        return code == OUTCOME_DONE ? run_one(&h, s, word, w, common) : code;
    }
    return run_all(&h, all, w, common);
}

int command_scenario(int argc, char **argv)
{
    struct scenario_words w = {0};
    const struct option_row rows[] = {
        {"trigger", 0, "T", "which of its faults (default: the first)", NULL, &w.trigger},
        {"topology", 't', "FILE", "another topology", NULL, &w.topology},
        {"backend", 0, "local|netns|ssh|vagrant",
         "where its cluster runs (default: the first that it names)", NULL, &w.backend},
        BACKEND_PLACE_ROWS(w.place),
        {"profile", 0, "lab|srnd|slow", "the table of times", NULL, &w.profile},
        {"seed", 0, "N", "of the traffic", NULL, &w.seed},
        {"report", 0, "DIR", "put the report there, too", NULL, &w.report},
        {"here", 0, NULL, "in the cluster that is up", &w.here, NULL}};
    const struct options_spec spec = {
        .name = "scenario",
        .examples = "rehome scenario list\nrehome scenario show 1\nrehome scenario run "
                    "subscriber-fails --trigger callmanager\nrehome scenario run ./mine.yaml\n"
                    "rehome scenario run all",
        .lacks = OPTIONS_NO_WAIT,
        .args_doc = "list | show NAME | run NAME|all",
        .doc = "Rehearsed failures with a verdict; a number is as good as a name. A NAME with a "
               "slash, or that ends in .yaml, is the path of a scenario file of your own.",
        .rows = rows,
        .rows_n = sizeof rows / sizeof rows[0],
        .args_min = 1,
        .args_max = 2};
    static const char *const actions[] = {"list", "show", "run"};
    struct options_common common = {0};
    struct options_args args;
    struct scenario_all all = {0};
    const struct scenario *s = NULL;
    int code = OUTCOME_DONE;
    options_parse(&spec, argc, argv, &common, &args);
    struct nearest near = nearest_to(args.at[0]);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        nearest_offer(&near, actions[i]);
    }
    if (near.distance != 0) {
        return command_no_such("action", &near);
    }
    if ((strcmp(args.at[0], "list") == 0) != (args.n == 1)) {
        return outcome_error(OUTCOME_USAGE, "rehome scenario list", "%s takes %s", args.at[0],
                             args.n == 1 ? "the name of a scenario" : "no name");
    }
    if (args.n == 1) {
        code = scenario_load(&all);
        code = code == OUTCOME_DONE ? scenario_show_list(&all, common.json) : code;
    } else if (strcmp(args.at[0], "show") == 0) {
        code = scenario_open(args.at[1], &all, &s);
        code = code == OUTCOME_DONE ? scenario_show(s, common.json) : code;
    } else {
        code = run_them(args.at[1], &w, &common, &all);
    }
    scenario_free(&all);
    return code;
}

/* The folder of a run that is named in any of the ways. */
static int find_run(const char *word_or_null, char *ret_folder, size_t size)
{
    struct stat st;
    int code = past_find(word_or_null, ret_folder, size);
    if (code == OUTCOME_DONE && stat(ret_folder, &st) == 0 && !S_ISDIR(st.st_mode)) {
        *strrchr(ret_folder, '/') = '\0';
    }
    return code;
}

/* A named run is judged again; without a name, the cluster that runs is judged by what it recorded
 * until now, else the newest run. */
static int judge_run(const struct options_common *common, const char *word_or_null,
                     json_t **ret_verdict)
{
    static struct cluster cluster;
    struct home home;
    char folder[HOME_PATH_MAX];
    char name[NAME_LEN];
    int code = home_find(&home);
    if (code == OUTCOME_DONE && word_or_null == NULL && home_running_one(&home, name)) {
        code = home_cluster(common->cluster, &cluster);
        return code == OUTCOME_DONE ? judge_cluster(&cluster, judge_until(&cluster), ret_verdict)
                                    : code;
    }
    code = code == OUTCOME_DONE ? find_run(word_or_null, folder, sizeof folder) : code;
    return code == OUTCOME_DONE ? judge_again(folder, ret_verdict) : code;
}

int command_check(int argc, char **argv)
{
    static const struct options_spec spec = {.name = "check",
                                             .examples = "rehome check\nrehome check latest",
                                             .lacks = OPTIONS_NO_WAIT,
                                             .args_doc = "[RUN]",
                                             .doc =
                                                 "Judges a recorded run again (an id or a folder); "
                                                 "without one, the cluster that runs, or else "
                                                 "the newest run.",
                                             .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    json_t *verdict = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    int code = judge_run(&common, args.n > 0 ? args.at[0] : NULL, &verdict);
    if (code == OUTCOME_DONE) {
        code = judge_outcome(verdict);
        if (common.json) {
            table_json(json_incref(verdict));
        } else {
            judge_print(verdict);
        }
    }
    json_decref(verdict);
    return code;
}

int command_report(int argc, char **argv)
{
    const char *out = NULL;
    const struct option_row rows[] = {{"output", 'o', "FILE", "write it there", NULL, &out}};
    const struct options_spec spec = {
        .name = "report",
        .examples = "rehome report\nrehome report latest -o failover.html",
        .lacks = OPTIONS_NO_WAIT,
        .args_doc = "[RUN]",
        .doc = "Writes a recorded run as one HTML file; without a name, "
               "that of the cluster that runs, or else the newest.",
        .rows = rows,
        .rows_n = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    char path[HOME_PATH_MAX] = "";
    json_t *verdict = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    int code = judge_run(&common, args.n > 0 ? args.at[0] : NULL, &verdict);
    if (code == OUTCOME_DONE) {
        snprintf(path, sizeof path, "%s", json_string_value(json_object_get(verdict, "report")));
    }
    json_decref(verdict);
    if (code == OUTCOME_DONE && out != NULL) {
        code = judge_copy(path, out);
        snprintf(path, sizeof path, "%s", out);
    }
    if (code == OUTCOME_DONE && common.json) {
        table_json(json_pack("{s:i, s:s}", "schema", 1, "report", path));
    } else if (code == OUTCOME_DONE) {
        puts(path);
    }
    return code;
}
