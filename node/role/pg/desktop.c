#include "node/role/pg/desktop.h"

void desktop_init(struct desktop *d, const struct world *world, const struct opc *opc)
{
    *d = (struct desktop){.world = world, .opc = opc};
}

static void send_to(const struct desktop *d, struct proc_id peer, struct agent_id agent,
                    struct msg *out)
{
    out->correlation = agent.v;
    world_send(d->world, LINK_DESKTOP, peer, out);
}

static void send(const struct desktop *d, uint32_t agent, struct msg *out)
{
    ASSERT(agent < d->opc->agents_n);
    if (proc_id_some(d->peers[agent])) {
        send_to(d, d->peers[agent], d->opc->agents[agent].info.id, out);
    }
}

static bool in_service(const struct desktop *d, uint32_t agent)
{
    return d->opc->devices[d->opc->agents[agent].info.device.v].in_service;
}

void desktop_open(struct desktop *d, struct proc_id peer, struct agent_id agent, bool active)
{
    uint32_t place = opc_place(d->opc, agent);
    struct msg out;
    out.kind = MSG_DESKTOP_OPENED;
    out.desktop_opened = (struct msg_desktop_opened){.agent = agent, .reason = REASON_NOT_ACTIVE};
    if (place == 0) {
        out.desktop_opened.reason = REASON_BAD_REQUEST;
    } else if (active) {
        d->peers[place - 1] = peer;
        out.desktop_opened.reason = REASON_NONE;
        out.desktop_opened.state = d->opc->agents[place - 1].state;
        out.desktop_opened.reason_code = d->opc->agents[place - 1].reason_code;
        out.desktop_opened.in_service = in_service(d, place - 1);
    }
    send_to(d, peer, agent, &out);
}

static void send_closed(const struct desktop *d, struct proc_id peer, struct agent_id agent,
                        enum reason reason)
{
    struct msg out;
    out.kind = MSG_DESKTOP_CLOSED;
    out.desktop_closed = (struct msg_desktop_closed){.agent = agent, .reason = reason};
    send_to(d, peer, agent, &out);
}

bool desktop_check(struct desktop *d, struct proc_id peer, struct agent_id agent)
{
    uint32_t place = opc_place(d->opc, agent);
    if (place != 0 && proc_id_eq(d->peers[place - 1], peer)) {
        return true;
    }
    send_closed(d, peer, agent, REASON_NOT_ACTIVE);
    return false;
}

void desktop_close_all(struct desktop *d, enum reason reason)
{
    for (uint32_t i = 0; i < d->opc->agents_n; i++) {
        if (proc_id_some(d->peers[i])) {
            send_closed(d, d->peers[i], d->opc->agents[i].info.id, reason);
            d->peers[i] = (struct proc_id){0};
        }
    }
}

void desktop_link_down(struct desktop *d, struct proc_id peer)
{
    for (uint32_t i = 0; i < d->opc->agents_n; i++) {
        if (proc_id_eq(d->peers[i], peer)) {
            d->peers[i] = (struct proc_id){0};
        }
    }
}

void desktop_agent(struct desktop *d, uint32_t agent)
{
    ASSERT(agent < d->opc->agents_n);
    const struct opc_agent *a = &d->opc->agents[agent];
    struct msg out;
    out.kind = MSG_DESKTOP_AGENT;
    out.desktop_agent = (struct msg_desktop_agent){.agent = a->info.id,
                                                   .state = a->state,
                                                   .reason_code = a->reason_code,
                                                   .in_service = in_service(d, agent)};
    send(d, agent, &out);
}

void desktop_result(struct desktop *d, uint32_t agent, enum agent_request request,
                    enum reason reason)
{
    struct msg out;
    out.kind = MSG_DESKTOP_RESULT;
    out.desktop_result = (struct msg_desktop_result){
        .agent = d->opc->agents[agent].info.id, .request = request, .reason = reason};
    send(d, agent, &out);
}

void desktop_call(struct desktop *d, uint32_t agent, const struct msg_device_event *event)
{
    struct msg out;
    out.kind = MSG_DESKTOP_CALL;
    out.desktop_call =
        (struct msg_desktop_call){.agent = d->opc->agents[agent].info.id, .event = *event};
    send(d, agent, &out);
}

void desktop_control_result(struct desktop *d, uint32_t agent, struct call_id call, enum key key,
                            enum reason reason)
{
    struct msg out;
    out.kind = MSG_DESKTOP_CONTROL_RESULT;
    out.desktop_control_result = (struct msg_desktop_control_result){
        .agent = d->opc->agents[agent].info.id, .call = call, .key = key, .reason = reason};
    send(d, agent, &out);
}
