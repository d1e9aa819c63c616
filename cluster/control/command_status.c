/* status, pg: what the processes are, on one screen or as one object. */
#include "cluster/control/look.h"
#include "cluster/control/raft_show.h"
#include "cluster/control/table.h"
#include "node/base/plural.h"

#include <stdio.h>
#include <string.h>

/* What no record holds. */
static json_t *living_json(const struct scene *s, uint64_t v)
{
    return s->recorded ? json_null() : json_integer((json_int_t)v);
}

static json_t *pid_json(int64_t pid)
{
    return pid > 0 ? json_integer(pid) : json_null();
}

static const char *service_word(bool wanted, bool up)
{
    return !wanted ? "none" : up ? "up" : "down";
}

static json_t *node_json(const struct scene *s, const struct topology_proc *t,
                         const struct scene_proc *p)
{
    bool up = p->state == SCENE_UP;
    return json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:s}, s:o, s:i, s:i, s:o}", "name", t->name,
                     "role", t->publisher ? "publisher" : "subscriber", "state",
                     scene_state_word(p->state), "pid", pid_json(p->pid), "services", "callmanager",
                     service_word(t->callmanager, up && p->node.callmanager), "ctimanager",
                     service_word(t->ctimanager, up && p->node.ctimanager), "raft",
                     raft_show_json(s, p), "phones", (int)p->node.phones, "gateways",
                     (int)p->node.gateways, "rss_kib", living_json(s, p->node.rss_kib));
}

static json_t *pg_json(const struct session_of_command *s, const struct topology_proc *t,
                       const struct scene_proc *p)
{
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:b, s:s, s:i, s:i, s:i, s:b, s:b, s:b, s:o, s:o}", "name", t->name,
        "side", t->side == SIDE_A ? "A" : "B", "state", scene_state_word(p->state), "pid",
        pid_json(p->pid), "active", p->pg.active ? 1 : 0, "ctimanager",
        topology_name(&s->cluster.topology, t->ctimanager_node), "monitors", (int)p->pg.monitors,
        "monitors_wanted", (int)p->pg.monitors_wanted, "epoch", (int)p->pg.epoch, "provider_up",
        p->pg.provider_up ? 1 : 0, "controller_up", p->pg.controller_up ? 1 : 0, "peer_up",
        p->pg.peer_up ? 1 : 0, "calls", living_json(&s->scene, p->pg.calls), "outbox",
        living_json(&s->scene, p->pg.outbox));
}

static json_t *icm_json(const struct session_of_command *s, const struct topology_proc *t,
                        const struct scene_proc *p)
{
    const struct cluster *c = &s->cluster;
    char path[HOME_PATH_MAX] = "";
    if (s->past == NULL) {
        home_proc_path(c, t->name, "icm.db", path, sizeof path);
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:s?, s:i, s:s}", "name", t->name, "side",
                     t->side == SIDE_A ? "A" : "B", "state", scene_state_word(p->state), "mds",
                     mds_state_text((enum mds_state)p->icm.state), "pid", pid_json(p->pid),
                     "tcd_rows", (json_int_t)p->icm.tcd_rows, "tcd_db",
                     s->past == NULL ? path : NULL, "queued", (int)p->icm.queued, "active_pg",
                     topology_name(&c->topology, p->icm.active_pg));
}

static json_t *devices_json(const struct topology *t, const struct scene_homes *h)
{
    json_t *by_node = json_object();
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (h->by_node[i] > 0) {
            json_object_set_new(by_node, t->procs[i].name, json_integer(h->by_node[i]));
        }
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:o}", "total", (int)h->total, "registered",
                     (int)h->registered, "unregistered", (int)(h->total - h->registered), "in_call",
                     (int)h->in_call, "by_node", by_node);
}

static json_t *status_json(const struct session_of_command *s, const struct scene_homes *homes,
                           bool healthy, const char *why)
{
    const struct topology *t = &s->cluster.topology;
    const struct scene *v = &s->scene;
    struct faults faults;
    json_t *nodes = json_array();
    json_t *pgs = json_array();
    json_t *icms = json_array();
    json_t *others = json_array();
    look_faults(s, &faults);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        const struct scene_proc *sp = &v->procs[i];
        if (p->kind == PROC_NODE) {
            json_array_append_new(nodes, node_json(v, p, sp));
        } else if (p->kind == PROC_PG) {
            json_array_append_new(pgs, pg_json(s, p, sp));
        } else if (p->kind == PROC_ICM) {
            json_array_append_new(icms, icm_json(s, p, sp));
        } else {
            json_array_append_new(others,
                                  json_pack("{s:s, s:s, s:s, s:o}", "name", p->name, "kind",
                                            p->kind == PROC_FLEET ? "fleet" : "recorder", "state",
                                            scene_state_word(sp->state), "pid", pid_json(sp->pid)));
        }
    }
    return json_pack("{s:i, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:i, s:i, s:i}, "
                     "s:{s:i, s:i, s:i}}",
                     "schema", 1, "cluster", s->cluster.name, "healthy", healthy ? 1 : 0, "why",
                     why, "faults", faults_json(t, &faults), "nodes", nodes, "pg", pgs, "icm", icms,
                     "others", others, "devices", devices_json(t, homes), "calls", "active",
                     (int)v->calls, "preserved", (int)v->preserved, "media_flowing",
                     (int)v->media_flowing, "agents", "total", (int)topology_agents_total(t),
                     "logged_in", (int)v->agents_logged_in, "ready", (int)v->agents_ready);
}

static const struct fault *fault_at(const struct faults *f, const char *target)
{
    for (uint32_t i = 0; i < f->n; i++) {
        if (strcmp(f->at[i].target, target) == 0) {
            return &f->at[i];
        }
    }
    return NULL;
}

static long long seconds_since(const struct session_of_command *s, int64_t at_us)
{
    return (long long)(s->scene.at_us - at_us) / 1000000;
}

/* How a node was broken, or what it has not that it should have. */
static void message_cell(struct table *table, const struct session_of_command *s,
                         const struct faults *faults, const struct topology_proc *t,
                         const struct scene_proc *p)
{
    const struct fault *f = fault_at(faults, t->name);
    if (f != NULL) {
        table_cell(table, "%s%s%s %lld s ago", f->service, f->service[0] != '\0' ? " " : "",
                   strcmp(f->how, "hang") == 0     ? "hung"
                   : strcmp(f->how, "stop") == 0   ? "stopped"
                   : strcmp(f->how, "unplug") == 0 ? "unplugged"
                                                   : "killed",
                   seconds_since(s, f->at_us));
    } else if (p->state != SCENE_UP) {
        table_cell(table, "%s", "");
    } else {
        bool no_callmanager = t->callmanager && !p->node.callmanager;
        bool no_ctimanager = t->ctimanager && !p->node.ctimanager;
        table_cell(table, "%s%s%s%s%s", no_callmanager ? "no CallManager" : "",
                   no_callmanager && no_ctimanager ? ", " : "",
                   no_ctimanager ? "no CTI Manager" : "",
                   (no_callmanager || no_ctimanager) && !p->node.lease ? ", " : "",
                   p->node.lease ? "" : "no lease");
    }
}

static void nodes_table(const struct session_of_command *s, const struct scene_homes *homes,
                        const struct faults *faults)
{
    static const enum column columns[] = {
        COLUMN_NODE,   COLUMN_STATE,  COLUMN_ROLE,   COLUMN_RAFT,    COLUMN_TERM,
        COLUMN_COMMIT, COLUMN_TRAILS, COLUMN_PHONES, COLUMN_MESSAGE, COLUMN_END};
    const struct topology *t = &s->cluster.topology;
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->scene.procs[i];
        bool up = p->state == SCENE_UP;
        if (t->procs[i].kind != PROC_NODE) {
            continue;
        }
        table_row(table);
        table_cell(table, "%s", t->procs[i].name);
        table_cell(table, "%s", scene_state_word(p->state));
        table_cell(table, "%s", t->procs[i].publisher ? "publisher" : "subscriber");
        table_cell(table, "%s", up ? raft_show_word(p) : "-");
        table_number(table, up, p->node.term);
        table_number(table, up, p->node.commit);
        table_number(table, up, raft_show_trails(&s->scene, p));
        table_cell(table, "%u", homes->by_node[i]);
        message_cell(table, s, faults, &t->procs[i], p);
    }
    table_end(&table);
}

static void headline(const struct session_of_command *s, const struct faults *faults, bool healthy,
                     const char *why)
{
    const struct scene *v = &s->scene;
    char moment[HOME_PATH_MAX];
    if (s->past != NULL) {
        printf("%s\n", look_moment(s, moment, sizeof moment));
    }
    printf("%s  %s", s->cluster.name, healthy ? "healthy" : "DEGRADED");
    if (!healthy) {
        printf("   %s, quorum %u of %u %s", why, v->nodes_up, v->nodes,
               v->nodes_up * 2 > v->nodes ? "kept" : "lost");
    }
    putchar('\n');
    for (uint32_t i = 0; i < faults->n; i++) {
        const struct fault *f = &faults->at[i];
        char text[FAULTS_TEXT_LEN], how[FAULTS_TEXT_LEN], undo[FAULTS_TEXT_LEN];
        faults_text(&s->cluster.topology, f, text);
        faults_how(f, how);
        faults_undo(f, undo);
        printf("fault  %s (%s) %lld s ago        undo: %s\n", text, how, seconds_since(s, f->at_us),
               undo);
    }
}

static void gateway_line(const struct session_of_command *s)
{
    const struct topology *t = &s->cluster.topology;
    printf("PG   ");
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->scene.procs[i];
        if (t->procs[i].kind == PROC_PG) {
            const char *state = p->state != SCENE_UP ? scene_state_word(p->state)
                                : p->pg.active       ? "active"
                                                     : "standby";
            printf("  %s %s (%s)", t->procs[i].side == SIDE_A ? "A" : "B", state,
                   topology_name(t, t->procs[i].ctimanager_node));
        }
    }
    putchar('\n');
}

/* The controller's records; every other process only if it is not as it should be. */
static void controller_line(const struct session_of_command *s)
{
    const struct topology *t = &s->cluster.topology;
    printf("ICM  ");
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->scene.procs[i];
        if (t->procs[i].kind == PROC_ICM && p->state == SCENE_UP) {
            enum mds_state state = (enum mds_state)p->icm.state;
            printf("  %s %s%s%llu %s, %u %s", t->procs[i].name,
                   state != MDS_STATE_NONE ? mds_state_text(state) : "",
                   state != MDS_STATE_NONE ? ", " : "", (unsigned long long)p->icm.tcd_rows,
                   plural_of(p->icm.tcd_rows, "record", "records"), p->icm.queued,
                   plural_of(p->icm.queued, "caller waits", "callers wait"));
        } else if (t->procs[i].kind == PROC_ICM) {
            printf("  %s %s", t->procs[i].name, scene_state_word(p->state));
        }
    }
    putchar('\n');
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->scene.procs[i];
        bool recorder = t->procs[i].kind == PROC_RECORDER && s->past == NULL; /* else it is over */
        if ((t->procs[i].kind == PROC_FLEET || recorder) && p->state != SCENE_UP) {
            printf("%s is %s\n", t->procs[i].name, scene_state_word(p->state));
        }
    }
}

static void last_lines(const struct session_of_command *s, const struct scene_homes *homes)
{
    const struct scene *v = &s->scene;
    gateway_line(s);
    controller_line(s);
    printf("calls  %u up, %u preserved", v->calls, v->preserved);
    if (homes->in_call > 0) {
        printf("; %u %s when theirs is over", homes->in_call,
               plural_of(homes->in_call, "phone registers", "phones register"));
    }
    printf("\nagents %u of %u logged in, %u ready\n", v->agents_logged_in,
           topology_agents_total(&s->cluster.topology), v->agents_ready);
}

int command_status(int argc, char **argv)
{
    struct look_when when = {0};
    const struct option_row options[] = {LOOK_OPTIONS(when)};
    const struct options_spec spec = {
        .name = "status",
        .examples = "rehome status\nrehome status --json | jq .devices\nrehome status --run latest "
                    "--at fault+0.3s",
        .lacks = OPTIONS_NO_WAIT,
        .doc = "One screen about the whole cluster. Exit 1 if it is not healthy.",
        .rows = options,
        .rows_n = LOOK_OPTIONS_N};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct scene_homes homes = {0};
    struct faults faults;
    char why[SCENE_WHY_LEN];
    options_parse(&spec, argc, argv, &common, &args);
    int code = look_open(&common, &when, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    look_homes(s, &homes);
    bool healthy = scene_healthy(&s->scene, &s->cluster.topology, &homes, why);
    look_faults(s, &faults);
    if (common.json) {
        table_json(look_sign(s, status_json(s, &homes, healthy, why)));
    } else {
        headline(s, &faults, healthy, why);
        nodes_table(s, &homes, &faults);
        last_lines(s, &homes);
    }
    command_close(&s);
    return healthy ? OUTCOME_DONE : OUTCOME_NO;
}

static void pg_table(const struct session_of_command *s)
{
    static const enum column columns[] = {
        COLUMN_SIDE,  COLUMN_NAME,     COLUMN_STATE,      COLUMN_ACTIVE, COLUMN_EPOCH,
        COLUMN_CTI,   COLUMN_PROVIDER, COLUMN_CONTROLLER, COLUMN_PEER,   COLUMN_MONITORS,
        COLUMN_CALLS, COLUMN_OUTBOX,   COLUMN_END};
    const struct topology *t = &s->cluster.topology;
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->scene.procs[i];
        const bool up = p->state == SCENE_UP;
        if (t->procs[i].kind != PROC_PG) {
            continue;
        }
        table_row(table);
        table_cell(table, "%s", t->procs[i].side == SIDE_A ? "A" : "B");
        table_cell(table, "%s", t->procs[i].name);
        table_cell(table, "%s", scene_state_word(p->state));
        table_cell(table, "%s", !up ? "-" : p->pg.active ? "active" : "standby");
        table_number(table, up, p->pg.epoch);
        table_cell(table, "%s", topology_name(t, t->procs[i].ctimanager_node));
        const bool ends[] = {p->pg.provider_up, p->pg.controller_up, p->pg.peer_up};
        for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
            table_cell(table, "%s", !up ? "-" : ends[k] ? "up" : "down");
        }
        if (up) {
            table_cell(table, "%u/%u", p->pg.monitors, p->pg.monitors_wanted);
        } else {
            table_cell(table, "-");
        }
        table_number(table, up && !s->scene.recorded, p->pg.calls);
        table_number(table, up && !s->scene.recorded, p->pg.outbox);
    }
    table_end(&table);
}

int command_pg(int argc, char **argv)
{
    struct look_when when = {0};
    const struct option_row options[] = {LOOK_OPTIONS(when)};
    const struct options_spec spec = {.name = "pg",
                                      .examples =
                                          "rehome pg\nrehome pg --run latest --at fault+0.3s",
                                      .lacks = OPTIONS_NO_WAIT,
                                      .doc = "The sides of the Peripheral Gateway.",
                                      .rows = options,
                                      .rows_n = LOOK_OPTIONS_N};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    int code = look_open(&common, &when, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct topology *t = &s->cluster.topology;
    json_t *sides = json_array();
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_PG) {
            json_array_append_new(sides, pg_json(s, &t->procs[i], &s->scene.procs[i]));
        }
    }
    if (common.json) {
        table_json(look_sign(s, json_pack("{s:i, s:o}", "schema", 1, "pg", sides)));
    } else {
        pg_table(s);
        json_decref(sides);
    }
    command_close(&s);
    return OUTCOME_DONE;
}
