#include "cluster/control/scenario_break.h"

#include "cluster/control/sides.h"
#include "cluster/control/target.h"

#include <string.h>

#define FLAP_POLL_MS 10

/* Whom the step is about; NULL: it does not say. */
static const char *whom_of(const struct scenario_step *step)
{
    return step->target[0] != '\0' ? step->target : step->sides[0] != '\0' ? step->sides : NULL;
}

bool scenario_break_met(const struct scenario_step_stage *st, struct proc_id proc)
{
    for (uint32_t i = 0; i < st->faults_n; i++) {
        if (proc_id_eq(st->faults[i].target, proc)) {
            return true;
        }
    }
    return false;
}

/* Who has the control before the first fault, and whether a fault takes it: a CTI Manager without
 * the CallManager beside it closes its providers, so any fault at its node does. */
static void note_active(struct scenario_step_stage *st, const struct scenario_fault *f)
{
    const struct topology *t = &st->cluster->topology;
    if (st->faults_n == 0) {
        st->active = (struct proc_id){0};
        st->pg_lost = false;
    }
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (t->procs[v - 1].kind == PROC_PG && st->scene->procs[v - 1].pg.active &&
            st->faults_n == 0) {
            st->active.v = v;
        }
    }
    const struct topology_proc *side = topology_proc_of(t, st->active);
    if (side != NULL && proc_id_some(f->target)) {
        st->pg_lost = st->pg_lost || proc_id_eq(f->target, st->active) ||
                      proc_id_eq(f->target, side->ctimanager_node);
    }
}

static int find(struct scenario_step_stage *st, const struct scenario_step *step,
                struct scenario_fault *f)
{
    const struct topology *t = &st->cluster->topology;
    if (step->sides[0] != '\0') {
        f->whom = step->sides;
        f->cut.net = step->net;
        f->cut.reject = step->reject;
        return sides_find(step->sides, t, st->scene, &f->cut.from, &f->cut.to);
    }
    f->whom = step->target[0] != '\0' ? step->target : st->scenario->target;
    f->how = step->how != BREAK_NOT ? step->how : st->trigger->how;
    f->service = step->how != BREAK_NOT ? step->service : st->trigger->service;
    return target_find(f->whom, t, st->scene, &f->target);
}

/* Make what was found, once more perhaps. */
static int make(struct scenario_step_stage *st, struct scenario_fault *f)
{
    int64_t t0_us = 0;
    int code = st->ways->make(st->ways->context, f, &t0_us);
    if (code == OUTCOME_DONE && st->ways->writes && st->unfold == NULL) {
        st->unfold = unfold_new(st->cluster, t0_us, st->quiet);
    }
    return code;
}

int scenario_break_make(struct scenario_step_stage *st, const struct scenario_step *step)
{
    struct scenario_fault f = {.whom = NULL};
    if (st->faults_n == SCENARIO_FAULTS_MAX) {
        return outcome_error(OUTCOME_CONFIG, NULL, "more than %d faults at a time",
                             SCENARIO_FAULTS_MAX);
    }
    st->ways->survey(st->ways->context, st->scene);
    if (find(st, step, &f) != OUTCOME_DONE) {
        return OUTCOME_NO;
    }
    note_active(st, &f);
    int code = make(st, &f);
    if (code == OUTCOME_DONE) {
        st->faults[st->faults_n++] = f;
    }
    return code;
}

static void pass_until(const struct scenario_step_stage *st, int64_t until_us)
{
    while (st->ways->now_us(st->ways->context) < until_us &&
           !st->ways->interrupted(st->ways->context)) {
        st->ways->pass_ms(st->ways->context, FLAP_POLL_MS);
    }
}

int scenario_break_flap(struct scenario_step_stage *st, const struct scenario_step *step,
                        struct duration within)
{
    struct scenario_fault f = {.whom = NULL};
    int64_t half_us = within.us / (2 * (int64_t)step->count);
    st->ways->survey(st->ways->context, st->scene);
    if (find(st, step, &f) != OUTCOME_DONE) {
        return OUTCOME_NO;
    }
    note_active(st, &f);
    int64_t next_us = st->ways->now_us(st->ways->context);
    int code = OUTCOME_DONE;
    for (uint32_t i = 0; i < step->count && code == OUTCOME_DONE; i++) {
        code = make(st, &f);
        if (code != OUTCOME_DONE) {
            return code;
        }
        pass_until(st, next_us += half_us);
        code = st->ways->undo(st->ways->context, &f);
        if (st->unfold != NULL) {
            unfold_step(st->unfold);
        }
        pass_until(st, next_us += half_us);
        code = st->ways->interrupted(st->ways->context) ? OUTCOME_INTERRUPTED : code;
    }
    return code;
}

int scenario_break_undo(struct scenario_step_stage *st, const struct scenario_step *step)
{
    const char *whom = whom_of(step);
    uint32_t left = 0, met = 0;
    int code = OUTCOME_DONE;
    for (uint32_t i = 0; i < st->faults_n; i++) {
        const struct scenario_fault f = st->faults[i];
        bool meant = whom == NULL || strcmp(whom, f.whom) == 0;
        met += meant ? 1 : 0;
        if (meant && code == OUTCOME_DONE) {
            code = st->ways->undo(st->ways->context, &f);
        }
        if (!meant || code != OUTCOME_DONE) {
            st->faults[left++] = f;
        }
    }
    st->faults_n = left;
    return met > 0 || whom == NULL
               ? code
               : outcome_error(OUTCOME_CONFIG, NULL, "nothing is broken as '%s'", whom);
}
