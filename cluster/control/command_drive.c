/* phone, agent, config, forward: orders to one process, and what undoes them. */
#include "cluster/control/command.h"
#include "cluster/control/survey.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/config.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_MS      8000   /* longer than any process waits for an effect */
#define NOTICE_MS     200    /* of an order whose effect nobody waits for */
#define AFTER_CALL_MS 120000 /* what is noted for after a call is waited for so long */
#define LOOK_MS       100
#define APPLY_MS      2000 /* a follower hears at the next heartbeat that an entry is committed */
#define APPLY_LOOK_MS 10
#define NO_WAIT       1 /* op_command.value: answer when it is asked */
#define NOTED         1 /* op_done.value: it takes effect after the call */

struct word {
    const char *word;
    uint32_t value;
    bool argument; /* takes a number */
    const char *undo;
};

static const struct word keys[] = {{"dial", KEY_DIAL, true, "hangup"},
                                   {"answer", KEY_ANSWER, false, "hangup"},
                                   {"hold", KEY_HOLD, false, "retrieve"},
                                   {"retrieve", KEY_RETRIEVE, false, "hold"},
                                   {"transfer", KEY_TRANSFER, true, "hangup"},
                                   {"complete", KEY_TRANSFER_COMPLETE, false, NULL},
                                   {"blind", KEY_TRANSFER_BLIND, true, NULL},
                                   {"conference", KEY_CONFERENCE, true, "hangup"},
                                   {"join", KEY_CONFERENCE_COMPLETE, false, "hangup"},
                                   {"hangup", KEY_HANGUP, false, NULL}};
static const struct word requests[] = {{"login", AGENT_REQUEST_LOGIN, false, "logout"},
                                       {"logout", AGENT_REQUEST_LOGOUT, false, "login"},
                                       {"ready", AGENT_REQUEST_READY, false, "notready"},
                                       {"notready", AGENT_REQUEST_NOT_READY, false, "ready"},
                                       {"wrapup", AGENT_REQUEST_WRAPUP_DONE, false, NULL}};

static const struct word *word_named(const struct word *words, size_t n, const char *text,
                                     const char *kind)
{
    struct nearest near = nearest_to(text);
    for (size_t i = 0; i < n; i++) {
        nearest_offer(&near, words[i].word);
        if (strcmp(words[i].word, text) == 0) {
            return &words[i];
        }
    }
    (void)command_no_such(kind, &near);
    return NULL;
}

static int done(const struct options_common *common, const char *what, const char *undo)
{
    if (common->json) {
        table_json(
            json_pack("{s:i, s:b, s:s, s:s}", "schema", 1, "done", 1, "what", what, "undo", undo));
    } else if (!common->quiet) {
        outcome_done(undo, "%s.", what);
    }
    return OUTCOME_DONE;
}

static int order_message(const struct session_of_command *s, struct proc_id to,
                         const struct msg_op_command *command, struct msg_op_done *ret_done)
{
    struct msg *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    m->kind = MSG_OP_COMMAND;
    m->op_command = *command;
    int code = operator_order(s->desk, to, m, ORDER_MS, ret_done);
    free(m);
    return code;
}

/* A node that lives and has not applied the entry at this index; 0: all have. */
static struct proc_id behind(const struct scene *scene, const struct topology *t, uint64_t index)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &scene->procs[i];
        if (t->procs[i].kind == PROC_NODE && p->state == SCENE_UP && p->node.applied < index) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

/* A write is done when the nodes go by it: the one that answered has applied it, the others hear a
 * little later that it is committed. One that is cut off does not, and is named. */
static void wait_for_nodes(const struct session_of_command *s, uint64_t index)
{
    const struct topology *t = &s->cluster.topology;
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL) {
        abort();
    }
    int64_t until = tick_now_us() + APPLY_MS * 1000LL;
    struct proc_id late;
    for (;;) {
        survey_take(s->desk, &s->cluster, APPLY_MS, scene);
        late = behind(scene, t, index);
        if (!proc_id_some(late) || tick_now_us() >= until) {
            break;
        }
        tick_sleep_ms(APPLY_LOOK_MS);
    }
    if (proc_id_some(late)) {
        outcome_progress("%s has not heard of it after %d s and goes on as before",
                         topology_name(t, late), APPLY_MS / 1000);
    }
    free(scene);
}

/* Let a node write something into the registry, and wait until it is true everywhere; with
 * --no-wait nobody waits for the answer. The text of an answer is the value that was there before;
 * without one `*ret_done` is left alone. */
static int write_at(const struct session_of_command *s, struct proc_id to,
                    const struct msg_op_command *command, const struct options_common *common,
                    struct msg_op_done *ret_done)
{
    if (!common->no_wait) {
        int code = order_message(s, to, command, ret_done);
        if (code == OUTCOME_DONE) {
            wait_for_nodes(s, ret_done->value);
        }
        return code;
    }
    struct msg *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    m->kind = MSG_OP_COMMAND;
    m->op_command = *command;
    int code = operator_tell(s->desk, to, m, NOTICE_MS, ret_done);
    free(m);
    return code;
}

/* Where a phone or an agent's desktop lives. */
static struct proc_id fleet_of(const struct topology *t, struct device_id device)
{
    struct device_info info;
    return topology_device(t, device, &info) ? info.fleet : (struct proc_id){0};
}

static int no_such_number(const char *what, const char *text, const struct topology *t)
{
    return outcome_error(OUTCOME_USAGE, "rehome registrations",
                         "there is no %s '%s'; the nearest name is '%llu'", what, text,
                         t->phones_n > 0 ? (unsigned long long)t->phones[0].first : 0ull);
}

int command_phone(int argc, char **argv)
{
    static const struct options_spec spec = {
        .name = "phone",
        .examples =
            "rehome phone 1200 dial 1201\nrehome phone 1201 answer\nrehome phone 1200 hangup",
        .args_doc = "NUMBER KEY [NUMBER]",
        .doc = "Presses a key of a phone: dial NUMBER, answer, hold, retrieve, transfer NUMBER, "
               "complete (the transfer), blind NUMBER, conference NUMBER, join, hangup.",
        .args_min = 2,
        .args_max = 3};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    char what[128];
    char undo[128] = "";
    options_parse(&spec, argc, argv, &common, &args);
    const struct word *key =
        word_named(keys, sizeof keys / sizeof keys[0], args.at[1], "key of a phone");
    if (key == NULL) {
        return OUTCOME_USAGE;
    }
    if (key->argument != (args.n == 3)) {
        return outcome_error(OUTCOME_USAGE, NULL, "%s %s", key->word,
                             key->argument ? "needs a number" : "takes no number");
    }
    if (args.n == 3 && strlen(args.at[2]) >= NUMBER_LEN) {
        return outcome_error(OUTCOME_USAGE, NULL, "'%s' is too long for a number", args.at[2]);
    }
    int code = command_open(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct topology *t = &s->cluster.topology;
    struct device_id device = topology_number(t, args.at[0]);
    if (!proc_id_some(fleet_of(t, device))) {
        code = no_such_number("phone", args.at[0], t);
        command_close(&s);
        return code;
    }
    struct msg_op_command command = {
        .verb = OP_VERB_PHONE, .key = key->value, .value = common.no_wait ? NO_WAIT : 0};
    snprintf(command.number, sizeof command.number, "%.23s", args.at[0]);
    snprintf(command.to, sizeof command.to, "%.23s", args.n == 3 ? args.at[2] : "");
    code = order_message(s, fleet_of(t, device), &command, NULL);
    snprintf(what, sizeof what, "%s: %s%s%s", args.at[0], key->word, args.n == 3 ? " " : "",
             args.n == 3 ? args.at[2] : "");
    if (key->undo != NULL) {
        snprintf(undo, sizeof undo, "rehome phone %s %s", args.at[0], key->undo);
    }
    command_close(&s);
    return code == OUTCOME_DONE ? done(&common, what, undo) : code;
}

/* What the fleet's desktop shows of an agent; UNKNOWN: it does not answer. */
static enum agent_state agent_state(const struct session_of_command *s, struct proc_id fleet,
                                    uint32_t id)
{
    struct operator_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        abort();
    }
    ask->to = fleet;
    ask->question.kind = MSG_OP_LIST;
    ask->question.op_list.what = OP_LIST_AGENTS;
    ask->question.op_list.after = id - 1;
    operator_ask(s->desk, ask, 1, ORDER_MS);
    const struct msg_op_agents *m = &ask->answer.op_agents;
    enum agent_state state = AGENT_STATE_UNKNOWN;
    if (ask->err == ERR_OK && ask->answer.kind == MSG_OP_AGENTS && m->rows_n > 0 &&
        m->rows[0].agent.v == id) {
        state = (enum agent_state)m->rows[0].state;
    }
    free(ask);
    return state;
}

/* The agent is in a call, and READY or NOT_READY is noted for after it. Who is ready may have the
 * next call at once. */
static int wait_for_end(const struct session_of_command *s, struct proc_id fleet, uint32_t id,
                        uint32_t request)
{
    int64_t until = tick_now_us() + AFTER_CALL_MS * 1000LL;
    bool wrapped = false;
    tick_catch_interrupts();
    for (;;) {
        enum agent_state state = agent_state(s, fleet, id);
        bool wraps = state == AGENT_STATE_WORK_READY || state == AGENT_STATE_WORK_NOT_READY;
        if (request == AGENT_REQUEST_READY
                ? state == AGENT_STATE_READY || (wrapped && !wraps && state != AGENT_STATE_UNKNOWN)
                : state == AGENT_STATE_NOT_READY) {
            return OUTCOME_DONE;
        }
        wrapped = wrapped || wraps;
        if (tick_interrupted()) {
            return OUTCOME_INTERRUPTED;
        }
        if (tick_now_us() >= until) {
            return outcome_error(OUTCOME_TIMEOUT, "rehome agents",
                                 "agent %u is still %s after %d s; it stays noted", id,
                                 agent_state_text(state), AFTER_CALL_MS / 1000);
        }
        tick_sleep_ms(LOOK_MS);
    }
}

int command_agent(int argc, char **argv)
{
    static const struct options_spec spec = {
        .name = "agent",
        .examples = "rehome agent 5001 login\nrehome agent 5001 ready",
        .args_doc = "ID login|logout|ready|notready|wrapup",
        .doc = "Lets an agent ask something of the PG. In a call, "
               "ready and notready are noted for after it.",
        .args_min = 2,
        .args_max = 2};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct agent_info agent;
    char what[128];
    char undo[128] = "";
    options_parse(&spec, argc, argv, &common, &args);
    const struct word *request = word_named(requests, sizeof requests / sizeof requests[0],
                                            args.at[1], "request of an agent");
    if (request == NULL) {
        return OUTCOME_USAGE;
    }
    uint32_t id = options_number("agent", args.at[0], 1, UINT32_MAX);
    int code = command_open(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct topology *t = &s->cluster.topology;
    if (!topology_agent_by_id(t, (struct agent_id){id}, &agent)) {
        code = outcome_error(OUTCOME_USAGE, "rehome agents",
                             "there is no agent '%u'; the nearest name is '%u'", id,
                             t->agents_n > 0 ? t->agents[0].first : 0);
        command_close(&s);
        return code;
    }
    struct msg_op_command command = {.verb = OP_VERB_AGENT,
                                     .agent = {id},
                                     .request = request->value,
                                     .value = common.no_wait ? NO_WAIT : 0};
    struct msg_op_done answer = {.value = 0};
    code = order_message(s, fleet_of(t, agent.device), &command, &answer);
    if (code == OUTCOME_DONE && answer.value == NOTED) {
        outcome_progress("%s; waiting (^C leaves it noted)", answer.text);
        code = wait_for_end(s, fleet_of(t, agent.device), id, request->value);
    }
    snprintf(what, sizeof what, "agent %u: %s", id, request->word);
    if (request->undo != NULL) {
        snprintf(undo, sizeof undo, "rehome agent %u %s", id, request->undo);
    }
    command_close(&s);
    return code == OUTCOME_DONE ? done(&common, what, undo) : code;
}

/* Whether the cluster reads it; else it is said, with the nearest that it does. */
static int config_known(const struct topology *t, const char *text)
{
    static char known[DIALLED_MAX + FALLBACK_COUNT][2 * NAME_LEN];
    const char *complaint = config_complaint(t, text);
    if (complaint == NULL) {
        return OUTCOME_DONE;
    }
    struct nearest near = nearest_to(text);
    uint32_t n = 0;
    for (enum fallback f = 0; f < FALLBACK_COUNT; f++) {
        snprintf(known[n++], sizeof known[0], "fallback=%s", fallback_text(f));
    }
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        snprintf(known[n++], sizeof known[0], "recovery.%s=%llu", t->dialled[i].number,
                 t->phones_n > 0 ? (unsigned long long)t->phones[0].first : 0ull);
    }
    for (uint32_t i = 0; i < n; i++) {
        nearest_offer(&near, known[i]);
    }
    return outcome_error(OUTCOME_USAGE, "rehome config --help", "'%s': %s; the nearest is '%s'",
                         text, complaint, near.best);
}

/* Empty if nothing has changed, or it is not known what was there before. */
static void config_undo(const char *text, const struct msg_op_done *was, char *ret, size_t size)
{
    const size_t key = strcspn(text, "=");
    ret[0] = '\0';
    if (was->id != 0 && strcmp(text + key + 1, was->text) != 0) {
        snprintf(ret, size, "rehome config set %.*s=%s", (int)key, text, was->text);
    }
}

int command_config(int argc, char **argv)
{
    static const struct options_spec spec = {
        .name = "config",
        .examples = "rehome config set recovery.80001=1005\nrehome config set fallback=graceful",
        .args_doc = "set KEY=VALUE",
        .doc = "Writes configuration on the publisher: fallback (how devices go home), "
               "recovery.NUMBER (where calls to a dialled number go that no node serves), or "
               "note.NAME, which nothing reads. Without a value it is taken back. The other "
               "policies are chosen in the topology file (docs/policies.md).",
        .args_min = 2,
        .args_max = 3};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct msg_op_command command = {.verb = OP_VERB_CONFIG_SET};
    struct msg_op_done was = {.id = 0};
    char undo[2 * FAULTS_TEXT_LEN];
    options_parse(&spec, argc, argv, &common, &args);
    if (strcmp(args.at[0], "set") != 0) {
        struct nearest near = nearest_to(args.at[0]);
        nearest_offer(&near, "set");
        return command_no_such("action", &near);
    }
    int n = snprintf(command.text, sizeof command.text, "%s%s%s", args.at[1],
                     args.n == 3 ? "=" : "", args.n == 3 ? args.at[2] : "");
    if (strchr(command.text, '=') == NULL || n >= (int)sizeof command.text) {
        return outcome_error(OUTCOME_USAGE, "rehome config set recovery.80001=1005",
                             "'%s' is not KEY=VALUE, or too long", args.at[1]);
    }
    int code = command_open(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    struct proc_id publisher = topology_publisher(&s->cluster.topology);
    code = config_known(&s->cluster.topology, command.text);
    if (code == OUTCOME_DONE && s->scene.procs[publisher.v - 1].state == SCENE_DOWN) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome start publisher",
                             "%s is down, and configuration is written at the publisher only",
                             topology_name(&s->cluster.topology, publisher));
    } else if (code == OUTCOME_DONE) {
        code = write_at(s, publisher, &command, &common, &was);
    }
    command_close(&s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    config_undo(command.text, &was, undo, sizeof undo);
    return done(&common, command.text, undo);
}

/* `to`: empty for off. */
static int forwarded(const struct options_common *common, const char *number, const char *to,
                     const struct msg_op_done *was)
{
    char what[128];
    char undo[FAULTS_TEXT_LEN] = "";
    snprintf(what, sizeof what, "calls to %s go to %s", number, to[0] != '\0' ? to : "it again");
    if (was->id != 0 && strcmp(to, was->text) != 0) {
        snprintf(undo, sizeof undo, "rehome forward %s %s", number,
                 was->text[0] != '\0' ? was->text : "off");
    }
    return done(common, what, undo);
}

int command_forward(int argc, char **argv)
{
    const char *node = NULL;
    const struct option_row rows[] = {
        {"node", 0, "N", "write it at this node (any will do)", NULL, &node}};
    const struct options_spec spec = {
        .name = "forward",
        .examples = "rehome forward 1005 1006\nrehome forward 1005 off",
        .args_doc = "NUMBER TO|off",
        .doc = "Sends the calls of a number to another; user data, any node takes it.",
        .rows = rows,
        .rows_n = 1,
        .args_min = 2,
        .args_max = 2};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct msg_op_done was = {.id = 0};
    options_parse(&spec, argc, argv, &common, &args);
    int code = command_open(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct topology *t = &s->cluster.topology;
    bool off = strcmp(args.at[1], "off") == 0;
    struct proc_id to = node != NULL ? topology_proc_named(t, node) : scene_node(&s->scene, t);
    if (!proc_id_some(to) || topology_proc_of(t, to)->kind != PROC_NODE) {
        struct nearest near = nearest_to(node != NULL ? node : "");
        for (uint32_t i = 0; i < t->procs_n; i++) {
            nearest_offer(&near, t->procs[i].name);
        }
        code = command_no_such("node", &near);
    } else if (!device_id_some(topology_number(t, args.at[0]))) {
        code = no_such_number("number", args.at[0], t);
    } else {
        struct msg_op_command command = {.verb = OP_VERB_FORWARD};
        snprintf(command.number, sizeof command.number, "%.23s", args.at[0]);
        snprintf(command.to, sizeof command.to, "%.23s", off ? "" : args.at[1]);
        code = write_at(s, to, &command, &common, &was);
    }
    command_close(&s);
    return code == OUTCOME_DONE ? forwarded(&common, args.at[0], off ? "" : args.at[1], &was)
                                : code;
}
