#include "node/role/pg/opc_parts.h"

#include "node/base/plant.h"

#include <string.h>

static uint32_t agents_of_pair(const struct topology *t, uint32_t pair)
{
    struct agent_info info;
    uint32_t n = 0;
    for (uint32_t i = 0; topology_agent(t, i, &info); i++) {
        n += info.pair == pair;
    }
    return n;
}

static void fill(struct opc *o)
{
    struct agent_info info;
    uint32_t n = 0;
    memset(o->devices, 0, (o->devices_n + 1) * sizeof *o->devices);
    for (uint32_t i = 0; topology_agent(o->topology, i, &info); i++) {
        if (info.pair != o->pair) {
            continue;
        }
        o->agents[n++] = (struct opc_agent){
            .info = info, .state = AGENT_STATE_LOGGED_OFF, .before = AGENT_STATE_NOT_READY};
        if (device_id_some(info.device)) {
            o->devices[info.device.v].agent = n;
        }
    }
    ASSERT(n == o->agents_n);
    for (uint32_t i = 0; i < o->topology->dialled_n; i++) {
        if (o->topology->dialled[i].pair == o->pair) {
            o->devices[topology_route_point(o->topology, i).v].point = true;
        }
    }
}

void opc_init(struct opc *o, const struct topology *topology, uint32_t pair,
              const struct opc_sink *sink)
{
    o->topology = topology;
    o->pair = pair;
    o->sink = *sink;
    o->devices_n = topology_devices(topology);
    o->agents_n = agents_of_pair(topology, pair);
    ASSERT(o->devices_n <= DEVICES_MAX);
    ASSERT(o->agents_n <= AGENTS_MAX);
    o->legs_max = 3 * o->agents_n + OPC_CALLS_MORE; /* two live ones and one in wrap-up */
    o->calls_max = o->legs_max;
    opc_clear(o);
}

void opc_clear(struct opc *o)
{
    o->at_us = 0;
    o->seq = 0;
    o->epoch = 0;
    o->keys = 0;
    o->requests = 0;
    o->deadline_us = 0;
    fill(o);
    opc_table_clear(o);
}

void opc_forget_calls(struct opc *o)
{
    for (uint32_t i = 0; i < o->agents_n; i++) {
        struct opc_agent *a = &o->agents[i];
        a->wrapping = 0;
        a->reserved = (struct call_id){0};
        a->deadline_us = 0;
    }
    for (uint32_t v = 0; v <= o->devices_n; v++) {
        o->devices[v].legs = 0;
    }
    o->deadline_us = 0;
    opc_table_clear(o);
    ASSERT(o->legs_n == 0);
    ASSERT(o->calls_n == 0);
}

void opc_put(struct opc *o, const struct opc_output *output)
{
    o->sink.output(o->sink.context, output);
}

void opc_wake(struct opc *o, int64_t at_us)
{
    if (o->deadline_us == 0 || at_us < o->deadline_us) {
        o->deadline_us = at_us;
    }
}

int64_t opc_deadline(const struct opc *o)
{
    return o->deadline_us;
}

uint32_t opc_place(const struct opc *o, struct agent_id agent)
{
    struct agent_info info;
    if (!topology_agent_by_id(o->topology, agent, &info) || info.pair != o->pair) {
        return 0;
    }
    uint32_t place = device_id_some(info.device) ? o->devices[info.device.v].agent : 0;
    return place != 0 && agent_id_eq(o->agents[place - 1].info.id, agent) ? place : 0;
}

static void activate(struct opc *o, uint32_t epoch)
{
    o->epoch = epoch;
    uint32_t first = epoch << OPC_KEY_BITS;
    if (o->keys < first) {
        o->keys = first;
    }
    uint64_t requests = (uint64_t)epoch << 32;
    if (o->requests < requests) {
        o->requests = requests;
    }
    for (uint32_t i = 0; i < o->agents_n && PLANTED(LOG_OUT); i++) {
        opc_agent_service(o, &o->agents[i], false, 0);
    }
}

static void tick(struct opc *o)
{
    o->deadline_us = 0;
    opc_agent_tick(o);
    opc_call_tick(o);
}

void opc_input(struct opc *o, const struct msg_private_input *in)
{
    ASSERT(in->seq == o->seq + 1);
    ASSERT(in->at_us >= o->at_us);
    o->seq = in->seq;
    o->at_us = in->at_us;
    switch ((enum opc_input)in->kind) {
    case OPC_INPUT_DEVICE_EVENT:
        opc_call_event(o, &in->event);
        return;
    case OPC_INPUT_MONITORED:
        opc_call_monitored(o, in);
        return;
    case OPC_INPUT_AGENT_REQUEST:
        opc_agent_request(o, in);
        return;
    case OPC_INPUT_WRAPUP:
        opc_agent_wrapup(o, in);
        return;
    case OPC_INPUT_ROUTED:
        opc_call_routed(o, in);
        return;
    case OPC_INPUT_ROUTE_FAILED:
        opc_call_route_failed(o, in);
        return;
    case OPC_INPUT_PROVIDER_LOST:
        opc_call_cut_all(o, (enum reason)in->reason);
        return;
    case OPC_INPUT_ACTIVATED:
        activate(o, (uint32_t)in->id);
        return;
    case OPC_INPUT_TICK:
        tick(o);
        return;
    case OPC_INPUT_NONE:
    case OPC_INPUT_COUNT:
        return;
    }
}
