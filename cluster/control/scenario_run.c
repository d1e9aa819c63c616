#include "cluster/control/scenario_run.h"

#include "cluster/control/cluster_run.h"
#include "cluster/control/command.h"
#include "cluster/control/judge.h"
#include "cluster/control/proc.h"
#include "cluster/control/scenario_step.h"
#include "cluster/control/tick.h"
#include "cluster/control/unfold.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ID_LEN        80
#define FLEET_STOP_MS 5000

struct run {
    const struct scenario_run_options *options;
    const struct home *home;
    char id[ID_LEN];
    char folder[HOME_PATH_MAX];
    struct cluster cluster;
    struct operator_desk *desk;
    struct survey survey;
    struct scenario_step_stage stage;
    int64_t began_us;
    json_t *failed; /* steps that did not come, as checks of the verdict */
    bool given_failed;
};

static int make_folder(struct run *r)
{
    char stamp[32];
    time_t now = (time_t)(tick_wall_us() / 1000000);
    struct tm tm;
    (void)gmtime_r(&now, &tm);
    (void)strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(r->id, sizeof r->id, "%s-%s-%d", stamp, r->options->scenario->name, (int)getpid());
    snprintf(r->folder, sizeof r->folder, "%.*s/runs/%s", HOME_PATH_MAX / 2 + 8, r->home->root,
             r->id);
    return home_make_folder(r->folder);
}

/* The link changes at once: whoever follows it finds the old run or the new one. */
static void point_at(const struct run *r)
{
    char path[HOME_PATH_MAX];
    char latest[HOME_PATH_MAX];
    snprintf(path, sizeof path, "%.*s/runs/latest.%d", HOME_PATH_MAX / 2 + 8, r->home->root,
             (int)getpid());
    snprintf(latest, sizeof latest, "%.*s/runs/latest", HOME_PATH_MAX / 2 + 8, r->home->root);
    if (symlink(r->id, path) == 0 && rename(path, latest) != 0) {
        unlink(path);
    }
}

static int start(struct run *r)
{
    const struct scenario_run_options *o = r->options;
    if (o->here) {
        int code = home_cluster(o->cluster, &r->cluster);
        return code == OUTCOME_DONE ? operator_open(&r->cluster, &r->desk) : code;
    }
    char name[NAME_LEN];
    snprintf(name, sizeof name, "run-%d", (int)getpid());
    struct cluster_run_options up = {.topology =
                                         o->topology != NULL ? o->topology : o->scenario->topology,
                                     .cluster = name,
                                     .wait = true,
                                     .quiet = o->quiet};
    up.change.profile = o->profile;
    up.change.seed = o->seed;
    up.change.seed_set = o->seed_set;
    int code = cluster_run_up(r->home, &up, &r->cluster);
    return code == OUTCOME_DONE ? operator_open(&r->cluster, &r->desk) : code;
}

static void note_step(struct run *r, const struct scenario_step *step, bool came)
{
    double at = (double)(tick_now_us() - r->began_us) / 1e6;
    if (!r->options->quiet) {
        outcome_progress("%6.1f s  %-4s  %s%s%s", at, came ? "ok" : "FAIL", step->text,
                         came ? "" : ": ", came ? "" : r->stage.why);
    }
    if (!came) {
        char observed[SCENARIO_TEXT_LEN + SURVEY_WHY_LEN];
        snprintf(observed, sizeof observed, "not within %s: %s", step->within, r->stage.why);
        json_array_append_new(r->failed,
                              json_pack("{s:s, s:s, s:s, s:s}", "id", "STEP", "title", step->text,
                                        "verdict", "fail", "observed", observed));
    }
}

/* One phase. Steps that do not come in time are noted, and the run goes on: what follows tells how
 * bad it is. */
static int run_steps(struct run *r, const struct scenario_step *steps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (tick_interrupted()) {
            return OUTCOME_INTERRUPTED;
        }
        int code = scenario_step_run(&r->stage, &steps[i]);
        if (code != OUTCOME_DONE && code != OUTCOME_TIMEOUT) {
            return code;
        }
        note_step(r, &steps[i], code == OUTCOME_DONE);
    }
    return OUTCOME_DONE;
}

static int run_phases(struct run *r)
{
    const struct scenario *s = r->options->scenario;
    r->stage = (struct scenario_step_stage){.cluster = &r->cluster,
                                            .desk = r->desk,
                                            .survey = &r->survey,
                                            .trigger = r->options->trigger,
                                            .quiet = r->options->quiet};
    r->stage.target = topology_proc_named(&r->cluster.topology, s->target);
    if (!proc_id_some(r->stage.target)) {
        return outcome_error(OUTCOME_CONFIG, NULL,
                             "the topology has no process '%s', which %s "
                             "breaks",
                             s->target, s->name);
    }
    int code = run_steps(r, s->given, s->given_count);
    r->given_failed = json_array_size(r->failed) > 0;
    if (code == OUTCOME_DONE && !r->given_failed) {
        code = run_steps(r, s->when, s->when_count);
        code = code == OUTCOME_DONE ? run_steps(r, s->then, s->then_count) : code;
        code = code == OUTCOME_DONE ? run_steps(r, s->finally, s->finally_count) : code;
    }
    if (r->stage.unfold != NULL) {
        unfold_end(r->stage.unfold);
    }
    return code;
}

/* Steps that failed are part of the verdict: a run whose start was not reached says nothing, any
 * other failed. */
static void add_steps(struct run *r, json_t *verdict)
{
    json_t *checks = json_object_get(verdict, "checks");
    if (json_array_size(r->failed) == 0) {
        return;
    }
    json_array_extend(checks, r->failed);
    json_object_set_new(verdict, "verdict", json_string(r->given_failed ? "inconclusive" : "fail"));
}

static int copy_out(const struct run *r, const char *name)
{
    char from[HOME_PATH_MAX + 32];
    char to[HOME_PATH_MAX + 32];
    snprintf(from, sizeof from, "%s/%s", r->folder, name);
    snprintf(to, sizeof to, "%.*s/%s", HOME_PATH_MAX, r->options->report_folder, name);
    return judge_copy(from, to);
}

/* The fleets go before the run is judged: legs whose wrap-up or media they still wait for are
 * written when they end politely. Nothing else changes any more. */
static int stop_fleets(struct run *r)
{
    const struct topology *t = &r->cluster.topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const char *name = t->procs[i].name;
        if (t->procs[i].kind == PROC_FLEET && proc_signal(&r->cluster, name, SIGTERM) &&
            !proc_wait_gone(&r->cluster, name, FLEET_STOP_MS)) {
            return outcome_error(OUTCOME_TIMEOUT, NULL, "%s does not end", name);
        }
    }
    return OUTCOME_DONE;
}

static int judge(struct run *r, json_t **ret_verdict)
{
    char path[HOME_PATH_MAX + 32];
    uint64_t seed = r->cluster.topology.traffic.seed;
    int code = judge_record(&r->cluster, r->folder, r->options->scenario->name, seed, ret_verdict);
    if (code != OUTCOME_DONE) {
        return code;
    }
    add_steps(r, *ret_verdict);
    json_object_set_new(*ret_verdict, "trigger", json_string(r->options->trigger->name));
    json_object_set_new(*ret_verdict, "topology",
                        json_string(r->options->topology != NULL ? r->options->topology
                                                                 : r->options->scenario->topology));
    json_object_set_new(*ret_verdict, "duration_ms",
                        json_integer((tick_now_us() - r->began_us) / 1000));
    snprintf(path, sizeof path, "%s/verdict.json", r->folder);
    (void)json_dump_file(*ret_verdict, path, JSON_INDENT(1));
    if (r->options->report_folder != NULL) {
        code = home_make_folder(r->options->report_folder);
        code = code == OUTCOME_DONE ? copy_out(r, "report.html") : code;
        code = code == OUTCOME_DONE ? copy_out(r, "verdict.json") : code;
    }
    return code == OUTCOME_DONE ? judge_outcome(*ret_verdict) : code;
}

int scenario_run(const struct home *h, const struct scenario_run_options *options,
                 json_t **ret_verdict)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL) {
        abort();
    }
    r->options = options;
    r->home = h;
    r->failed = json_array();
    r->began_us = tick_now_us();
    tick_catch_interrupts();
    int code = make_folder(r);
    code = code == OUTCOME_DONE ? start(r) : code;
    bool started = code == OUTCOME_DONE;
    if (started) {
        code = run_phases(r);
    }
    if (started && code == OUTCOME_DONE && !options->here) {
        code = stop_fleets(r);
    }
    if (started && code == OUTCOME_DONE) {
        code = judge(r, ret_verdict);
        point_at(r);
    } else if (code == OUTCOME_INTERRUPTED) {
        (void)outcome_error(OUTCOME_INTERRUPTED, NULL, "interrupted; the cluster is taken down");
    }
    if (*ret_verdict == NULL) {
        home_remove(r->folder); /* a run without a verdict is none */
    }
    operator_close(&r->desk);
    unfold_free(&r->stage.unfold);
    if (!options->here && r->cluster.name[0] != '\0') {
        int down = cluster_run_down(&r->cluster, true);
        code = down != OUTCOME_DONE ? down : code;
    }
    json_decref(r->failed);
    free(r);
    return code;
}
