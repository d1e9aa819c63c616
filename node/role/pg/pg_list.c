#include "node/role/pg/pg_list.h"

#include <string.h>

void pg_list_status(const struct pg *pg, struct msg_op_pg_status *ret_status)
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

static int64_t opc_now(const struct pg *pg)
{
    return pg->now.us + pg->clock_us;
}

void pg_list_agents(const struct pg *pg, uint32_t after, struct msg_op_agents *ret_rows)
{
    const struct opc *o = &pg->opc;
    uint32_t n = 0;
    uint32_t i = 0;
    for (; i < o->agents_n && n < MAX_op_agent; i++) {
        const struct opc_agent *a = &o->agents[i];
        if (a->info.id.v <= after) {
            continue;
        }
        ret_rows->rows[n++] =
            (struct msg_op_agent){.agent = a->info.id,
                                  .state = a->state,
                                  .device = a->info.device,
                                  .skill = a->info.skill,
                                  .for_us = a->since_us != 0 ? opc_now(pg) - a->since_us : 0,
                                  .reason_code = a->reason_code,
                                  .in_service = o->devices[a->info.device.v].in_service};
    }
    ret_rows->rows_n = n;
    ret_rows->last = i == o->agents_n;
}

uint32_t pg_list_calls(const struct pg *pg, uint32_t after, struct msg_op_calls *ret_rows)
{
    const struct opc *o = &pg->opc;
    uint32_t n = 0;
    uint32_t i = after + 1;
    for (; i <= o->legs_max && n < MAX_op_call; i++) {
        const struct opc_leg *leg = &o->legs[i];
        if (!call_id_some(leg->call) || leg->state == LEG_ENDED) {
            continue;
        }
        struct msg_op_call *row = &ret_rows->rows[n++];
        *row = (struct msg_op_call){.call = leg->call,
                                    .device = leg->device,
                                    .state = leg->state,
                                    .for_us = opc_now(pg) - leg->begin_us};
        memcpy(row->from, leg->from, sizeof row->from);
        memcpy(row->to, leg->to, sizeof row->to);
    }
    ret_rows->rows_n = n;
    ret_rows->last = i > o->legs_max;
    return i - 1;
}
