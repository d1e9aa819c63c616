/* scenario_step: what each step of a scenario waits for or does. */
#ifndef CLUSTER_CONTROL_SCENARIO_STEP_H
#define CLUSTER_CONTROL_SCENARIO_STEP_H

#include "cluster/control/break.h"
#include "cluster/control/scenario.h"
#include "cluster/control/survey.h"
#include "cluster/control/unfold.h"

#define SCENARIO_FAULTS_MAX 16 /* at a time */

/* What a step broke or cut. */
struct scenario_fault {
    const char *whom;      /* as the file has it: a target, or the sides of a cut */
    struct proc_id target; /* who that was then; none: a cut */
    enum service service;
    enum break_how how;
    struct cut cut;
};

/* What a step needs of the cluster besides questions: a living one (scenario_live) and a simulated
 * one (scenario_sim) have it each in their way. */
struct scenario_step_ways {
    void *context;
    int64_t (*now_us)(void *context);
    void (*pass_ms)(void *context, uint32_t ms); /* let time pass */
    bool (*interrupted)(void *context);
    void (*survey)(void *context, struct scene *ret);
    /* As break_make and break_undo, or for a cut faults_begin (its id is filled in) and
     * faults_end_cut. */
    int (*make)(void *context, struct scenario_fault *fault, int64_t *ret_t0_us);
    int (*undo)(void *context, const struct scenario_fault *fault);
    bool writes; /* events are written below the cluster's folder while they happen */
};

/* The stage on which steps act. */
struct scenario_step_stage {
    const struct scenario_step_ways *ways;
    const struct cluster *cluster;
    struct operator_desk *desk;
    struct scene *scene;
    const struct scenario *scenario;
    const struct scenario_trigger *trigger;
    struct scenario_fault faults[SCENARIO_FAULTS_MAX]; /* that are there, the oldest first */
    uint32_t faults_n;
    struct proc_id active; /* the PG side that was active before the first of them */
    bool pg_lost;          /* one of them took it its life or its CTI Manager */
    uint64_t routed;       /* by the controller, when a ROUTED step began */
    bool counted;          /* `routed` is set */
    uint64_t told;         /* agents whose PG granted what a REST step told them: a bit for each */
    uint64_t hash;         /* of the state that all nodes hold, and since when; 0: they do not */
    int64_t hash_since_us;
    bool quiet;
    struct unfold *unfold;   /* tells what follows the fault; owned by who owns the stage */
    char why[SCENE_WHY_LEN]; /* what is still missing */
};

/* How long a step may take: what its file says is for the profile lab, and as much longer as phones
 * take to go home in another one. LOOK_ON is the traffic's time, which is the same in all. */
struct duration scenario_step_within(const struct scenario_step *step, const struct topology *t);
/* Do or wait; gives up after the step's time. OUTCOME_TIMEOUT: it did not come (`why` says what was
 * missing, nothing is printed); OUTCOME_INTERRUPTED; anything else was said. */
MUST_CHECK int scenario_step_run(struct scenario_step_stage *stage,
                                 const struct scenario_step *step);

#endif
