#include "node/role/pg/pg.h"

#include "node/role/pg/pg_inputs.h"
#include "node/role/pg/pg_out.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct proc_id other_side(const struct topology *t, struct proc_id self)
{
    const struct topology_proc *me = topology_proc_of(t, self);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_PG && t->procs[i].pair == me->pair && i + 1 != self.v) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

static uint32_t controllers_of(const struct topology *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        n += t->procs[i].kind == PROC_ICM ? 1 : 0;
    }
    return n;
}

enum err pg_init(struct pg *pg, const struct topology *topology, struct proc_id self,
                 const struct world *world)
{
    const struct topology_proc *proc = topology_proc_of(topology, self);
    if (proc == NULL || proc->kind != PROC_PG) {
        return ERR_INVALID;
    }
    memset(pg, 0, offsetof(struct pg, desktop));
    late_clear(&pg->late);
    pg->topology = topology;
    pg->self = self;
    pg->world = world;
    pg->peer = other_side(topology, self);
    pg->duplexed = controllers_of(topology) > 1;
    pg->asleep_since = INSTANT_NEVER;
    pg->held_n = 0;
    duplex_init(&pg->duplex, topology, self, world);
    struct opc_sink sink = {.context = pg, .output = pg_out_sink};
    opc_init(&pg->opc, topology, pg->duplex.pair, &sink);
    pim_init(&pg->pim, topology, self, world);
    records_init(&pg->records, world);
    desktop_init(&pg->desktop, world, &pg->opc);
    return ERR_OK;
}

void pg_deinit(struct pg *pg)
{
    pg->controller = (struct proc_id){0};
}

void pg_restore(struct pg *pg, const struct msg *msg)
{
    records_restore(&pg->records, msg);
}

/* The clock of everything below. A side that slept for too long may not act on what it hears now
 * before it knows whether it was replaced. A standby may have been dropped by its peer meanwhile:
 * what it has of the peer's state is as old as that, and cutting it would write rows of calls that
 * are long over. It asks for it again, if there is still somebody to ask. */
static void enter(struct pg *pg, struct instant now)
{
    struct instant last = pg->now;
    pg->now = now;
    if (instant_since(now, last).us < duplex_sleep_max(&pg->duplex).us || pg->duplex.unsure) {
        return;
    }
    duplex_slept(&pg->duplex);
    if (pg->duplex.unsure) {
        pg->asleep_since = last;
    } else if (pg->duplex.peer_up && !duplex_acts(&pg->duplex)) {
        pg_inputs_no_state(pg);
    }
}

static void send_status(struct pg *pg)
{
    pg->status_at = instant_add(pg->now, pg->topology->timers.private_heartbeat);
    if (!pg->duplex.peer_up) {
        return;
    }
    struct msg out;
    out.kind = MSG_PRIVATE_STATUS;
    out.correlation = 0;
    out.private_status = (struct msg_private_status){
        .active = duplex_acts(&pg->duplex),
        .epoch = duplex_acts(&pg->duplex) ? pg->duplex.epoch : pg->duplex.highest,
        .provider_up = pg->pim.in_service,
        .controller_up = proc_id_some(pg->controller),
        .monitors = pg->pim.confirmed,
        .input_seq = pg->opc.seq,
        .weight = pim_weight(&pg->pim)};
    world_send(pg->world, LINK_PRIVATE, pg->peer, &out);
}

/* The rows of everything that the peer had in view; it will not write them any more. */
static void cut_for_peer(struct pg *pg)
{
    if (!pg->duplex.peer_lost) {
        return;
    }
    pg->duplex.peer_lost = false;
    if (pg->sync == PG_SYNC_DONE) {
        pg_out_late(pg);
        pg_inputs_cut(pg, REASON_PEER_LOST);
    }
    pg_inputs_no_state(pg);
}

static void begin(struct pg *pg)
{
    cut_for_peer(pg);
    pg_inputs_no_state(pg);
    opc_forget_calls(&pg->opc); /* what is left is older than what its peer did with it */
    pg->peer_synced = false;
    struct msg_private_input in = {.kind = OPC_INPUT_ACTIVATED, .id = pg->duplex.epoch};
    pg_inputs_apply(pg, &in);
    pim_monitor_all(&pg->pim);
    send_status(pg);
}

static void activate(struct pg *pg)
{
    struct event event = {.kind = EVENT_PG_ACTIVE,
                          .epoch = pg->duplex.epoch,
                          .value = pg->duplex.epoch,
                          .value2 = pg->pim.confirmed};
    world_trace(pg->world, &event);
    send_status(pg);
    pg_out_tell_all(pg);
}

static void give_up(struct pg *pg)
{
    pg_inputs_cut(pg, pg->duplex.why);
    struct event event = {
        .kind = EVENT_PG_STANDBY, .epoch = pg->duplex.epoch, .reason = pg->duplex.why};
    world_trace(pg->world, &event);
    struct msg out;
    out.kind = MSG_PRIVATE_GIVE_UP;
    out.correlation = 0;
    out.private_give_up =
        (struct msg_private_give_up){.epoch = pg->duplex.epoch + 1, .reason = pg->duplex.why};
    if (pg->duplex.peer_up) {
        world_send(pg->world, LINK_PRIVATE, pg->peer, &out);
    }
    desktop_close_all(&pg->desktop, REASON_NOT_ACTIVE);
    pim_close(&pg->pim);
    duplex_provider_closed(&pg->duplex);
    send_status(pg);
    pg->peer_synced = false;
    pg->sync = PG_SYNC_NONE;
}

static void settle(struct pg *pg)
{
    for (int i = 0; i < 8; i++) { /* standby, asking, granted, begun, active: fewer than that */
        switch (duplex_step(&pg->duplex, pg->now, pg->pim.state == PIM_OPEN,
                            pim_all_confirmed(&pg->pim))) {
        case DUPLEX_NOTHING:
            return;
        case DUPLEX_BEGIN:
            begin(pg);
            break;
        case DUPLEX_ACTIVATE:
            activate(pg);
            break;
        case DUPLEX_GIVE_UP:
            give_up(pg);
            break;
        }
    }
}

static void provider_news(struct pg *pg, enum pim_news news)
{
    if (news == PIM_NOTHING) {
        return;
    }
    duplex_provider(&pg->duplex, pg->now, news == PIM_UP, pg->pim.lost);
    duplex_weight(&pg->duplex, pim_weight(&pg->pim));
    if (news == PIM_LOST && !duplex_acts(&pg->duplex)) {
        pim_close(&pg->pim); /* an acting side gives up first, and closes then */
    }
    settle(pg);
    send_status(pg);
}

void pg_start(struct pg *pg, struct instant now, struct incarnation incarnation,
              int64_t wall_offset_us)
{
    pg->now = now;
    pg->wall_offset_us = wall_offset_us;
    records_start(&pg->records, incarnation);
    duplex_start(&pg->duplex, now);
    pg->status_at = now;
}

void pg_stop(struct pg *pg, struct instant now)
{
    enter(pg, now);
    if (pg->pim.in_service) {
        pg->pim.lost = REASON_SHUTDOWN;
        duplex_provider(&pg->duplex, now, false, REASON_SHUTDOWN);
        settle(pg);
    }
}

static void cti_event(struct pg *pg, const struct msg_cti_event *m)
{
    bool next = false;
    enum pim_news news = pim_event(&pg->pim, pg->now, m, &next);
    if (next && duplex_acts(&pg->duplex)) {
        struct msg_private_input in = {.kind = OPC_INPUT_DEVICE_EVENT, .event = m->event};
        pg_inputs_apply(pg, &in);
    }
    provider_news(pg, news);
}

static void confirmed(struct pg *pg, const struct msg_monitor_confirmed *m)
{
    if (!duplex_acts(&pg->duplex) || !pim_confirmed(&pg->pim, m)) {
        return;
    }
    struct msg_private_input in = {.kind = OPC_INPUT_MONITORED,
                                   .in_service = m->in_service,
                                   .event = {.device = m->device, .epoch = m->epoch}};
    pg_inputs_apply(pg, &in);
    settle(pg);
}

static void cti_result(struct pg *pg, const struct msg_cti_result *m)
{
    struct pim_request request;
    if (!pim_result(&pg->pim, m, &request) || !duplex_acts(&pg->duplex)) {
        return;
    }
    if (request.agent != 0) {
        desktop_control_result(&pg->desktop, request.agent - 1, request.call, request.key,
                               (enum reason)m->reason);
    } else if (request.route && m->reason != REASON_NONE) {
        struct msg_private_input in = {.kind = OPC_INPUT_ROUTE_FAILED,
                                       .id = request.request,
                                       .reason = m->reason,
                                       .event = {.call = request.call}};
        pg_inputs_apply(pg, &in);
    }
}

static void jtapi_message(struct pg *pg, struct proc_id peer, const struct msg *msg)
{
    if (!proc_id_eq(peer, pg->pim.manager)) {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, "not our CTI Manager");
    } else if (msg->kind == MSG_PROVIDER_OPENED) {
        provider_news(pg, pim_opened(&pg->pim, pg->now, &msg->provider_opened));
    } else if (msg->kind == MSG_PROVIDER_STATE) {
        provider_news(pg, pim_service(&pg->pim, &msg->provider_state));
    } else if (msg->kind == MSG_PROVIDER_REACH) {
        pim_reach(&pg->pim, &msg->provider_reach);
        duplex_weight(&pg->duplex, pim_weight(&pg->pim));
        settle(pg);
        send_status(pg);
    } else if (msg->kind == MSG_MONITOR_CONFIRMED) {
        confirmed(pg, &msg->monitor_confirmed);
    } else if (msg->kind == MSG_CTI_EVENT) {
        cti_event(pg, &msg->cti_event);
    } else if (msg->kind == MSG_CTI_RESULT) {
        cti_result(pg, &msg->cti_result);
    } else {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

static void route_answer(struct pg *pg, const struct msg_route_answer *m)
{
    struct msg_private_input in = {.kind = OPC_INPUT_ROUTED,
                                   .id = m->request,
                                   .agent = m->agent,
                                   .reason_code = m->kind,
                                   .day = m->day,
                                   .key = m->key,
                                   .key_seq = m->key_seq,
                                   .skill = m->skill,
                                   .event = {.call = m->call}};
    memcpy(in.event.to, m->label, sizeof in.event.to);
    pg_inputs_apply(pg, &in);
}

/* Speak to one controller: the present one as long as its path is open, else the first that is. */
static void choose_controller(struct pg *pg)
{
    if (proc_id_some(pg->controller) && pg->controllers[pg->controller.v]) {
        return;
    }
    struct proc_id chosen = {0};
    for (uint16_t v = 1; v <= pg->topology->procs_n && !proc_id_some(chosen); v++) {
        if (pg->controllers[v]) {
            chosen.v = v;
        }
    }
    pg->controller = chosen;
    duplex_controller(&pg->duplex, pg->now, chosen);
    records_controller(&pg->records, chosen);
    settle(pg);
    send_status(pg);
}

static void set_path(struct pg *pg, struct proc_id controller, bool open)
{
    pg->controllers[controller.v] = open;
    if (open && proc_id_eq(controller, pg->controller)) {
        pg->controller.v = 0; /* a new session without news of the end of the old one */
    }
    choose_controller(pg);
}

static void controller_message(struct pg *pg, struct proc_id peer, const struct msg *msg)
{
    if (msg->kind == MSG_PG_PATH && pg->duplexed) {
        set_path(pg, peer, msg->pg_path.open);
    } else if (!proc_id_eq(peer, pg->controller)) {
        pg_out_reject(pg, peer, REASON_STALE_LINK, msg_name(msg->kind));
    } else if (msg->kind == MSG_PG_GRANT && msg->pg_grant.epoch > EPOCH_MAX) {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, "an epoch that cannot be");
    } else if (msg->kind == MSG_PG_GRANT) {
        bool again = pg->duplex.state == DUPLEX_ACTIVE && !pg->duplex.told;
        bool unsure = pg->duplex.unsure;
        duplex_grant(&pg->duplex, pg->now, &msg->pg_grant);
        if (unsure && !pg->duplex.unsure) {
            pg_inputs_release(pg);
        }
        settle(pg);
        if (again && pg->duplex.state == DUPLEX_ACTIVE) {
            pg_out_tell_all(pg);
        }
    } else if (msg->kind == MSG_ROUTE_ANSWER) {
        if (pg->duplex.state == DUPLEX_ACTIVE) {
            route_answer(pg, &msg->route_answer);
        }
    } else if (msg->kind == MSG_RECORD_ACK) {
        records_ack(&pg->records, msg->record_ack.outbox);
    } else {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

/* The agent has a call that this side found when it took over. */
static bool has_found_call(const struct pg *pg, const struct opc_agent *a)
{
    for (uint32_t i = 1; i <= pg->opc.legs_max; i++) {
        const struct opc_leg *leg = &pg->opc.legs[i];
        if (call_id_some(leg->call) && device_id_eq(leg->device, a->info.device) &&
            leg->segment != 0 && leg->state != LEG_ENDED) {
            return true;
        }
    }
    return false;
}

/* A third party's key on the agent's own phone. */
static void control(struct pg *pg, const struct msg_desktop_control *m)
{
    uint32_t place = opc_place(&pg->opc, m->agent);
    ASSERT(place != 0);
    const struct opc_agent *a = &pg->opc.agents[place - 1];
    struct pim_request request = {.call = m->call, .agent = place, .key = (enum key)m->key};
    enum reason reason = REASON_NONE;
    if (a->state == AGENT_STATE_LOGGED_OFF) {
        reason = REASON_BAD_STATE;
    } else if (pg->topology->policies.control == CONTROL_UNTIL_CLEAR && has_found_call(pg, a)) {
        reason = REASON_UNTIL_CLEAR;
    } else {
        enum err err = pim_ask(&pg->pim, &request, a->info.device, m->number);
        reason = err == ERR_OK ? REASON_NONE : err == ERR_FULL ? REASON_FULL : REASON_PROVIDER_LOST;
    }
    if (reason != REASON_NONE) {
        desktop_control_result(&pg->desktop, place - 1, m->call, (enum key)m->key, reason);
    }
}

static void wrapup(struct pg *pg, const struct msg_desktop_wrapup *m)
{
    struct event event = {.kind = EVENT_WRAPUP_ENTERED, .call = m->call, .value = m->agent.v};
    snprintf(event.text, sizeof event.text, "%s", m->text);
    world_trace(pg->world, &event);
    struct msg_private_input in = {
        .kind = OPC_INPUT_WRAPUP, .agent = m->agent, .event = {.call = m->call}};
    memcpy(in.text, m->text, sizeof in.text);
    pg_inputs_apply(pg, &in);
}

static void desktop_message(struct pg *pg, struct proc_id peer, const struct msg *msg)
{
    if (msg->kind == MSG_DESKTOP_OPEN) {
        desktop_open(&pg->desktop, peer, msg->desktop_open.agent,
                     pg->duplex.state == DUPLEX_ACTIVE);
    } else if (msg->kind == MSG_DESKTOP_REQUEST) {
        const struct msg_desktop_request *m = &msg->desktop_request;
        if (desktop_check(&pg->desktop, peer, m->agent)) {
            struct msg_private_input in = {.kind = OPC_INPUT_AGENT_REQUEST,
                                           .agent = m->agent,
                                           .request = m->request,
                                           .reason_code = m->reason_code,
                                           .event = {.device = m->device}};
            pg_inputs_apply(pg, &in);
        }
    } else if (msg->kind == MSG_DESKTOP_WRAPUP) {
        if (desktop_check(&pg->desktop, peer, msg->desktop_wrapup.agent)) {
            wrapup(pg, &msg->desktop_wrapup);
        }
    } else if (msg->kind == MSG_DESKTOP_CONTROL) {
        if (desktop_check(&pg->desktop, peer, msg->desktop_control.agent)) {
            control(pg, &msg->desktop_control);
        }
    } else {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

static void peer_status(struct pg *pg, const struct msg_private_status *m)
{
    bool same = m->active && m->epoch == pg->duplex.peer_epoch;
    if (pg->duplex.peer_lost && same) {
        pg->duplex.peer_lost = false; /* only the private link was gone, and inputs with it */
        pg->sync = PG_SYNC_NONE;
    } else if (pg->duplex.peer_lost && m->epoch >= pg->duplex.peer_epoch) {
        cut_for_peer(pg);
    }
    duplex_peer_status(&pg->duplex, pg->now, m);
    if (m->active) {
        late_heard(&pg->late, pg->now);
    }
    if (!m->active && !pg->duplex.peer_lost) {
        pg_inputs_no_state(pg); /* it orders nothing any more, and will not go on where it was */
    } else if (m->active && !duplex_acts(&pg->duplex) && pg->sync == PG_SYNC_NONE) {
        pg_inputs_ask_state(pg);
    }
    settle(pg);
}

/* 0: the message tells none. */
static uint32_t epoch_told(const struct msg *msg)
{
    return msg->kind == MSG_PRIVATE_STATUS    ? msg->private_status.epoch
           : msg->kind == MSG_PRIVATE_GIVE_UP ? msg->private_give_up.epoch
                                              : 0;
}

static void private_message(struct pg *pg, struct proc_id peer, const struct msg *msg)
{
    if (!proc_id_eq(peer, pg->peer)) {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, "not the other side");
    } else if (!epoch_plausible(pg->duplex.highest, epoch_told(msg))) {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, "an epoch that cannot be");
    } else if (msg->kind == MSG_PRIVATE_STATUS) {
        peer_status(pg, &msg->private_status);
    } else if (msg->kind == MSG_PRIVATE_GIVE_UP) {
        duplex_peer_gave_up(&pg->duplex, &msg->private_give_up);
        settle(pg);
    } else if (!pg_inputs_private(pg, msg)) {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

void pg_message(struct pg *pg, struct instant now, enum link link, struct proc_id peer,
                const struct msg *msg)
{
    enter(pg, now);
    if (link == LINK_JTAPI) {
        jtapi_message(pg, peer, msg);
    } else if (link == LINK_CONTROLLER) {
        controller_message(pg, peer, msg);
    } else if (link == LINK_DESKTOP) {
        desktop_message(pg, peer, msg);
    } else if (link == LINK_PRIVATE) {
        private_message(pg, peer, msg);
    } else {
        pg_out_reject(pg, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

void pg_link_up(struct pg *pg, struct instant now, enum link link, struct proc_id peer)
{
    enter(pg, now);
    if (link == LINK_JTAPI && proc_id_eq(peer, pg->pim.manager)) {
        pim_link_up(&pg->pim);
    } else if (link == LINK_PRIVATE && proc_id_eq(peer, pg->peer)) {
        pg->peer_synced = false;
        duplex_peer_link(&pg->duplex, now, true);
        send_status(pg);
    } else if (link == LINK_CONTROLLER && peer.v >= 1 && peer.v <= PROCS_MAX) {
        set_path(pg, peer, !pg->duplexed); /* which of two sides serve is told */
    }
}

void pg_link_down(struct pg *pg, struct instant now, enum link link, struct proc_id peer,
                  enum reason reason)
{
    (void)reason;
    enter(pg, now);
    if (link == LINK_JTAPI && proc_id_eq(peer, pg->pim.manager)) {
        pim_link_down(&pg->pim, now);
    } else if (link == LINK_PRIVATE && proc_id_eq(peer, pg->peer)) {
        pg->peer_synced = false;
        duplex_peer_link(&pg->duplex, now, false);
        if (!pg->duplex.peer_lost || pg->sync != PG_SYNC_DONE) {
            pg_inputs_no_state(pg);
        }
        settle(pg);
    } else if (link == LINK_CONTROLLER && peer.v >= 1 && peer.v <= PROCS_MAX) {
        set_path(pg, peer, false);
    } else if (link == LINK_DESKTOP) {
        desktop_link_down(&pg->desktop, peer);
    }
}

void pg_stored(struct pg *pg, struct instant now, uint64_t ticket)
{
    enter(pg, now);
    records_stored(&pg->records, ticket);
}

/* Time passes for the OPC of the side that orders its inputs, and knows that it does. */
static bool ticks(const struct pg *pg)
{
    return duplex_acts(&pg->duplex) && !pg->duplex.unsure;
}

struct instant pg_deadline(const struct pg *pg)
{
    struct instant next = pim_deadline(&pg->pim);
    next = instant_min(next, duplex_deadline(&pg->duplex));
    if (pg->duplex.peer_up || pg->duplex.state != DUPLEX_STANDBY) {
        next = instant_min(next, pg->status_at); /* or the side would not notice that it slept */
    }
    if (opc_deadline(&pg->opc) != 0 && ticks(pg)) {
        next = instant_min(next, (struct instant){opc_deadline(&pg->opc) - pg->clock_us});
    }
    return next;
}

void pg_tick(struct pg *pg, struct instant now)
{
    enter(pg, now);
    provider_news(pg, pim_tick(&pg->pim, now));
    settle(pg);
    if (opc_deadline(&pg->opc) != 0 && ticks(pg) &&
        opc_deadline(&pg->opc) <= now.us + pg->clock_us) {
        struct msg_private_input in = {.kind = OPC_INPUT_TICK};
        pg_inputs_apply(pg, &in);
    }
    if (instant_reached(now, pg->status_at)) {
        send_status(pg);
    }
}

void pg_status(const struct pg *pg, struct msg_op_pg_status *ret_status)
{
    *ret_status = (struct msg_op_pg_status){
        .active = pg->duplex.state == DUPLEX_ACTIVE,
        .epoch = duplex_acts(&pg->duplex) ? pg->duplex.epoch : pg->duplex.highest,
        .provider_up = pg->pim.in_service,
        .controller_up = proc_id_some(pg->controller),
        .peer_up = pg->duplex.peer_up,
        .monitors = pg->pim.confirmed,
        .monitors_wanted = pg->pim.monitors_n,
        .calls = pg->opc.calls_n,
        .outbox = records_waiting(&pg->records),
    };
    for (uint32_t i = 0; i < pg->opc.agents_n; i++) {
        ret_status->agents_logged_in += pg->opc.agents[i].state != AGENT_STATE_LOGGED_OFF;
        ret_status->agents_ready += pg->opc.agents[i].state == AGENT_STATE_READY;
    }
}
