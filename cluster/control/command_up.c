/* up, down. */
#include "cluster/control/backend.h"
#include "cluster/control/cluster_run.h"
#include "cluster/control/command.h"
#include "cluster/control/judge.h"
#include "cluster/control/proc.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/runtime/topology_raw.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct up_words {
    const char *topology, *backend, *phones, *agents, *calls, *profile;
    struct backend_place place;
};

/* Numbers out of words; a wrong one ends the program with 64. */
static struct cluster_run_options read_words(const struct up_words *w,
                                             const struct options_common *common)
{
    struct cluster_run_options o = {.topology = w->topology,
                                    .backend = w->backend,
                                    .place = w->place,
                                    .cluster = common->cluster,
                                    .wait = !common->no_wait,
                                    .quiet = common->quiet};
    o.change.profile = w->profile;
    if (w->phones != NULL) {
        o.change.phones_set = true;
        o.change.phones = options_number("--phones", w->phones, 1, DEVICES_MAX);
    }
    if (w->agents != NULL) {
        o.change.agents_set = true;
        o.change.agents = options_number("--agents", w->agents, 0, AGENTS_MAX);
    }
    if (w->calls != NULL) {
        o.change.calls_set = true;
        o.change.calls_per_second_m = options_rate("--calls-per-second", w->calls);
    }
    return o;
}

/* What was asked for, as a command; without the addresses, which are kept with the state. */
static void again_text(const struct options_spec *spec, const char *cluster, char *ret, size_t size)
{
    size_t n = (size_t)snprintf(ret, size, "rehome up");
    for (uint32_t i = 0; i < spec->rows_n && n < size; i++) {
        const struct option_row *row = &spec->rows[i];
        const char *value = *row->text;
        char path[PATH_MAX];
        struct stat st;
        if (value == NULL || strcmp(row->name, "block") == 0) {
            continue;
        }
        /* A file is found from everywhere; a topology may be the name of a delivered one. */
        bool file = strcmp(row->argument, "FILE") == 0 && stat(value, &st) == 0 &&
                    S_ISREG(st.st_mode) && realpath(value, path) != NULL;
        n += (size_t)snprintf(ret + n, size - n, " --%s %s", row->name, file ? path : value);
    }
    if (cluster != NULL && n < size) {
        snprintf(ret + n, size - n, " --cluster %s", cluster);
    }
}

int command_up(int argc, char **argv)
{
    static struct cluster cluster;
    static char again[HOME_PATH_MAX];
    struct up_words w = {0};
    const struct option_row rows[] = {
        {"topology", 't', "FILE", "a topology file, or the name of a delivered one", NULL,
         &w.topology},
        {"backend", 0, "local|netns|ssh|vagrant",
         "on the loopback (the default), each process in a network namespace of its own, which "
         "takes root, or each on a machine of its own",
         NULL, &w.backend},
        {"phones", 0, "N", "this many phones", NULL, &w.phones},
        {"agents", 0, "N", "this many agents", NULL, &w.agents},
        {"calls-per-second", 0, "R", "this many calls a second, both kinds together", NULL,
         &w.calls},
        {"profile", 0, "lab|srnd|slow", "the table of times", NULL, &w.profile},
        {"block", 0, "127.X.Y", "use these addresses, not any free ones", NULL, &w.place.block},
        BACKEND_PLACE_ROWS(w.place)};
    const struct options_spec spec = {.name = "up",
                                      .examples =
                                          "rehome up\nrehome up --phones 200 --calls-per-second "
                                          "4\nrehome up --topology balanced\n"
                                          "rehome up --backend netns",
                                      .doc = "Starts a cluster and returns when it is healthy.",
                                      .rows = rows,
                                      .rows_n = sizeof rows / sizeof rows[0]};
    struct options_common common = {0};
    struct options_args args;
    struct home home;
    const struct backend *backend = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    struct cluster_run_options o = read_words(&w, &common);
    again_text(&spec, common.cluster, again, sizeof again);
    o.again = again;
    int code = backend_named(w.backend, &backend);
    code = code == OUTCOME_DONE ? command_profile(w.profile) : code;
    code = code == OUTCOME_DONE ? home_find(&home) : code;
    if (code == OUTCOME_DONE && common.cluster == NULL) {
        code = command_none_up(&home, "rehome status      rehome down");
    }
    code = code == OUTCOME_DONE ? cluster_run_up(&home, &o, &cluster) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (common.json) {
        table_json(json_pack("{s:i, s:s, s:s, s:s, s:s, s:b}", "schema", 1, "cluster", cluster.name,
                             "backend", cluster.backend, "block", cluster.block, "folder",
                             cluster.folder, "healthy", o.wait ? 1 : 0));
    } else if (!common.quiet) {
        outcome_progress("next:  rehome status      rehome kill sub1      rehome scenario list\n"
                         "undo:  rehome down");
    }
    return OUTCOME_DONE;
}

static json_t *down_json(const struct cluster *c, bool ran, bool destroyed, const json_t *verdict)
{
    json_t *o = json_pack("{s:i, s:s, s:b, s:b}", "schema", 1, "cluster", c->name, "ran",
                          ran ? 1 : 0, "destroyed", destroyed ? 1 : 0);
    static const char *const keys[] = {"verdict", "run", "report"};
    for (size_t i = 0; verdict != NULL && i < sizeof keys / sizeof keys[0]; i++) {
        json_object_set(o, keys[i], json_object_get(verdict, keys[i]));
    }
    return o;
}

int command_down(int argc, char **argv)
{
    static struct cluster cluster;
    bool destroy = false;
    bool unjudged = false;
    json_t *verdict = NULL;
    const struct option_row rows[] = {
        {"destroy", 0, NULL, "remove its state, too", &destroy, NULL},
        {"no-report", 0, NULL, "do not judge what it recorded", &unjudged, NULL}};
    const struct options_spec spec = {
        .name = "down",
        .examples = "rehome down\nrehome down --destroy",
        .lacks = OPTIONS_NO_WAIT,
        .doc = "Stops the cluster, judges what it recorded and writes a report.",
        .rows = rows,
        .rows_n = sizeof rows / sizeof rows[0]};
    struct options_common common = {0};
    struct options_args args;
    options_parse(&spec, argc, argv, &common, &args);
    int code = home_cluster(common.cluster, &cluster);
    bool damaged = code == OUTCOME_DATA || code == OUTCOME_CONFIG;
    if (code != OUTCOME_DONE && !damaged) {
        return code;
    }
    int complaint = destroy ? OUTCOME_DONE : code; /* what is gone needs no mending */
    bool ran = home_running(&cluster.home, cluster.name);
    int64_t until_us = tick_now_us(); /* that all of it stops then is no failure */
    code = cluster_run_down(&cluster, false);
    if (code == OUTCOME_DONE && ran && !damaged && !unjudged) {
        code = judge_cluster(&cluster, until_us, &verdict);
    }
    if (code == OUTCOME_DONE && destroy) {
        code = cluster_run_down(&cluster, true);
    }
    if (code == OUTCOME_DONE && common.json) {
        table_json(down_json(&cluster, ran, destroy, verdict));
    } else if (code == OUTCOME_DONE && !common.quiet) {
        if (verdict != NULL) {
            judge_print_short(verdict);
        }
        outcome_progress("cluster '%s' is %s%s", cluster.name, ran ? "down" : "down already",
                         destroy ? ", its state is gone" : "");
        const char *again = cluster.again[0] != '\0' ? cluster.again : "rehome up";
        outcome_progress(destroy ? "again: %s" : "undo:  %s (state is kept)", again);
    }
    json_decref(verdict);
    return code == OUTCOME_DONE ? complaint : code;
}
