/* registrations, calls, agents: lists that the processes themselves answer, or a record. */
#include "cluster/control/event_text.h"
#include "cluster/control/look.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_LEN 256

static const char *kind_word(enum device_kind kind)
{
    return kind == DEVICE_KIND_ROUTE_POINT ? "route_point" : device_kind_text(kind);
}

static json_t *device_json(const struct session_of_command *s, const struct msg_op_device *d)
{
    const struct topology *t = &s->cluster.topology;
    struct device_info info;
    char stamp[TICK_STAMP_LEN];
    if (!topology_device(t, d->device, &info)) {
        return NULL;
    }
    json_t *node = proc_id_some(d->node) ? json_string(topology_name(t, d->node)) : json_null();
    json_t *number = info.number[0] != '\0' ? json_string(info.number) : json_null();
    json_t *since = d->since_us != 0 ? json_string(look_stamp(s, d->since_us, stamp, sizeof stamp))
                                     : json_null();
    return json_pack("{s:s, s:s, s:o, s:o, s:i, s:s, s:o}", "device", info.name, "kind",
                     kind_word(info.kind), "number", number, "node", node, "epoch", (int)d->epoch,
                     "state", device_state_text((enum device_state)d->state), "since", since);
}

static int find_device(const struct topology *t, const char *word, struct device_id *ret)
{
    struct nearest near = nearest_to(word);
    static char names[2][NAME_LEN];
    *ret = topology_device_named(t, word);
    if (!device_id_some(*ret)) {
        *ret = topology_number(t, word);
    }
    if (device_id_some(*ret)) {
        return OUTCOME_DONE;
    }
    for (uint32_t i = 1; i <= topology_devices(t); i++) {
        struct device_info info;
        uint32_t before = near.distance;
        if (topology_device(t, (struct device_id){i}, &info)) {
            snprintf(names[0], NAME_LEN, "%s",
                     strncmp(word, "SEP", 3) == 0 || info.number[0] == '\0' ? info.name
                                                                            : info.number);
            nearest_offer(&near, names[0]);
        }
        if (near.distance < before) {
            snprintf(names[1], NAME_LEN, "%s", names[0]);
            near.best = names[1];
        }
    }
    return command_no_such("device", &near);
}

struct story {
    const struct topology *topology;
    struct device_id device;
    json_t *list;
};

static void each_of_story(void *context, const struct event *e, const char *line)
{
    struct story *s = context;
    char stamp[TICK_STAMP_LEN];
    if (!device_id_eq(e->device, s->device)) {
        return;
    }
    if (s->list != NULL) {
        json_array_append_new(s->list, json_loads(line, 0, NULL));
        return;
    }
    struct event told = *e;
    char text[EVENT_LEN];
    told.device = (struct device_id){0}; /* each line is about it */
    printf("%s  %-8s %s\n", tick_stamp(e->wall_us, stamp), topology_name(s->topology, e->proc),
           event_text_line(s->topology, &told, text, sizeof text));
}

/* One device: what it is now, and its history from the spine. */
static int one_device(const struct session_of_command *s, const struct msg_op_device *rows,
                      uint32_t n, struct device_id device, bool json)
{
    const struct topology *t = &s->cluster.topology;
    struct story story = {.topology = t, .device = device, .list = json ? json_array() : NULL};
    json_t *now = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (device_id_eq(rows[i].device, device)) {
            now = device_json(s, &rows[i]);
        }
    }
    if (!json && now != NULL) {
        const char *node = json_string_value(json_object_get(now, "node"));
        printf("%s (%s): %s%s%s, epoch %d\n", json_string_value(json_object_get(now, "device")),
               json_string_value(json_object_get(now, "kind")),
               json_string_value(json_object_get(now, "state")), node != NULL ? " at " : "",
               node != NULL ? node : "", (int)json_integer_value(json_object_get(now, "epoch")));
    }
    look_events(s, each_of_story, &story);
    if (json) {
        json_t *list = json_array();
        if (now != NULL) {
            json_array_append(list, now);
        }
        table_json(look_sign(s, json_pack("{s:i, s:o, s:o}", "schema", 1, "registrations", list,
                                          "history", story.list)));
    }
    json_decref(now);
    return OUTCOME_DONE;
}

static void devices_table(const struct session_of_command *s, const struct msg_op_device *rows,
                          uint32_t n)
{
    const struct topology *t = &s->cluster.topology;
    static const enum column columns[] = {COLUMN_DEVICE, COLUMN_KIND,  COLUMN_NUMBER, COLUMN_NODE,
                                          COLUMN_EPOCH,  COLUMN_STATE, COLUMN_SINCE,  COLUMN_END};
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < n; i++) {
        struct device_info info;
        char stamp[TICK_STAMP_LEN];
        if (!topology_device(t, rows[i].device, &info)) {
            continue;
        }
        table_row(table);
        table_cell(table, "%s", info.name);
        table_cell(table, "%s", kind_word(info.kind));
        table_cell(table, "%s", info.number[0] != '\0' ? info.number : "-");
        table_cell(table, "%s", proc_id_some(rows[i].node) ? topology_name(t, rows[i].node) : "-");
        table_cell(table, "%u", rows[i].epoch);
        table_cell(table, "%s", device_state_text((enum device_state)rows[i].state));
        table_cell(table, "%s", look_stamp(s, rows[i].since_us, stamp, sizeof stamp));
    }
    table_end(&table);
}

static int choose_node(const struct session_of_command *s, const char *word, struct proc_id *ret)
{
    const struct topology *t = &s->cluster.topology;
    if (word == NULL) {
        *ret = scene_node(&s->scene, t);
        return proc_id_some(*ret)
                   ? OUTCOME_DONE
                   : outcome_error(OUTCOME_UNREACHABLE, "rehome status", "no node answers");
    }
    struct nearest near = nearest_to(word);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_NODE) {
            nearest_offer(&near, t->procs[i].name);
        }
    }
    if (near.distance != 0) {
        return command_no_such("node", &near);
    }
    *ret = topology_proc_named(t, word);
    return OUTCOME_DONE;
}

static int read_error(const struct session_of_command *s, struct proc_id node, bool linear,
                      enum err err, enum reason reason)
{
    const struct topology *t = &s->cluster.topology;
    if (s->past != NULL) {
        char moment[HOME_PATH_MAX];
        return outcome_error(OUTCOME_UNREACHABLE, NULL, "%s was %s: %s", topology_name(t, node),
                             scene_state_word(s->scene.procs[node.v - 1].state),
                             look_moment(s, moment, sizeof moment));
    }
    if (linear && !proc_id_some(s->scene.leader)) {
        return outcome_error(OUTCOME_UNREACHABLE, "rehome registrations --read local",
                             "there is no Raft leader, so nobody can say what is the latest: %s",
                             reason_text(REASON_NO_QUORUM));
    }
    if (err == ERR_REFUSED) {
        return outcome_error(OUTCOME_UNREACHABLE, "rehome registrations --read local",
                             "%s cannot answer that now: %s", topology_name(t, node),
                             reason_meaning(reason));
    }
    return outcome_error(err == ERR_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_UNREACHABLE,
                         "rehome status", "%s does not answer: %s", topology_name(t, node),
                         err_text(err));
}

static int show_registrations(struct session_of_command *s, const char *node_word, const char *read,
                              const char *device, bool json)
{
    const struct topology *t = &s->cluster.topology;
    bool linear = strcmp(read, "linearizable") == 0;
    struct msg_op_device *rows = NULL;
    struct device_id id = {0};
    struct proc_id node = {0};
    enum reason reason = REASON_NONE;
    uint32_t n = 0;
    uint64_t index = 0;
    int code = choose_node(s, node_word, &node);
    if (code == OUTCOME_DONE && device != NULL) {
        code = find_device(t, device, &id);
    }
    if (code != OUTCOME_DONE) {
        return code;
    }
    enum err err = look_devices(s, node, linear, &rows, &n, &index, &reason);
    if (err != ERR_OK) {
        return read_error(s, node, linear, err, reason);
    }
    if (device != NULL) {
        code = one_device(s, rows, n, id, json);
    } else if (json) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < n; i++) {
            json_array_append_new(list, device_json(s, &rows[i]));
        }
        table_json(look_sign(s, json_pack("{s:i, s:s, s:I, s:s, s:o}", "schema", 1, "read", read,
                                          "index", (json_int_t)index, "node",
                                          topology_name(t, node), "registrations", list)));
    } else {
        devices_table(s, rows, n);
        char moment[HOME_PATH_MAX];
        look_moment(s, moment, sizeof moment);
        outcome_progress("%u devices, as %s %s them at index %llu (%s)", n, topology_name(t, node),
                         s->past != NULL ? "had" : "has", (unsigned long long)index,
                         s->past != NULL ? moment
                         : linear        ? "linearizable read"
                                         : "local read");
    }
    free(rows);
    return code;
}

int command_registrations(int argc, char **argv)
{
    const char *node = NULL;
    const char *read = "local";
    struct look_when when = {0};
    const struct option_row rows[] = {
        LOOK_OPTIONS(when),
        {"node", 0, "N", "as this node answers (default: the leader)", NULL, &node},
        {"read", 0, "local|linearizable", "what kind of read", NULL, &read}};
    const struct options_spec spec = {.name = "registrations",
                                      .examples =
                                          "rehome registrations\nrehome registrations 1001\nrehome "
                                          "registrations --node sub2 --read linearizable",
                                      .lacks = OPTIONS_NO_WAIT,
                                      .args_doc = "[DEVICE]",
                                      .doc = "Who serves what. With a device, its history.",
                                      .rows = rows,
                                      .rows_n = sizeof rows / sizeof rows[0],
                                      .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    struct nearest near = nearest_to(read);
    nearest_offer(&near, "local");
    nearest_offer(&near, "linearizable");
    if (near.distance != 0) {
        return command_no_such("kind of read", &near);
    }
    if (when.run != NULL && strcmp(read, "local") != 0) {
        return outcome_error(
            OUTCOME_USAGE, "leave --read out",
            "a record cannot be read linearizably: nobody can confirm it any more");
    }
    int code = look_open(&common, &when, &s);
    if (code == OUTCOME_DONE) {
        code = show_registrations(s, node, read, args.n > 0 ? args.at[0] : NULL, common.json);
    }
    command_close(&s);
    return code;
}

static const char *name_of_device(const struct topology *t, struct device_id id,
                                  char name[NAME_LEN])
{
    struct device_info info;
    snprintf(name, NAME_LEN, "%s", topology_device(t, id, &info) ? info.name : "-");
    return name;
}

static void add_call(const struct topology *t, const struct msg_op_call *c, struct table *table,
                     json_t *list)
{
    char device[NAME_LEN];
    char other[NAME_LEN];
    char call[20];
    snprintf(call, sizeof call, "%016llx", (unsigned long long)c->call.v);
    name_of_device(t, c->device, device);
    name_of_device(t, c->other, other);
    if (list != NULL) {
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b}", "call", call, "device",
                            device, "other", other, "from", c->from, "to", c->to, "state",
                            leg_text((enum leg)c->state), "for_ms", (json_int_t)(c->for_us / 1000),
                            "preserved", c->preserved ? 1 : 0));
        return;
    }
    table_row(table);
    table_cell(table, "%s", call);
    table_cell(table, "%s", device);
    table_cell(table, "%s", other);
    table_cell(table, "%s", c->from);
    table_cell(table, "%s", c->to);
    table_cell(table, "%s%s", leg_text((enum leg)c->state), c->preserved ? " (preserved)" : "");
    table_cell(table, "%.1f s", (double)c->for_us / 1e6);
}

int command_calls(int argc, char **argv)
{
    struct look_when when = {0};
    const struct option_row options[] = {LOOK_OPTIONS(when)};
    const struct options_spec spec = {.name = "calls",
                                      .examples =
                                          "rehome calls\nrehome calls --run latest --at fault+1s",
                                      .lacks = OPTIONS_NO_WAIT,
                                      .doc = "The legs that are up, as the fleet sees them.",
                                      .rows = options,
                                      .rows_n = LOOK_OPTIONS_N};
    static const enum column columns[] = {COLUMN_CALL, COLUMN_DEVICE, COLUMN_OTHER, COLUMN_FROM,
                                          COLUMN_TO,   COLUMN_STATE,  COLUMN_FOR,   COLUMN_END};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct msg_op_call *rows = NULL;
    uint32_t n = 0;
    options_parse(&spec, argc, argv, &common, &args);
    int code = look_open(&common, &when, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    json_t *list = common.json ? json_array() : NULL;
    struct table *table = common.json ? NULL : table_new(columns);
    look_calls(s, &rows, &n);
    for (uint32_t i = 0; i < n; i++) {
        add_call(&s->cluster.topology, &rows[i], table, list);
    }
    free(rows);
    if (common.json) {
        table_json(look_sign(s, json_pack("{s:i, s:o}", "schema", 1, "calls", list)));
    } else {
        table_end_or(&table, "no call is up");
    }
    command_close(&s);
    return OUTCOME_DONE;
}

static void add_agent(const struct topology *t, const struct msg_op_agent *a, struct table *table,
                      json_t *list)
{
    char device[NAME_LEN];
    name_of_device(t, a->device, device);
    const char *skill = "-";
    for (uint32_t i = 0; i < t->skills_n; i++) {
        skill = t->skills[i].number == a->skill ? t->skills[i].name : skill;
    }
    const char *state = agent_state_text((enum agent_state)a->state);
    if (list != NULL) {
        json_array_append_new(
            list, json_pack("{s:i, s:s, s:s, s:s, s:I, s:i, s:b}", "agent", (int)a->agent.v,
                            "state", state, "device", device, "skill", skill, "for_ms",
                            (json_int_t)(a->for_us / 1000), "reason_code", (int)a->reason_code,
                            "in_service", a->in_service ? 1 : 0));
        return;
    }
    table_row(table);
    table_cell(table, "%u", a->agent.v);
    table_cell(table, "%s", state);
    table_cell(table, "%s", device);
    table_cell(table, "%s", skill);
    table_cell(table, "%.1f s", (double)a->for_us / 1e6);
    if (a->reason_code != 0) {
        table_cell(table, "%u", a->reason_code);
    } else {
        table_cell(table, "-");
    }
    table_cell(table, "%s", a->in_service ? "yes" : "no");
}

int command_agents(int argc, char **argv)
{
    struct look_when when = {0};
    const struct option_row options[] = {LOOK_OPTIONS(when)};
    const struct options_spec spec = {.name = "agents",
                                      .examples =
                                          "rehome agents\nrehome agents --json | jq -r '.agents[] "
                                          "| select(.state == \"ready\") | .agent'",
                                      .lacks = OPTIONS_NO_WAIT,
                                      .doc = "The agents, as the active side of the PG has them.",
                                      .rows = options,
                                      .rows_n = LOOK_OPTIONS_N};
    static const enum column columns[] = {COLUMN_AGENT,      COLUMN_STATE, COLUMN_PHONE,
                                          COLUMN_SKILL,      COLUMN_FOR,   COLUMN_REASON,
                                          COLUMN_IN_SERVICE, COLUMN_END};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct msg_op_agent *rows = NULL;
    uint32_t n = 0;
    options_parse(&spec, argc, argv, &common, &args);
    int code = look_open(&common, &when, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    json_t *list = common.json ? json_array() : NULL;
    struct table *table = common.json ? NULL : table_new(columns);
    look_agents(s, &rows, &n);
    for (uint32_t i = 0; i < n; i++) {
        add_agent(&s->cluster.topology, &rows[i], table, list);
    }
    free(rows);
    if (common.json) {
        table_json(look_sign(s, json_pack("{s:i, s:o}", "schema", 1, "agents", list)));
    } else {
        table_end_or(&table, "no active PG side knows of an agent");
    }
    command_close(&s);
    return OUTCOME_DONE;
}
