/* events: the spine. */
#include "cluster/control/event_text.h"
#include "cluster/control/look.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FOLLOW_MS 50
#define LINE_LEN  512

struct filter {
    const struct topology *topology;
    enum event_kind kind;
    struct proc_id node;
    json_t *list; /* NULL: print */
    bool lines;   /* --json --follow: one object a line */
};

static void print_event(const struct topology *t, const struct event *e)
{
    char stamp[TICK_STAMP_LEN];
    char line[LINE_LEN];
    printf("%s  %-8s %s\n", tick_stamp(e->wall_us, stamp), topology_name(t, e->proc),
           event_text_line(t, e, line, sizeof line));
}

static void each_event(void *context, const struct event *e, const char *line)
{
    struct filter *f = context;
    if ((f->kind != EVENT_NONE && e->kind != f->kind) ||
        (proc_id_some(f->node) && !proc_id_eq(e->proc, f->node))) {
        return;
    }
    if (f->list != NULL) {
        json_array_append_new(f->list, json_loads(line, 0, NULL));
    } else if (f->lines) {
        puts(line);
    } else {
        print_event(f->topology, e);
    }
}

static int read_filter(struct filter *f, const char *kind, const char *node)
{
    if (kind != NULL) {
        f->kind = event_named(kind);
        struct nearest near = nearest_to(kind);
        for (unsigned k = EVENT_NONE + 1; k < EVENT_COUNT; k++) {
            nearest_offer(&near, event_word((enum event_kind)k));
        }
        if (f->kind == EVENT_NONE) {
            return command_no_such("kind of event", &near);
        }
    }
    if (node != NULL) {
        f->node = topology_proc_named(f->topology, node);
        struct nearest near = nearest_to(node);
        for (uint32_t i = 0; i < f->topology->procs_n; i++) {
            nearest_offer(&near, f->topology->procs[i].name);
        }
        if (!proc_id_some(f->node)) {
            return command_no_such("process", &near);
        }
    }
    return OUTCOME_DONE;
}

/* Go on as they happen, until ^C. */
static void follow_them(const struct cluster *c, struct filter *f)
{
    struct tail *tail = tail_new(c, 0);
    tail_read(tail, each_event, f);
    tick_catch_interrupts();
    (void)signal(SIGPIPE, SIG_DFL); /* a reader that is gone wants no more */
    while (!tick_interrupted()) {
        fflush(stdout);
        tick_sleep_ms(FOLLOW_MS);
        tail_read(tail, each_event, f);
    }
    tail_free(&tail);
}

int command_events(int argc, char **argv)
{
    bool follow = false;
    const char *kind = NULL;
    const char *node = NULL;
    struct look_when when = {0};
    const struct option_row rows[] = {
        {"follow", 'f', NULL, "go on as they happen", &follow, NULL},
        {"kind", 0, "KIND", "only these, for example raft_serving", NULL, &kind},
        {"node", 0, "NAME", "only those of this process", NULL, &node},
        LOOK_OPTIONS(when)};
    const struct options_spec spec = {
        .name = "events",
        .examples = "rehome events --kind raft_serving\nrehome events --follow --node pga",
        .lacks = OPTIONS_NO_WAIT,
        .doc = "What happened, and why.",
        .rows = rows,
        .rows_n = sizeof rows / sizeof rows[0]};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    if (follow && when.run != NULL) {
        return outcome_error(OUTCOME_USAGE, "leave --follow out", "a recorded run does not go on");
    }
    int code = look_open_files(&common, &when, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    struct filter f = {.topology = &s->cluster.topology};
    code = read_filter(&f, kind, node);
    if (code == OUTCOME_DONE) {
        f.lines = common.json && follow;
        f.list = common.json && !follow ? json_array() : NULL;
        if (follow) {
            follow_them(&s->cluster, &f);
        } else {
            look_events(s, each_event, &f);
        }
    }
    if (f.list != NULL) {
        table_json(look_sign(s, json_pack("{s:i, s:o}", "schema", 1, "events", f.list)));
    }
    command_close(&s);
    return code;
}
