#include "tests/unit/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 8192
#define STEPS_MAX 200000
#define ROWS_MAX  256

struct letter {
    enum link link;
    struct proc_id from, to;
    uint64_t ticket; /* not 0: no message, `to` has this stored */
    struct msg *msg;
};

struct proposal {
    struct proc_id from;
    bool answered; /* by callmanager_result, with `tag` */
    uint64_t tag;
    struct msg_command command;
};

struct seat {
    struct office *office;
    struct proc_id self;
    struct world world;
    struct process process;
    uint64_t tickets;
};

struct node_seat {
    struct callmanager cm;
    struct ctimanager cti;
    bool up, serving;
    uint64_t incarnations, batches;
};

struct office {
    struct topology topology;
    struct instant now;
    struct registry registry;
    uint64_t index;
    struct seat seats[OFFICE_PROCS + 1];
    struct node_seat nodes[3];
    struct pg_process pg;
    struct icm_process icm;
    struct fleet *fleet;
    void *fleet_memory;
    bool losing[LINK_COUNT];
    bool linked[LINK_COUNT][OFFICE_PROCS + 1][OFFICE_PROCS + 1];
    struct letter queue[QUEUE_MAX];
    uint32_t first, n;
    struct proposal proposals[QUEUE_MAX];
    uint32_t proposals_n;
    uint64_t orders;
    struct msg_op_done done;
    bool is_done;
    struct msg_record_tcd rows[ROWS_MAX];
    uint32_t rows_n;
};

/* ---- The world of each ---- */

static void push(struct office *o, const struct letter *letter, const struct msg *msg)
{
    ASSERT(o->n < QUEUE_MAX);
    struct letter *l = &o->queue[(o->first + o->n++) % QUEUE_MAX];
    *l = *letter;
    if (msg != NULL) {
        l->msg = malloc(sizeof *msg);
        ASSERT(l->msg != NULL);
        memcpy(l->msg, msg, sizeof *msg);
    }
}

static void on_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct seat *s = context;
    struct office *o = s->office;
    ASSERT(msg_allowed(msg->kind, link));
    if (link == LINK_OPERATOR) {
        if (msg->kind == MSG_OP_DONE && msg->op_done.id == o->orders) {
            ASSERT(!o->is_done);
            o->done = msg->op_done;
            o->is_done = true;
        }
        return;
    }
    ASSERT(peer.v >= 1 && peer.v <= OFFICE_PROCS);
    if (link == LINK_LOCAL || (o->linked[link][s->self.v][peer.v] && !o->losing[link])) {
        push(o, &(struct letter){.link = link, .from = s->self, .to = peer}, msg);
    }
}

static void on_listen(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static void on_connect(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    (void)link;
    (void)peer;
    (void)on;
}

static void on_trace(void *context, const struct event *event)
{
    (void)context;
    (void)event;
}

static uint64_t on_store(void *context, const struct msg *msg)
{
    struct seat *s = context;
    struct office *o = s->office;
    if (msg->kind == MSG_RECORD_TCD && proc_id_eq(s->self, OFFICE_PG)) {
        ASSERT(o->rows_n < ROWS_MAX);
        o->rows[o->rows_n++] = msg->record_tcd;
    }
    push(o, &(struct letter){.to = s->self, .ticket = ++s->tickets}, NULL);
    return s->tickets;
}

static void on_trim(void *context, uint64_t outbox)
{
    (void)context;
    (void)outbox;
}

static void on_media(void *context, const struct media_order *order)
{
    (void)context;
    (void)order; /* nobody ever falls silent here */
}

/* ---- The registry ---- */

static void propose(struct seat *s, const struct msg_command *command, bool answered, uint64_t tag)
{
    struct office *o = s->office;
    ASSERT(o->proposals_n < QUEUE_MAX);
    o->proposals[o->proposals_n++] = (struct proposal){s->self, answered, tag, *command};
}

static enum err cm_propose(void *context, struct instant now, const struct msg_command *command,
                           uint64_t tag)
{
    (void)now;
    propose(context, command, true, tag);
    return ERR_OK;
}

static bool cm_lease(void *context, struct instant now)
{
    (void)context;
    (void)now;
    return true;
}

static void cti_propose(void *context, const struct msg_command *command)
{
    propose(context, command, false, 0);
}

static void tell_cti(struct office *o, uint32_t node)
{
    struct node_seat *n = &o->nodes[node];
    bool serving = n->up && callmanager_serving(&n->cm);
    if (serving != n->serving) {
        n->serving = serving;
        ctimanager_local_callmanager(&n->cti, o->now, serving);
    }
}

static void on_changed(void *context, const struct registry_change *change)
{
    struct office *o = context;
    for (uint32_t node = 1; node <= 2; node++) {
        callmanager_registry_changed(&o->nodes[node].cm, o->now, change);
        tell_cti(o, node);
        struct device_id device = {0};
        if (change->kind == REGISTRY_CHANGE_DEVICE) {
            device = change->device;
        }
        ctimanager_registry_changed(&o->nodes[node].cti, o->now, device);
    }
}

static struct msg_command_result commit(struct office *o, struct proc_id from,
                                        const struct msg_command *command)
{
    static struct msg_propose batch;
    static struct msg_proposed proposed;
    memset(&batch, 0, sizeof batch);
    batch.origin = from;
    batch.incarnation.v = 1;
    batch.seq = ++o->nodes[from.v].batches;
    batch.commands_n = 1;
    batch.commands[0] = *command;
    registry_apply(&o->registry, ++o->index, &batch, &proposed);
    return proposed.results[0];
}

static void commit_first(struct office *o)
{
    struct proposal p = o->proposals[0];
    o->proposals_n--;
    memmove(&o->proposals[0], &o->proposals[1], o->proposals_n * sizeof o->proposals[0]);
    struct msg_command_result result = commit(o, p.from, &p.command);
    if (p.answered) {
        callmanager_result(&o->nodes[p.from.v].cm, o->now, p.tag, &result);
    }
}

/* ---- Nodes as processes ---- */

static void node_message(void *self, struct instant now, enum link link, struct proc_id peer,
                         const struct msg *msg)
{
    struct node_seat *n = self;
    bool for_cti =
        link == LINK_JTAPI ||
        (link == LINK_LOCAL && (msg->kind == MSG_SDL_EVENT || msg->kind == MSG_SDL_REQUEST_RESULT ||
                                msg->kind == MSG_SDL_SESSION));
    if (for_cti) {
        ctimanager_message(&n->cti, now, link, peer, msg);
    } else {
        callmanager_message(&n->cm, now, link, peer, msg);
    }
}

static void node_link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct node_seat *n = self;
    if (link == LINK_JTAPI) {
        ctimanager_link_up(&n->cti, now, link, peer);
    } else {
        callmanager_link_up(&n->cm, now, link, peer);
    }
}

static void node_link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                           enum reason reason)
{
    struct node_seat *n = self;
    if (link == LINK_JTAPI) {
        ctimanager_link_down(&n->cti, now, link, peer, reason);
    } else {
        callmanager_link_down(&n->cm, now, link, peer);
    }
}

static struct instant node_deadline(const void *self)
{
    const struct node_seat *n = self;
    return instant_min(callmanager_deadline(&n->cm), ctimanager_deadline(&n->cti));
}

static void node_tick(void *self, struct instant now)
{
    struct node_seat *n = self;
    callmanager_tick(&n->cm, now);
    ctimanager_tick(&n->cti, now);
}

static void service(struct office *o, struct proc_id node, bool up)
{
    struct msg_command command = {.kind = up ? COMMAND_SERVICE_UP : COMMAND_SERVICE_DOWN,
                                  .node = node,
                                  .service = SERVICE_CALLMANAGER,
                                  .incarnation = {o->nodes[node.v].incarnations}};
    (void)commit(o, node, &command);
}

/* ---- What happens ---- */

static void deliver_first(struct office *o)
{
    struct letter l = o->queue[o->first];
    o->first = (o->first + 1) % QUEUE_MAX;
    o->n--;
    const struct process *p = &o->seats[l.to.v].process;
    if (l.ticket != 0) {
        if (p->stored != NULL) {
            p->stored(p->self, o->now, l.ticket);
        }
    } else if (l.link == LINK_LOCAL || o->linked[l.link][l.from.v][l.to.v]) {
        p->message(p->self, o->now, l.link, l.from, l.msg);
    }
    free(l.msg);
}

static void settle(struct office *o)
{
    for (uint32_t i = 0; o->n > 0 || o->proposals_n > 0; i++) {
        ASSERT(i < STEPS_MAX);
        if (o->proposals_n > 0) {
            commit_first(o);
        } else {
            deliver_first(o);
        }
    }
}

/* Go on until `end`, or until the order is answered. */
static void run(struct office *o, struct instant end, bool until_done)
{
    settle(o);
    for (uint32_t i = 0; !(until_done && o->is_done); i++) {
        ASSERT(i < STEPS_MAX);
        struct instant next = INSTANT_NEVER;
        for (uint32_t v = 1; v <= OFFICE_PROCS; v++) {
            const struct process *p = &o->seats[v].process;
            next = instant_min(next, p->deadline(p->self));
        }
        if (next.us > end.us) {
            o->now = end;
            return;
        }
        o->now.us = next.us > o->now.us ? next.us : o->now.us + 1;
        for (uint32_t v = 1; v <= OFFICE_PROCS; v++) {
            const struct process *p = &o->seats[v].process;
            if (instant_reached(o->now, p->deadline(p->self))) {
                p->tick(p->self, o->now);
                settle(o);
            }
        }
    }
}

void office_run(struct office *o, int64_t ms)
{
    run(o, instant_add(o->now, duration_ms(ms)), false);
}

void office_link(struct office *o, enum link link, struct proc_id a, struct proc_id b, bool up)
{
    if (o->linked[link][a.v][b.v] == up) {
        return;
    }
    o->losing[link] = false;
    o->linked[link][a.v][b.v] = up;
    o->linked[link][b.v][a.v] = up;
    struct proc_id ends[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const struct process *p = &o->seats[ends[i].v].process;
        if (up) {
            p->link_up(p->self, o->now, link, ends[1 - i]);
        } else {
            p->link_down(p->self, o->now, link, ends[1 - i], REASON_SERVICE_LOST);
        }
    }
    settle(o);
}

void office_lose(struct office *o, enum link link)
{
    o->losing[link] = true;
}

void office_crash(struct office *o, struct proc_id node)
{
    struct node_seat *n = &o->nodes[node.v];
    struct proc_id other = {(uint16_t)(3 - node.v)};
    n->up = false;
    callmanager_reset(&n->cm);
    tell_cti(o, node.v);
    office_link(o, LINK_STATION, node, OFFICE_FLEET, false);
    office_link(o, LINK_SDL, node, other, false);
    service(o, node, false);
    settle(o);
}

void office_restart(struct office *o, struct proc_id node)
{
    struct node_seat *n = &o->nodes[node.v];
    struct proc_id other = {(uint16_t)(3 - node.v)};
    n->incarnations++;
    callmanager_start(&n->cm, o->now, (struct incarnation){n->incarnations});
    n->up = true;
    service(o, node, true);
    tell_cti(o, node.v);
    if (o->nodes[other.v].up) {
        office_link(o, LINK_SDL, node, other, true);
    }
    office_link(o, LINK_STATION, node, OFFICE_FLEET, true);
    settle(o);
}

/* ---- Orders ---- */

struct msg_op_done office_order(struct office *o, const struct msg_op_command *command, int64_t ms)
{
    static struct msg msg;
    msg.kind = MSG_OP_COMMAND;
    msg.correlation = 0;
    msg.op_command = *command;
    msg.op_command.id = ++o->orders;
    o->is_done = false;
    const struct process *p = &o->seats[OFFICE_FLEET.v].process;
    p->message(p->self, o->now, LINK_OPERATOR, OFFICE_GUEST, &msg);
    run(o, instant_add(o->now, duration_ms(ms)), true);
    return o->is_done ? o->done : (struct msg_op_done){.reason = REASON_COUNT};
}

struct msg_op_done office_key(struct office *o, uint32_t phone, enum key key, const char *to)
{
    struct msg_op_command c = {.verb = OP_VERB_PHONE, .key = key};
    snprintf(c.number, sizeof c.number, "%u", phone);
    snprintf(c.to, sizeof c.to, "%s", to);
    return office_order(o, &c, 10000);
}

struct msg_op_done office_ask(struct office *o, uint32_t agent, enum agent_request request)
{
    struct msg_op_command c = {.verb = OP_VERB_AGENT, .agent = {agent}, .request = request};
    return office_order(o, &c, 10000);
}

/* ---- Life ---- */

static void add_proc(struct topology *t, const char *name, enum proc_kind kind)
{
    struct topology_proc *p = &t->procs[t->procs_n++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kind = kind;
    p->publisher = t->procs_n == 1;
    p->callmanager = kind == PROC_NODE;
    p->ctimanager = kind == PROC_NODE;
    p->side = kind == PROC_PG || kind == PROC_ICM ? SIDE_A : SIDE_NONE;
    p->pair = kind == PROC_PG ? 5000 : 0;
    p->ctimanager_node = kind == PROC_PG ? OFFICE_SUB2 : (struct proc_id){0};
}

static void plan(struct topology *t)
{
    struct duration long_time = duration_ms(3600 * 1000);
    add_proc(t, "sub1", PROC_NODE);
    add_proc(t, "sub2", PROC_NODE);
    add_proc(t, "pga", PROC_PG);
    add_proc(t, "icma", PROC_ICM);
    add_proc(t, "fleet", PROC_FLEET);
    t->groups_n = 1;
    t->groups[0] = (struct topology_group){.members_n = 2, .members = {OFFICE_SUB1, OFFICE_SUB2}};
    t->phones_n = 1;
    t->phones[0] =
        (struct topology_phones){.first = 1001, .count = OFFICE_PHONES, .fleet = OFFICE_FLEET};
    t->skills_n = 1;
    t->skills[0].number = 42;
    t->dialled_n = 1;
    snprintf(t->dialled[0].number, NUMBER_LEN, "80001");
    t->dialled[0].pair = 5000;
    t->agents_n = 1;
    t->agents[0] = (struct topology_agents){
        .first = 5001, .count = OFFICE_AGENTS, .phone = 1001, .pair = 5000};
    t->traffic = (struct topology_traffic){.seed = 7,
                                           .talk_mean = long_time,
                                           .wrapup_mean = long_time,
                                           .ring_mean = long_time,
                                           .patience = long_time};
    enum err err = topology_profile("lab", &t->timers);
    ASSERT(err == ERR_OK);
}

static void seat(struct office *o, struct proc_id id, const struct process *process)
{
    o->seats[id.v].process = *process;
}

static void seat_nodes(struct office *o)
{
    for (uint16_t v = 1; v <= 2; v++) {
        struct seat *s = &o->seats[v];
        struct node_seat *n = &o->nodes[v];
        const struct callmanager_raft raft = {s, cm_propose, cm_lease};
        const struct ctimanager_raft cti = {s, cti_propose};
        callmanager_init(&n->cm, &o->topology, s->self, &s->world, &o->registry, &raft);
        enum err err =
            ctimanager_init(&n->cti, &o->topology, s->self, &s->world, &o->registry, &cti);
        ASSERT(err == ERR_OK);
        seat(o, s->self,
             &(struct process){.self = n,
                               .message = node_message,
                               .link_up = node_link_up,
                               .link_down = node_link_down,
                               .deadline = node_deadline,
                               .tick = node_tick});
    }
}

static void seat_others(struct office *o)
{
    enum err err = pg_process_init(&o->pg, &o->topology, OFFICE_PG, (struct incarnation){1},
                                   &o->seats[OFFICE_PG.v].world, 0);
    ASSERT(err == ERR_OK);
    icm_process_init(&o->icm, &o->topology, OFFICE_ICM, &o->seats[OFFICE_ICM.v].world, 0);
    o->fleet_memory = malloc(fleet_size(&o->topology, OFFICE_FLEET));
    ASSERT(o->fleet_memory != NULL);
    o->fleet = fleet_init(o->fleet_memory, &o->topology, OFFICE_FLEET, (struct incarnation){1},
                          &o->seats[OFFICE_FLEET.v].world);
    struct process pg = pg_process_entries(&o->pg);
    struct process icm = icm_process_entries(&o->icm);
    struct process fleet = fleet_process(o->fleet);
    seat(o, OFFICE_PG, &pg);
    seat(o, OFFICE_ICM, &icm);
    seat(o, OFFICE_FLEET, &fleet);
}

static void open_office(struct office *o)
{
    for (uint16_t v = 1; v <= 2; v++) {
        ctimanager_start(&o->nodes[v].cti, o->now, (struct incarnation){1});
    }
    o->seats[OFFICE_ICM.v].process.start(&o->icm, o->now);
    o->seats[OFFICE_FLEET.v].process.start(o->fleet, o->now);
    office_restart(o, OFFICE_SUB1);
    office_run(o, 1000);
    office_restart(o, OFFICE_SUB2);
    o->seats[OFFICE_PG.v].process.start(&o->pg, o->now);
    office_link(o, LINK_JTAPI, OFFICE_PG, OFFICE_SUB2, true);
    office_link(o, LINK_CONTROLLER, OFFICE_PG, OFFICE_ICM, true);
    office_link(o, LINK_DESKTOP, OFFICE_FLEET, OFFICE_PG, true);
    office_run(o, 8000);
}

struct office *office_new(void)
{
    struct office *o = calloc(1, sizeof *o);
    ASSERT(o != NULL);
    o->now.us = 1000000;
    plan(&o->topology);
    for (uint16_t v = 1; v <= OFFICE_PROCS; v++) {
        struct seat *s = &o->seats[v];
        s->office = o;
        s->self.v = v;
        s->world = (struct world){.context = s,
                                  .send = on_send,
                                  .listen = on_listen,
                                  .connect = on_connect,
                                  .trace = on_trace,
                                  .store = on_store,
                                  .trim = on_trim,
                                  .media = on_media};
    }
    registry_init(&o->registry, &o->topology, (struct registry_watch){o, on_changed});
    seat_nodes(o);
    seat_others(o);
    open_office(o);
    return o;
}

void office_free(struct office *o)
{
    for (; o->n > 0; o->n--) {
        free(o->queue[o->first].msg);
        o->first = (o->first + 1) % QUEUE_MAX;
    }
    pg_process_deinit(&o->pg);
    for (uint32_t v = 1; v <= 2; v++) {
        ctimanager_deinit(&o->nodes[v].cti);
    }
    free(o->fleet_memory);
    free(o);
}

/* ---- What one can see ---- */

struct fleet *office_fleet(struct office *o)
{
    return o->fleet;
}

struct pg *office_pg(struct office *o)
{
    return &o->pg.pg;
}

struct callmanager *office_callmanager(struct office *o, struct proc_id node)
{
    return &o->nodes[node.v].cm;
}

struct phone *office_phone(struct office *o, uint32_t number)
{
    char text[NUMBER_LEN];
    snprintf(text, sizeof text, "%u", number);
    return fleet_phone(o->fleet, topology_number(&o->topology, text));
}

struct agent *office_agent(struct office *o, uint32_t id)
{
    struct agent_info info;
    bool known = topology_agent_by_id(&o->topology, (struct agent_id){id}, &info);
    ASSERT(known);
    return fleet_agent_at(o->fleet, info.device);
}

enum agent_state office_state(struct office *o, uint32_t id)
{
    uint32_t place = opc_place(&o->pg.pg.opc, (struct agent_id){id});
    ASSERT(place != 0);
    return o->pg.pg.opc.agents[place - 1].state;
}

uint32_t office_rows(const struct office *o)
{
    return o->rows_n;
}

const struct msg_record_tcd *office_row(const struct office *o, uint32_t nth)
{
    ASSERT(nth < o->rows_n);
    return &o->rows[nth];
}
