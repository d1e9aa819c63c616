#include "node/role/ctimanager/reach.h"

#include "node/role/ctimanager/ctimanager.h"

#include <string.h>

static bool reached(const struct ctimanager *m, struct device_id device)
{
    struct proc_id owner = registry_owner(m->registry, device);
    return proc_id_eq(owner, m->self) ? m->callmanager_up
                                      : proc_id_some(owner) && m->sessions[owner.v];
}

static uint32_t count(const struct ctimanager *m, uint32_t pair)
{
    const struct topology *t = m->topology;
    struct agent_info agent;
    uint32_t n = 0;
    for (uint32_t i = 0; topology_agent(t, i, &agent); i++) {
        n += agent.pair == pair && reached(m, agent.device);
    }
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        n += t->dialled[i].pair == pair && reached(m, topology_route_point(t, i));
    }
    return n;
}

static void tell(struct ctimanager *m, struct provider *p)
{
    const struct topology_proc *side = topology_proc_of(m->topology, p->peer);
    ASSERT(side != NULL);
    uint32_t devices = count(m, side->pair);
    if (p->state != PROVIDER_OPEN || devices == p->reach) {
        return;
    }
    p->reach = devices;
    struct msg out;
    out.kind = MSG_PROVIDER_REACH;
    out.correlation = 0;
    out.provider_reach = (struct msg_provider_reach){.provider = p->id, .devices = devices};
    world_send(m->world, LINK_JTAPI, p->peer, &out);
}

void reach_changed(struct ctimanager *m, struct instant now)
{
    m->reach_at = instant_min(m->reach_at, instant_add(now, duration_ms(REACH_EVERY_MS)));
}

void reach_session(struct ctimanager *m, struct instant now, struct proc_id node, bool up)
{
    if (node.v <= PROCS_MAX) {
        m->sessions[node.v] = up;
        reach_changed(m, now);
    }
}

void reach_opened(struct ctimanager *m, struct provider *p)
{
    p->reach = UINT32_MAX;
    tell(m, p);
}

void reach_forget(struct ctimanager *m)
{
    memset(m->sessions, 0, sizeof m->sessions);
    m->reach_at = INSTANT_NEVER;
}

void reach_tick(struct ctimanager *m, struct instant now)
{
    if (!instant_reached(now, m->reach_at)) {
        return;
    }
    m->reach_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < m->providers_n; i++) {
        tell(m, &m->providers[i]);
    }
}
