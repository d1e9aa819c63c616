#include "cluster/control/scenario_live.h"

#include "cluster/control/backend.h"
#include "cluster/control/tick.h"

#define SURVEY_MS 500

static int64_t now_us(void *context)
{
    (void)context;
    return tick_now_us();
}

static void pass_ms(void *context, uint32_t ms)
{
    (void)context;
    tick_sleep_ms(ms);
}

static bool interrupted(void *context)
{
    (void)context;
    return tick_interrupted();
}

static void survey(void *context, struct scene *ret)
{
    const struct scenario_live *live = context;
    survey_take(live->desk, live->cluster, SURVEY_MS, ret);
}

static int make(void *context, struct scenario_fault *f, int64_t *ret_t0_us)
{
    const struct scenario_live *live = context;
    if (proc_id_some(f->target)) {
        return break_make(live->desk, live->cluster, f->target, f->service, f->how, ret_t0_us);
    }
    struct fault fault = {
        .how = "partition", .cut = f->cut, .at_us = tick_now_us(), .wall_us = tick_wall_us()};
    int code = backend_cuts(live->cluster, "a scenario that cuts networks");
    code = code == OUTCOME_DONE ? faults_begin(live->cluster, &fault) : code;
    f->cut.id = fault.id;
    *ret_t0_us = fault.at_us;
    return code;
}

static int undo(void *context, const struct scenario_fault *f)
{
    const struct scenario_live *live = context;
    return proc_id_some(f->target) ? break_undo(live->desk, live->cluster, f->target, f->service)
                                   : faults_end_cut(live->cluster, f->cut.id);
}

struct scenario_step_ways scenario_live(struct scenario_live *live)
{
    return (struct scenario_step_ways){.context = live,
                                       .now_us = now_us,
                                       .pass_ms = pass_ms,
                                       .interrupted = interrupted,
                                       .survey = survey,
                                       .make = make,
                                       .undo = undo,
                                       .writes = true};
}
