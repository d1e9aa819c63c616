/* partition. */
#include "cluster/control/aftermath.h"
#include "cluster/control/backend.h"
#include "cluster/control/command.h"
#include "cluster/control/sides.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <string.h>

struct partition_words {
    const char *net, *time;
    bool one_way, drop, reject;
};

static int read_net(const char *word, enum cut_net *ret)
{
    *ret = CUT_VISIBLE;
    if (word == NULL) {
        return OUTCOME_DONE;
    }
    struct nearest near = nearest_to(word);
    for (enum cut_net net = 0; net < CUT_NETS; net++) {
        nearest_offer(&near, cut_net_word(net));
        *ret = strcmp(cut_net_word(net), word) == 0 ? net : *ret;
    }
    return near.distance == 0 ? OUTCOME_DONE : command_no_such("network", &near);
}

static void introduce(const struct session_of_command *s, const struct fault *f)
{
    char sides[FAULTS_TEXT_LEN];
    char undo[FAULTS_TEXT_LEN];
    cut_sides(&f->cut, &s->cluster.topology, sides, sizeof sides);
    faults_undo(f, undo);
    outcome_done(undo, "%s: what %s on the %s network is %s.", sides,
                 f->cut.one_way ? "the first send to the others" : "they send to each other",
                 cut_net_word(f->cut.net), f->cut.reject ? "refused" : "lost");
}

static json_t *partition_json(const struct session_of_command *s, const struct fault *f)
{
    char undo[FAULTS_TEXT_LEN];
    struct faults one = {.n = 1, .at = {*f}};
    json_t *list = faults_json(&s->cluster.topology, &one);
    json_t *o = json_incref(json_array_get(list, 0));
    json_decref(list);
    faults_undo(f, undo);
    json_object_set_new(o, "schema", json_integer(1));
    json_object_set_new(o, "undo", json_string(undo));
    return o;
}

/* Undone after its time, if nobody else did it meanwhile. */
static int heal_later(struct session_of_command *s, const struct options_common *common,
                      const struct fault *f, uint32_t for_ms)
{
    aftermath_until(f->at_us + (int64_t)for_ms * 1000);
    int code = faults_end_cut(&s->cluster, f->id);
    const struct topology *t = &s->cluster.topology;
    uint64_t met = f->cut.from | f->cut.to;
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (code == OUTCOME_DONE && !common->no_wait && (met >> v & 1) != 0) {
            aftermath_lease(s, (struct proc_id){v});
        }
    }
    return code;
}

static int cut_it(struct session_of_command *s, const struct options_common *common,
                  const char *text, const struct partition_words *w)
{
    struct fault f = {.how = "partition"};
    uint32_t for_ms = w->time != NULL ? options_duration_ms("--for", w->time) : 0;
    int code = read_net(w->net, &f.cut.net);
    if (code == OUTCOME_DONE) {
        code = sides_find(text, &s->cluster.topology, &s->scene, &f.cut.from, &f.cut.to);
    }
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (!cut_separates(&f.cut, &s->cluster.topology)) {
        char who[FAULTS_TEXT_LEN];
        cut_sides(&f.cut, &s->cluster.topology, who, sizeof who);
        return outcome_error(OUTCOME_USAGE, "rehome partition \"pga / pgb\" --net private",
                             "%s: on the private network only the two sides of a Peripheral "
                             "Gateway, or of the central controller, speak to each other",
                             who);
    }
    f.cut.one_way = w->one_way;
    f.cut.reject = w->reject;
    f.at_us = tick_now_us();
    f.wall_us = tick_wall_us();
    code = faults_begin(&s->cluster, &f);
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (!common->quiet) {
        introduce(s, &f);
    }
    if (!common->no_wait) {
        aftermath_watch(s, f.at_us, aftermath_notice_ms(&s->cluster.topology), common->quiet);
    }
    code = for_ms > 0 ? heal_later(s, common, &f, for_ms) : OUTCOME_DONE;
    if (common->json && code == OUTCOME_DONE) {
        table_json(partition_json(s, &f));
    }
    return code;
}

int command_partition(int argc, char **argv)
{
    struct partition_words w = {0};
    const struct option_row rows[] = {
        {"one-way", 0, NULL, "only what the first side sends", &w.one_way, NULL},
        {"drop", 0, NULL, "it is lost without a word (the default)", &w.drop, NULL},
        {"reject", 0, NULL, "who sends is told at once: a reset, or unreachable", &w.reject, NULL},
        {"net", 0, "visible|private", "which network (default: visible)", NULL, &w.net},
        {"for", 0, "TIME", "heal it after this long", NULL, &w.time}};
    const struct options_spec spec = {
        .name = "partition",
        .examples = "rehome partition \"sub1 / rest\"\nrehome partition \"leader / follower\" "
                    "--one-way --for 5s\nrehome partition \"pga / pgb\" --net private",
        .args_doc = "\"A,B / C,D\"",
        .doc = "Cuts the network between two sides, each made of processes and roles as `rehome "
               "kill` knows them, or `rest`: all others. Needs networks that can be cut: netns, "
               "ssh or vagrant.",
        .rows = rows,
        .rows_n = sizeof rows / sizeof rows[0],
        .args_min = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    static struct cluster cluster;
    options_parse(&spec, argc, argv, &common, &args);
    if (w.drop && w.reject) {
        return outcome_error(OUTCOME_USAGE, NULL, "--drop or --reject, not both");
    }
    int code = home_cluster(common.cluster, &cluster);
    code = code == OUTCOME_DONE ? sides_known(args.at[0], &cluster.topology) : code;
    code = code == OUTCOME_DONE ? backend_cuts(&cluster, "a partition") : code;
    code = code == OUTCOME_DONE ? command_open(&common, &s) : code;
    code = code == OUTCOME_DONE ? cut_it(s, &common, args.at[0], &w) : code;
    command_close(&s);
    return code;
}
