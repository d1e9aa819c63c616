/* raft: what each node is to Raft; what stands in its log; who leads. */
#include "cluster/control/look.h"
#include "cluster/control/raft_show.h"
#include "cluster/control/table.h"
#include "cluster/control/target.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAIL        20
#define TAIL_MAX    1024
#define PAGES_MAX   4096
#define PAGE_MS     2000
#define TRANSFER_MS 10000
#define NOTICE_MS   200 /* of an order whose effect nobody waits for */
#define NAMES_MAX   3   /* devices that are named; the others are counted */
#define WORDS_LEN   200

static void raft_table(const struct session_of_command *s)
{
    static const enum column columns[] = {
        COLUMN_NODE,   COLUMN_STATE,    COLUMN_TERM,  COLUMN_COMMIT, COLUMN_APPLIED,
        COLUMN_TRAILS, COLUMN_SNAPSHOT, COLUMN_LEASE, COLUMN_HASH,   COLUMN_END};
    const struct topology *t = &s->cluster.topology;
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &s->scene.procs[i];
        if (t->procs[i].kind != PROC_NODE) {
            continue;
        }
        table_row(table);
        table_cell(table, "%s", t->procs[i].name);
        table_cell(table, "%s", raft_show_word(p));
        const uint64_t numbers[] = {p->node.term, p->node.commit, p->node.applied,
                                    raft_show_trails(&s->scene, p), p->node.snapshot};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            table_number(table, p->state == SCENE_UP, numbers[k]);
        }
        table_cell(table, "%s", p->node.lease ? "yes" : "no");
        char hash[RAFT_SHOW_HASH_LEN];
        const char *text = raft_show_hash(&s->scene, p, hash);
        table_cell(table, "%s", text != NULL && p->state == SCENE_UP ? text : "-");
    }
    table_end(&table);
}

static json_t *raft_list_json(const struct session_of_command *s)
{
    const struct topology *t = &s->cluster.topology;
    json_t *nodes = json_array();
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_NODE) {
            json_t *one = raft_show_json(&s->scene, &s->scene.procs[i]);
            json_object_set_new(one, "name", json_string(t->procs[i].name));
            json_array_append_new(nodes, one);
        }
    }
    json_t *leader = proc_id_some(s->scene.leader) ? json_string(topology_name(t, s->scene.leader))
                                                   : json_null();
    return json_pack("{s:i, s:o, s:I, s:o}", "schema", 1, "leader", leader, "term",
                     (json_int_t)s->scene.term, "nodes", nodes);
}

static int show_nodes(const struct session_of_command *s, bool json)
{
    if (json) {
        table_json(look_sign(s, raft_list_json(s)));
    } else {
        raft_table(s);
    }
    return proc_id_some(s->scene.leader) ? OUTCOME_DONE : OUTCOME_UNREACHABLE;
}

/* -- The log. -- */

struct log {
    struct msg_op_log_row *rows;
    uint32_t n;
    uint64_t first, last, commit, applied, snapshot;
};

static void add_page(struct log *log, const struct msg_op_log *page)
{
    struct msg_op_log_row *more =
        realloc(log->rows, (size_t)(log->n + page->rows_n + 1) * sizeof more[0]);
    if (more == NULL) {
        abort();
    }
    log->rows = more;
    memcpy(log->rows + log->n, page->rows, page->rows_n * sizeof page->rows[0]);
    log->n += page->rows_n;
    log->first = page->first;
    log->last = page->last_index;
    log->commit = page->commit;
    log->applied = page->applied;
    log->snapshot = page->snapshot;
}

static enum err ask_page(const struct session_of_command *s, struct operator_ask *ask,
                         struct proc_id node, uint64_t after, uint32_t skip)
{
    ask->to = node;
    ask->question.kind = MSG_OP_LOG_READ;
    ask->question.op_log_read = (struct msg_op_log_read){.after = after, .skip = skip};
    operator_ask(s->desk, ask, 1, PAGE_MS);
    return ask->err == ERR_OK && ask->answer.kind != MSG_OP_LOG ? ERR_INVALID : ask->err;
}

/* The last `tail` entries. The first page says where the log ends, and goes again unless it is the
 * one that is wanted. */
static int read_log(const struct session_of_command *s, struct proc_id node, uint32_t tail,
                    struct log *ret)
{
    struct operator_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        abort();
    }
    const struct msg_op_log *page = &ask->answer.op_log;
    enum err err = ask_page(s, ask, node, UINT64_MAX - 1, 0);
    uint64_t after = err == ERR_OK && page->last_index > tail ? page->last_index - tail : 0;
    uint32_t skip = 0;
    bool last = false;
    for (uint32_t i = 0; err == ERR_OK && !last && i < PAGES_MAX; i++) {
        err = ask_page(s, ask, node, after, skip);
        if (err != ERR_OK) {
            break;
        }
        add_page(ret, page);
        last = page->last || page->rows_n == 0;
        const struct msg_op_log_row *end = &page->rows[page->rows_n > 0 ? page->rows_n - 1 : 0];
        bool whole = end->nth == end->of;
        after = whole ? end->index : end->index - 1;
        skip = whole ? 0 : end->nth;
    }
    const char *name = topology_name(&s->cluster.topology, node);
    int code = err == ERR_OK
                   ? OUTCOME_DONE
                   : outcome_error(err == ERR_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_UNREACHABLE,
                                   "rehome status", "%s does not answer: %s", name, err_text(err));
    free(ask);
    return code;
}

static const char *state_of(const struct log *log, uint64_t index)
{
    return index <= log->applied ? "applied" : index <= log->commit ? "committed" : "appended";
}

static const char *device_name(const struct topology *t, struct device_id id, char name[NAME_LEN])
{
    struct device_info info;
    snprintf(name, NAME_LEN, "%s", topology_device(t, id, &info) ? info.name : "?");
    return name;
}

static json_t *command_json(const struct topology *t, const struct msg_op_log_row *r)
{
    char name[NAME_LEN];
    bool service = r->command == COMMAND_SERVICE_UP || r->command == COMMAND_SERVICE_DOWN;
    return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "command",
                     command_text((enum command)r->command), "origin", topology_name(t, r->origin),
                     "device", device_id_some(r->device) ? device_name(t, r->device, name) : NULL,
                     "node", proc_id_some(r->node) ? topology_name(t, r->node) : NULL, "service",
                     service ? service_text((enum service)r->service) : NULL, "number",
                     r->number[0] != '\0' ? r->number : NULL, "text",
                     r->text[0] != '\0' ? r->text : NULL);
}

static json_t *log_json(const struct topology *t, const struct log *log, struct proc_id node)
{
    json_t *entries = json_array();
    json_t *commands = NULL;
    for (uint32_t i = 0; i < log->n; i++) {
        const struct msg_op_log_row *r = &log->rows[i];
        bool next = i > 0 && log->rows[i - 1].index == r->index;
        if (!next) {
            commands = r->kept ? json_array() : json_null();
            json_t *e = json_pack(
                "{s:I, s:I, s:s, s:s, s:i, s:o}", "index", (json_int_t)r->index, "term",
                (json_int_t)r->term, "kind", log_entry_text((enum log_entry)r->entry), "state",
                state_of(log, r->index), "bytes", (int)r->bytes, "commands", commands);
            if (r->entry == LOG_ENTRY_MEMBERS) {
                json_object_set_new(e, "members", json_string(r->text));
            }
            json_array_append_new(entries, e);
        }
        if (r->of > 0) {
            json_array_append_new(commands, command_json(t, r));
        }
    }
    return json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "schema", 1, "node",
                     topology_name(t, node), "first", (json_int_t)log->first, "last",
                     (json_int_t)log->last, "commit", (json_int_t)log->commit, "applied",
                     (json_int_t)log->applied, "snapshot", (json_int_t)log->snapshot, "entries",
                     entries);
}

/* Rows that are said in one line: the same thing at the same place. */
static bool together(const struct msg_op_log_row *a, const struct msg_op_log_row *b)
{
    return a->index == b->index && a->of > 0 && a->command == b->command &&
           a->origin.v == b->origin.v && a->node.v == b->node.v && device_id_some(a->device) &&
           device_id_some(b->device);
}

/* "SEP000000000001, SEP000000000002 and 254 more" */
static void name_devices(const struct topology *t, const struct msg_op_log_row *rows, uint32_t n,
                         char *ret, size_t size)
{
    size_t used = 0;
    uint32_t named = n <= NAMES_MAX ? n : NAMES_MAX - 1;
    for (uint32_t i = 0; i < named; i++) {
        char name[NAME_LEN];
        device_name(t, rows[i].device, name);
        used += (size_t)snprintf(ret + used, size - used, "%s%s", i > 0 ? ", " : "", name);
    }
    if (named < n) {
        snprintf(ret + used, size - used, " and %u more", n - named);
    }
}

/* What an entry, or a part of it, says. */
static void words_of(const struct topology *t, const struct msg_op_log_row *r, uint32_t n,
                     char ret[WORDS_LEN])
{
    char devices[WORDS_LEN / 2];
    const char *node = topology_name(t, r->node);
    name_devices(t, r, n, devices, sizeof devices);
    switch ((enum command)r->command) {
    case COMMAND_REGISTER:
        snprintf(ret, WORDS_LEN, "%u register at %s: %s", n, node, devices);
        return;
    case COMMAND_UNREGISTER:
        snprintf(ret, WORDS_LEN, "%u leave: %s", n, devices);
        return;
    case COMMAND_RELEASE:
        snprintf(ret, WORDS_LEN, "%u given back: %s", n, devices);
        return;
    case COMMAND_IN_CALL:
        snprintf(ret, WORDS_LEN, "%u in a call that goes on: %s", n, devices);
        return;
    case COMMAND_ROUTE_POINT_OPEN:
        snprintf(ret, WORDS_LEN, "%u opened at %s: %s", n, node, devices);
        return;
    case COMMAND_SERVICE_UP:
    case COMMAND_SERVICE_DOWN:
        snprintf(ret, WORDS_LEN, "the %s of %s is %s", service_meaning((enum service)r->service),
                 node, r->command == COMMAND_SERVICE_UP ? "up" : "down");
        return;
    case COMMAND_NODE_DOWN:
        snprintf(ret, WORDS_LEN, "%s is taken for dead", node);
        return;
    case COMMAND_FORWARD:
        snprintf(ret, WORDS_LEN, "calls to %s go to %s", r->number,
                 r->text[0] != '\0' ? r->text : r->number);
        return;
    case COMMAND_CONFIG:
        snprintf(ret, WORDS_LEN, "configuration: %s", r->text);
        return;
    case COMMAND_NONE:
    case COMMAND_COUNT:
        break;
    }
    snprintf(ret, WORDS_LEN, "%s", "");
}

static void add_line(struct table *table, const struct topology *t, const struct log *log,
                     uint32_t at, uint32_t n)
{
    const struct msg_op_log_row *r = &log->rows[at];
    bool again = at > 0 && log->rows[at - 1].index == r->index;
    char words[WORDS_LEN];
    table_row(table);
    if (again) {
        for (int i = 0; i < 4; i++) {
            table_cell(table, "%s", "");
        }
    } else {
        table_cell(table, "%llu", (unsigned long long)r->index);
        table_cell(table, "%llu", (unsigned long long)r->term);
        table_cell(table, "%s", log_entry_text((enum log_entry)r->entry));
        table_cell(table, "%s", state_of(log, r->index));
    }
    table_cell(table, "%s", r->of > 0 ? topology_name(t, r->origin) : "-");
    if (r->of > 0) {
        words_of(t, r, n, words);
        table_cell(table, "%s", words);
    } else if (!r->kept) {
        table_cell(table, "%u bytes, not in memory any more", r->bytes);
    } else {
        table_cell(table, "%s",
                   r->entry == LOG_ENTRY_MEMBERS ? r->text
                                                 : "nothing; what was before it is applied");
    }
}

static void log_table(const struct topology *t, const struct log *log)
{
    static const enum column columns[] = {COLUMN_INDEX, COLUMN_TERM, COLUMN_KIND, COLUMN_STATE,
                                          COLUMN_FROM,  COLUMN_WHAT, COLUMN_END};
    struct table *table = table_new(columns);
    for (uint32_t at = 0; at < log->n;) {
        uint32_t n = 1;
        while (at + n < log->n && together(&log->rows[at], &log->rows[at + n])) {
            n++;
        }
        add_line(table, t, log, at, n);
        at += n;
    }
    table_end(&table);
}

static void say_extent(const struct topology *t, struct proc_id node, const struct log *log)
{
    char snapshot[WORDS_LEN] = "no snapshot was taken yet";
    if (log->snapshot > 0) {
        snprintf(snapshot, sizeof snapshot, "the snapshot holds all up to %llu",
                 (unsigned long long)log->snapshot);
    }
    outcome_progress("the log of %s: %llu to %llu, committed up to %llu, applied up to %llu; %s",
                     topology_name(t, node), (unsigned long long)log->first,
                     (unsigned long long)log->last, (unsigned long long)log->commit,
                     (unsigned long long)log->applied, snapshot);
}

static int must_be_node(const struct topology *t, struct proc_id id, const char *word)
{
    return topology_proc_of(t, id)->kind == PROC_NODE
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_USAGE, "rehome raft", "%s is no node: only nodes have a log",
                               word);
}

static int show_log(const struct session_of_command *s, const char *word, uint32_t tail, bool json)
{
    const struct topology *t = &s->cluster.topology;
    struct proc_id node = scene_node(&s->scene, t);
    struct log log = {0};
    int code = OUTCOME_DONE;
    if (word != NULL) {
        code = target_find(word, t, &s->scene, &node);
        code = code == OUTCOME_DONE ? must_be_node(t, node, word) : code;
    } else if (!proc_id_some(node)) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome status", "no node answers");
    }
    if (code == OUTCOME_DONE && s->scene.procs[node.v - 1].state != SCENE_UP) {
        code =
            outcome_error(OUTCOME_UNREACHABLE, "rehome status", "%s is %s", topology_name(t, node),
                          scene_state_word(s->scene.procs[node.v - 1].state));
    }
    code = code == OUTCOME_DONE ? read_log(s, node, tail, &log) : code;
    if (code == OUTCOME_DONE && json) {
        table_json(log_json(t, &log, node));
    } else if (code == OUTCOME_DONE) {
        log_table(t, &log);
        say_extent(t, node, &log);
    }
    free(log.rows);
    return code;
}

/* -- Leadership and members. -- */

static int transfer(const struct session_of_command *s, const char *word,
                    const struct options_common *common)
{
    const struct topology *t = &s->cluster.topology;
    struct proc_id leader = s->scene.leader;
    struct proc_id to = {0};
    struct msg_op_done done = {0};
    struct msg *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    int code = target_find(word, t, &s->scene, &to);
    code = code == OUTCOME_DONE ? must_be_node(t, to, word) : code;
    if (code == OUTCOME_DONE && !proc_id_some(leader)) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome raft",
                             "there is no leader who could hand "
                             "over");
    } else if (code == OUTCOME_DONE && proc_id_eq(leader, to)) {
        code =
            outcome_error(OUTCOME_EXISTS, "rehome raft", "%s leads already", topology_name(t, to));
    } else if (code == OUTCOME_DONE && s->scene.procs[to.v - 1].state != SCENE_UP) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome status", "%s is %s", topology_name(t, to),
                             scene_state_word(s->scene.procs[to.v - 1].state));
    }
    if (code == OUTCOME_DONE) {
        m->kind = MSG_OP_TRANSFER;
        m->op_transfer.to = to;
        code = common->no_wait ? operator_tell(s->desk, leader, m, NOTICE_MS, NULL)
                               : operator_order(s->desk, leader, m, TRANSFER_MS, &done);
    }
    if (code == OUTCOME_DONE && common->json) {
        table_json(json_pack("{s:i, s:s, s:s, s:I}", "schema", 1, "leader", topology_name(t, to),
                             "before", topology_name(t, leader), "term", (json_int_t)done.value));
    } else if (code == OUTCOME_DONE && !common->quiet) {
        outcome_progress("%s %s.        undo: rehome raft transfer %s", topology_name(t, to),
                         common->no_wait ? "is asked to lead" : "leads", topology_name(t, leader));
    }
    free(m);
    return code;
}

static int members(const struct session_of_command *s, const char *action, const char *word)
{
    const struct topology *t = &s->cluster.topology;
    bool there = proc_id_some(topology_proc_named(t, word));
    if (strcmp(action, "remove") == 0 && !there) {
        return target_known(word, t);
    }
    return outcome_error(
        OUTCOME_CONFIG, "change the nodes of a topology file, and: rehome up --topology FILE",
        "cannot %s %s: the members of a cluster are the nodes of its topology, which "
        "every process holds; they do not change while it runs",
        action, word);
}

struct raft_words {
    const char *action, *target;
    uint32_t tail;
};

static int living(const struct session_of_command *s, const struct raft_words *w,
                  const struct options_common *common)
{
    if (strcmp(w->action, "log") == 0) {
        return show_log(s, w->target, w->tail, common->json);
    }
    if (w->target == NULL) {
        return outcome_error(OUTCOME_USAGE, "rehome raft", "%s takes the name of a node",
                             w->action);
    }
    return strcmp(w->action, "transfer") == 0 ? transfer(s, w->target, common)
                                              : members(s, w->action, w->target);
}

static int read_words(const struct options_args *args, const char *tail,
                      const struct look_when *when, struct raft_words *ret)
{
    static const char *const actions[] = {"log", "transfer", "add", "remove"};
    *ret = (struct raft_words){.action = args->n > 0 ? args->at[0] : NULL,
                               .target = args->n > 1 ? args->at[1] : NULL,
                               .tail = TAIL};
    if (ret->action == NULL) {
        return tail == NULL ? OUTCOME_DONE
                            : outcome_error(OUTCOME_USAGE, "rehome raft log --tail 20",
                                            "--tail is about the log");
    }
    struct nearest near = nearest_to(ret->action);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        nearest_offer(&near, actions[i]);
    }
    if (near.distance != 0) {
        return command_no_such("action", &near);
    }
    if (when->run != NULL) {
        return outcome_error(OUTCOME_USAGE, "rehome events --run R --kind owner_changed",
                             "a record does not hold the log; what it led to are its events");
    }
    if (tail != NULL) {
        ret->tail = options_number("--tail", tail, 1, TAIL_MAX);
    }
    return OUTCOME_DONE;
}

int command_raft(int argc, char **argv)
{
    const char *tail = NULL;
    struct look_when when = {0};
    const struct option_row options[] = {
        {"tail", 'n', "N", "the last N entries of the log (default: 20)", NULL, &tail},
        LOOK_OPTIONS(when)};
    const struct options_spec spec = {
        .name = "raft",
        .examples = "rehome raft\nrehome raft log sub2 --tail 50\nrehome raft transfer sub2",
        .args_doc = "[log [NODE] | transfer NODE | add NODE | remove NODE]",
        .doc = "What each node is to Raft (exit 69 if there is no leader); what stands in the log "
               "of a "
               "node (default: the leader's); who leads. A role is as good as a name.",
        .rows = options,
        .rows_n = sizeof options / sizeof options[0],
        .args_max = 2};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct raft_words words;
    options_parse(&spec, argc, argv, &common, &args);
    int code = read_words(&args, tail, &when, &words);
    code = code == OUTCOME_DONE ? look_open(&common, &when, &s) : code;
    if (code == OUTCOME_DONE) {
        code = words.action == NULL ? show_nodes(s, common.json) : living(s, &words, &common);
    }
    command_close(&s);
    return code;
}
