#include "node/role/icm/mds.h"

#include "node/role/icm/icm_state.h"
#include "node/role/icm/mds_order.h"

#include <stddef.h>
#include <string.h>

static struct proc_id other_side(const struct topology *t, struct proc_id self)
{
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (t->procs[v - 1].kind == PROC_ICM && v != self.v) {
            return (struct proc_id){v};
        }
    }
    return (struct proc_id){0};
}

void mds_init(struct mds *m, const struct topology *topology, struct proc_id self,
              const struct world *world, int64_t wall_offset_us)
{
    memset(m, 0, offsetof(struct mds, unheld));
    m->unheld.first = m->unheld.n = 0;
    m->forwarded.first = m->forwarded.n = 0;
    m->topology = topology;
    m->world = world;
    m->self = self;
    m->side = topology_proc_of(topology, self)->side;
    m->peer = other_side(topology, self);
    m->wall_offset_us = wall_offset_us;
    m->peer_state = MDS_STATE_ISOLATED_DISABLED;
    m->beat_at = INSTANT_NEVER;
    mds_order_world(m);
    icm_init(&m->icm, topology, proc_id_some(m->peer) ? &m->inner : world);
    majority_init(&m->majority, topology, m->side);
    recovery_init(&m->recovery, topology, m->peer, world);
}

static bool paired(const struct mds *m)
{
    return proc_id_some(m->peer);
}

static bool serves(enum mds_state state)
{
    return state != MDS_STATE_ISOLATED_DISABLED;
}

static bool enables(enum mds_state state)
{
    return state == MDS_STATE_PAIRED_ENABLED || state == MDS_STATE_ISOLATED_ENABLED;
}

void mds_restore(struct mds *m, const struct msg *msg)
{
    if (msg->kind == MSG_RECOVERY_HELD || msg->kind == MSG_RECOVERY_END) {
        recovery_restore(&m->recovery, msg);
    } else {
        icm_restore(&m->icm, msg);
    }
}

/* -- What this side is. -- */

/* The other side is told over both networks: one pairs, the other is the test of the other side. */
static void say_status(struct mds *m)
{
    struct msg msg;
    msg.kind = MSG_MDS_STATUS;
    msg.correlation = 0;
    msg.mds_status =
        (struct msg_mds_status){.state = m->state, .majority = majority_reached(&m->majority)};
    world_send(m->world, LINK_CONTROLLER, m->peer, &msg);
    world_send(m->world, LINK_PRIVATE, m->peer, &msg);
}

static void become(struct mds *m, enum mds_state state)
{
    enum mds_state before = m->state;
    if (state == before) {
        return;
    }
    m->state = state;
    struct event event = {.kind = EVENT_MDS_STATE, .value = state};
    world_trace(m->world, &event);
    say_status(m);
    for (uint16_t v = 1; v <= m->topology->procs_n && serves(before) != serves(state); v++) {
        if (m->linked[v]) {
            mds_order_path(m, (struct proc_id){v}, serves(state));
        }
    }
    recovery_parted(&m->recovery);
    if (state == MDS_STATE_PAIRED_ENABLED || state == MDS_STATE_PAIRED_DISABLED) {
        majority_met(&m->majority, m->now);
    }
}

static void begin(struct mds *m, enum mds_state state)
{
    ASSERT(!serves(m->state));
    m->state_asked = false;
    m->taking = false;
    become(m, state);
    mds_order_begin(m);
}

static void end(struct mds *m)
{
    m->state_asked = false;
    m->taking = false;
    mds_order_end(m);
    become(m, MDS_STATE_ISOLATED_DISABLED);
}

static void ask_state(struct mds *m)
{
    struct msg msg;
    if (m->state_asked) {
        return;
    }
    msg.kind = MSG_MDS_STATE_REQUEST;
    msg.correlation = 0;
    msg.mds_state_request.seq = m->seq;
    world_send(m->world, LINK_PRIVATE, m->peer, &msg);
    m->state_asked = true;
    m->taking = false;
}

/* The other side is there, and has said what it is. */
static void meet(struct mds *m)
{
    bool peer_enabled = enables(m->peer_state);
    m->state_asked = m->state_asked && peer_enabled;
    if (enables(m->state)) {
        if (peer_enabled && m->side == SIDE_B) {
            end(m); /* both served: A's routers go on, and the rows of both are kept */
            ask_state(m);
        } else {
            become(m, MDS_STATE_PAIRED_ENABLED);
        }
    } else if (m->state == MDS_STATE_PAIRED_DISABLED) {
        if (!peer_enabled) { /* it slept, and lets go what this side has */
            become(m, MDS_STATE_PAIRED_ENABLED);
            mds_order_alone(m);
        }
    } else if (peer_enabled) {
        ask_state(m);
    } else if (m->side == SIDE_A && m->peer_state == MDS_STATE_ISOLATED_DISABLED) {
        begin(m, MDS_STATE_PAIRED_ENABLED);
    }
}

/* What this side may be while it hears nothing from the other one over the private network. */
static void settle(struct mds *m)
{
    if (!paired(m) || (m->peer_up && m->peer_told)) {
        return;
    }
    if (m->state == MDS_STATE_ISOLATED_DISABLED) {
        if (majority_may_begin(&m->majority, m->now)) {
            begin(m, MDS_STATE_ISOLATED_ENABLED);
        }
    } else if (m->state == MDS_STATE_ISOLATED_ENABLED) {
        if (majority_must_end(&m->majority)) {
            end(m);
        }
    }
}

/* The private link is gone. Whoever goes on has all that the other one did. */
static void part(struct mds *m)
{
    m->peer_up = false;
    m->peer_told = false;
    m->state_asked = false;
    m->taking = false;
    m->peer_state = MDS_STATE_ISOLATED_DISABLED;
    if (m->state != MDS_STATE_PAIRED_ENABLED && m->state != MDS_STATE_PAIRED_DISABLED) {
        settle(m);
        return;
    }
    if (!majority_may_go_on(&m->majority, m->now)) {
        end(m);
        return;
    }
    become(m, MDS_STATE_ISOLATED_ENABLED);
    mds_order_alone(m);
}

/* -- Time. -- */

/* As long as the other side needs to miss this one, less one heartbeat. */
static int64_t sleep_max_us(const struct mds *m)
{
    const struct topology_timers *t = &m->topology->timers;
    return t->private_heartbeat.us * (int64_t)(t->private_misses - 1);
}

/* The clock of everything below. A side that slept for too long may have been replaced: it serves
 * nobody until it has met the other one, or has waited for it. */
static void enter(struct mds *m, struct instant now)
{
    struct instant last = m->now;
    m->now = now;
    if (!paired(m) || !serves(m->state) || instant_since(now, last).us < sleep_max_us(m)) {
        return;
    }
    majority_wait(&m->majority, now);
    if (enables(m->state)) {
        end(m);
    }
}

void mds_start(struct mds *m, struct instant now)
{
    m->now = now;
    if (!paired(m)) {
        icm_start(&m->icm, now, now.us + m->wall_offset_us);
        return;
    }
    m->state = MDS_STATE_ISOLATED_DISABLED;
    m->beat_at = now;
    majority_wait(&m->majority, now);
    recovery_start(&m->recovery);
}

static struct instant icm_due(const struct mds *m)
{
    struct instant at = icm_deadline(&m->icm);
    bool ticks = enables(m->state) && !m->tick_ordered && at.us != INSTANT_NEVER.us;
    if (!ticks) {
        return INSTANT_NEVER;
    }
    return (struct instant){at.us - m->clock_us};
}

struct instant mds_deadline(const struct mds *m)
{
    if (!paired(m)) {
        return icm_deadline(&m->icm);
    }
    struct instant next = instant_min(m->beat_at, icm_due(m));
    bool waits =
        m->state == MDS_STATE_ISOLATED_DISABLED && !instant_reached(m->now, m->majority.not_before);
    return waits ? instant_min(next, m->majority.not_before) : next;
}

void mds_tick(struct mds *m, struct instant now)
{
    if (!paired(m)) {
        icm_tick(&m->icm, now);
        return;
    }
    enter(m, now);
    if (instant_reached(now, m->beat_at)) { /* or this side would not notice that it slept */
        m->beat_at = instant_add(now, m->topology->timers.private_heartbeat);
    }
    settle(m);
    if (instant_reached(now, icm_due(m))) {
        mds_order_input(m, MDS_INPUT_TICK, (struct proc_id){0}, NULL);
    }
}

/* -- What comes. -- */

static void take_durable(struct mds *m, const struct msg *msg)
{
    if (!serves(m->state)) { /* this side may be the first to order again: it knows both disks */
        icm_restore(&m->icm, msg);
        m->world->store(m->world->context, msg);
    } else if (m->state == MDS_STATE_ISOLATED_ENABLED) { /* nothing is to begin twice */
        icm_heard(&m->icm, msg);
    }
}

static void give_durable(void *context, const struct msg *msg)
{
    const struct mds *m = context;
    world_send(m->world, LINK_PRIVATE, m->peer, msg);
}

static void take_state(struct mds *m, const struct msg *msg)
{
    bool last = false;
    if (serves(m->state) || !m->state_asked) {
        return; /* asked for before the pair parted */
    }
    enum err err = mds_order_take_state(m, msg, &last);
    if (err != ERR_OK) {
        icm_reject(&m->icm, m->peer, REASON_BAD_REQUEST, err_text(err));
        m->state_asked = false;
        ask_state(m);
        return;
    }
    if (!last) {
        return;
    }
    m->state_asked = false;
    m->taking = false;
    become(m, MDS_STATE_PAIRED_DISABLED);
    recovery_paired(&m->recovery);
    for (uint16_t v = 1; v <= m->topology->procs_n; v++) {
        if (m->linked[v]) {
            mds_order_input(m, MDS_INPUT_LINK_UP, (struct proc_id){v}, NULL);
        }
    }
}

static void give_state(struct mds *m)
{
    if (enables(m->state)) {
        mds_order_give_state(m);
        become(m, MDS_STATE_PAIRED_ENABLED);
        recovery_paired(&m->recovery);
    }
}

static void private_message(struct mds *m, const struct msg *msg)
{
    if (mds_order_private(m, msg)) {
        if (m->gap) {
            m->gap = false;
            end(m);
            ask_state(m);
        }
    } else if (msg->kind == MSG_MDS_STATUS) {
        m->peer_told = true;
        m->peer_state = (enum mds_state)msg->mds_status.state;
        meet(m);
    } else if (msg->kind == MSG_MDS_ACK) {
        mds_order_ack(m, &msg->mds_ack);
    } else if (msg->kind == MSG_MDS_STATE_REQUEST) {
        give_state(m);
    } else if (msg->kind == MSG_MDS_PAIR || msg->kind == MSG_MDS_AGENT ||
               msg->kind == MSG_MDS_CALL || msg->kind == MSG_MDS_PATH || msg->kind == MSG_MDS_END) {
        take_state(m, msg);
    } else if (msg->kind == MSG_PG_GRANT || msg->kind == MSG_ROUTE_ANSWER) {
        take_durable(m, msg);
    } else if (!recovery_message(&m->recovery, msg)) {
        icm_reject(&m->icm, m->peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

/* A controller with one side: the logger gives the keys, and nobody else. */
static void alone(struct mds *m, struct instant now, struct proc_id peer, const struct msg *msg)
{
    if (msg_is_record(msg->kind) &&
        (msg_record_key(msg) != 0 || proc_id_some(msg_record_sender(msg)))) {
        icm_reject(&m->icm, peer, REASON_BAD_REQUEST, "a record that was ordered already");
        return;
    }
    icm_message(&m->icm, now, peer, msg);
}

void mds_message(struct mds *m, struct instant now, enum link link, struct proc_id peer,
                 const struct msg *msg)
{
    if (!paired(m)) {
        alone(m, now, peer, msg);
        return;
    }
    enter(m, now);
    if (link == LINK_PRIVATE) {
        private_message(m, msg);
    } else if (proc_id_eq(peer, m->peer)) {
        if (msg->kind == MSG_MDS_STATUS) {
            majority_test(&m->majority, &msg->mds_status);
            settle(m);
        } else {
            icm_reject(&m->icm, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
        }
    } else {
        mds_order_input(m, MDS_INPUT_MESSAGE, peer, msg);
    }
}

static void device_link(struct mds *m, struct proc_id pg, bool up)
{
    bool reached = majority_reached(&m->majority);
    if (m->linked[pg.v] == up) {
        return;
    }
    m->linked[pg.v] = up;
    m->majority.devices += up ? 1u : UINT32_MAX;
    if (reached != majority_reached(&m->majority)) {
        say_status(m);
    }
    if (up && serves(m->state)) {
        mds_order_path(m, pg, true);
    }
    mds_order_input(m, up ? MDS_INPUT_LINK_UP : MDS_INPUT_LINK_DOWN, pg, NULL);
    settle(m);
}

void mds_link_up(struct mds *m, struct instant now, enum link link, struct proc_id peer)
{
    if (!paired(m)) {
        icm_link_up(&m->icm, now, peer);
        return;
    }
    enter(m, now);
    if (link == LINK_PRIVATE) {
        m->peer_up = true;
        m->peer_told = false;
        icm_state_durable(&m->icm, m, give_durable);
        say_status(m);
    } else if (proc_id_eq(peer, m->peer)) {
        say_status(m);
    } else {
        device_link(m, peer, true);
    }
}

void mds_link_down(struct mds *m, struct instant now, enum link link, struct proc_id peer)
{
    if (!paired(m)) {
        icm_link_down(&m->icm, now, peer);
        return;
    }
    enter(m, now);
    if (link == LINK_PRIVATE) {
        part(m);
    } else if (proc_id_eq(peer, m->peer)) {
        majority_test(&m->majority, NULL);
        settle(m);
    } else {
        device_link(m, peer, false);
    }
}

void mds_stored(struct mds *m, struct instant now, uint64_t ticket)
{
    if (!paired(m)) {
        icm_stored(&m->icm, now, ticket);
        return;
    }
    enter(m, now);
    mds_order_stored(m, ticket);
    recovery_stored(&m->recovery, ticket);
}

uint64_t mds_sum(const struct mds *m)
{
    struct msg_mds_end end;
    icm_state_export(&m->icm, NULL, NULL, &end);
    return end.sum;
}
