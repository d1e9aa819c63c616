#include "node/process/recorder.h"

#include <stdio.h>

void recorder_init(struct recorder *r, const struct topology *topology, const struct world *world)
{
    r->world = world;
    r->ended = false;
    probe_init(&r->probe, topology, world);
}

static void start(void *self, struct instant now)
{
    struct recorder *r = self;
    (void)now;
    r->world->listen(r->world->context, LINK_OPERATOR, true);
}

static void order(struct recorder *r, struct instant now, struct proc_id peer,
                  const struct msg_op_command *c)
{
    struct msg m = {.kind = MSG_OP_DONE};
    struct msg_op_done *done = &m.op_done;
    *done = (struct msg_op_done){.id = c->id, .reason = REASON_NONE};
    if (c->verb == OP_VERB_SHUTDOWN) {
        r->ended = true;
    } else if (c->verb != OP_VERB_LOOKUPS) {
        done->reason = REASON_BAD_REQUEST;
        snprintf(done->text, sizeof done->text, "a recorder does not know how to %s",
                 op_verb_text((enum op_verb)c->verb));
    } else if (probe_set(&r->probe, now, c->value) != ERR_OK) {
        done->reason = REASON_BAD_REQUEST;
        snprintf(done->text, sizeof done->text, "at most %d lookups a second", PROBE_RATE_MAX);
    }
    world_send(r->world, LINK_OPERATOR, peer, &m);
}

static void message(void *self, struct instant now, enum link link, struct proc_id peer,
                    const struct msg *msg)
{
    struct recorder *r = self;
    if (link == LINK_OPERATOR && msg->kind == MSG_OP_COMMAND) {
        order(r, now, peer, &msg->op_command);
    } else if (link == LINK_OPERATOR && msg->kind == MSG_OP_DEVICES) {
        probe_answer(&r->probe, peer, &msg->op_devices);
    }
}

static void link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct recorder *r = self;
    (void)now;
    if (link == LINK_OPERATOR) {
        probe_link(&r->probe, peer, true);
    }
}

static void link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason)
{
    struct recorder *r = self;
    (void)now;
    (void)reason;
    if (link == LINK_OPERATOR) {
        probe_link(&r->probe, peer, false);
    }
}

static struct instant deadline(const void *self)
{
    const struct recorder *r = self;
    return probe_deadline(&r->probe);
}

static void tick(void *self, struct instant now)
{
    struct recorder *r = self;
    probe_tick(&r->probe, now);
}

struct process recorder_entries(struct recorder *r)
{
    return (struct process){
        .self = r,
        .start = start,
        .message = message,
        .link_up = link_up,
        .link_down = link_down,
        .deadline = deadline,
        .tick = tick,
    };
}
