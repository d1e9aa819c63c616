#include "cluster/control/scenario_run.h"

#include "cluster/control/cluster_run.h"
#include "cluster/control/command.h"
#include "cluster/control/flow.h"
#include "cluster/control/judge.h"
#include "cluster/control/proc.h"
#include "cluster/control/run_folder.h"
#include "cluster/control/scenario_live.h"
#include "cluster/control/scenario_phases.h"
#include "cluster/control/tick.h"
#include "cluster/control/unfold.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLEET_STOP_MS 5000
#define LOOKUPS_PER_S 10 /* while a run lasts: what REG-3 is judged by */
#define LOOKUPS_MS    3000
#define INSTEAD_LEN   1200

struct run {
    const struct scenario_run_options *options;
    const struct home *home;
    char folder[HOME_PATH_MAX];
    struct cluster cluster;
    struct operator_desk *desk;
    struct scene scene;
    struct scenario_live live;
    struct scenario_step_ways ways;
    struct scenario_phases phases;
    int64_t began_us, until_us; /* of what is judged */
};

static int start(struct run *r)
{
    const struct scenario_run_options *o = r->options;
    if (o->here) {
        int code = home_cluster(o->cluster, &r->cluster);
        code = code == OUTCOME_DONE ? scenario_suits(o->scenario, &r->cluster.topology) : code;
        return code == OUTCOME_DONE ? operator_open(&r->cluster, &r->desk) : code;
    }
    char name[NAME_LEN];
    char instead[INSTEAD_LEN];
    snprintf(name, sizeof name, "run-%d", (int)getpid());
    snprintf(instead, sizeof instead, "rehome sim --scenario %s --seeds 1", o->word);
    int code = o->topology != NULL ? scenario_suits_file(o->scenario, o->topology) : OUTCOME_DONE;
    if (code != OUTCOME_DONE) {
        return code;
    }
    struct cluster_run_options up = {.topology =
                                         o->topology != NULL ? o->topology : o->scenario->topology,
                                     .instead = instead,
                                     .backend = o->backend,
                                     .place = o->place,
                                     .cluster = name,
                                     .wait = true,
                                     .quiet = o->quiet};
    up.change.profile = o->profile;
    up.change.seed = o->seed;
    up.change.seed_set = o->seed_set;
    code = cluster_run_up(r->home, &up, &r->cluster);
    return code == OUTCOME_DONE ? operator_open(&r->cluster, &r->desk) : code;
}

/* The recorder is a client of the registry, too. Without it the run goes on; the verdict says that
 * nobody looked anything up. */
static void look_up(struct run *r, uint32_t per_s)
{
    const struct topology *t = &r->cluster.topology;
    struct msg *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    m->kind = MSG_OP_COMMAND;
    m->op_command.verb = OP_VERB_LOOKUPS;
    m->op_command.value = per_s;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct proc_id id = {(uint16_t)(i + 1)};
        if (t->procs[i].kind == PROC_RECORDER &&
            operator_order(r->desk, id, m, LOOKUPS_MS, NULL) != OUTCOME_DONE) {
            outcome_progress("%s looks nothing up: REG-3 is not judged", t->procs[i].name);
        }
    }
    free(m);
}

/* In a cluster that was up, there is traffic, or none, as somebody wanted it; the scenario is
 * played under that of the topology, stops it before its end, and leaves it on. */
static int let_call(struct run *r)
{
    return r->options->here ? flow_set(r->desk, &r->cluster, true) : OUTCOME_DONE;
}

static int run_phases(struct run *r)
{
    r->ways = scenario_live(&r->live);
    r->phases.stage = (struct scenario_step_stage){.ways = &r->ways,
                                                   .cluster = &r->cluster,
                                                   .desk = r->desk,
                                                   .scene = &r->scene,
                                                   .quiet = r->options->quiet};
    r->phases.quiet = r->options->quiet;
    r->phases.began_us = r->began_us;
    r->live = (struct scenario_live){.cluster = &r->cluster, .desk = r->desk};
    int code = let_call(r);
    if (code == OUTCOME_DONE) {
        code = scenario_phases_run(&r->phases, r->options->scenario, r->options->trigger);
    }
    if (r->phases.stage.unfold != NULL) {
        unfold_end(r->phases.stage.unfold);
    }
    return code;
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
        if (t->procs[i].kind == PROC_FLEET && proc_signal(&r->cluster, name, SIGTERM, NULL) &&
            !proc_wait_gone(&r->cluster, name, FLEET_STOP_MS)) {
            return outcome_error(OUTCOME_TIMEOUT, NULL, "%s does not end", name);
        }
    }
    return OUTCOME_DONE;
}

/* Nothing that comes after this is judged. */
static int end(struct run *r)
{
    r->until_us = r->options->here ? judge_until(&r->cluster) : INT64_MAX;
    return r->options->here ? OUTCOME_DONE : stop_fleets(r);
}

static int judge(struct run *r, json_t **ret_verdict)
{
    char path[HOME_PATH_MAX + 32];
    const struct runfile_rehearsal rehearsal = {.scenario = r->options->scenario->name,
                                                .title = r->options->scenario->title,
                                                .seed = r->cluster.topology.traffic.seed,
                                                .from_us = r->options->here ? r->began_us : 0};
    int code = judge_record(&r->cluster, r->folder, &rehearsal, r->until_us, ret_verdict);
    if (code != OUTCOME_DONE) {
        return code;
    }
    scenario_phases_add(&r->phases, *ret_verdict);
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
    r->began_us = tick_now_us();
    tick_catch_interrupts();
    int code = run_folder_make(h, options->scenario->name, r->folder);
    code = code == OUTCOME_DONE ? start(r) : code;
    bool started = code == OUTCOME_DONE;
    int calls = OUTCOME_DONE;
    if (started) {
        look_up(r, LOOKUPS_PER_S);
        code = run_phases(r);
        if (code == OUTCOME_INTERRUPTED) {
            tick_forget_interrupt();
        }
        if (code == OUTCOME_DONE || options->here) {
            look_up(r, 0);
        }
    }
    if (started && code == OUTCOME_DONE) {
        code = end(r);
    }
    if (started) {
        calls = let_call(r); /* however it ended */
    }
    bool recorded = started && code == OUTCOME_DONE;
    if (recorded) {
        code = judge(r, ret_verdict);
        code = code == OUTCOME_DONE ? calls : code;
    } else if (code == OUTCOME_INTERRUPTED) {
        (void)(options->here ? outcome_error(OUTCOME_INTERRUPTED, "rehome faults    rehome heal",
                                             "interrupted; what was broken is left so")
                             : outcome_error(OUTCOME_INTERRUPTED, NULL,
                                             "interrupted; the cluster is taken down"));
    }
    if (*ret_verdict != NULL) {
        run_folder_point(h, r->folder);
    } else if (!recorded) {
        home_remove(r->folder); /* a run that did not come to its end is none */
    }
    operator_close(&r->desk);
    unfold_free(&r->phases.stage.unfold);
    if (!options->here && r->cluster.name[0] != '\0') {
        int down = cluster_run_down(&r->cluster, true);
        code = down != OUTCOME_DONE ? down : code;
    }
    scenario_phases_free(&r->phases);
    free(r);
    return code;
}
