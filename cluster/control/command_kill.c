/* kill, start. */
#include "cluster/control/aftermath.h"
#include "cluster/control/backend.h"
#include "cluster/control/break.h"
#include "cluster/control/command.h"
#include "cluster/control/table.h"
#include "cluster/control/target.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"
#include "node/base/plural.h"

#include <stdio.h>
#include <string.h>

static int read_service(const char *word, enum service *ret)
{
    *ret = SERVICE_NONE;
    if (word == NULL) {
        return OUTCOME_DONE;
    }
    struct nearest near = nearest_to(word);
    for (unsigned v = SERVICE_NONE + 1; v < SERVICE_COUNT; v++) {
        nearest_offer(&near, service_text((enum service)v));
        if (strcmp(service_text((enum service)v), word) == 0) {
            *ret = (enum service)v;
        }
    }
    return *ret != SERVICE_NONE ? OUTCOME_DONE : command_no_such("service", &near);
}

static int read_how(const char *word, enum break_how *ret)
{
    static const char *const known[] = {"crash", "stop", "hang", "power", "unplug"};
    *ret = BREAK_CRASH;
    if (word == NULL || break_how_named(word, ret)) {
        return OUTCOME_DONE;
    }
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        nearest_offer(&near, known[i]);
    }
    return command_no_such("way to break something", &near);
}

/* What stands behind the name, as far as the present shows it. */
static void introduce(const struct session_of_command *s, struct proc_id id, enum break_how how,
                      const char *service, const char *undo)
{
    const char *const ways[] = {[BREAK_CRASH] = "SIGKILL",
                                [BREAK_STOP] = "SIGTERM",
                                [BREAK_HANG] = "SIGSTOP",
                                [BREAK_POWER] = backend_of(&s->cluster)->power_words,
                                [BREAK_UNPLUG] = "Both of its networks are unplugged"};
    const struct topology *t = &s->cluster.topology;
    const struct topology_proc *p = topology_proc_of(t, id);
    const struct scene_proc *sp = &s->scene.procs[id.v - 1];
    char what[128] = "";
    if (p->kind == PROC_NODE) {
        const uint32_t calls = sp->node.calls;
        snprintf(what, sizeof what, "%s%sserves %u phones and gateways, %u %s",
                 proc_id_eq(s->scene.leader, id) ? "is the Raft leader, " : "",
                 p->publisher ? "is the publisher, " : "", sp->node.phones + sp->node.gateways,
                 calls, plural_of(calls, "call", "calls"));
    } else if (p->kind == PROC_PG) {
        snprintf(what, sizeof what, "is side %s, %s", p->side == SIDE_A ? "A" : "B",
                 sp->pg.active ? "active" : "standby");
    }
    outcome_done(undo, "%s %s%s%s.", p->name, what, what[0] != '\0' ? ". " : "",
                 service != NULL ? service : ways[how]);
}

struct kill_words {
    const char *service, *how, *time;
};

static int kill_it(struct session_of_command *s, const struct options_common *common,
                   const char *word, const struct kill_words *w)
{
    struct proc_id id = {0};
    enum service service = SERVICE_NONE;
    enum break_how how = BREAK_CRASH;
    char undo[128];
    int64_t t0 = 0;
    int code = target_find(word, &s->cluster.topology, &s->scene, &id);
    code = code == OUTCOME_DONE ? read_service(w->service, &service) : code;
    code = code == OUTCOME_DONE ? read_how(w->how, &how) : code;
    code = code == OUTCOME_DONE ? break_possible(&s->cluster, service, how) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct topology_proc *p = topology_proc_of(&s->cluster.topology, id);
    if (service != SERVICE_NONE &&
        !(service == SERVICE_CALLMANAGER ? p->callmanager : p->ctimanager)) {
        return outcome_error(OUTCOME_USAGE, "rehome status", "%s runs no %s", p->name, w->service);
    }
    snprintf(undo, sizeof undo, "rehome start %s%s%s", p->name,
             service != SERVICE_NONE ? " --service " : "",
             service != SERVICE_NONE ? service_text(service) : "");
    code = break_fresh(&s->cluster, &s->scene, id, service, how);
    if (code != OUTCOME_DONE) {
        return code;
    }
    uint32_t for_ms = w->time != NULL ? options_duration_ms("--for", w->time) : 0;
    if (!common->quiet) {
        introduce(s, id, how, w->service, undo);
    }
    code = break_make(s->desk, &s->cluster, id, service, how, &t0);
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (!common->no_wait) {
        aftermath_watch(s, t0, AFTERMATH_STEADY_MS, common->quiet);
    }
    if (for_ms > 0) {
        aftermath_until(t0 + (int64_t)for_ms * 1000);
        code = break_undo(s->desk, &s->cluster, id, service);
    }
    if (common->json) {
        table_json(json_pack("{s:i, s:s, s:s, s:s, s:I, s:s}", "schema", 1, "target", p->name,
                             "service", service == SERVICE_NONE ? "" : service_text(service), "how",
                             w->how != NULL ? w->how : "crash", "at_us", (json_int_t)t0, "undo",
                             undo));
    }
    return code;
}

int command_kill(int argc, char **argv)
{
    struct kill_words w = {0};
    const struct option_row rows[] = {
        {"service", 0, "callmanager|ctimanager", "only this service of a node", NULL, &w.service},
        {"how", 0, "stop|crash|hang|power|unplug",
         "SIGTERM, SIGKILL (the default) or SIGSTOP; where networks can be cut also "
         "the power of what it runs on, or both networks without a carrier",
         NULL, &w.how},
        {"for", 0, "TIME", "bring it back after this long", NULL, &w.time}};
    const struct options_spec spec = {
        .name = "kill",
        .examples = "rehome kill sub1\nrehome kill leader --how hang --for 5s\nrehome kill sub1 "
                    "--service callmanager\nrehome kill sub2 --how unplug --for 10s",
        .args_doc = "TARGET",
        .doc = "Breaks a process (sub1, pga, icma, fleet) or whoever plays a role now (leader, "
               "follower, publisher, pg:active, pg:ctimanager, any:subscriber …), and tells what "
               "follows.",
        .rows = rows,
        .rows_n = 3,
        .args_min = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    static struct cluster cluster;
    options_parse(&spec, argc, argv, &common, &args);
    int code = home_cluster(common.cluster, &cluster);
    code = code == OUTCOME_DONE ? target_known(args.at[0], &cluster.topology) : code;
    code = code == OUTCOME_DONE ? command_open(&common, &s) : code;
    code = code == OUTCOME_DONE ? kill_it(s, &common, args.at[0], &w) : code;
    command_close(&s);
    return code;
}

/* Whether nothing is wrong with it that could be undone. */
static bool is_whole(const struct session_of_command *s, struct proc_id id)
{
    const struct topology_proc *t = topology_proc_of(&s->cluster.topology, id);
    const struct scene_proc *p = &s->scene.procs[id.v - 1];
    struct faults faults;
    faults_read(&s->cluster, &faults);
    for (uint32_t i = 0; i < faults.n; i++) {
        if (strcmp(faults.at[i].target, t->name) == 0) {
            return false;
        }
    }
    return p->state == SCENE_UP &&
           (t->kind != PROC_NODE || p->node.callmanager || !t->callmanager) &&
           (t->kind != PROC_NODE || p->node.ctimanager || !t->ctimanager);
}

static int start_it(struct session_of_command *s, const struct options_common *common,
                    const char *word, const char *service_word)
{
    struct proc_id id = {0};
    enum service service = SERVICE_NONE;
    int code = target_find(word, &s->cluster.topology, &s->scene, &id);
    code = code == OUTCOME_DONE ? read_service(service_word, &service) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    const char *name = topology_name(&s->cluster.topology, id);
    bool whole = is_whole(s, id);
    if (!whole) {
        code = break_undo(s->desk, &s->cluster, id, service);
        if (code != OUTCOME_DONE) {
            return code;
        }
        if (!common->no_wait) {
            aftermath_lease(s, id);
        }
    }
    if (common->json) {
        table_json(json_pack("{s:i, s:s, s:s, s:b}", "schema", 1, "target", name, "state", "up",
                             "started", whole ? 0 : 1));
    } else if (!common->quiet && whole) {
        outcome_progress("%s is up already", name);
    } else if (!common->quiet) {
        char undo[NAME_LEN + 16];
        snprintf(undo, sizeof undo, "rehome kill %s", name);
        outcome_done(undo, "%s is up again.", name);
    }
    return OUTCOME_DONE;
}

int command_start(int argc, char **argv)
{
    const char *service = NULL;
    const struct option_row rows[] = {
        {"service", 0, "callmanager|ctimanager", "only this service of a node", NULL, &service}};
    const struct options_spec spec = {
        .name = "start",
        .args_doc = "TARGET",
        .examples = "rehome start sub1\nrehome start sub1 --service callmanager",
        .doc = "Brings back what was killed or hung.",
        .rows = rows,
        .rows_n = 1,
        .args_min = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    static struct cluster cluster;
    options_parse(&spec, argc, argv, &common, &args);
    int code = home_cluster(common.cluster, &cluster);
    code = code == OUTCOME_DONE ? target_known(args.at[0], &cluster.topology) : code;
    code = code == OUTCOME_DONE ? command_open_silent(&common, &s) : code;
    code = code == OUTCOME_DONE ? start_it(s, &common, args.at[0], service) : code;
    command_close(&s);
    return code;
}
