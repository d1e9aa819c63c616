/* traffic: stop the calls that the fleets make, or let them begin again. */
#include "cluster/control/command.h"
#include "cluster/control/flow.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"

#include <string.h>

#define SURVEY_MS 500
#define LOOK_MS   100
#define OVER_MS   60000

/* Until nothing is left of the calls that were up. */
static int wait_until_over(struct session_of_command *s)
{
    char why[SCENE_WHY_LEN] = "";
    int64_t until = tick_now_us() + (int64_t)OVER_MS * 1000;
    for (;;) {
        survey_take(s->desk, &s->cluster, SURVEY_MS, &s->scene);
        if (flow_is_over(s->desk, &s->cluster, &s->scene, why)) {
            return OUTCOME_DONE;
        }
        if (tick_interrupted()) {
            return OUTCOME_INTERRUPTED;
        }
        if (tick_now_us() >= until) {
            return outcome_error(OUTCOME_TIMEOUT, "rehome calls", "no call begins any more, but %s",
                                 why);
        }
        tick_sleep_ms(LOOK_MS);
    }
}

int command_traffic(int argc, char **argv)
{
    static const struct options_spec spec = {
        .name = "traffic",
        .args_doc = "on|off",
        .doc = "Lets the fleets make calls at the topology's rates, or none; off waits until all "
               "calls are over and all records delivered.",
        .args_min = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    bool on = strcmp(args.at[0], "on") == 0;
    if (!on && strcmp(args.at[0], "off") != 0) {
        struct nearest near = nearest_to(args.at[0]);
        nearest_offer(&near, "on");
        nearest_offer(&near, "off");
        return command_no_such("way of traffic", &near);
    }
    tick_catch_interrupts();
    int code = command_open(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    code = flow_set(s->desk, &s->cluster, on);
    if (code == OUTCOME_DONE && !on && !common.no_wait) {
        code = wait_until_over(s);
    }
    command_close(&s);
    if (code == OUTCOME_DONE && common.json) {
        table_json(json_pack("{s:i, s:b, s:s, s:s}", "schema", 1, "done", 1, "what",
                             on ? "traffic on" : "traffic off", "undo",
                             on ? "rehome traffic off" : "rehome traffic on"));
    } else if (code == OUTCOME_DONE && !common.quiet) {
        outcome_progress("%s        undo: rehome traffic %s",
                         on               ? "calls begin again."
                         : common.no_wait ? "no call begins any more."
                                          : "all calls are over, all records delivered.",
                         on ? "off" : "on");
    }
    return code;
}
