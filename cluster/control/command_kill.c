/* kill, start, faults, heal. */
#include "cluster/control/break.h"
#include "cluster/control/command.h"
#include "cluster/control/table.h"
#include "cluster/control/target.h"
#include "cluster/control/tick.h"
#include "cluster/control/unfold.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <string.h>

#define SETTLE_MS 10000
#define STEADY_MS 300
#define POLL_MS   30
#define LEASE_MS  5000

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
    if (near.distance == 0) {
        return outcome_error(OUTCOME_CONFIG, "--how crash|stop|hang",
                             "--how %s needs another backend than local", word);
    }
    return command_no_such("way to break something", &near);
}

/* What stands behind the name, as far as the present shows it. */
static void introduce(const struct session_of_command *s, struct proc_id id, enum break_how how,
                      const char *service, const char *undo)
{
    static const char *const signals[] = {
        [BREAK_CRASH] = "SIGKILL", [BREAK_STOP] = "SIGTERM", [BREAK_HANG] = "SIGSTOP"};
    const struct topology *t = &s->cluster.topology;
    const struct topology_proc *p = topology_proc_of(t, id);
    const struct scene_proc *sp = &s->scene.procs[id.v - 1];
    char what[128] = "";
    if (p->kind == PROC_NODE) {
        snprintf(what, sizeof what, "%s%sserves %u phones and gateways, %u calls",
                 proc_id_eq(s->scene.leader, id) ? "is the Raft leader, " : "",
                 p->publisher ? "is the publisher, " : "", sp->node.phones + sp->node.gateways,
                 sp->node.calls);
    } else if (p->kind == PROC_PG) {
        snprintf(what, sizeof what, "is side %s, %s", p->side == SIDE_A ? "A" : "B",
                 sp->pg.active ? "active" : "standby");
    }
    outcome_done(undo, "%s %s%s%s.", p->name, what, what[0] != '\0' ? ". " : "",
                 service != NULL ? service : signals[how]);
}

/* Tell what happens until the registry, the PG and the phones have settled. */
static void watch_it(struct session_of_command *s, struct unfold *u)
{
    const struct topology *t = &s->cluster.topology;
    int64_t until = tick_now_us() + (int64_t)SETTLE_MS * 1000;
    int64_t calm_since = 0;
    tick_catch_interrupts();
    while (tick_now_us() < until && !tick_interrupted()) {
        struct scene_homes homes;
        bool calm = false;
        survey_take(s->desk, &s->cluster, POLL_MS * 5, &s->scene);
        if (proc_id_some(s->scene.leader) &&
            survey_homes(s->desk, &s->cluster, &s->scene, &homes) == ERR_OK) {
            calm = homes.at_home + homes.away_busy >= homes.total;
        }
        for (uint32_t i = 0; i < t->procs_n && calm; i++) {
            const struct topology_proc *p = &t->procs[i];
            calm = p->kind != PROC_PG || proc_id_some(scene_active(&s->scene, t, p->pair));
        }
        unfold_step(u);
        calm_since = !calm ? 0 : calm_since == 0 ? tick_now_us() : calm_since;
        if (calm && tick_now_us() - calm_since > (int64_t)STEADY_MS * 1000) {
            break;
        }
        tick_sleep_ms(POLL_MS);
    }
    unfold_end(u);
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
    if (s->scene.procs[id.v - 1].state == SCENE_DOWN) {
        return outcome_error(OUTCOME_UNREACHABLE, undo, "%s is down already", p->name);
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
        struct unfold *u = unfold_new(&s->cluster, t0, common->quiet);
        watch_it(s, u);
        unfold_free(&u);
    }
    if (for_ms > 0) {
        int64_t until = t0 + (int64_t)for_ms * 1000;
        tick_catch_interrupts();
        while (tick_now_us() < until && !tick_interrupted()) {
            tick_sleep_ms(POLL_MS);
        }
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
        {"how", 0, "stop|crash|hang", "SIGTERM, SIGKILL (the default) or SIGSTOP", NULL, &w.how},
        {"for", 0, "TIME", "bring it back after this long", NULL, &w.time}};
    const struct options_spec spec = {
        .name = "kill",
        .examples = "rehome kill sub1\nrehome kill leader --how hang --for 5s\nrehome kill sub1 "
                    "--service callmanager",
        .args_doc = "TARGET",
        .doc = "Breaks a process (sub1, pga, icma, fleet) or whoever plays a role now (leader, "
               "follower, publisher, pg:active, any:subscriber), and tells what follows.",
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

/* A node that is back is not cut off any more when it has a lease. Without a leader there is none
 * to wait for. */
static void wait_lease(struct session_of_command *s, struct proc_id id)
{
    int64_t until = tick_now_us() + (int64_t)LEASE_MS * 1000;
    const struct topology_proc *p = topology_proc_of(&s->cluster.topology, id);
    tick_catch_interrupts();
    while (p->kind == PROC_NODE && tick_now_us() < until && !tick_interrupted()) {
        survey_take(s->desk, &s->cluster, POLL_MS * 5, &s->scene);
        if (s->scene.procs[id.v - 1].node.lease || s->scene.nodes_up * 2 <= s->scene.nodes) {
            return;
        }
        tick_sleep_ms(POLL_MS);
    }
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
            wait_lease(s, id);
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

int command_faults(int argc, char **argv)
{
    static const struct options_spec spec = {.name = "faults",
                                             .examples = "rehome faults",
                                             .lacks = OPTIONS_NO_WAIT,
                                             .doc = "What is broken on purpose at the moment."};
    static const enum column columns[] = {COLUMN_TARGET, COLUMN_SERVICE, COLUMN_HOW,
                                          COLUMN_FOR,    COLUMN_UNDO,    COLUMN_END};
    static struct cluster cluster;
    struct options_common common = {0};
    struct options_args args;
    struct faults f;
    options_parse(&spec, argc, argv, &common, &args);
    int code = home_cluster(common.cluster, &cluster);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(&cluster, &f);
    if (common.json) {
        table_json(json_pack("{s:i, s:o}", "schema", 1, "faults", faults_json(&f)));
        return OUTCOME_DONE;
    }
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < f.n; i++) {
        const struct fault *one = &f.at[i];
        table_row(table);
        table_cell(table, "%s", one->target);
        table_cell(table, "%s", one->service[0] != '\0' ? one->service : "-");
        table_cell(table, "%s", one->how);
        table_cell(table, "%lld s", (long long)(tick_now_us() - one->at_us) / 1000000);
        table_cell(table, "rehome start %s", one->target);
    }
    table_end_or(&table, "nothing is broken on purpose");
    return OUTCOME_DONE;
}

int command_heal(int argc, char **argv)
{
    bool all = false;
    const struct option_row rows[] = {{"all", 0, NULL, "all of them (the default)", &all, NULL}};
    const struct options_spec spec = {.name = "heal",
                                      .examples = "rehome heal",
                                      .doc = "Undoes all faults.",
                                      .rows = rows,
                                      .rows_n = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct faults f;
    options_parse(&spec, argc, argv, &common, &args);
    int code = command_open_silent(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(&s->cluster, &f);
    for (uint32_t i = 0; i < f.n && code == OUTCOME_DONE; i++) {
        code = break_undo(s->desk, &s->cluster,
                          topology_proc_named(&s->cluster.topology, f.at[i].target), SERVICE_NONE);
    }
    for (uint32_t i = 0; i < f.n && code == OUTCOME_DONE && !common.no_wait; i++) {
        wait_lease(s, topology_proc_named(&s->cluster.topology, f.at[i].target));
    }
    if (common.json) {
        table_json(json_pack("{s:i, s:i}", "schema", 1, "healed", (int)f.n));
    } else if (!common.quiet && code == OUTCOME_DONE) {
        outcome_progress(f.n == 1 ? "%u fault undone" : "%u faults undone", f.n);
    }
    command_close(&s);
    return code;
}
