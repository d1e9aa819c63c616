/* scenario_step: what each step of a scenario waits for or does. */
#ifndef CLUSTER_CONTROL_SCENARIO_STEP_H
#define CLUSTER_CONTROL_SCENARIO_STEP_H

#include "cluster/control/break.h"
#include "cluster/control/scenario.h"
#include "cluster/control/survey.h"
#include "cluster/control/unfold.h"

/* What a step needs of the cluster besides questions: a living one (scenario_live) and a simulated
 * one (scenario_sim) have it each in their way. */
struct scenario_step_ways {
    void *context;
    int64_t (*now_us)(void *context);
    void (*pass_ms)(void *context, uint32_t ms); /* let time pass */
    bool (*interrupted)(void *context);
    void (*survey)(void *context, struct scene *ret);
    /* As break_make and break_undo. */
    int (*make)(void *context, struct proc_id target, enum service service, enum break_how how,
                int64_t *ret_t0_us);
    int (*undo)(void *context, struct proc_id target, enum service service);
    bool writes; /* events are written below the cluster's folder while they happen */
};

/* The stage on which steps act. */
struct scenario_step_stage {
    const struct scenario_step_ways *ways;
    const struct cluster *cluster;
    struct operator_desk *desk;
    struct scene *scene;
    const char *whom;      /* to break: a process or a role */
    struct proc_id target; /* who that was at the fault; none: not yet */
    const struct scenario_trigger *trigger;
    int64_t t0_us;         /* of the fault; 0: not yet */
    struct proc_id active; /* the PG side that was active before the fault */
    bool pg_lost;          /* the fault takes it its life or its CTI Manager */
    uint64_t routed;       /* by the controller, when a ROUTED step began */
    bool counted;          /* `routed` is set */
    uint64_t rested;       /* agents that were not ready since a REST step: a bit for each */
    uint64_t hash;         /* of the state that all nodes hold, and since when; 0: they do not */
    int64_t hash_since_us;
    bool broken; /* the fault is there */
    bool quiet;
    struct unfold *unfold;   /* tells what follows the fault; owned by who owns the stage */
    char why[SCENE_WHY_LEN]; /* what is still missing */
};

/* Do or wait; gives up after the step's time. OUTCOME_TIMEOUT: it did not come (`why` says what was
 * missing, nothing is printed); OUTCOME_INTERRUPTED; anything else was said. */
MUST_CHECK int scenario_step_run(struct scenario_step_stage *stage,
                                 const struct scenario_step *step);

#endif
