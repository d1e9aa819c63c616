#include "node/role/pg/pg_out.h"

#include "node/base/plant.h"

#include <stdio.h>
#include <string.h>

static int64_t wall_us(const struct pg *pg)
{
    return pg->now.us + pg->wall_offset_us;
}

void pg_out_reject(struct pg *pg, struct proc_id peer, enum reason reason, const char *why)
{
    struct event event = {.kind = EVENT_MESSAGE_REJECTED, .peer = peer, .reason = reason};
    snprintf(event.text, sizeof event.text, "%s", why);
    pg->rejected++;
    world_trace(pg->world, &event);
}

static void to_controller(struct pg *pg, struct msg *out)
{
    if (proc_id_some(pg->controller)) {
        world_send(pg->world, LINK_CONTROLLER, pg->controller, out);
    }
}

static const struct opc_agent *agent_of(const struct pg *pg, uint32_t place)
{
    ASSERT(place < pg->opc.agents_n);
    return &pg->opc.agents[place];
}

static uint32_t skill_of(const struct pg *pg, const struct opc_agent *a)
{
    return a->info.skill < pg->topology->skills_n ? pg->topology->skills[a->info.skill].number : 0;
}

static void update_agent(struct pg *pg, const struct opc_agent *a)
{
    struct msg out;
    out.kind = MSG_AGENT_UPDATE;
    out.correlation = a->info.id.v;
    out.agent_update = (struct msg_agent_update){.epoch = pg->duplex.epoch,
                                                 .agent = a->info.id,
                                                 .state = a->state,
                                                 .skill = a->info.skill,
                                                 .device = a->info.device,
                                                 .for_us = pg->opc.at_us - a->since_us};
    to_controller(pg, &out);
}

static void request_route(struct pg *pg, struct call_id call, uint64_t request, const char *dialled,
                          const char *ani)
{
    struct msg out;
    out.kind = MSG_ROUTE_REQUEST;
    out.correlation = call.v;
    out.route_request =
        (struct msg_route_request){.epoch = pg->duplex.epoch, .request = request, .call = call};
    snprintf(out.route_request.dialled, sizeof out.route_request.dialled, "%s", dialled);
    snprintf(out.route_request.ani, sizeof out.route_request.ani, "%s", ani);
    struct event event = {.kind = EVENT_ROUTE_REQUESTED, .call = call, .epoch = pg->duplex.epoch};
    snprintf(event.text, sizeof event.text, "%s", dialled);
    world_trace(pg->world, &event);
    to_controller(pg, &out);
}

static void cancel_route(struct pg *pg, const struct opc_output *o)
{
    struct msg out;
    out.kind = MSG_ROUTE_CANCEL;
    out.correlation = o->call.v;
    out.route_cancel = (struct msg_route_cancel){
        .epoch = pg->duplex.epoch, .request = o->request, .call = o->call, .reason = o->reason};
    to_controller(pg, &out);
}

void pg_out_tell_all(struct pg *pg)
{
    for (uint32_t i = 0; i < pg->opc.agents_n; i++) {
        update_agent(pg, &pg->opc.agents[i]);
    }
    for (uint32_t i = 1; i <= pg->opc.calls_max; i++) {
        const struct opc_call *call = &pg->opc.calls[i];
        if (call_id_some(call->id) && call->waiting) {
            request_route(pg, call->id, call->request, call->to, call->from);
        }
    }
}

static void agent_changed(struct pg *pg, const struct opc_output *o)
{
    const struct opc_agent *a = agent_of(pg, o->agent);
    struct event event = {.kind = EVENT_AGENT_STATE,
                          .device = a->info.device,
                          .epoch = a->epoch,
                          .value = a->info.id.v,
                          .value2 = a->state};
    snprintf(event.text, sizeof event.text, "%u", a->reason_code);
    world_trace(pg->world, &event);
    if (pg->duplex.state == DUPLEX_ACTIVE) {
        update_agent(pg, a);
    }
    desktop_agent(&pg->desktop, o->agent);
    struct msg out;
    out.kind = MSG_RECORD_STATE;
    out.correlation = 0;
    out.record_state =
        (struct msg_record_state){.peripheral = pg->opc.pair,
                                  .agent = a->info.id,
                                  .wall_us = wall_us(pg),
                                  .event = a->state,
                                  .state = a->state,
                                  .reason_code = a->reason_code,
                                  .skill = skill_of(pg, a),
                                  .icr_call_key = o->icr_call_key,
                                  .peripheral_call_key = (uint32_t)(o->call.v & UINT32_MAX)};
    records_add(&pg->records, &out);
}

static void logged_out(struct pg *pg, const struct opc_output *o)
{
    const struct opc_agent *a = agent_of(pg, o->agent);
    struct event event = {.kind = EVENT_AGENT_LOGOUT,
                          .device = a->info.device,
                          .epoch = a->epoch,
                          .value = a->info.id.v,
                          .value2 = o->reason_code};
    world_trace(pg->world, &event);
    struct msg out;
    out.kind = MSG_RECORD_LOGOUT;
    out.correlation = 0;
    out.record_logout = (struct msg_record_logout){.peripheral = pg->opc.pair,
                                                   .agent = a->info.id,
                                                   .wall_us = wall_us(pg),
                                                   .login_ms = (uint32_t)(o->for_us / 1000),
                                                   .reason_code = o->reason_code,
                                                   .skill = skill_of(pg, a)};
    records_add(&pg->records, &out);
}

static void write_row(struct pg *pg, const struct msg_record_tcd *row)
{
    struct msg out;
    out.kind = MSG_RECORD_TCD;
    out.correlation = row->call.v;
    out.record_tcd = *row;
    if (PLANTED(ROW_LOST) && row->icr_call_key % 8 == 0) {
        return;
    }
    records_add(&pg->records, &out);
    if (PLANTED(ROW_TWICE) || PLANTED(AMEND)) {
        struct msg again = out;
        again.record_tcd.leg += PLANTED(ROW_TWICE) ? 64 : 0;
        snprintf(again.record_tcd.wrapup, sizeof again.record_tcd.wrapup, "amended");
        records_add(&pg->records, &again);
    }
    struct event event = {.kind = EVENT_TCD_WRITTEN,
                          .call = row->call,
                          .device = row->device,
                          .reason = (enum reason)row->fail_cause,
                          .epoch = pg->duplex.epoch,
                          .value = ((int64_t)row->icr_call_key << 16) |
                                   (int64_t)((row->leg & 0xff) << 8) |
                                   (int64_t)(row->segment & 0xff),
                          .value2 = row->disposition};
    if (row->partial) {
        snprintf(event.text, sizeof event.text, "partial");
    }
    world_trace(pg->world, &event);
}

/* By the side that acts, and by both when what is in view is cut; else it is the peer's. */
static void take_row(struct pg *pg, const struct opc_output *o)
{
    struct msg_record_tcd row = *o->tcd;
    row.wall_us = wall_us(pg);
    if (duplex_acts(&pg->duplex) || pg->cutting) {
        write_row(pg, &row);
    } else {
        late_keep(&pg->late, pg->now, &row);
    }
}

void pg_out_late(struct pg *pg)
{
    struct msg_record_tcd row;
    while (late_take(&pg->late, &row)) {
        write_row(pg, &row);
    }
}

static void ask_cti(struct pg *pg, const struct opc_output *o)
{
    struct pim_request request = {.call = o->call, .key = o->key};
    if (o->key == KEY_ROUTE && o->number[0] != '\0') {
        request.route = true;
        request.request = o->request;
    }
    if (pim_ask(&pg->pim, &request, o->device, o->number) != ERR_OK) {
        pg->rejected++; /* the reservation runs out, and the call is routed again */
    }
}

static void agent_asked(struct pg *pg, const struct opc_output *o)
{
    const struct opc_agent *a = agent_of(pg, o->agent);
    world_trace(pg->world, &(struct event){.kind = EVENT_AGENT_AFTER,
                                           .device = a->info.device,
                                           .epoch = a->epoch,
                                           .value = a->info.id.v,
                                           .value2 = a->before});
}

static void full(struct pg *pg, const struct opc_output *o)
{
    struct event event = {.kind = EVENT_MESSAGE_REJECTED, .call = o->call, .reason = REASON_FULL};
    snprintf(event.text, sizeof event.text, "a table of the OPC is full");
    pg->rejected++;
    world_trace(pg->world, &event);
}

void pg_out_sink(void *context, const struct opc_output *o)
{
    struct pg *pg = context;
    if (!duplex_acts(&pg->duplex) && o->kind != OPC_TCD) {
        return;
    }
    switch (o->kind) {
    case OPC_ROUTE_REQUEST:
        if (pg->duplex.state == DUPLEX_ACTIVE) {
            request_route(pg, o->call, o->request, o->number, o->ani);
        } /* else it is told with everything else on activation */
        return;
    case OPC_ROUTE_CANCEL:
        cancel_route(pg, o);
        return;
    case OPC_CTI:
        ask_cti(pg, o);
        return;
    case OPC_AGENT:
        agent_changed(pg, o);
        return;
    case OPC_AGENT_AFTER:
        agent_asked(pg, o);
        return;
    case OPC_SERVICE:
        desktop_agent(&pg->desktop, o->agent);
        return;
    case OPC_RESULT:
        desktop_result(&pg->desktop, o->agent, o->asked, o->reason);
        return;
    case OPC_LOGOUT:
        logged_out(pg, o);
        return;
    case OPC_CALL:
        desktop_call(&pg->desktop, o->agent, o->event);
        return;
    case OPC_TCD:
        take_row(pg, o);
        return;
    case OPC_FULL:
        full(pg, o);
        return;
    }
    UNREACHABLE("every output is listed");
}
