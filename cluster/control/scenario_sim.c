#include "cluster/control/scenario_sim.h"

#include "cluster/control/cluster_run.h"
#include "cluster/control/judge.h"
#include "cluster/control/scenario_phases.h"
#include "cluster/control/sim_run.h"
#include "cluster/control/tick.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SURVEY_MS     500
#define STEP_US       1000 /* how finely time passes while an answer is waited for */
#define LOOKUPS_PER_S 10   /* as in a run of the real world */
#define DELAY_MIN     60   /* us, of the network */
#define DELAY_MAX     300
#define BEGIN_US      1000

struct stage {
    const struct scenario_sim_options *options;
    struct cluster cluster; /* its topology only */
    struct sim_world *world;
    struct operator_desk *desk;
    struct scene scene;
    struct operator_ask *all; /* one for each process, for a survey: an answer is large */
    struct scenario_step_ways ways;
    struct scenario_phases phases;
    /* What is being asked at the moment. */
    struct operator_ask *asks;
    uint32_t asks_n;
};

/* -- Questions. -- */

static void on_answer(void *context, struct proc_id from, const struct msg *msg)
{
    struct stage *s = context;
    for (uint32_t i = 0; i < s->asks_n; i++) {
        struct operator_ask *a = &s->asks[i];
        if (a->err == ERR_STATE && operator_fits(a, from, msg)) {
            a->answer = *msg;
            a->err = ERR_OK;
            return;
        }
    }
}

static bool all_settled(const struct stage *s)
{
    for (uint32_t i = 0; i < s->asks_n; i++) {
        if (s->asks[i].err == ERR_STATE) {
            return false;
        }
    }
    return true;
}

static void ask(void *context, struct operator_ask *asks, uint32_t n, uint32_t timeout_ms)
{
    struct stage *s = context;
    int64_t until = sim_world_now(s->world) + (int64_t)timeout_ms * 1000;
    s->asks = asks;
    s->asks_n = n;
    for (uint32_t i = 0; i < n; i++) {
        struct sim_proc *p = sim_world_proc(s->world, asks[i].to);
        if (p == NULL || !sim_proc_alive(p)) {
            asks[i].err = ERR_UNKNOWN;
        } else {
            sim_proc_ask(p, &asks[i].question);
        }
    }
    while (!all_settled(s) && sim_world_now(s->world) < until) {
        sim_world_run(s->world, sim_world_now(s->world) + STEP_US);
    }
    for (uint32_t i = 0; i < n; i++) {
        asks[i].err = asks[i].err == ERR_STATE ? ERR_TIMEOUT : asks[i].err;
    }
    s->asks_n = 0;
}

/* -- What the steps need. -- */

static int64_t now_us(void *context)
{
    const struct stage *s = context;
    return sim_world_now(s->world);
}

static void pass_ms(void *context, uint32_t ms)
{
    struct stage *s = context;
    sim_world_run(s->world, sim_world_now(s->world) + (int64_t)ms * 1000);
}

static bool interrupted(void *context)
{
    (void)context;
    return tick_interrupted();
}

static void survey(void *context, struct scene *ret)
{
    struct stage *s = context;
    const struct topology *t = &s->cluster.topology;
    struct operator_ask *asks = s->all;
    uint32_t n = 0;
    memset(ret, 0, sizeof *ret);
    ret->at_us = sim_world_now(s->world);
    ret->wall_us = SIM_CLOCK_WALL_US + ret->at_us;
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        struct sim_proc *p = sim_world_proc(s->world, (struct proc_id){v});
        if (p == NULL) {
            ret->procs[v - 1].state = SCENE_UP; /* a recorder: here somebody else records */
            continue;
        }
        ret->procs[v - 1].state = !sim_proc_alive(p) ? SCENE_DOWN : SCENE_HUNG;
        if (sim_proc_alive(p) && !sim_proc_paused(p)) {
            asks[n].to.v = v;
            asks[n++].question.kind = MSG_OP_STATUS;
        }
    }
    operator_ask(s->desk, asks, n, SURVEY_MS);
    for (uint32_t i = 0; i < n; i++) {
        if (asks[i].err == ERR_OK) {
            survey_answer(&ret->procs[asks[i].to.v - 1], &asks[i].answer);
        }
    }
    scene_sum_up(t, ret);
}

/* The first of a side: a fault has one target, and may have others in its group. */
static struct proc_id first_of(uint64_t side)
{
    struct proc_id id = {0};
    while ((side >> id.v & 1) == 0) {
        id.v++;
    }
    return id;
}

static struct sim_fault fault_of(const struct scenario_fault *f)
{
    static const enum sim_fault_kind of_process[] = {[BREAK_CRASH] = SIM_FAULT_CRASH,
                                                     [BREAK_STOP] = SIM_FAULT_STOP,
                                                     [BREAK_HANG] = SIM_FAULT_HANG,
                                                     [BREAK_POWER] = SIM_FAULT_POWER,
                                                     [BREAK_UNPLUG] = SIM_FAULT_UNPLUG};
    if (!proc_id_some(f->target)) {
        return (struct sim_fault){.kind = f->cut.net == CUT_PRIVATE ? SIM_FAULT_PRIVATE
                                                                    : SIM_FAULT_PARTITION,
                                  .target = first_of(f->cut.from),
                                  .group = f->cut.from,
                                  .others = f->cut.to,
                                  .reject = f->cut.reject};
    }
    enum sim_fault_kind kind = of_process[f->how];
    if (f->service != SERVICE_NONE) {
        kind = f->how == BREAK_STOP ? SIM_FAULT_SERVICE_STOP : SIM_FAULT_SERVICE_CRASH;
    }
    return (struct sim_fault){.kind = kind, .target = f->target, .service = f->service};
}

static int make(void *context, struct scenario_fault *f, int64_t *ret_t0_us)
{
    struct stage *s = context;
    struct sim_fault fault = fault_of(f);
    *ret_t0_us = sim_world_now(s->world);
    if (sim_world_break(s->world, &fault)) {
        return OUTCOME_DONE;
    }
    return outcome_error(OUTCOME_NO, NULL, "%s cannot be broken like that now", f->whom);
}

static int undo(void *context, const struct scenario_fault *f)
{
    struct stage *s = context;
    struct sim_fault fault = fault_of(f);
    sim_world_mend(s->world, &fault);
    return OUTCOME_DONE;
}

/* -- The run. -- */

static int load(struct stage *s)
{
    const struct scenario_sim_options *o = s->options;
    char path[HOME_PATH_MAX];
    struct topology_change change = {.profile = o->profile, .seed = o->seed, .seed_set = true};
    int code = cluster_run_topology(o->topology != NULL ? o->topology : o->scenario->topology, path,
                                    sizeof path);
    if (code == OUTCOME_DONE &&
        topology_file_prepare(path, &change, stderr, &s->cluster.topology, NULL, NULL) != ERR_OK) {
        code = OUTCOME_CONFIG;
    }
    return code;
}

static void add_steps(const struct stage *s, struct sim_outcome *ret)
{
    size_t i = 0;
    json_t *step = NULL;
    json_array_foreach(s->phases.failed, i, step)
    {
        if (ret->results_n == CHECK_RESULTS_MAX) {
            return;
        }
        struct check_result *r = &ret->results[ret->results_n++];
        *r = (struct check_result){.title = "every step comes in time", .verdict = VERDICT_FAIL};
        snprintf(r->id, sizeof r->id, "STEP");
        snprintf(r->observed, sizeof r->observed, "%.120s: %.120s",
                 json_string_value(json_object_get(step, "title")),
                 json_string_value(json_object_get(step, "observed")));
        ret->verdict = s->phases.given_failed ? VERDICT_INCONCLUSIVE : VERDICT_FAIL;
    }
}

static int keep(struct stage *s, const struct history *h, json_t **ret_verdict)
{
    const struct scenario_sim_options *o = s->options;
    json_t *verdict = NULL;
    const struct runfile_rehearsal rehearsal = {
        .scenario = o->scenario->name, .title = o->scenario->title, .seed = o->seed};
    int code = sim_run_keep(o->folder, h, &rehearsal);
    code = code == OUTCOME_DONE ? judge_again(o->folder, &verdict) : code;
    if (code == OUTCOME_DONE) {
        scenario_phases_add(&s->phases, verdict);
        json_object_set_new(verdict, "trigger", json_string(o->trigger->name));
        json_object_set_new(verdict, "backend", json_string("sim"));
        json_object_set_new(verdict, "duration_ms", json_integer(sim_world_now(s->world) / 1000));
    }
    if (ret_verdict != NULL) {
        *ret_verdict = verdict;
    } else {
        json_decref(verdict);
    }
    return code;
}

static int judge(struct stage *s, struct sim_outcome *ret, json_t **ret_verdict)
{
    struct history h;
    struct history_row *rows = NULL;
    sim_world_history(s->world, &h, &rows);
    enum err err = history_prepare(&h);
    ASSERT(err == ERR_OK);
    ret->results_n = check_run(&h, s->options->scenario->name, ret->results, &ret->verdict);
    sim_swarm_count(s->world, &h, ret);
    add_steps(s, ret);
    int code = s->options->folder != NULL ? keep(s, &h, ret_verdict) : OUTCOME_DONE;
    history_free(&h);
    free(rows);
    return code;
}

static int play(struct stage *s)
{
    s->ways = (struct scenario_step_ways){.context = s,
                                          .now_us = now_us,
                                          .pass_ms = pass_ms,
                                          .interrupted = interrupted,
                                          .survey = survey,
                                          .make = make,
                                          .undo = undo};
    s->phases.stage = (struct scenario_step_stage){.ways = &s->ways,
                                                   .cluster = &s->cluster,
                                                   .desk = s->desk,
                                                   .scene = &s->scene,
                                                   .quiet = s->options->quiet};
    s->phases.quiet = s->options->quiet;
    sim_world_start(s->world);
    sim_world_run(s->world, BEGIN_US);
    return scenario_phases_run(&s->phases, s->options->scenario, s->options->trigger);
}

int scenario_sim_run(const struct scenario_sim_options *options, struct sim_outcome *ret_outcome,
                     json_t **ret_verdict)
{
    struct stage *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    memset(ret_outcome, 0, sizeof *ret_outcome);
    s->options = options;
    int code = load(s);
    if (code == OUTCOME_DONE) {
        s->world = sim_world_new(&(struct sim_world_config){.topology = &s->cluster.topology,
                                                            .seed = options->seed,
                                                            .keep = true,
                                                            .lookups = LOOKUPS_PER_S,
                                                            .delay_min = {DELAY_MIN},
                                                            .delay_max = {DELAY_MAX},
                                                            .context = s,
                                                            .answer = on_answer});
        s->desk = operator_open_over(&s->cluster.topology, ask, s);
        s->all = calloc(s->cluster.topology.procs_n, sizeof *s->all);
        ASSERT(s->all != NULL);
        code = play(s);
    }
    if (code == OUTCOME_DONE) {
        sim_world_finish(s->world);
        code = judge(s, ret_outcome, ret_verdict);
    }
    operator_close(&s->desk);
    scenario_phases_free(&s->phases);
    sim_world_free(&s->world);
    free(s->all);
    free(s);
    return code;
}
