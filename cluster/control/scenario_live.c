#include "cluster/control/scenario_live.h"

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

static int make(void *context, struct proc_id target, enum service service, enum break_how how,
                int64_t *ret_t0_us)
{
    const struct scenario_live *live = context;
    return break_make(live->desk, live->cluster, target, service, how, ret_t0_us);
}

static int undo(void *context, struct proc_id target, enum service service)
{
    const struct scenario_live *live = context;
    return break_undo(live->desk, live->cluster, target, service);
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
