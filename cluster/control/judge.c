#include "cluster/control/judge.h"

#include "cluster/control/backend.h"
#include "cluster/control/clocks.h"
#include "cluster/control/fill.h"
#include "cluster/control/run_folder.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "cluster/record/judged.h"
#include "cluster/record/load.h"
#include "cluster/record/record.h"
#include "cluster/record/run_clock.h"
#include "cluster/record/runfile.h"
#include "node/runtime/topology_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPOLOGY_NAME "topology.yaml"
#define WRITTEN_MS    500 /* so long a living process may keep what it saw to itself */
#define NUMBERS_LEN   512
#define NUMBERS_AT    11 /* column */

static int bad_run(const char *path, const char *what, enum err err)
{
    return outcome_error(err == ERR_IO ? OUTCOME_IO : OUTCOME_DATA, NULL, "%s: %s: %s", path, what,
                         err_text(err));
}

/* Judge a run's folder; verdict and report are written there. */
static int judge_folder(const struct topology *t, const char *folder, json_t **ret_verdict)
{
    enum verdict verdict = VERDICT_INCONCLUSIVE;
    enum err err = record_judge(folder, t, NULL, &verdict, ret_verdict);
    return err == ERR_OK ? OUTCOME_DONE : bad_run(folder, "it cannot be judged", err);
}

int judge_copy(const char *from, const char *to)
{
    char text[16384];
    size_t n = 0;
    FILE *in = fopen(from, "re");
    FILE *out = in != NULL ? fopen(to, "we") : NULL;
    bool good = out != NULL;
    while (good && (n = fread(text, 1, sizeof text, in)) > 0) {
        good = fwrite(text, 1, n, out) == n;
    }
    good = good && !ferror(in);
    if (in != NULL) {
        fclose(in);
    }
    good = (out == NULL || fclose(out) == 0) && good;
    return good ? OUTCOME_DONE
                : outcome_error(OUTCOME_IO, NULL, "cannot copy %s to %s: %s", from, to,
                                strerror(errno));
}

static int copy_topology(const struct cluster *c, const char *folder)
{
    char from[HOME_PATH_MAX];
    char to[HOME_PATH_MAX + sizeof TOPOLOGY_NAME];
    home_path(c, from, sizeof from, TOPOLOGY_NAME);
    snprintf(to, sizeof to, "%s/" TOPOLOGY_NAME, folder);
    return judge_copy(from, to);
}

/* Of the machines that it ran on, if it was not this one. */
static enum err keep_clocks(const struct cluster *c, const char *run_folder)
{
    struct clocks *clocks = calloc(1, sizeof *clocks);
    struct run_clocks *kept = calloc(1, sizeof *kept);
    if (clocks == NULL || kept == NULL) {
        abort();
    }
    clocks_read(c, clocks);
    for (uint32_t i = 0; i < clocks->n; i++) {
        const struct clocks_one *one = &clocks->at[i];
        struct run_clock *k = &kept->at[kept->n++];
        snprintf(k->name, sizeof k->name, "%s", one->name);
        k->shift_us = one->shift_us;
        k->wall_shift_us = one->wall_shift_us;
        k->known_to_us = one->known_to_us;
        k->samples = one->samples;
    }
    enum err err = run_clock_keep(run_folder, &c->topology, kept);
    free(clocks);
    free(kept);
    return err;
}

int judge_record(const struct cluster *c, const char *run_folder,
                 const struct runfile_rehearsal *rehearsal, int64_t until_us, json_t **ret_verdict)
{
    int code = copy_topology(c, run_folder);
    if (code != OUTCOME_DONE) {
        return code;
    }
    code = backend_fetch(c, true);
    if (code != OUTCOME_DONE) {
        return code;
    }
    enum err err = record_collect(run_folder, c->folder, &c->topology, rehearsal);
    if (err == ERR_OK) {
        err = keep_clocks(c, run_folder);
    }
    if (err == ERR_OK) {
        err = record_limit(run_folder, &c->topology, c->began_us, until_us);
    }
    return err == ERR_OK ? judge_folder(&c->topology, run_folder, ret_verdict)
                         : bad_run(run_folder, "the run cannot be recorded", err);
}

int64_t judge_until(const struct cluster *c)
{
    if (!home_running(&c->home, c->name)) {
        return INT64_MAX;
    }
    int64_t asked_us = tick_now_us();
    tick_sleep_ms(WRITTEN_MS);
    return asked_us;
}

int judge_cluster(const struct cluster *c, int64_t until_us, json_t **ret_verdict)
{
    char folder[HOME_PATH_MAX];
    int code = run_folder_make(&c->home, c->name, folder);
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct runfile_rehearsal none = {.seed = c->topology.traffic.seed};
    code = judge_record(c, folder, &none, until_us, ret_verdict);
    if (code == OUTCOME_DONE) {
        run_folder_point(&c->home, folder);
    }
    return code;
}

int judge_again(const char *run_folder, json_t **ret_verdict)
{
    static struct topology topology;
    char path[HOME_PATH_MAX];
    snprintf(path, sizeof path, "%s/" TOPOLOGY_NAME, run_folder);
    if (access(path, R_OK) != 0) {
        return outcome_error(OUTCOME_DATA, "rehome scenario run NAME", "%s holds no recorded run",
                             run_folder);
    }
    if (topology_file_load(path, stderr, &topology) != ERR_OK) {
        return OUTCOME_DATA;
    }
    snprintf(path, sizeof path, "%s/" RUNFILE_NAME, run_folder);
    if (access(path, R_OK) != 0) {
        return outcome_error(OUTCOME_DATA, NULL, "%s: %s", path, strerror(errno));
    }
    return judge_folder(&topology, run_folder, ret_verdict);
}

int judge_ledger(const struct cluster *c, int64_t until_us, json_t **ret_ledger)
{
    char folder[HOME_PATH_MAX];
    char path[HOME_PATH_MAX];
    struct runfile *runfile = NULL;
    int code = backend_fetch(c, true);
    struct judged *j = calloc(1, sizeof *j);
    if (j == NULL) {
        abort();
    }
    if (code != OUTCOME_DONE) {
        free(j);
        return code;
    }
    home_path(c, folder, sizeof folder, "ledger.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        free(j);
        return outcome_error(OUTCOME_IO, NULL, "cannot write in %s: %s", c->folder,
                             strerror(errno));
    }
    snprintf(path, sizeof path, "%.*s/" RUNFILE_NAME, HOME_PATH_MAX - 16, folder);
    enum err err = runfile_open(path, &c->topology, &runfile);
    if (err == ERR_OK) {
        err = runfile_follow(runfile, c->folder, NULL);
    }
    if (err == ERR_OK) {
        err = runfile_records(runfile, c->folder);
    }
    if (err == ERR_OK) {
        err = load_begin_at(runfile, c->began_us);
    }
    if (err == ERR_OK) {
        err = load_end_at(runfile, until_us);
    }
    if (err == ERR_OK) {
        err = judged_make(runfile, &c->topology, j);
    }
    code = err == ERR_OK ? OUTCOME_DONE : bad_run(path, "no ledger can be made", err);
    if (err == ERR_OK) {
        json_t *all = judged_json(j, "", "");
        *ret_ledger = json_incref(json_object_get(all, "ledger"));
        json_decref(all);
        judged_free(j);
    }
    runfile_free(&runfile);
    home_remove(folder);
    free(j);
    return code;
}

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "-";
}

static void print_numbers(const json_t *verdict, const char *key)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_t *object = json_object_get(verdict, key);
    char text[NUMBERS_LEN] = "";
    size_t n = 0;
    json_object_foreach(object, name, value)
    {
        int more = json_is_integer(value) && n < sizeof text
                       ? snprintf(text + n, sizeof text - n, "%s%s=%lld", n > 0 ? " " : "", name,
                                  (long long)json_integer_value(value))
                       : 0;
        n += more > 0 ? (size_t)more : 0;
    }
    fill_put(stdout, text, NUMBERS_AT, printf("%-*s", NUMBERS_AT, key));
}

static const char *scenario_of(const json_t *verdict)
{
    const char *name = word(verdict, "scenario");
    return name[0] != '\0' ? name : "verdict";
}

void judge_print_short(const json_t *verdict)
{
    const json_t *checks = json_object_get(verdict, "checks");
    size_t passed = 0;
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *c = json_array_get(checks, i);
        bool pass = strcmp(word(c, "verdict"), "pass") == 0;
        passed += pass;
        if (!pass) {
            outcome_progress("  %-12s  %-8s  %s", word(c, "verdict"), word(c, "id"),
                             word(c, "observed"));
        }
    }
    outcome_progress("%s: %s, %zu of %zu checks passed", scenario_of(verdict),
                     word(verdict, "verdict"), passed, json_array_size(checks));
    outcome_progress("report %s", word(verdict, "report"));
}

void judge_print(const json_t *verdict)
{
    const json_t *checks = json_object_get(verdict, "checks");
    static const enum column columns[] = {COLUMN_VERDICT, COLUMN_CHECK, COLUMN_OBSERVED,
                                          COLUMN_END};
    struct table *table = table_new(columns);
    printf("%s: %s\n", scenario_of(verdict), word(verdict, "verdict"));
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *c = json_array_get(checks, i);
        table_row(table);
        table_cell(table, "%s", word(c, "verdict"));
        table_cell(table, "%s", word(c, "id"));
        table_cell(table, "%s", word(c, "observed"));
    }
    table_end(&table);
    print_numbers(verdict, "timings");
    print_numbers(verdict, "devices");
    print_numbers(verdict, "calls");
    print_numbers(verdict, "ledger");
    printf("run        %s\nreport     %s\n", word(verdict, "run"), word(verdict, "report"));
}

int judge_outcome(const json_t *verdict)
{
    const char *text = word(verdict, "verdict");
    return strcmp(text, "pass") == 0   ? OUTCOME_DONE
           : strcmp(text, "fail") == 0 ? OUTCOME_NO
                                       : OUTCOME_INCONCLUSIVE;
}
