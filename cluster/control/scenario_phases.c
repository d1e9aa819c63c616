#include "cluster/control/scenario_phases.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t now_us(const struct scenario_phases *p)
{
    return p->stage.ways->now_us(p->stage.ways->context);
}

static void note_step(struct scenario_phases *p, const struct scenario_step *step, bool came)
{
    double at = (double)(now_us(p) - p->began_us) / 1e6;
    if (!p->quiet) {
        outcome_progress("%6.1f s  %-4s  %s%s%s", at, came ? "ok" : "FAIL", step->text,
                         came ? "" : ": ", came ? "" : p->stage.why);
    }
    if (!came) {
        char observed[SCENARIO_TEXT_LEN + SCENE_WHY_LEN];
        int64_t ms = duration_to_ms(scenario_step_within(step, &p->stage.cluster->topology));
        snprintf(observed, sizeof observed, "not within %.3g s: %s", (double)ms / 1000,
                 p->stage.why);
        json_array_append_new(p->failed,
                              json_pack("{s:s, s:s, s:s, s:s}", "id", "STEP", "title", step->text,
                                        "verdict", "fail", "observed", observed));
    }
}

/* One phase. Steps that do not come in time are noted, and the run goes on: what follows tells how
 * bad it is. */
static int run_steps(struct scenario_phases *p, const struct scenario_step *steps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (p->stage.ways->interrupted(p->stage.ways->context)) {
            return OUTCOME_INTERRUPTED;
        }
        int code = scenario_step_run(&p->stage, &steps[i]);
        if (code != OUTCOME_DONE && p->stage.ways->interrupted(p->stage.ways->context)) {
            return OUTCOME_INTERRUPTED;
        }
        if (code != OUTCOME_DONE && code != OUTCOME_TIMEOUT) {
            return code;
        }
        note_step(p, &steps[i], code == OUTCOME_DONE);
    }
    return OUTCOME_DONE;
}

int scenario_phases_run(struct scenario_phases *p, const struct scenario *s,
                        const struct scenario_trigger *trigger)
{
    p->failed = json_array();
    p->stage.trigger = trigger;
    p->stage.scenario = s;
    int code = run_steps(p, s->given, s->given_count);
    p->given_failed = json_array_size(p->failed) > 0;
    if (code == OUTCOME_DONE && !p->given_failed) {
        code = run_steps(p, s->when, s->when_count);
        code = code == OUTCOME_DONE ? run_steps(p, s->then, s->then_count) : code;
        code = code == OUTCOME_DONE ? run_steps(p, s->finally, s->finally_count) : code;
    }
    return code;
}

void scenario_phases_add(const struct scenario_phases *p, json_t *verdict)
{
    json_t *checks = json_object_get(verdict, "checks");
    if (json_array_size(p->failed) == 0) {
        return;
    }
    json_array_extend(checks, p->failed);
    json_object_set_new(verdict, "verdict", json_string(p->given_failed ? "inconclusive" : "fail"));
}

void scenario_phases_free(struct scenario_phases *p)
{
    json_decref(p->failed);
    p->failed = NULL;
}
