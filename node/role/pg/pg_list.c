#include "node/role/pg/pg.h"

#include <string.h>

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
                                  .skill = pg->topology->skills[a->info.skill].number,
                                  .for_us = a->since_us != 0 ? opc_now(pg) - a->since_us : 0,
                                  .reason_code = a->reason_code,
                                  .in_service = o->devices[a->info.device.v].in_service};
    }
    ret_rows->rows_n = n;
    ret_rows->last = i == o->agents_n;
}

void pg_list_calls(const struct pg *pg, uint32_t after, struct msg_op_calls *ret_rows)
{
    const struct opc *o = &pg->opc;
    uint32_t seen = 0;
    ret_rows->rows_n = 0;
    ret_rows->last = true;
    for (uint32_t i = 1; i <= o->legs_max; i++) {
        const struct opc_leg *leg = &o->legs[i];
        if (!call_id_some(leg->call) || leg->state == LEG_ENDED || ++seen <= after) {
            continue;
        }
        if (ret_rows->rows_n == MAX_op_call) {
            ret_rows->last = false;
            return;
        }
        struct msg_op_call *row = &ret_rows->rows[ret_rows->rows_n++];
        *row = (struct msg_op_call){.call = leg->call,
                                    .device = leg->device,
                                    .state = leg->state,
                                    .for_us = opc_now(pg) - leg->begin_us};
        memcpy(row->from, leg->from, sizeof row->from);
        memcpy(row->to, leg->to, sizeof row->to);
    }
}
