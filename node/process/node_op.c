#include "node/process/node_op.h"

#include "node/base/config.h"
#include "node/base/plant.h"

#include <stdio.h>
#include <string.h>

static struct msg *answer(struct node *n, enum msg_kind kind)
{
    n->out.kind = kind;
    n->out.correlation = 0;
    return &n->out;
}

static void done(struct node *n, struct proc_id peer, uint64_t id, enum reason reason,
                 uint64_t value, const char *text)
{
    struct msg *m = answer(n, MSG_OP_DONE);
    m->op_done = (struct msg_op_done){.id = id, .reason = reason, .value = value};
    snprintf(m->op_done.text, sizeof m->op_done.text, "%s", text);
    world_send(n->config.world, LINK_OPERATOR, peer, m);
}

/* ---- Operators that wait ---- */

static struct node_operation *wait_for(struct node *n, struct proc_id peer, uint64_t id)
{
    for (uint32_t i = 0; i < NODE_OPERATIONS_MAX; i++) {
        struct node_operation *o = &n->operations[i];
        if (!o->used) {
            n->operations_n = i < n->operations_n ? n->operations_n : i + 1;
            *o = (struct node_operation){.used = true,
                                         .peer = peer,
                                         .id = id,
                                         .ticket = ++n->tickets,
                                         .until = INSTANT_NEVER};
            return o;
        }
    }
    return NULL;
}

static struct node_operation *waiting(struct node *n, uint64_t ticket)
{
    for (uint32_t i = 0; i < n->operations_n; i++) {
        struct node_operation *o = &n->operations[i];
        if (o->used && o->ticket == ticket) {
            return o;
        }
    }
    return NULL;
}

static void trace_refused(const struct node *n, enum reason reason, const char *text)
{
    struct event e = {.kind = EVENT_WRITE_REFUSED, .reason = reason};
    snprintf(e.text, sizeof e.text, "%s", text);
    world_trace(n->config.world, &e);
}

void node_op_result(struct node *n, uint64_t ticket, enum reason reason, uint64_t index)
{
    struct node_operation *o = waiting(n, ticket);
    if (o != NULL) {
        o->used = false;
        if (reason != REASON_NONE) {
            trace_refused(n, reason, o->text);
        }
        done(n, o->peer, o->id, reason, index,
             reason == REASON_NONE ? o->was : reason_meaning(reason));
    }
}

static void look_at_transfer(struct node *n, struct node_operation *o)
{
    const struct replica *r = member_replica(&n->member);
    bool leads = proc_id_eq(replica_leader(r), o->transferee);
    if (!leads && !instant_reached(n->now, o->until)) {
        n->transferring = true;
        return;
    }
    o->used = false;
    done(n, o->peer, o->id, leads ? REASON_NONE : REASON_TIMEOUT, replica_term(r),
         leads ? "" : "it did not take over in time; the leader stays or was elected anew");
}

void node_op_look(struct node *n)
{
    n->transferring = false;
    for (uint32_t i = 0; i < n->operations_n; i++) {
        struct node_operation *o = &n->operations[i];
        if (o->used && proc_id_some(o->transferee)) {
            look_at_transfer(n, o);
            continue;
        }
        if (!o->used || o->service == SERVICE_NONE) {
            continue;
        }
        const struct node_service *s = &n->services[o->service];
        const struct registry_node *r = registry_node(&n->registry, n->config.self);
        bool shown = r != NULL && r->service_up[o->service] &&
                     incarnation_eq(r->service[o->service], s->incarnation);
        if (!shown && s->up && !instant_reached(n->now, o->until)) {
            continue;
        }
        o->used = false;
        done(n, o->peer, o->id, shown ? REASON_NONE : REASON_TIMEOUT, s->incarnation.v,
             shown ? "" : "it started, and the registry does not show it yet");
    }
}

struct instant node_op_deadline(const struct node *n)
{
    struct instant next = INSTANT_NEVER;
    for (uint32_t i = 0; i < n->operations_n; i++) {
        if (n->operations[i].used) {
            next = instant_min(next, n->operations[i].until);
        }
    }
    return next;
}

/* ---- Status ---- */

static void status(struct node *n, struct proc_id peer, uint64_t id)
{
    const struct replica *r = member_replica(&n->member);
    const struct callmanager *cm = &n->callmanager;
    struct msg_op_node_status s = {.id = id,
                                   .raft = replica_standing(r),
                                   .leader = replica_leader(r),
                                   .term = replica_term(r),
                                   .commit = replica_committed(r),
                                   .applied = replica_applied(r),
                                   .last = replica_last(r),
                                   .snapshot = replica_snapshot(r),
                                   .hash = registry_hash(&n->registry),
                                   .callmanager = n->services[SERVICE_CALLMANAGER].up,
                                   .ctimanager = n->services[SERVICE_CTIMANAGER].up,
                                   .callmanager_inc = n->services[SERVICE_CALLMANAGER].incarnation,
                                   .ctimanager_inc = n->services[SERVICE_CTIMANAGER].incarnation,
                                   .lease = member_has_lease(&n->member, n->now),
                                   .phones = callmanager_devices(cm, DEVICE_KIND_PHONE),
                                   .gateways = callmanager_devices(cm, DEVICE_KIND_GATEWAY),
                                   .route_points = callmanager_devices(cm, DEVICE_KIND_ROUTE_POINT),
                                   .calls = callmanager_calls(cm),
                                   .devices = registry_devices(&n->registry)};
    for (uint32_t v = 1; v <= s.devices; v++) {
        s.registered += proc_id_some(registry_owner(&n->registry, (struct device_id){v})) ? 1 : 0;
    }
    if (n->config.memory_kib != NULL) {
        s.rss_kib = n->config.memory_kib();
    }
    struct msg *m = answer(n, MSG_OP_NODE_STATUS);
    m->op_node_status = s;
    world_send(n->config.world, LINK_OPERATOR, peer, m);
}

/* ---- Lists ---- */

static void send_devices(struct node *n, struct proc_id peer, uint64_t id, uint32_t after,
                         uint32_t most, uint64_t index)
{
    struct msg *m = answer(n, MSG_OP_DEVICES);
    struct msg_op_devices *page = &m->op_devices;
    uint32_t total = registry_devices(&n->registry);
    page->id = id;
    page->index = index;
    page->reason = REASON_NONE;
    page->rows_n = 0;
    uint32_t v = after < total ? after + 1 : total + 1;
    uint32_t room = most > 0 && most < MAX_op_device ? most : MAX_op_device;
    for (; v <= total && page->rows_n < room; v++) {
        const struct registry_device *d = registry_device(&n->registry, (struct device_id){v});
        page->rows[page->rows_n++] = (struct msg_op_device){.device = {v},
                                                            .kind = d->kind,
                                                            .node = d->owner,
                                                            .epoch = d->epoch,
                                                            .state = d->state,
                                                            .since_us = n->changed[v].us};
    }
    page->last = v > total;
    world_send(n->config.world, LINK_OPERATOR, peer, m);
}

static void no_devices(struct node *n, struct proc_id peer, uint64_t id, enum reason reason)
{
    struct msg *m = answer(n, MSG_OP_DEVICES);
    m->op_devices.id = id;
    m->op_devices.index = registry_applied(&n->registry);
    m->op_devices.last = true;
    m->op_devices.reason = reason;
    m->op_devices.rows_n = 0;
    world_send(n->config.world, LINK_OPERATOR, peer, m);
}

void node_op_read(struct node *n, uint64_t ticket, enum reason reason, uint64_t index)
{
    struct node_operation *o = waiting(n, ticket);
    if (o == NULL) {
        return;
    }
    o->used = false;
    if (reason == REASON_NONE) {
        send_devices(n, o->peer, o->id, o->after, o->most, index);
    } else {
        no_devices(n, o->peer, o->id, reason);
    }
}

static void list(struct node *n, struct proc_id peer, const struct msg_op_list *l)
{
    if (l->what == OP_LIST_CALLS) {
        struct msg *m = answer(n, MSG_OP_CALLS);
        m->op_calls.id = l->id;
        m->op_calls.rows_n = callmanager_legs(&n->callmanager, n->now, l->after, MAX_op_call,
                                              m->op_calls.rows, &m->op_calls.last);
        world_send(n->config.world, LINK_OPERATOR, peer, m);
    } else if (l->what != OP_LIST_DEVICES) {
        done(n, peer, l->id, REASON_BAD_REQUEST, 0, "a node lists devices and calls");
    } else if (!l->linearizable || PLANTED(STALE_READ)) {
        send_devices(n, peer, l->id, l->after, l->most, registry_applied(&n->registry));
    } else {
        struct node_operation *o = wait_for(n, peer, l->id);
        if (o == NULL || member_read(&n->member, n->now, o->ticket) != ERR_OK) {
            no_devices(n, peer, l->id, REASON_FULL);
            if (o != NULL) {
                o->used = false;
            }
            return;
        }
        o->after = l->after;
        o->most = l->most;
    }
}

static void read_log(struct node *n, struct proc_id peer, const struct msg_op_log_read *ask)
{
    struct msg *m = answer(n, MSG_OP_LOG);
    memset(&m->op_log, 0, sizeof m->op_log);
    m->op_log.id = ask->id;
    member_read_log(&n->member, ask->after, ask->skip, &m->op_log);
    world_send(n->config.world, LINK_OPERATOR, peer, m);
}

/* ---- Orders ---- */

static void transfer(struct node *n, struct proc_id peer, const struct msg_op_transfer *ask)
{
    struct node_operation *o = wait_for(n, peer, ask->id);
    if (o == NULL) {
        done(n, peer, ask->id, REASON_FULL, 0, reason_meaning(REASON_FULL));
        return;
    }
    enum err err = member_transfer(&n->member, ask->to);
    if (err != ERR_OK) {
        o->used = false;
        done(n, peer, ask->id, err == ERR_INVALID ? REASON_BAD_REQUEST : REASON_BAD_STATE, 0,
             err == ERR_INVALID ? "it is no other voter of the cluster"
                                : "this node is not the leader, or hands over already");
        return;
    }
    struct duration wait = {n->config.topology->timers.raft_election.us * NODE_TRANSFER_TERMS};
    o->transferee = ask->to;
    o->until = instant_add(n->now, wait);
    n->transferring = true;
}

/* `was`: the value that it replaces; NULL: there is none. */
static void propose(struct node *n, struct proc_id peer, uint64_t id,
                    const struct msg_command *command, const char *text, const char *was)
{
    struct node_operation *o = wait_for(n, peer, id);
    if (o != NULL) {
        snprintf(o->text, sizeof o->text, "%s", text);
        snprintf(o->was, sizeof o->was, "%s", was != NULL ? was : "");
    }
    if (o == NULL || node_propose(n, command, o->ticket) != ERR_OK) {
        trace_refused(n, REASON_FULL, text);
        done(n, peer, id, REASON_FULL, 0, reason_meaning(REASON_FULL));
        if (o != NULL) {
            o->used = false;
        }
    }
}

static void configure(struct node *n, struct proc_id peer, const struct msg_op_command *c)
{
    struct proc_id publisher = topology_publisher(n->config.topology);
    if (!proc_id_eq(publisher, n->config.self)) {
        char text[sizeof n->out.op_done.text];
        snprintf(text, sizeof text, "configuration is written on %s only",
                 topology_name(n->config.topology, publisher));
        trace_refused(n, REASON_NOT_PUBLISHER, c->text);
        done(n, peer, c->id, REASON_NOT_PUBLISHER, 0, text);
        return;
    }
    const char *complaint = config_complaint(n->config.topology, c->text);
    if (complaint != NULL) {
        done(n, peer, c->id, REASON_BAD_REQUEST, 0, complaint);
        return;
    }
    char key[NAME_LEN];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(c->text, "="), c->text);
    struct msg_command command = {.kind = COMMAND_CONFIG};
    snprintf(command.text, sizeof command.text, "%s", c->text);
    propose(n, peer, c->id, &command, c->text, registry_config(&n->registry, key));
}

static void forward(struct node *n, struct proc_id peer, const struct msg_op_command *c)
{
    struct msg_command command = {.kind = COMMAND_FORWARD};
    snprintf(command.number, sizeof command.number, "%s", c->number);
    snprintf(command.text, sizeof command.text, "%s", c->to);
    char text[EVENT_TEXT_LEN];
    snprintf(text, sizeof text, "%s=%s", c->number, c->to);
    propose(n, peer, c->id, &command, text, registry_forward(&n->registry, c->number));
}

static void service_order(struct node *n, struct proc_id peer, const struct msg_op_command *c)
{
    if (c->service != SERVICE_CALLMANAGER && c->service != SERVICE_CTIMANAGER) {
        done(n, peer, c->id, REASON_BAD_REQUEST, 0, "which service?");
        return;
    }
    enum service service = (enum service)c->service;
    if (c->verb != OP_VERB_SERVICE_START) {
        bool ended = node_service_end(n, service, c->verb == OP_VERB_SERVICE_STOP);
        done(n, peer, c->id, ended ? REASON_NONE : REASON_BAD_STATE,
             n->services[service].incarnation.v, ended ? "" : "it is not running");
        return;
    }
    struct node_operation *o = wait_for(n, peer, c->id);
    if (o == NULL) {
        done(n, peer, c->id, REASON_FULL, 0, reason_meaning(REASON_FULL));
    } else if (!node_service_start(n, service)) {
        o->used = false;
        done(n, peer, c->id, REASON_BAD_STATE, n->services[service].incarnation.v,
             "it is running already");
    } else {
        o->service = service;
        o->until = instant_add(n->now, duration_ms(NODE_START_LIMIT_MS));
    }
}

static void order(struct node *n, struct proc_id peer, const struct msg_op_command *c)
{
    switch ((enum op_verb)c->verb) {
    case OP_VERB_SERVICE_STOP:
    case OP_VERB_SERVICE_CRASH:
    case OP_VERB_SERVICE_START:
        service_order(n, peer, c);
        return;
    case OP_VERB_CONFIG_SET:
        configure(n, peer, c);
        return;
    case OP_VERB_FORWARD:
        forward(n, peer, c);
        return;
    case OP_VERB_SHUTDOWN:
        done(n, peer, c->id, REASON_NONE, 0, "");
        n->ended = true;
        return;
    case OP_VERB_NONE:
    case OP_VERB_PHONE:
    case OP_VERB_AGENT:
    case OP_VERB_TRAFFIC:
    case OP_VERB_LOOKUPS:
    case OP_VERB_COUNT:
        done(n, peer, c->id, REASON_BAD_REQUEST, 0, "a node does not know how to do that");
        return;
    }
    UNREACHABLE("every verb is listed");
}

void node_op_message(struct node *n, struct proc_id peer, const struct msg *msg)
{
    if (msg->kind == MSG_OP_STATUS) {
        status(n, peer, msg->op_status.id);
    } else if (msg->kind == MSG_OP_LIST) {
        list(n, peer, &msg->op_list);
    } else if (msg->kind == MSG_OP_COMMAND) {
        order(n, peer, &msg->op_command);
    } else if (msg->kind == MSG_OP_LOG_READ) {
        read_log(n, peer, &msg->op_log_read);
    } else if (msg->kind == MSG_OP_TRANSFER) {
        transfer(n, peer, &msg->op_transfer);
    }
}
