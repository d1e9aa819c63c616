#include "node/process/pg.h"

#include <stdio.h>

enum err pg_process_init(struct pg_process *p, const struct topology *topology, struct proc_id self,
                         struct incarnation incarnation, const struct world *world,
                         int64_t wall_offset_us)
{
    p->incarnation = incarnation;
    p->wall_offset_us = wall_offset_us;
    p->ended = false;
    return pg_init(&p->pg, topology, self, world);
}

void pg_process_deinit(struct pg_process *p)
{
    pg_deinit(&p->pg);
}

static void restore(void *self, const struct msg *msg)
{
    struct pg_process *p = self;
    pg_restore(&p->pg, msg);
}

/* The links of a side, by the table in docs/protocol.md. */
static void open_links(struct pg_process *p)
{
    const struct world *w = p->pg.world;
    const struct topology *t = p->pg.topology;
    const struct topology_proc *own = topology_proc_of(t, p->pg.self);
    w->listen(w->context, LINK_DESKTOP, true);
    if (own->side == SIDE_B) {
        w->listen(w->context, LINK_PRIVATE, true);
    } else if (proc_id_some(p->pg.peer)) {
        w->connect(w->context, LINK_PRIVATE, p->pg.peer, true);
    }
    w->connect(w->context, LINK_JTAPI, p->pg.pim.manager, true);
    for (uint16_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_ICM) {
            w->connect(w->context, LINK_CONTROLLER, (struct proc_id){(uint16_t)(i + 1)}, true);
        }
    }
}

static void start(void *self, struct instant now)
{
    struct pg_process *p = self;
    open_links(p);
    pg_start(&p->pg, now, p->incarnation, p->wall_offset_us);
}

static void order(struct pg_process *p, struct instant now, struct proc_id peer,
                  const struct msg_op_command *command)
{
    struct msg msg = {.kind = MSG_OP_DONE};
    msg.op_done.id = command->id;
    msg.op_done.value = 0;
    msg.op_done.reason = REASON_NONE;
    msg.op_done.text[0] = '\0';
    if (command->verb == OP_VERB_SHUTDOWN) {
        pg_process_stop(p, now);
    } else {
        msg.op_done.reason = REASON_BAD_REQUEST;
        snprintf(msg.op_done.text, sizeof msg.op_done.text, "a PG does not know how to %s",
                 op_verb_text((enum op_verb)command->verb));
    }
    world_send(p->pg.world, LINK_OPERATOR, peer, &msg);
}

static void list(struct pg_process *p, struct proc_id peer, const struct msg_op_list *ask)
{
    struct msg msg = {.kind = MSG_NONE};
    if (ask->what == OP_LIST_AGENTS) {
        msg.kind = MSG_OP_AGENTS;
        pg_list_agents(&p->pg, ask->after, &msg.op_agents);
        msg.op_agents.id = ask->id;
    } else if (ask->what == OP_LIST_CALLS) {
        msg.kind = MSG_OP_CALLS;
        pg_list_calls(&p->pg, ask->after, &msg.op_calls);
        msg.op_calls.id = ask->id;
    } else {
        msg.kind = MSG_OP_DEVICES;
        msg.op_devices.id = ask->id;
        msg.op_devices.index = 0;
        msg.op_devices.reason = REASON_BAD_REQUEST;
        msg.op_devices.last = true;
        msg.op_devices.rows_n = 0;
    }
    world_send(p->pg.world, LINK_OPERATOR, peer, &msg);
}

static void operator_message(struct pg_process *p, struct instant now, struct proc_id peer,
                             const struct msg *in)
{
    if (in->kind == MSG_OP_STATUS) {
        struct msg msg = {.kind = MSG_OP_PG_STATUS};
        pg_status(&p->pg, &msg.op_pg_status);
        msg.op_pg_status.id = in->op_status.id;
        world_send(p->pg.world, LINK_OPERATOR, peer, &msg);
    } else if (in->kind == MSG_OP_LIST) {
        list(p, peer, &in->op_list);
    } else if (in->kind == MSG_OP_COMMAND) {
        order(p, now, peer, &in->op_command);
    }
}

static void message(void *self, struct instant now, enum link link, struct proc_id peer,
                    const struct msg *msg)
{
    struct pg_process *p = self;
    if (link == LINK_OPERATOR) {
        operator_message(p, now, peer, msg);
    } else {
        pg_message(&p->pg, now, link, peer, msg);
    }
}

static void link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct pg_process *p = self;
    if (link != LINK_OPERATOR) {
        pg_link_up(&p->pg, now, link, peer);
    }
}

static void link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason)
{
    struct pg_process *p = self;
    if (link != LINK_OPERATOR) {
        pg_link_down(&p->pg, now, link, peer, reason);
    }
}

static void stored(void *self, struct instant now, uint64_t ticket)
{
    struct pg_process *p = self;
    pg_stored(&p->pg, now, ticket);
}

static struct instant deadline(const void *self)
{
    const struct pg_process *p = self;
    return pg_deadline(&p->pg);
}

static void tick(void *self, struct instant now)
{
    struct pg_process *p = self;
    pg_tick(&p->pg, now);
}

struct process pg_process_entries(struct pg_process *p)
{
    return (struct process){
        .self = p,
        .start = start,
        .restore = restore,
        .message = message,
        .link_up = link_up,
        .link_down = link_down,
        .stored = stored,
        .deadline = deadline,
        .tick = tick,
    };
}

void pg_process_stop(struct pg_process *p, struct instant now)
{
    if (!p->ended) {
        p->ended = true;
        pg_stop(&p->pg, now);
    }
}
