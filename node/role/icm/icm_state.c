#include "node/role/icm/icm_state.h"

#include "node/base/checksum.h"

/* -- The sum: every field of every message, in order. -- */

#define SUM(type, name, bound) sum = checksum_number(sum, SUM_##type(name));
#define SUM_U32(name)          (int64_t) m->name
#define SUM_U64(name)          (int64_t) m->name
#define SUM_I64(name)          m->name
#define SUM_BOOL(name)         m->name ? 1 : 0
#define SUM_ENUM(name)         (int64_t) m->name
#define SUM_PROC(name)         (int64_t) m->name.v
#define SUM_AGENT(name)        (int64_t) m->name.v
#define SUM_CALL(name)         (int64_t) m->name.v

static uint64_t sum_of(uint64_t sum, const struct msg *msg)
{
    if (msg->kind == MSG_MDS_PAIR) {
        const struct msg_mds_pair *m = &msg->mds_pair;
        FIELDS_MDS_PAIR(SUM)
    } else if (msg->kind == MSG_MDS_AGENT) {
        const struct msg_mds_agent *m = &msg->mds_agent;
        FIELDS_MDS_AGENT(SUM)
    } else {
        ASSERT(msg->kind == MSG_MDS_CALL);
        const struct msg_mds_call *m = &msg->mds_call;
        FIELDS_MDS_CALL(SUM)
    }
    return sum;
}

struct out {
    void *context;
    icm_state_give *give;
    uint64_t sum;
};

static void put(struct out *out, const struct msg *msg)
{
    out->sum = sum_of(out->sum, msg);
    if (out->give != NULL) {
        out->give(out->context, msg);
    }
}

/* -- Out. -- */

static uint32_t bits(bool a, bool b)
{
    return (a ? 1u : 0u) | (b ? 2u : 0u);
}

static void put_pair(struct out *out, const struct grants_pair *p)
{
    struct msg msg;
    msg.kind = MSG_MDS_PAIR;
    msg.correlation = 0;
    bool pending = proc_id_some(p->pending);
    msg.mds_pair = (struct msg_mds_pair){
        .pair = p->pair,
        .highest = p->highest,
        .begun = p->begun,
        .active = p->active,
        .met = bits(p->met[0], p->met[1]),
        .hello_a = p->hello[0],
        .hello_b = p->hello[1],
        .told = bits(p->weight[0].told, p->weight[1].told),
        .apart = bits(p->weight[0].apart, p->weight[1].apart),
        .devices_a = p->weight[0].devices,
        .devices_b = p->weight[1].devices,
        .pending = p->pending,
        .pending_epoch = pending ? p->pending_epoch : 0,
        .ticket = pending ? p->ticket : 0,
    };
    put(out, &msg);
}

static void put_agent(struct out *out, const struct router_agent *a)
{
    struct msg msg;
    msg.kind = MSG_MDS_AGENT;
    msg.correlation = 0;
    msg.mds_agent =
        (struct msg_mds_agent){.agent = a->info.id, .state = a->state, .since_us = a->since.us};
    if (call_id_some(a->reserved)) {
        msg.mds_agent.reserved = a->reserved;
        msg.mds_agent.until_us = a->reserved_until.us;
        msg.mds_agent.request = a->request;
        msg.mds_agent.day = a->day;
        msg.mds_agent.key = a->key;
        msg.mds_agent.key_seq = a->seq;
    }
    put(out, &msg);
}

static void put_call(struct out *out, uint32_t skill, const struct router_call *c)
{
    struct msg msg;
    msg.kind = MSG_MDS_CALL;
    msg.correlation = c->call.v;
    msg.mds_call = (struct msg_mds_call){.skill = skill,
                                         .call = c->call,
                                         .request = c->request,
                                         .pg = c->pg,
                                         .pair = c->pair,
                                         .day = c->day,
                                         .key = c->key,
                                         .key_seq = c->seq,
                                         .told = c->told};
    put(out, &msg);
}

static void put_all(const struct icm *icm, struct out *out)
{
    for (uint32_t i = 0; i < icm->grants.pairs_n; i++) {
        put_pair(out, &icm->grants.pairs[i]);
    }
    for (uint32_t i = 0; i < icm->router.agents_n; i++) {
        if (icm->router.agents[i].state != AGENT_STATE_UNKNOWN) {
            put_agent(out, &icm->router.agents[i]);
        }
    }
    for (uint32_t skill = 0; skill < icm->topology->skills_n; skill++) {
        const struct router_queue *q = &icm->router.queues[skill];
        for (uint32_t i = 0; i < q->n; i++) {
            put_call(out, skill, &q->calls[i]);
        }
    }
}

void icm_state_export(const struct icm *icm, void *context, icm_state_give *give,
                      struct msg_mds_end *end)
{
    struct out out = {.context = context, .give = give, .sum = CHECKSUM_BEGIN};
    const struct keys *k = &icm->router.keys;
    put_all(icm, &out);
    end->wall_offset_us = k->wall_offset_us;
    end->day = k->day;
    end->next = k->next;
    end->durable = k->durable;
    end->begun_day = k->begun_day;
    end->begun = k->begun;
    end->key_ticket = k->ticket;
    end->key_day = k->ticket != 0 ? k->ticket_day : 0;
    end->key_end = k->ticket != 0 ? k->ticket_end : 0;
    end->patient_until_us = icm->grants.patient_until.us;
    end->routed = icm->router.routed;
    end->sum = out.sum;
}

void icm_state_durable(const struct icm *icm, void *context, icm_state_give *give)
{
    struct msg msg;
    msg.correlation = 0;
    for (uint32_t i = 0; i < icm->grants.pairs_n; i++) {
        const struct grants_pair *p = &icm->grants.pairs[i];
        msg.kind = MSG_PG_GRANT;
        msg.pg_grant =
            (struct msg_pg_grant){.side = proc_id_eq(p->active, p->sides[1]) ? SIDE_B : SIDE_A,
                                  .pair = p->pair,
                                  .epoch = p->highest,
                                  .active = true};
        if (p->highest > 0) {
            give(context, &msg);
        }
        if (p->begun > p->highest) {
            msg.pg_grant.epoch = p->begun;
            msg.pg_grant.active = false; /* whose it was does not matter any more */
            give(context, &msg);
        }
    }
    const struct keys *k = &icm->router.keys;
    msg.kind = MSG_ROUTE_ANSWER;
    msg.route_answer =
        (struct msg_route_answer){.kind = ROUTE_NONE, .day = k->day, .key = k->durable};
    if (k->day > 0) {
        give(context, &msg);
    }
    msg.route_answer.day = k->begun_day;
    msg.route_answer.key = k->begun;
    if (k->begun_day == k->day && k->begun > k->durable) {
        give(context, &msg);
    }
}

/* -- In. -- */

void icm_state_clear(struct icm *icm)
{
    grants_init(&icm->grants, icm->topology, icm->world);
    outbox_init(&icm->outbox);
    router_init(&icm->router, icm->topology, icm->world);
}

static bool is_side(const struct grants_pair *p, struct proc_id side)
{
    return !proc_id_some(side) || proc_id_eq(side, p->sides[0]) || proc_id_eq(side, p->sides[1]);
}

static enum err take_pair(struct icm *icm, const struct msg_mds_pair *m)
{
    struct grants_pair *p = NULL;
    for (uint32_t i = 0; i < icm->grants.pairs_n; i++) {
        p = icm->grants.pairs[i].pair == m->pair ? &icm->grants.pairs[i] : p;
    }
    bool pending = p != NULL && proc_id_some(m->pending);
    if (p == NULL || !is_side(p, m->active) || !is_side(p, m->pending) || m->highest > EPOCH_MAX ||
        m->pending_epoch > EPOCH_MAX || (pending && m->pending_epoch <= m->highest)) {
        return ERR_INVALID;
    }
    p->highest = m->highest;
    p->begun = m->begun;
    p->active = m->active;
    p->hello[0] = m->hello_a;
    p->hello[1] = m->hello_b;
    for (uint32_t side = 0; side < 2; side++) {
        p->met[side] = (m->met >> side & 1) != 0;
        p->weight[side] =
            (struct grants_weight){.told = (m->told >> side & 1) != 0,
                                   .apart = (m->apart >> side & 1) != 0,
                                   .devices = side == 0 ? m->devices_a : m->devices_b};
    }
    p->pending = m->pending;
    p->pending_epoch = m->pending_epoch;
    p->ticket = m->ticket;
    return ERR_OK;
}

static enum err take_agent(struct icm *icm, const struct msg_mds_agent *m)
{
    struct router_agent *a = router_agent_numbered(&icm->router, m->agent);
    if (a == NULL) {
        return ERR_INVALID;
    }
    a->state = (enum agent_state)m->state;
    a->since.us = m->since_us;
    a->reserved = m->reserved;
    a->reserved_until.us = m->until_us;
    a->request = m->request;
    a->day = m->day;
    a->key = m->key;
    a->seq = m->key_seq;
    return ERR_OK;
}

static enum err take_call(struct icm *icm, const struct msg_mds_call *m)
{
    const struct grants_pair *p = grants_of(&icm->grants, m->pg);
    if (m->skill >= icm->topology->skills_n || p == NULL || p->pair != m->pair) {
        return ERR_INVALID;
    }
    struct router_queue *q = &icm->router.queues[m->skill];
    if (q->n == ROUTER_QUEUE_MAX) {
        return ERR_FULL;
    }
    q->calls[q->n++] = (struct router_call){.call = m->call,
                                            .request = m->request,
                                            .pg = m->pg,
                                            .pair = m->pair,
                                            .day = m->day,
                                            .key = m->key,
                                            .seq = m->key_seq,
                                            .told = m->told};
    return ERR_OK;
}

enum err icm_state_import(struct icm *icm, const struct msg *msg)
{
    if (msg->kind == MSG_MDS_PAIR) {
        return take_pair(icm, &msg->mds_pair);
    }
    if (msg->kind == MSG_MDS_AGENT) {
        return take_agent(icm, &msg->mds_agent);
    }
    ASSERT(msg->kind == MSG_MDS_CALL);
    return take_call(icm, &msg->mds_call);
}

enum err icm_state_import_end(struct icm *icm, const struct msg_mds_end *end)
{
    struct out out = {.sum = CHECKSUM_BEGIN};
    struct keys *k = &icm->router.keys;
    put_all(icm, &out);
    if (out.sum != end->sum || end->durable < end->next ||
        (end->key_ticket != 0 && end->key_end < end->next && end->key_day == end->day)) {
        return ERR_CORRUPT;
    }
    k->wall_offset_us = end->wall_offset_us;
    k->day = end->day;
    k->next = end->next;
    k->durable = end->durable;
    k->begun_day = end->begun_day;
    k->begun = end->begun;
    k->ticket = end->key_ticket;
    k->ticket_day = end->key_day;
    k->ticket_end = end->key_end;
    icm->grants.patient_until.us = end->patient_until_us;
    for (uint32_t i = 0; i < icm->grants.pairs_n; i++) { /* here it waits for the disk since now */
        icm->grants.pairs[i].pending_since.us = end->at_us;
    }
    icm->router.routed = end->routed;
    return ERR_OK;
}
