#include "node/role/icm/mds_order.h"

#include "node/role/icm/icm_state.h"

#include <string.h>

static bool enabled(const struct mds *m)
{
    return m->state == MDS_STATE_PAIRED_ENABLED || m->state == MDS_STATE_ISOLATED_ENABLED;
}

static uint32_t bit(enum side side)
{
    return side == SIDE_B ? 2 : 1;
}

static enum side other(enum side side)
{
    return side == SIDE_B ? SIDE_A : SIDE_B;
}

/* -- Items. -- */

static bool has_body(enum msg_kind kind)
{
#define IS(NAME, name) kind == MSG_##NAME ||
    return MDS_BODY_MAP(IS) false;
#undef IS
}

static void body_from(struct mds_item *item, const struct msg *msg)
{
    item->kind = msg->kind;
    item->correlation = msg->correlation;
#define FROM(NAME, name)           \
    if (msg->kind == MSG_##NAME) { \
        item->name = msg->name;    \
    }
    MDS_BODY_MAP(FROM)
#undef FROM
}

static void body_to(const struct mds_item *item, struct msg *ret_msg)
{
    ret_msg->kind = item->kind;
    ret_msg->correlation = item->correlation;
#define TO(NAME, name)              \
    if (item->kind == MSG_##NAME) { \
        ret_msg->name = item->name; \
    }
    MDS_BODY_MAP(TO)
#undef TO
}

/* The peer is asked for more than it can hold: it is gone, for all that this side knows. */
static bool push(struct mds_queue *q, const struct mds_item *item)
{
    if (q->n == MDS_INPUTS_MAX) {
        return false;
    }
    q->items[(q->first + q->n++) % MDS_INPUTS_MAX] = *item;
    return true;
}

static bool pop(struct mds_queue *q, struct mds_item *ret_item)
{
    if (q->n == 0) {
        return false;
    }
    *ret_item = q->items[q->first];
    q->first = (q->first + 1) % MDS_INPUTS_MAX;
    q->n--;
    return true;
}

static void send_item(struct mds *m, const struct mds_item *item)
{
    struct msg msg;
    msg.kind = MSG_MDS_INPUT;
    msg.correlation = item->correlation;
    msg.mds_input = item->head;
    world_send(m->world, LINK_PRIVATE, m->peer, &msg);
    if (item->head.kind == MDS_INPUT_MESSAGE) {
        body_to(item, &msg);
        world_send(m->world, LINK_PRIVATE, m->peer, &msg);
    }
}

/* -- The router's world. -- */

/* Whether it is this side that speaks to a PG side. */
static bool speaks(const struct mds *m, struct proc_id pg)
{
    ASSERT(pg.v <= PROCS_MAX);
    enum side active = m->paths[pg.v].active;
    return active == SIDE_NONE ? enabled(m) : active == m->side;
}

static void inner_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    const struct mds *m = context;
    if (speaks(m, peer)) {
        world_send(m->world, link, peer, msg);
    }
}

static void inner_trace(void *context, const struct event *event)
{
    const struct mds *m = context;
    if (speaks(m, event->peer)) {
        world_trace(m->world, event);
    }
}

static void note_ticket(struct mds *m, uint64_t driver)
{
    struct mds_ticket ticket = {.driver = driver, .router = m->ticket};
    if (m->tickets_n == MDS_TICKETS_MAX) {
        m->tickets[(m->tickets_first + m->tickets_n - 1) % MDS_TICKETS_MAX] = ticket;
        return;
    }
    m->tickets[(m->tickets_first + m->tickets_n++) % MDS_TICKETS_MAX] = ticket;
}

static uint64_t inner_store(void *context, const struct msg *msg)
{
    struct mds *m = context;
    m->ticket++;
    note_ticket(m, msg_is_record(msg->kind) ? recovery_store(&m->recovery, msg)
                                            : m->world->store(m->world->context, msg));
    return m->ticket;
}

void mds_order_world(struct mds *m)
{
    m->inner = (struct world){
        .context = m, .send = inner_send, .trace = inner_trace, .store = inner_store};
}

/* -- Applying. -- */

static void path_down(struct mds *m, struct instant at, struct proc_id pg, enum side via)
{
    struct mds_path *p = &m->paths[pg.v];
    bool was = p->linked != 0;
    p->linked &= ~bit(via);
    if (p->active == via) {
        p->active = SIDE_NONE;
        grants_path_lost(&m->icm.grants, pg);
    }
    if (was && p->linked == 0) {
        icm_link_down(&m->icm, at, pg);
    }
}

static void path_up(struct mds *m, struct instant at, struct proc_id pg, enum side via)
{
    struct mds_path *p = &m->paths[pg.v];
    bool was = p->linked != 0;
    p->linked |= bit(via);
    if (!was) {
        icm_link_up(&m->icm, at, pg);
    }
}

static void side_lost(struct mds *m, struct instant at, enum side via)
{
    for (uint16_t v = 1; v <= m->topology->procs_n; v++) {
        path_down(m, at, (struct proc_id){v}, via);
    }
}

static void apply_message(struct mds *m, struct instant at, const struct mds_item *item)
{
    struct msg msg;
    body_to(item, &msg);
    if (item->kind == MSG_PG_HELLO && grants_of(&m->icm.grants, item->head.peer) != NULL) {
        m->paths[item->head.peer.v].active = (enum side)item->head.via;
    }
    icm_message(&m->icm, at, item->head.peer, &msg);
}

static void apply(struct mds *m, const struct mds_item *item)
{
    const struct msg_mds_input *in = &item->head;
    struct instant at = {in->at_us};
    ASSERT(in->seq == m->seq + 1);
    m->seq = in->seq;
    m->at_us = in->at_us;
    switch ((enum mds_input)in->kind) {
    case MDS_INPUT_BEGIN:
        icm_begin(&m->icm, at, at.us - m->clock_us + m->wall_offset_us, (enum side)in->via);
        return;
    case MDS_INPUT_MESSAGE:
        apply_message(m, at, item);
        return;
    case MDS_INPUT_LINK_UP:
        path_up(m, at, in->peer, (enum side)in->via);
        return;
    case MDS_INPUT_LINK_DOWN:
        path_down(m, at, in->peer, (enum side)in->via);
        return;
    case MDS_INPUT_SIDE_LOST:
        m->icm.grants.orders = other((enum side)in->via);
        keys_go_on_alone(&m->icm.router.keys, m->icm.grants.orders);
        side_lost(m, at, (enum side)in->via);
        return;
    case MDS_INPUT_STORED:
        m->told_stored = in->ticket > m->told_stored ? in->ticket : m->told_stored;
        icm_stored(&m->icm, at, in->ticket);
        return;
    case MDS_INPUT_TICK:
        m->tick_ordered = false;
        icm_tick(&m->icm, at);
        return;
    case MDS_INPUT_NONE:
    case MDS_INPUT_COUNT:
        break;
    }
    UNREACHABLE("only such inputs are ordered, and what comes is looked at");
}

/* -- Ordering. -- */

static void release(struct mds *m, uint64_t seq)
{
    struct mds_item item;
    while (m->unheld.n > 0 && m->unheld.items[m->unheld.first].head.seq <= seq) {
        bool popped = pop(&m->unheld, &item);
        ASSERT(popped);
        apply(m, &item);
    }
}

/* The order of the rows of both loggers, and who sent them. */
static void give_key(struct mds *m, struct mds_item *item)
{
    struct msg msg;
    int64_t wall_us = item->head.at_us - m->clock_us + m->wall_offset_us;
    if (msg_is_record(item->kind)) {
        body_to(item, &msg);
        msg_record_order(&msg, item->head.peer, recovery_key(&m->recovery, m->side, wall_us));
        body_from(item, &msg);
    }
}

/* The peer, which gets no further inputs, finds that one is missing and asks for the state. */
static void send_gap(struct mds *m)
{
    struct mds_item none = {.head = {.kind = MDS_INPUT_TICK, .via = (uint32_t)m->side}};
    none.head.seq = m->ordered + 1;
    none.head.at_us = m->at_us;
    send_item(m, &none);
}

static void order(struct mds *m, struct mds_item *item)
{
    int64_t at_us = m->now.us + m->clock_us;
    if (m->unheld.n > 0) {
        uint32_t last = (m->unheld.first + m->unheld.n - 1) % MDS_INPUTS_MAX;
        int64_t before = m->unheld.items[last].head.at_us;
        at_us = at_us > before ? at_us : before;
    }
    item->head.at_us = at_us > m->at_us ? at_us : m->at_us;
    item->head.seq = ++m->ordered;
    if (item->head.kind == MDS_INPUT_MESSAGE) {
        give_key(m, item);
    }
    m->tick_ordered = m->tick_ordered || item->head.kind == MDS_INPUT_TICK;
    if (m->peer_synced && push(&m->unheld, item)) {
        send_item(m, item);
        return;
    }
    if (m->peer_synced) { /* it holds nothing any more */
        m->peer_synced = false;
        send_gap(m);
        release(m, UINT64_MAX);
    }
    apply(m, item);
}

static void order_one(struct mds *m, enum mds_input kind, struct proc_id pg, enum side via,
                      uint64_t ticket)
{
    struct mds_item item = {
        .head = {.kind = kind, .peer = pg, .via = (uint32_t)via, .ticket = ticket}};
    order(m, &item);
}

/* What both disks have, if both sides are there. */
static void order_stored(struct mds *m)
{
    uint64_t both = m->peer_synced && m->peer_stored < m->stored ? m->peer_stored : m->stored;
    if (enabled(m) && both > m->told_stored) {
        m->told_stored = both;
        order_one(m, MDS_INPUT_STORED, (struct proc_id){0}, m->side, both);
    }
}

static void send_ack(struct mds *m)
{
    struct msg msg;
    msg.kind = MSG_MDS_ACK;
    msg.correlation = 0;
    msg.mds_ack = (struct msg_mds_ack){.seq = m->seq, .stored = m->stored};
    world_send(m->world, LINK_PRIVATE, m->peer, &msg);
}

void mds_order_path(struct mds *m, struct proc_id pg, bool open)
{
    struct msg msg;
    msg.kind = MSG_PG_PATH;
    msg.correlation = 0;
    msg.pg_path.open = open;
    world_send(m->world, LINK_CONTROLLER, pg, &msg);
}

void mds_order_input(struct mds *m, enum mds_input kind, struct proc_id pg, const struct msg *msg)
{
    struct mds_item item = {.head = {.kind = kind, .peer = pg, .via = (uint32_t)m->side}};
    if (msg != NULL && !has_body(msg->kind)) {
        icm_reject(&m->icm, pg, REASON_BAD_REQUEST, msg_name(msg->kind));
        return;
    }
    if (msg != NULL) {
        body_from(&item, msg);
    }
    if (enabled(m)) {
        order(m, &item);
    } else if (m->state == MDS_STATE_PAIRED_DISABLED && kind != MDS_INPUT_TICK) {
        if (push(&m->forwarded, &item)) {
            send_item(m, &item);
        } else if (kind == MDS_INPUT_MESSAGE) {
            /* The PG side begins this path anew, and says again what counts. */
            mds_order_path(m, pg, false);
            mds_order_path(m, pg, true);
        }
    }
}

void mds_order_ack(struct mds *m, const struct msg_mds_ack *ack)
{
    if (!enabled(m) || !m->peer_synced || ack->seq > m->ordered || ack->stored > m->ticket) {
        return;
    }
    release(m, ack->seq);
    m->peer_stored = ack->stored > m->peer_stored ? ack->stored : m->peer_stored;
    order_stored(m);
}

void mds_order_stored(struct mds *m, uint64_t ticket)
{
    while (m->tickets_n > 0 && m->tickets[m->tickets_first].driver <= ticket) {
        m->stored = m->tickets[m->tickets_first].router;
        m->tickets_first = (m->tickets_first + 1) % MDS_TICKETS_MAX;
        m->tickets_n--;
    }
    if (m->state == MDS_STATE_PAIRED_DISABLED) {
        send_ack(m);
    }
    order_stored(m);
}

/* -- From the peer. -- */

static bool is_pg(const struct mds *m, struct proc_id proc)
{
    const struct topology_proc *p = topology_proc_of(m->topology, proc);
    return p != NULL && p->kind == PROC_PG;
}

/* Whether an input that the peer heard of, or ordered, can be one. */
static bool plausible(const struct mds *m, const struct mds_item *item)
{
    const struct msg_mds_input *in = &item->head;
    bool of_pg = in->kind == MDS_INPUT_MESSAGE || in->kind == MDS_INPUT_LINK_UP ||
                 in->kind == MDS_INPUT_LINK_DOWN;
    bool of_side = in->kind == MDS_INPUT_SIDE_LOST || in->kind == MDS_INPUT_STORED ||
                   in->kind == MDS_INPUT_TICK;
    return in->via != SIDE_NONE && (of_side || (of_pg && is_pg(m, in->peer)));
}

/* The peer asks this side to order what it heard. */
static void take_forwarded(struct mds *m, struct mds_item *item)
{
    if (!enabled(m) || !m->peer_synced) {
        return; /* it was sent before the pair parted; its path is begun anew */
    }
    bool may = item->head.kind == MDS_INPUT_MESSAGE || item->head.kind == MDS_INPUT_LINK_UP ||
               item->head.kind == MDS_INPUT_LINK_DOWN;
    if (may && plausible(m, item) && item->head.via == (uint32_t)other(m->side)) {
        order(m, item);
    } else {
        icm_reject(&m->icm, m->peer, REASON_BAD_REQUEST, "an input that cannot be");
    }
}

static void take_ordered(struct mds *m, const struct mds_item *item)
{
    struct mds_item own;
    if (m->state != MDS_STATE_PAIRED_DISABLED) {
        return;
    }
    if (item->head.seq != m->seq + 1 || item->head.at_us < m->at_us || !plausible(m, item)) {
        m->gap = true;
        return;
    }
    bool ours = item->head.via == (uint32_t)m->side && proc_id_some(item->head.peer);
    if (ours && !pop(&m->forwarded, &own)) {
        m->gap = true;
        return;
    }
    m->clock_us = item->head.at_us - m->now.us;
    m->ordered = item->head.seq;
    apply(m, item);
    send_ack(m);
}

bool mds_order_private(struct mds *m, const struct msg *msg)
{
    struct mds_item item;
    if (msg->kind == MSG_MDS_INPUT) {
        m->head = msg->mds_input;
        m->head_waits = m->head.kind == MDS_INPUT_MESSAGE;
        if (m->head_waits) {
            return true;
        }
        item.kind = MSG_NONE;
        item.correlation = 0;
    } else if (m->head_waits && has_body(msg->kind)) {
        m->head_waits = false;
        body_from(&item, msg);
    } else {
        return false;
    }
    item.head = m->head;
    if (item.head.seq == 0) {
        take_forwarded(m, &item);
    } else {
        take_ordered(m, &item);
    }
    return true;
}

/* -- Changes of the order. -- */

static void drop_queues(struct mds *m)
{
    m->peer_synced = false;
    m->head_waits = false;
    m->tick_ordered = false;
    m->unheld.n = 0;
    m->forwarded.n = 0;
}

void mds_order_begin(struct mds *m)
{
    ASSERT(enabled(m));
    drop_queues(m);
    m->ordered = m->seq;
    memset(m->paths, 0, sizeof m->paths);
    order_one(m, MDS_INPUT_BEGIN, (struct proc_id){0}, m->side, 0);
    for (uint16_t v = 1; v <= m->topology->procs_n; v++) {
        if (m->linked[v]) {
            order_one(m, MDS_INPUT_LINK_UP, (struct proc_id){v}, m->side, 0);
        }
    }
}

void mds_order_alone(struct mds *m)
{
    struct mds_item item;
    ASSERT(enabled(m));
    m->peer_synced = false;
    m->head_waits = false;
    release(m, UINT64_MAX);
    ASSERT(m->ordered == m->seq);
    order_one(m, MDS_INPUT_SIDE_LOST, (struct proc_id){0}, other(m->side), 0);
    while (pop(&m->forwarded, &item)) {
        order(m, &item);
    }
    order_stored(m);
}

void mds_order_end(struct mds *m)
{
    drop_queues(m);
    m->ordered = m->seq;
}

/* -- State transfer. -- */

static void give_one(void *context, const struct msg *msg)
{
    const struct mds *m = context;
    world_send(m->world, LINK_PRIVATE, m->peer, msg);
}

void mds_order_give_state(struct mds *m)
{
    struct msg msg;
    ASSERT(enabled(m));
    m->peer_synced = false;
    release(m, UINT64_MAX);
    ASSERT(m->ordered == m->seq);
    order_one(m, MDS_INPUT_SIDE_LOST, (struct proc_id){0}, other(m->side), 0);
    struct msg_mds_end end = {.seq = m->seq, .at_us = m->at_us, .ticket = m->ticket};
    icm_state_export(&m->icm, m, give_one, &end);
    msg.correlation = 0;
    for (uint16_t v = 1; v <= m->topology->procs_n; v++) {
        const struct mds_path *p = &m->paths[v];
        msg.kind = MSG_MDS_PATH;
        msg.mds_path =
            (struct msg_mds_path){.pg = {v}, .linked = p->linked, .path = (uint32_t)p->active};
        if (p->linked != 0) {
            give_one(m, &msg);
        }
    }
    msg.kind = MSG_MDS_END;
    msg.mds_end = end;
    give_one(m, &msg);
    m->peer_synced = true;
    m->peer_stored = 0;
}

static void store_durable(void *context, const struct msg *msg)
{
    struct mds *m = context;
    note_ticket(m, m->world->store(m->world->context, msg));
}

static enum err take_end(struct mds *m, const struct msg_mds_end *end)
{
    enum err err = icm_state_import_end(&m->icm, end);
    if (err != ERR_OK) {
        return err;
    }
    m->seq = m->ordered = end->seq;
    m->at_us = end->at_us;
    m->clock_us = end->at_us - m->now.us;
    m->ticket = end->ticket;
    m->told_stored = 0;
    m->tickets_n = 0;
    m->stored = 0;
    m->icm.grants.orders = m->icm.router.keys.side = other(m->side);
    icm_state_durable(&m->icm, m, store_durable);
    return ERR_OK;
}

enum err mds_order_take_state(struct mds *m, const struct msg *msg, bool *ret_last)
{
    if (!m->taking) {
        m->taking = true;
        drop_queues(m);
        memset(m->paths, 0, sizeof m->paths);
        icm_state_clear(&m->icm);
    }
    *ret_last = msg->kind == MSG_MDS_END;
    if (msg->kind == MSG_MDS_END) {
        return take_end(m, &msg->mds_end);
    }
    if (msg->kind != MSG_MDS_PATH) {
        return icm_state_import(&m->icm, msg);
    }
    if (!is_pg(m, msg->mds_path.pg)) {
        return ERR_INVALID;
    }
    m->paths[msg->mds_path.pg.v] =
        (struct mds_path){.linked = msg->mds_path.linked, .active = (enum side)msg->mds_path.path};
    grants_linked(&m->icm.grants, msg->mds_path.pg, msg->mds_path.path != SIDE_NONE);
    return ERR_OK;
}
