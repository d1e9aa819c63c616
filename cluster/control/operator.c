#include "cluster/control/operator.h"

#include "cluster/control/backend.h"
#include "cluster/control/patience.h"
#include "cluster/control/proc.h"
#include "cluster/control/tick.h"
#include "node/runtime/driver.h"
#include "node/runtime/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_MS 20 /* how often it is looked whether the asked ones still live */

struct operator_desk {
    const struct topology *topology;
    operator_way *way; /* NULL: the OPERATOR link */
    void *context;
    const struct cluster *cluster;
    struct driver *driver;
    const struct world *world;
    struct process process;
    bool dialled[PROCS_MAX + 1];
    bool up[PROCS_MAX + 1];
    uint64_t next_id;
    /* What is being asked at the moment. */
    struct operator_ask *asks;
    bool *sent;
    uint32_t asks_n, open;
    struct instant until, look_at;
};

static void set_id(struct msg *m, uint64_t id)
{
    if (m->kind == MSG_OP_STATUS) {
        m->op_status.id = id;
    } else if (m->kind == MSG_OP_LIST) {
        m->op_list.id = id;
    } else if (m->kind == MSG_OP_LOG_READ) {
        m->op_log_read.id = id;
    } else if (m->kind == MSG_OP_TRANSFER) {
        m->op_transfer.id = id;
    } else {
        ASSERT(m->kind == MSG_OP_COMMAND);
        m->op_command.id = id;
    }
}

static uint64_t id_of(const struct msg *m)
{
    switch ((int)m->kind) {
    case MSG_OP_STATUS:
        return m->op_status.id;
    case MSG_OP_LIST:
        return m->op_list.id;
    case MSG_OP_COMMAND:
        return m->op_command.id;
    case MSG_OP_LOG_READ:
        return m->op_log_read.id;
    case MSG_OP_TRANSFER:
        return m->op_transfer.id;
    case MSG_OP_LOG:
        return m->op_log.id;
    case MSG_OP_NODE_STATUS:
        return m->op_node_status.id;
    case MSG_OP_PG_STATUS:
        return m->op_pg_status.id;
    case MSG_OP_ICM_STATUS:
        return m->op_icm_status.id;
    case MSG_OP_FLEET_STATUS:
        return m->op_fleet_status.id;
    case MSG_OP_DEVICES:
        return m->op_devices.id;
    case MSG_OP_CALLS:
        return m->op_calls.id;
    case MSG_OP_AGENTS:
        return m->op_agents.id;
    case MSG_OP_DONE:
        return m->op_done.id;
    default:
        return 0;
    }
}

bool operator_fits(const struct operator_ask *ask, struct proc_id from, const struct msg *answer)
{
    return proc_id_eq(ask->to, from) && id_of(answer) == id_of(&ask->question);
}

static void settle(struct operator_desk *o, struct operator_ask *ask, enum err err)
{
    ask->err = err;
    o->open--;
    if (o->open == 0) {
        driver_stop(o->driver);
    }
}

static bool is_open(const struct operator_ask *ask)
{
    return ask->err == ERR_STATE;
}

static void send_waiting(struct operator_desk *o, struct proc_id peer)
{
    for (uint32_t i = 0; i < o->asks_n; i++) {
        struct operator_ask *a = &o->asks[i];
        if (is_open(a) && proc_id_eq(a->to, peer) && !o->sent[i]) {
            o->sent[i] = true;
            world_send(o->world, LINK_OPERATOR, peer, &a->question);
        }
    }
}

static void on_start(void *self, struct instant now)
{
    struct operator_desk *o = self;
    (void)now;
    for (uint32_t i = 0; i < o->asks_n; i++) {
        struct proc_id to = o->asks[i].to;
        if (!o->dialled[to.v]) {
            o->dialled[to.v] = true;
            o->world->connect(o->world->context, LINK_OPERATOR, to, true);
        } else if (o->up[to.v]) {
            send_waiting(o, to);
        }
    }
}

static void on_message(void *self, struct instant now, enum link link, struct proc_id peer,
                       const struct msg *msg)
{
    struct operator_desk *o = self;
    (void)now;
    (void)link;
    for (uint32_t i = 0; i < o->asks_n; i++) {
        struct operator_ask *a = &o->asks[i];
        if (is_open(a) && operator_fits(a, peer, msg)) {
            a->answer = *msg;
            settle(o, a, ERR_OK);
            return;
        }
    }
}

static void on_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct operator_desk *o = self;
    (void)now;
    (void)link;
    if (peer.v <= PROCS_MAX) {
        o->up[peer.v] = true;
        send_waiting(o, peer);
    }
}

static void on_down(void *self, struct instant now, enum link link, struct proc_id peer,
                    enum reason reason)
{
    struct operator_desk *o = self;
    (void)now;
    (void)link;
    (void)reason;
    if (peer.v > PROCS_MAX) {
        return;
    }
    o->up[peer.v] = false;
    /* A question may be asked again; whether an order was done is not known. */
    for (uint32_t i = 0; i < o->asks_n; i++) {
        enum msg_kind kind = o->asks[i].question.kind;
        bool order = kind == MSG_OP_COMMAND || kind == MSG_OP_TRANSFER;
        if (proc_id_eq(o->asks[i].to, peer) && !order) {
            o->sent[i] = false;
        }
    }
}

static struct instant on_deadline(const void *self)
{
    const struct operator_desk *o = self;
    return o->open > 0 ? instant_min(o->until, o->look_at) : INSTANT_NEVER;
}

static void on_tick(void *self, struct instant now)
{
    struct operator_desk *o = self;
    if (o->open == 0) {
        return;
    }
    bool late = instant_reached(now, o->until);
    o->look_at = instant_add(now, duration_ms(LOOK_EVERY_MS));
    for (uint32_t i = 0; i < o->asks_n; i++) {
        struct operator_ask *a = &o->asks[i];
        struct proc_pid pid;
        if (!is_open(a)) {
            continue;
        }
        if (proc_read(o->cluster, topology_name(o->topology, a->to), &pid) == PROC_STATE_DEAD) {
            settle(o, a, ERR_UNKNOWN);
        } else if (late || tick_interrupted()) {
            settle(o, a, ERR_TIMEOUT);
        }
    }
}

int operator_open(const struct cluster *c, struct operator_desk **ret)
{
    static unsigned opened;
    char guest[NAME_LEN];
    char keys[HOME_PATH_MAX];
    struct operator_desk *o = calloc(1, sizeof *o);
    if (o == NULL) {
        abort();
    }
    snprintf(guest, sizeof guest, "%d-%u", (int)getpid(), ++opened);
    if (c->changed) {
        free(o);
        return outcome_error(OUTCOME_CONFIG, "put it back; or: rehome down, rehome up",
                             "%s/topology.yaml is not what this cluster was started with",
                             c->folder);
    }
    int code = backend_of(c)->visit(c);
    if (code != OUTCOME_DONE) {
        free(o);
        return code;
    }
    home_path(c, keys, sizeof keys, "keys");
    o->topology = &c->topology;
    o->cluster = c;
    o->next_id = 1;
    log_setup("rehome", LOG_ERROR); /* what is wrong is said in words of the command */
    const struct driver_config config = {
        .topology = &c->topology, .guest = guest, .keys_dir = keys, .block = c->block};
    enum err err = driver_new(&config, &o->driver);
    if (err != ERR_OK) {
        free(o);
        return outcome_error(err == ERR_CORRUPT      ? OUTCOME_DATA
                             : err == ERR_PERMISSION ? OUTCOME_CONFIG
                                                     : OUTCOME_IO,
                             "mend the file; or begin anew: rehome down --destroy",
                             "cannot use the keys in %s: %s", keys, err_text(err));
    }
    o->world = driver_world(o->driver);
    o->process = (struct process){.self = o,
                                  .start = on_start,
                                  .message = on_message,
                                  .link_up = on_up,
                                  .link_down = on_down,
                                  .deadline = on_deadline,
                                  .tick = on_tick};
    *ret = o;
    return OUTCOME_DONE;
}

struct operator_desk *operator_open_over(const struct topology *topology, operator_way *way,
                                         void *context)
{
    struct operator_desk *o = calloc(1, sizeof *o);
    if (o == NULL) {
        abort();
    }
    o->topology = topology;
    o->way = way;
    o->context = context;
    o->next_id = 1;
    return o;
}

const struct topology *operator_topology(const struct operator_desk *o)
{
    return o->topology;
}

void operator_close(struct operator_desk **o)
{
    if (*o != NULL) {
        driver_free(&(*o)->driver); /* NULL is fine */
        free(*o);
        *o = NULL;
    }
}

/* Over the OPERATOR link. */
static void ask_by_link(struct operator_desk *o, struct operator_ask *asks, uint32_t n,
                        uint32_t timeout_ms)
{
    bool sent[PROCS_MAX * 2] = {false};
    ASSERT(n <= sizeof sent / sizeof sent[0]);
    o->asks = asks;
    o->asks_n = n;
    o->sent = sent;
    o->open = n;
    o->until = instant_add((struct instant){tick_now_us()}, duration_ms(timeout_ms));
    o->look_at = (struct instant){tick_now_us()};
    if (n > 0) {
        err_ignore(driver_run(o->driver, &o->process), "a guest has nothing stored");
    }
    for (uint32_t i = 0; i < n; i++) {
        asks[i].err = is_open(&asks[i]) ? ERR_TIMEOUT : asks[i].err;
    }
    o->asks = NULL;
    o->asks_n = 0;
    o->sent = NULL;
}

void operator_ask(struct operator_desk *o, struct operator_ask *asks, uint32_t n,
                  uint32_t timeout_ms)
{
    timeout_ms *= patience_of(o->topology);
    for (uint32_t i = 0; i < n; i++) {
        ASSERT(asks[i].to.v >= 1 && asks[i].to.v <= PROCS_MAX);
        set_id(&asks[i].question, o->next_id++);
        asks[i].err = ERR_STATE; /* not settled */
    }
    if (o->way != NULL) {
        o->way(o->context, asks, n, timeout_ms);
    } else {
        ask_by_link(o, asks, n, timeout_ms);
    }
}

/* What became of an order. `late`: what it is that it did not answer in time. */
static int judge(const struct operator_desk *o, const struct operator_ask *ask, enum outcome late)
{
    const char *name = topology_name(o->topology, ask->to);
    const struct msg_op_done *done = &ask->answer.op_done;
    if (ask->err == ERR_UNKNOWN) {
        return outcome_error(OUTCOME_UNREACHABLE, "rehome status", "%s does not run", name);
    }
    if (ask->err != ERR_OK || ask->answer.kind != MSG_OP_DONE) {
        return late == OUTCOME_DONE
                   ? OUTCOME_DONE
                   : outcome_error(late, "rehome status", "%s did not answer in time", name);
    }
    if (done->reason == REASON_NONE) {
        return OUTCOME_DONE;
    }
    enum reason reason = (enum reason)done->reason;
    bool more = done->text[0] != '\0' && strcmp(done->text, reason_meaning(reason)) != 0;
    return outcome_error(outcome_of(reason), NULL, "%s: %s (%s)%s%s", name, reason_meaning(reason),
                         reason_text(reason), more ? ": " : "", more ? done->text : "");
}

static int give_order(struct operator_desk *o, struct proc_id to, const struct msg *command,
                      uint32_t timeout_ms, enum outcome late, struct msg_op_done *ret_done)
{
    struct operator_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        abort();
    }
    ask->to = to;
    ask->question = *command;
    operator_ask(o, ask, 1, timeout_ms);
    int code = judge(o, ask, late);
    if (code == OUTCOME_DONE && ret_done != NULL && ask->err == ERR_OK) {
        *ret_done = ask->answer.op_done;
    }
    free(ask);
    return code;
}

int operator_order(struct operator_desk *o, struct proc_id to, const struct msg *command,
                   uint32_t timeout_ms, struct msg_op_done *ret_done)
{
    return give_order(o, to, command, timeout_ms, OUTCOME_TIMEOUT, ret_done);
}

int operator_tell(struct operator_desk *o, struct proc_id to, const struct msg *command,
                  uint32_t notice_ms, struct msg_op_done *ret_done)
{
    return give_order(o, to, command, notice_ms, OUTCOME_DONE, ret_done);
}
