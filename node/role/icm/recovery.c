#include "node/role/icm/recovery.h"

#include "node/role/icm/record_check.h"

void recovery_init(struct recovery *r, const struct topology *topology, struct proc_id peer,
                   const struct world *world)
{
    *r = (struct recovery){.topology = topology, .world = world, .peer = peer};
}

static void note(struct recovery *r, bool complete)
{
    struct msg msg;
    msg.kind = MSG_RECOVERY_HELD;
    msg.correlation = 0;
    msg.recovery_held = (struct msg_recovery_held){
        .held_a = r->held[0], .held_b = r->held[1], .complete = complete};
    r->complete = complete;
    r->world->store(r->world->context, &msg);
}

/* From now on newer rows may be stored while older ones are missing. */
static void note_bounds(struct recovery *r)
{
    if (r->complete) {
        r->held[0] = r->last[0];
        r->held[1] = r->last[1];
    }
    note(r, false);
}

void recovery_restore(struct recovery *r, const struct msg *msg)
{
    if (msg->kind == MSG_RECOVERY_END) {
        r->given = r->reserved = msg->recovery_end.after;
        return;
    }
    ASSERT(msg->kind == MSG_RECOVERY_HELD);
    r->held[0] = msg->recovery_held.held_a;
    r->held[1] = msg->recovery_held.held_b;
    r->complete = msg->recovery_held.complete;
}

static void reserve(struct recovery *r)
{
    struct msg msg;
    msg.kind = MSG_RECOVERY_END;
    msg.correlation = 0;
    r->reserved = r->given + RECOVERY_AHEAD_US;
    msg.recovery_end = (struct msg_recovery_end){.after = r->reserved, .done = true};
    r->world->store(r->world->context, &msg);
}

void recovery_start(struct recovery *r)
{
    struct world_rows rows;
    r->world->rows(r->world->context, &rows);
    r->last[0] = rows.last[0];
    r->last[1] = rows.last[1];
    note_bounds(r);
}

int64_t recovery_key(struct recovery *r, enum side side, int64_t wall_us)
{
    int64_t odd = side == SIDE_B ? 1 : 0;
    int64_t after = r->last[0] > r->last[1] ? r->last[0] : r->last[1];
    after = r->given > after ? r->given : after;
    int64_t key = wall_us > after ? wall_us : after + 1;
    r->given = key + ((key & 1) == odd ? 0 : 1);
    if (r->given > r->reserved) {
        reserve(r);
    }
    return r->given;
}

uint64_t recovery_store(struct recovery *r, const struct msg *record)
{
    int64_t key = msg_record_key(record);
    if (key > r->last[key & 1]) {
        r->last[key & 1] = key;
    }
    r->put = r->world->store(r->world->context, record);
    return r->put;
}

static void ask(struct recovery *r, int64_t after)
{
    struct msg msg;
    msg.kind = MSG_RECOVERY_ASK;
    msg.correlation = 0;
    msg.recovery_ask =
        (struct msg_recovery_ask){.after = after, .held_a = r->held[0], .held_b = r->held[1]};
    world_send(r->world, LINK_PRIVATE, r->peer, &msg);
    r->asking = true;
}

/* A page of what the other one lacks, once all that was put before it asked is on disk. */
static void answer(struct recovery *r)
{
    if (!r->asked || r->stored < r->asked_put) {
        return;
    }
    r->asked = false;
    int64_t held[2] = {r->question.held_a, r->question.held_b};
    struct msg msg;
    int64_t after = r->question.after;
    uint32_t n = 0;
    while (n < RECOVERY_PAGE && r->world->row_after(r->world->context, after, held, &msg)) {
        ASSERT(msg_record_key(&msg) > after);
        after = msg_record_key(&msg);
        n++;
        world_send(r->world, LINK_PRIVATE, r->peer, &msg);
    }
    msg.kind = MSG_RECOVERY_END;
    msg.correlation = 0;
    msg.recovery_end = (struct msg_recovery_end){.after = after, .done = n < RECOVERY_PAGE};
    world_send(r->world, LINK_PRIVATE, r->peer, &msg);
}

void recovery_stored(struct recovery *r, uint64_t ticket)
{
    r->stored = ticket;
    answer(r);
}

void recovery_parted(struct recovery *r)
{
    r->asking = false;
    r->asked = false;
    if (r->complete) {
        note_bounds(r);
    }
}

void recovery_paired(struct recovery *r)
{
    recovery_parted(r);
    r->came = 0;
    ask(r, r->held[0] < r->held[1] ? r->held[0] : r->held[1]);
}

static void ended(struct recovery *r, const struct msg_recovery_end *end)
{
    if (!end->done) {
        ask(r, end->after);
        return;
    }
    r->asking = false;
    note(r, true);
    struct event event = {.kind = EVENT_RECOVERED, .peer = r->peer, .value = (int64_t)r->came};
    world_trace(r->world, &event);
}

static bool row(struct recovery *r, const struct msg *msg)
{
    uint32_t pair = msg->kind == MSG_RECORD_TCD      ? msg->record_tcd.peripheral
                    : msg->kind == MSG_RECORD_LOGOUT ? msg->record_logout.peripheral
                                                     : msg->record_state.peripheral;
    if (!r->asking || record_check_wrong(r->topology, pair, msg) != NULL ||
        msg_record_key(msg) <= 0) {
        return false;
    }
    r->came++;
    recovery_store(r, msg);
    return true;
}

bool recovery_message(struct recovery *r, const struct msg *msg)
{
    if (msg->kind == MSG_RECOVERY_ASK) {
        r->question = msg->recovery_ask;
        r->asked = true;
        r->asked_put = r->put;
        answer(r);
        return true;
    }
    if (msg->kind == MSG_RECOVERY_END) {
        if (r->asking) {
            ended(r, &msg->recovery_end);
        }
        return true;
    }
    return msg_is_record(msg->kind) && row(r, msg);
}
