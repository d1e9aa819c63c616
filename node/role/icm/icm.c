#include "node/role/icm/icm.h"

#include "node/role/icm/record_check.h"

#include <stdio.h>
#include <string.h>

void icm_init(struct icm *icm, const struct topology *topology, const struct world *world)
{
    memset(icm, 0, sizeof *icm);
    icm->topology = topology;
    icm->world = world;
    grants_init(&icm->grants, topology, world);
    outbox_init(&icm->outbox);
    router_init(&icm->router, topology, world);
}

void icm_restore(struct icm *icm, const struct msg *msg)
{
    if (msg->kind == MSG_PG_GRANT) {
        grants_restore(&icm->grants, &msg->pg_grant);
    } else if (msg->kind == MSG_ROUTE_ANSWER && msg->route_answer.kind == ROUTE_NONE) {
        keys_restore(&icm->router.keys, msg->route_answer.day, msg->route_answer.key);
    }
}

void icm_heard(struct icm *icm, const struct msg *msg)
{
    if (msg->kind == MSG_PG_GRANT) {
        grants_heard(&icm->grants, &msg->pg_grant);
    } else if (msg->kind == MSG_ROUTE_ANSWER && msg->route_answer.kind == ROUTE_NONE) {
        keys_heard(&icm->router.keys, msg->route_answer.day, msg->route_answer.key);
    }
}

void icm_start(struct icm *icm, struct instant now, int64_t wall_us)
{
    keys_start(&icm->router.keys, now, wall_us);
}

void icm_begin(struct icm *icm, struct instant now, int64_t wall_us, enum side side)
{
    grants_begin(&icm->grants);
    icm->grants.orders = side;
    outbox_init(&icm->outbox);
    for (uint32_t i = 0; i < icm->grants.pairs_n; i++) {
        router_forget(&icm->router, icm->grants.pairs[i].pair);
    }
    keys_start_alone(&icm->router.keys, now, wall_us, side);
}

void icm_reject(struct icm *icm, struct proc_id peer, enum reason reason, const char *why)
{
    struct event event = {.kind = EVENT_MESSAGE_REJECTED, .peer = peer, .reason = reason};
    snprintf(event.text, sizeof event.text, "%s", why);
    icm->rejected++;
    world_trace(icm->world, &event);
}

/* The pair of the peer if what it says under `epoch` counts; else NULL, and it was rejected. */
static const struct grants_pair *fence(struct icm *icm, struct proc_id peer, uint32_t epoch,
                                       const struct msg *msg)
{
    if (!grants_valid(&icm->grants, peer, epoch)) {
        icm_reject(icm, peer, REASON_OLD_EPOCH, msg_name(msg->kind));
        return NULL;
    }
    return grants_of(&icm->grants, peer);
}

/* What is refused is not acknowledged; the acknowledgement of a later record covers it. */
static void record(struct icm *icm, struct proc_id peer, const struct msg *msg, uint64_t outbox)
{
    const struct grants_pair *p = grants_of(&icm->grants, peer);
    const char *wrong =
        p == NULL ? "a record of no PG side" : record_check_wrong(icm->topology, p->pair, msg);
    if (wrong != NULL) {
        icm_reject(icm, peer, REASON_BAD_REQUEST, wrong);
        return;
    }
    uint64_t ticket = icm->world->store(icm->world->context, msg);
    outbox_add(&icm->outbox, peer, ticket, outbox);
}

static void fenced(struct icm *icm, struct instant now, struct proc_id peer, const struct msg *msg,
                   uint32_t epoch)
{
    const struct grants_pair *p = fence(icm, peer, epoch, msg);
    if (p == NULL) {
        return;
    }
    if (msg->kind == MSG_ROUTE_REQUEST) {
        router_request(&icm->router, now, peer, p->pair, &msg->route_request);
    } else if (msg->kind == MSG_ROUTE_CANCEL) {
        router_cancel(&icm->router, now, p->pair, &msg->route_cancel);
    } else {
        ASSERT(msg->kind == MSG_AGENT_UPDATE);
        router_agent(&icm->router, now, p->pair, &msg->agent_update);
    }
}

static void hello(struct icm *icm, struct instant now, struct proc_id peer, const struct msg *msg)
{
    if (grants_hello(&icm->grants, now, peer, &msg->pg_hello) != ERR_OK) {
        icm_reject(icm, peer, REASON_BAD_REQUEST, "pg_hello of another side");
        return;
    }
    const struct grants_pair *p = grants_of(&icm->grants, peer);
    if (!proc_id_some(p->active)) {
        router_forget(&icm->router, p->pair);
    }
}

void icm_message(struct icm *icm, struct instant now, struct proc_id peer, const struct msg *msg)
{
    /* Only some kinds travel on this link; the rest is one answer, so there is no switch here. */
    if (msg->kind == MSG_PG_HELLO) {
        hello(icm, now, peer, msg);
    } else if (msg->kind == MSG_PG_WEIGHT) {
        if (grants_weigh(&icm->grants, peer, &msg->pg_weight) != ERR_OK) {
            icm_reject(icm, peer, REASON_BAD_REQUEST, "pg_weight of another side");
        }
    } else if (msg->kind == MSG_ROUTE_REQUEST) {
        fenced(icm, now, peer, msg, msg->route_request.epoch);
    } else if (msg->kind == MSG_ROUTE_CANCEL) {
        fenced(icm, now, peer, msg, msg->route_cancel.epoch);
    } else if (msg->kind == MSG_AGENT_UPDATE) {
        fenced(icm, now, peer, msg, msg->agent_update.epoch);
    } else if (msg->kind == MSG_RECORD_TCD) {
        record(icm, peer, msg, msg->record_tcd.outbox);
    } else if (msg->kind == MSG_RECORD_LOGOUT) {
        record(icm, peer, msg, msg->record_logout.outbox);
    } else if (msg->kind == MSG_RECORD_STATE) {
        record(icm, peer, msg, msg->record_state.outbox);
    } else {
        icm_reject(icm, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

void icm_link_up(struct icm *icm, struct instant now, struct proc_id peer)
{
    grants_link(&icm->grants, now, peer, true);
}

void icm_link_down(struct icm *icm, struct instant now, struct proc_id peer)
{
    grants_link(&icm->grants, now, peer, false);
    const struct grants_pair *p = grants_of(&icm->grants, peer);
    if (p != NULL && proc_id_eq(p->active, peer)) {
        /* What it would have told meanwhile is lost; it tells everything again after its hello. */
        router_forget(&icm->router, p->pair);
    }
}

void icm_stored(struct icm *icm, struct instant now, uint64_t ticket)
{
    keys_stored(&icm->router.keys, ticket);
    for (const struct grants_pair *p; (p = grants_stored(&icm->grants, now, ticket)) != NULL;) {
        router_forget(&icm->router, p->pair);
    }
    for (uint16_t v = 1; v <= icm->topology->procs_n; v++) {
        uint64_t outbox = outbox_stored(&icm->outbox, (struct proc_id){v}, ticket);
        if (outbox != 0) {
            struct msg msg = {.kind = MSG_RECORD_ACK};
            msg.record_ack.outbox = outbox;
            world_send(icm->world, LINK_CONTROLLER, (struct proc_id){v}, &msg);
        }
    }
    router_serve(&icm->router, now);
}

struct instant icm_deadline(const struct icm *icm)
{
    return router_deadline(&icm->router);
}

void icm_tick(struct icm *icm, struct instant now)
{
    router_tick(&icm->router, now);
}

void icm_status(const struct icm *icm, struct msg_op_icm_status *ret_status)
{
    *ret_status = (struct msg_op_icm_status){
        .queued = router_queued(&icm->router),
        .agents_ready = router_ready(&icm->router),
        .routed = icm->router.routed,
    };
    if (icm->grants.pairs_n > 0) {
        ret_status->active_pg = icm->grants.pairs[0].active;
        ret_status->epoch = icm->grants.pairs[0].highest;
    }
}
