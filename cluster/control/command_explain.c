/* explain, topology, logs: commands that need no process. */
#include "cluster/control/backend.h"
#include "cluster/control/command.h"
#include "cluster/control/explain.h"
#include "cluster/control/proc.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"
#include "node/runtime/keys.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY_ROOM 8192

static int explain_json(const char *word)
{
    struct explain_found found[EXPLAIN_FOUND_MAX];
    struct nearest near;
    uint32_t n = explain_find(word, found, &near);
    json_t *meanings = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(meanings, json_pack("{s:s, s:s, s:s}", "kind", found[i].kind, "word",
                                                  found[i].word, "text", found[i].text));
    }
    if (n == 0) {
        json_decref(meanings);
        return command_no_near("word", &near, "rehome explain --help");
    }
    table_json(json_pack("{s:i, s:s, s:o}", "schema", 1, "word", word, "meanings", meanings));
    return OUTCOME_DONE;
}

int command_explain(int argc, char **argv)
{
    static const struct options_spec spec = {
        .name = "explain",
        .examples = "rehome explain no_quorum\nrehome explain TRAILS\nrehome explain 75",
        .lacks = OPTIONS_CLUSTER | OPTIONS_NO_WAIT,
        .args_doc = "WORD",
        .doc = "Says what an event, a reason code, a column, a state or an exit code means.",
        .args_min = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    options_parse(&spec, argc, argv, &common, &args);
    if (common.json) {
        return explain_json(args.at[0]);
    }
    struct explain_found found[EXPLAIN_FOUND_MAX];
    struct nearest near;
    uint32_t n = explain_find(args.at[0], found, &near);
    for (uint32_t i = 0; i < n; i++) {
        printf("%s (%s): %s\n", found[i].word, found[i].kind, found[i].text);
    }
    return n > 0 ? OUTCOME_DONE : command_no_near("word", &near, "rehome explain --help");
}

/* What is already in the folder stays. */
static int make_keys(const struct topology *topology, const char *folder)
{
    int code = home_make_folder(folder);
    if (code == OUTCOME_DONE && keys_make(folder, topology) != ERR_OK) {
        code = outcome_error(OUTCOME_EXISTS, NULL, "cannot make keys in %s", folder);
    }
    return code;
}

int command_topology(int argc, char **argv)
{
    static const struct options_spec spec = {
        .name = "topology",
        .examples = "rehome topology check my.yaml\nrehome topology keys my.yaml keys",
        .lacks = OPTIONS_CLUSTER | OPTIONS_NO_WAIT,
        .args_doc = "check FILE | keys FILE DIR",
        .doc = "Judges a topology file without starting anything; or makes the keys that its "
               "processes lack in a folder, for hosts that are set up by hand.",
        .args_min = 2,
        .args_max = 3};
    static struct topology topology;
    struct options_common common = {0};
    struct options_args args;
    options_parse(&spec, argc, argv, &common, &args);
    bool keys = strcmp(args.at[0], "keys") == 0;
    if (!keys && strcmp(args.at[0], "check") != 0) {
        struct nearest near = nearest_to(args.at[0]);
        nearest_offer(&near, "check");
        nearest_offer(&near, "keys");
        return command_no_such("action", &near);
    }
    if (args.n != (keys ? 3 : 2)) {
        return outcome_error(OUTCOME_USAGE, "rehome topology --help", "topology takes %s",
                             spec.args_doc);
    }
    int code =
        topology_file_load(args.at[1], stderr, &topology) == ERR_OK ? OUTCOME_DONE : OUTCOME_CONFIG;
    if (code == OUTCOME_DONE && keys) {
        code = make_keys(&topology, args.at[2]);
    }
    if (common.json) {
        table_json(json_pack("{s:i, s:s, s:b}", "schema", 1, "file", args.at[1], "ok",
                             code == OUTCOME_DONE ? 1 : 0));
    } else if (code == OUTCOME_DONE && keys) {
        printf("%s has a key for each of the %u processes, and one for operators\n", args.at[2],
               topology.procs_n);
    } else if (code == OUTCOME_DONE) {
        printf("%s is fine: %u processes, %u devices, %u agents, profile %s\n", args.at[1],
               topology.procs_n, topology_devices(&topology), topology_agents_total(&topology),
               topology.timers.profile);
    }
    return code;
}

/* What was fetched from another machine is another file each time. */
static int copy_log(const struct cluster *c, const char *name, bool follow)
{
    char path[HOME_PATH_MAX];
    char text[COPY_ROOM];
    long at = 0;
    home_proc_path(c, name, "log", path, sizeof path);
    while (!tick_interrupted()) {
        int code = backend_fetch(c, true);
        FILE *in = code == OUTCOME_DONE ? fopen(path, "re") : NULL;
        if (in == NULL) {
            return code != OUTCOME_DONE
                       ? code
                       : outcome_error(OUTCOME_UNREACHABLE, "rehome up", "%s has no log yet", name);
        }
        size_t n = fseek(in, at, SEEK_SET) == 0 ? 1 : 0;
        while (n > 0) {
            n = fread(text, 1, sizeof text, in);
            fwrite(text, 1, n, stdout);
            at += (long)n;
        }
        fclose(in);
        if (!follow) {
            break;
        }
        fflush(stdout);
        tick_sleep_ms(100);
    }
    return OUTCOME_DONE;
}

int command_logs(int argc, char **argv)
{
    bool follow = false;
    const struct option_row rows[] = {
        {"follow", 'f', NULL, "go on as the log grows", &follow, NULL}};
    const struct options_spec spec = {.name = "logs",
                                      .examples = "rehome logs sub1\nrehome logs pga --follow",
                                      .lacks = OPTIONS_JSON | OPTIONS_NO_WAIT,
                                      .args_doc = "NAME",
                                      .doc = "Prints the log of a process.",
                                      .rows = rows,
                                      .rows_n = 1,
                                      .args_min = 1,
                                      .args_max = 1};
    static struct cluster cluster;
    struct options_common common = {0};
    struct options_args args;
    options_parse(&spec, argc, argv, &common, &args);
    int code = home_cluster(common.cluster, &cluster);
    if (code != OUTCOME_DONE) {
        return code;
    }
    struct nearest near = nearest_to(args.at[0]);
    for (uint32_t i = 0; i < cluster.topology.procs_n; i++) {
        nearest_offer(&near, cluster.topology.procs[i].name);
    }
    if (near.distance != 0) {
        return command_no_such("process", &near);
    }
    return copy_log(&cluster, args.at[0], follow);
}
