#include "node/process/icm.h"

#include <stdio.h>

void icm_process_init(struct icm_process *p, const struct topology *topology, struct proc_id self,
                      const struct world *world, int64_t wall_offset_us)
{
    p->world = world;
    p->self = self;
    p->ended = false;
    mds_init(&p->mds, topology, self, world, wall_offset_us);
}

/* The two links of a pair go opposite ways, so that each side has news of the other one's death
 * from a connection of its own. */
static void open_pair(struct icm_process *p)
{
    const struct world *w = p->world;
    if (!proc_id_some(p->mds.peer)) {
        return;
    }
    if (p->mds.side == SIDE_A) {
        w->connect(w->context, LINK_PRIVATE, p->mds.peer, true);
    } else {
        w->listen(w->context, LINK_PRIVATE, true);
        w->connect(w->context, LINK_CONTROLLER, p->mds.peer, true);
    }
}

static void start(void *self, struct instant now)
{
    struct icm_process *p = self;
    mds_start(&p->mds, now);
    p->world->listen(p->world->context, LINK_CONTROLLER, true);
    open_pair(p);
    p->world->listen(p->world->context, LINK_OPERATOR, true);
}

static void restore(void *self, const struct msg *msg)
{
    struct icm_process *p = self;
    mds_restore(&p->mds, msg);
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
    icm_status(&p->mds.icm, &msg.op_icm_status);
    msg.op_icm_status.state = p->mds.state;
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
    } else {
        mds_message(&p->mds, now, link, peer, msg);
    }
}

static void link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct icm_process *p = self;
    if (link != LINK_OPERATOR) {
        mds_link_up(&p->mds, now, link, peer);
    }
}

static void link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason)
{
    struct icm_process *p = self;
    (void)reason;
    if (link != LINK_OPERATOR) {
        mds_link_down(&p->mds, now, link, peer);
    }
}

static void stored(void *self, struct instant now, uint64_t ticket)
{
    struct icm_process *p = self;
    mds_stored(&p->mds, now, ticket);
}

static struct instant deadline(const void *self)
{
    const struct icm_process *p = self;
    return mds_deadline(&p->mds);
}

static void tick(void *self, struct instant now)
{
    struct icm_process *p = self;
    mds_tick(&p->mds, now);
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
