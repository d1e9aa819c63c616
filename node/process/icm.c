#include "node/process/icm.h"

#include <stdio.h>

void icm_process_init(struct icm_process *p, const struct topology *topology, struct proc_id self,
                      const struct world *world, int64_t wall_offset_us)
{
    p->world = world;
    p->self = self;
    p->wall_offset_us = wall_offset_us;
    p->ended = false;
    icm_init(&p->icm, topology, world);
}

static void start(void *self, struct instant now)
{
    struct icm_process *p = self;
    icm_start(&p->icm, now, now.us + p->wall_offset_us);
    p->world->listen(p->world->context, LINK_CONTROLLER, true);
    p->world->listen(p->world->context, LINK_OPERATOR, true);
}

static void restore(void *self, const struct msg *msg)
{
    struct icm_process *p = self;
    icm_restore(&p->icm, msg);
}

static void order(struct icm_process *p, struct proc_id peer, const struct msg_op_command *command)
{
    struct msg msg = {.kind = MSG_OP_DONE};
    msg.op_done.id = command->id;
    msg.op_done.reason = REASON_BAD_REQUEST;
    if (command->verb == OP_VERB_SHUTDOWN) {
        p->ended = true;
        msg.op_done.reason = REASON_NONE;
    } else {
        snprintf(msg.op_done.text, sizeof msg.op_done.text,
                 "a central controller does not know how to %s",
                 op_verb_text((enum op_verb)command->verb));
    }
    world_send(p->world, LINK_OPERATOR, peer, &msg);
}

static void tell_status(struct icm_process *p, struct proc_id peer, uint64_t id)
{
    struct msg msg = {.kind = MSG_OP_ICM_STATUS};
    struct world_rows rows;
    p->world->rows(p->world->context, &rows);
    icm_status(&p->icm, &msg.op_icm_status);
    msg.op_icm_status.id = id;
    msg.op_icm_status.tcd_rows = rows.tcd;
    msg.op_icm_status.logout_rows = rows.logout;
    msg.op_icm_status.state_rows = rows.state;
    world_send(p->world, LINK_OPERATOR, peer, &msg);
}

static void operator_message(struct icm_process *p, struct proc_id peer, const struct msg *in)
{
    if (in->kind == MSG_OP_STATUS) {
        tell_status(p, peer, in->op_status.id);
    } else if (in->kind == MSG_OP_COMMAND) {
        order(p, peer, &in->op_command);
    }
}

static void message(void *self, struct instant now, enum link link, struct proc_id peer,
                    const struct msg *msg)
{
    struct icm_process *p = self;
    if (link == LINK_OPERATOR) {
        operator_message(p, peer, msg);
    } else if (link == LINK_CONTROLLER) {
        icm_message(&p->icm, now, peer, msg);
    }
}

static void link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct icm_process *p = self;
    if (link == LINK_CONTROLLER) {
        icm_link_up(&p->icm, now, peer);
    }
}

static void link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason)
{
    struct icm_process *p = self;
    (void)reason;
    if (link == LINK_CONTROLLER) {
        icm_link_down(&p->icm, now, peer);
    }
}

static void stored(void *self, struct instant now, uint64_t ticket)
{
    struct icm_process *p = self;
    icm_stored(&p->icm, now, ticket);
}

static struct instant deadline(const void *self)
{
    const struct icm_process *p = self;
    return icm_deadline(&p->icm);
}

static void tick(void *self, struct instant now)
{
    struct icm_process *p = self;
    icm_tick(&p->icm, now);
}

struct process icm_process_entries(struct icm_process *p)
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
