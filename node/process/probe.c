#include "node/process/probe.h"

#define US_PER_S 1000000

void probe_init(struct probe *p, const struct topology *topology, const struct world *world)
{
    *p = (struct probe){.topology = topology, .world = world, .next = INSTANT_NEVER};
}

static bool is_node(const struct probe *p, uint16_t v)
{
    return p->topology->procs[v - 1].kind == PROC_NODE;
}

enum err probe_set(struct probe *p, struct instant now, uint32_t rate)
{
    if (rate > PROBE_RATE_MAX) {
        return ERR_INVALID;
    }
    bool was = p->rate > 0, is = rate > 0;
    p->rate = rate;
    p->next = is ? now : INSTANT_NEVER;
    for (uint16_t v = 1; v <= p->topology->procs_n && was != is; v++) {
        p->nodes[v] = (struct probe_node){0};
        if (is_node(p, v)) {
            p->world->connect(p->world->context, LINK_OPERATOR, (struct proc_id){v}, is);
        }
    }
    return ERR_OK;
}

void probe_link(struct probe *p, struct proc_id peer, bool up)
{
    if (peer.v >= 1 && peer.v <= p->topology->procs_n && is_node(p, peer.v)) {
        p->nodes[peer.v] = (struct probe_node){.up = up && p->rate > 0};
    }
}

/* The next node that is there and owes no answer; 0: none. */
static uint16_t next_node(struct probe *p, struct instant now)
{
    for (uint16_t i = 1; i <= p->topology->procs_n; i++) {
        uint16_t v = (uint16_t)(((uint32_t)p->turn + i - 1) % p->topology->procs_n + 1);
        struct probe_node *n = &p->nodes[v];
        if (n->up && (n->asked == 0 || instant_reached(now, n->until))) {
            return v;
        }
    }
    return 0;
}

/* The device before the first one at a place. */
static uint32_t before(const struct probe *p)
{
    return (uint32_t)((uint64_t)topology_devices(p->topology) * p->place / PROBE_PLACES);
}

static void ask(struct probe *p, struct instant now)
{
    uint16_t v = next_node(p, now);
    if (v == 0) {
        return;
    }
    /* All nodes are asked about one place, then about the next. */
    p->place = v > p->turn ? p->place : (p->place + 1) % PROBE_PLACES;
    p->turn = v;
    p->nodes[v].asked = ++p->questions;
    p->nodes[v].until = instant_add(now, duration_ms(PROBE_PATIENCE_MS));
    const struct event event = {
        .kind = EVENT_LOOKUP_ASKED, .peer = {v}, .value = (int64_t)p->questions};
    world_trace(p->world, &event);
    struct msg m;
    m.kind = MSG_OP_LIST;
    m.correlation = 0;
    m.op_list = (struct msg_op_list){.id = p->questions,
                                     .what = OP_LIST_DEVICES,
                                     .after = before(p),
                                     .linearizable = true,
                                     .most = PROBE_ROWS};
    world_send(p->world, LINK_OPERATOR, (struct proc_id){v}, &m);
}

void probe_answer(struct probe *p, struct proc_id peer, const struct msg_op_devices *m)
{
    if (peer.v < 1 || peer.v > p->topology->procs_n || m->id == 0 ||
        p->nodes[peer.v].asked != m->id) {
        return;
    }
    p->nodes[peer.v].asked = 0;
    if (m->reason != REASON_NONE) {
        p->refused++;
        return;
    }
    p->answered++;
    for (uint32_t i = 0; i < m->rows_n; i++) {
        const struct msg_op_device *row = &m->rows[i];
        const struct event event = {.kind = EVENT_LOOKED_UP,
                                    .device = row->device,
                                    .peer = row->node,
                                    .epoch = row->epoch,
                                    .value = (int64_t)m->id,
                                    .value2 = row->state};
        world_trace(p->world, &event);
    }
}

struct instant probe_deadline(const struct probe *p)
{
    return p->next;
}

void probe_tick(struct probe *p, struct instant now)
{
    if (p->rate == 0 || !instant_reached(now, p->next)) {
        return;
    }
    ask(p, now);
    p->next = instant_add(now, (struct duration){US_PER_S / p->rate});
}
