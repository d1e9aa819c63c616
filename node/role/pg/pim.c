#include "node/role/pg/pim.h"

#include "node/base/plant.h"

#include <stdio.h>
#include <string.h>

#define WANTED    1
#define CONFIRMED 2

static void want(struct pim *p, struct device_id device)
{
    if (!device_id_some(device) || p->is_confirmed[device.v] != 0) {
        return;
    }
    ASSERT(p->monitors_n < PIM_MONITORS_MAX);
    p->is_confirmed[device.v] = WANTED;
    p->monitors[p->monitors_n++] = device;
}

void pim_init(struct pim *p, const struct topology *topology, struct proc_id self,
              const struct world *world)
{
    memset(p, 0, sizeof *p);
    const struct topology_proc *proc = topology_proc_of(topology, self);
    ASSERT(proc != NULL);
    ASSERT(proc->kind == PROC_PG);
    p->topology = topology;
    p->world = world;
    p->manager = proc->ctimanager_node;
    for (uint32_t i = 0; i < topology->procs_n && PLANTED(CROSS_CONNECT); i++) {
        const struct topology_proc *other = &topology->procs[i];
        if (other->kind == PROC_PG && other->pair == proc->pair && other->side != proc->side) {
            p->manager = other->ctimanager_node;
        }
    }
    p->resume_until = INSTANT_NEVER;
    p->devices_n = topology_devices(topology);
    for (uint32_t i = 0; i < topology->dialled_n; i++) {
        if (topology->dialled[i].pair == proc->pair) {
            want(p, topology_route_point(topology, i));
        }
    }
    struct agent_info info;
    for (uint32_t i = 0; topology_agent(topology, i, &info); i++) {
        if (info.pair == proc->pair) {
            want(p, info.device);
        }
    }
    feed_begin(&p->feed, 0);
}

static void send(struct pim *p, struct msg *out)
{
    out->correlation = 0;
    world_send(p->world, LINK_JTAPI, p->manager, out);
}

static void open_provider(struct pim *p)
{
    struct msg out;
    out.kind = MSG_PROVIDER_OPEN;
    out.provider_open =
        (struct msg_provider_open){.provider = p->feed.provider, .applied = p->feed.applied};
    p->state = PIM_OPENING;
    p->opens++;
    send(p, &out);
}

static void forget_monitors(struct pim *p)
{
    p->monitoring = false;
    p->confirmed = 0;
    for (uint32_t i = 0; i < p->monitors_n; i++) {
        p->is_confirmed[p->monitors[i].v] = WANTED;
    }
    memset(p->requests, 0, sizeof p->requests);
}

/* The provider is no more; whoever is told PIM_LOST asks for another one by pim_close(). */
static enum pim_news lose(struct pim *p, enum reason reason)
{
    bool had = p->in_service;
    p->in_service = false;
    p->lost = reason;
    p->resume_until = INSTANT_NEVER;
    if (had) {
        struct event event = {.kind = EVENT_PROVIDER_DOWN, .peer = p->manager, .reason = reason};
        world_trace(p->world, &event);
    }
    return had ? PIM_LOST : PIM_NOTHING;
}

static enum pim_news gain(struct pim *p)
{
    if (p->in_service) {
        return PIM_NOTHING;
    }
    p->in_service = true;
    struct event event = {.kind = EVENT_PROVIDER_UP, .peer = p->manager};
    world_trace(p->world, &event);
    return PIM_UP;
}

void pim_link_up(struct pim *p)
{
    p->linked = true;
    open_provider(p);
}

void pim_link_down(struct pim *p, struct instant now)
{
    p->linked = false;
    p->opens = 0;
    if (p->feed.provider == 0) {
        p->state = PIM_DOWN;
        return;
    }
    if (p->state != PIM_RESUMING) {
        p->state = PIM_RESUMING;
        if (p->resume_until.us == INT64_MAX) {
            p->resume_until =
                instant_add(now, (struct duration){p->topology->timers.private_heartbeat.us *
                                                   PIM_RESUME_BEATS});
        }
    }
}

enum pim_news pim_opened(struct pim *p, struct instant now, const struct msg_provider_opened *m)
{
    (void)now;
    if (p->state != PIM_OPENING || p->opens == 0) {
        p->rejected++;
        return PIM_NOTHING;
    }
    p->opens--;
    if (p->opens > 0) {
        return PIM_NOTHING; /* it was asked again meanwhile: only the last answer counts */
    }
    p->state = PIM_OPEN;
    p->resume_until = INSTANT_NEVER;
    enum pim_news news = PIM_NOTHING;
    if (m->resumed && m->provider == p->feed.provider) {
        feed_acked(&p->feed); /* the open said it */
        if (p->monitoring && p->confirmed < p->monitors_n) {
            pim_monitor_all(p); /* confirmations may have been on their way */
        }
    } else {
        news = lose(p, REASON_PROVIDER_LOST);
        p->reach = 0; /* it is told next */
        forget_monitors(p);
        feed_begin(&p->feed, m->provider);
    }
    if (!m->in_service) {
        enum pim_news lost = lose(p, (enum reason)m->reason);
        return news == PIM_LOST ? news : lost;
    }
    if (news == PIM_LOST) {
        return news; /* whoever hears it closes; the next opening is the one that counts */
    }
    return gain(p);
}

enum pim_news pim_service(struct pim *p, const struct msg_provider_state *m)
{
    if (p->state != PIM_OPEN || m->provider != p->feed.provider) {
        p->rejected++;
        return PIM_NOTHING;
    }
    return m->in_service ? gain(p) : lose(p, (enum reason)m->reason);
}

void pim_reach(struct pim *p, const struct msg_provider_reach *m)
{
    if (p->state != PIM_OPEN || m->provider != p->feed.provider) {
        p->rejected++;
        return;
    }
    p->reach = m->devices;
}

uint32_t pim_weight(const struct pim *p)
{
    return p->in_service ? p->reach : 0;
}

static void trace_monitors(const struct pim *p)
{
    struct event event = {
        .kind = EVENT_MONITORS, .peer = p->manager, .value = p->confirmed, .value2 = p->monitors_n};
    world_trace(p->world, &event);
}

bool pim_confirmed(struct pim *p, const struct msg_monitor_confirmed *m)
{
    if (!p->monitoring || m->provider != p->feed.provider || m->device.v == 0 ||
        m->device.v > p->devices_n || p->is_confirmed[m->device.v] == 0) {
        p->rejected++;
        return false;
    }
    if (p->is_confirmed[m->device.v] != CONFIRMED) {
        p->is_confirmed[m->device.v] = CONFIRMED;
        p->confirmed++;
        if (p->confirmed == p->monitors_n || p->confirmed % PIM_MONITORS_TRACE == 0) {
            trace_monitors(p);
        }
    }
    return true;
}

static void acknowledge(struct pim *p)
{
    struct msg out;
    out.kind = MSG_CTI_EVENT_ACK;
    out.cti_event_ack =
        (struct msg_cti_event_ack){.provider = p->feed.provider, .seq = p->feed.applied};
    send(p, &out);
    feed_acked(&p->feed);
    struct event event = {.kind = EVENT_CTI_APPLIED,
                          .peer = p->manager,
                          .value = (int64_t)p->feed.applied,
                          .value2 = (int64_t)p->feed.provider};
    snprintf(event.text, sizeof event.text, "%llu", (unsigned long long)p->feed.taken);
    world_trace(p->world, &event);
}

enum pim_news pim_event(struct pim *p, struct instant now, const struct msg_cti_event *m,
                        bool *ret_apply)
{
    *ret_apply = false;
    uint64_t expected = p->feed.applied + 1;
    switch (feed_take(&p->feed, now, m->provider, m->seq)) {
    case FEED_APPLY:
        p->events++;
        *ret_apply = true;
        if (feed_ack_due(&p->feed, now)) {
            acknowledge(p);
        }
        return PIM_NOTHING;
    case FEED_REPEATED:
        return PIM_NOTHING;
    case FEED_STRANGE:
        p->rejected++;
        return PIM_NOTHING;
    case FEED_GAP:
        break;
    }
    p->gaps++;
    struct event event = {.kind = EVENT_CTI_GAP,
                          .peer = p->manager,
                          .value = (int64_t)expected,
                          .value2 = (int64_t)m->seq};
    world_trace(p->world, &event);
    return lose(p, REASON_PROVIDER_LOST);
}

bool pim_result(struct pim *p, const struct msg_cti_result *m, struct pim_request *ret_request)
{
    struct pim_request *r = &p->requests[m->id % PIM_REQUESTS_MAX];
    if (m->id == 0 || r->id != m->id || m->provider != p->feed.provider) {
        return false;
    }
    *ret_request = *r;
    r->id = 0;
    return true;
}

void pim_monitor_all(struct pim *p)
{
    ASSERT(p->state == PIM_OPEN);
    struct msg out;
    p->monitoring = true;
    trace_monitors(p);
    out.kind = MSG_MONITOR;
    for (uint32_t i = 0; i < p->monitors_n;) {
        out.monitor.provider = p->feed.provider;
        out.monitor.devices_n = 0;
        while (i < p->monitors_n && out.monitor.devices_n < MAX_device_ref) {
            out.monitor.devices[out.monitor.devices_n++].device = p->monitors[i++];
        }
        send(p, &out);
    }
}

bool pim_all_confirmed(const struct pim *p)
{
    return p->monitoring && p->confirmed == p->monitors_n;
}

void pim_close(struct pim *p)
{
    forget_monitors(p);
    p->in_service = false;
    if (p->linked && p->feed.provider != 0) {
        struct msg out;
        out.kind = MSG_PROVIDER_CLOSE;
        out.provider_close = (struct msg_provider_close){.provider = p->feed.provider};
        send(p, &out);
    }
    feed_begin(&p->feed, 0);
    p->resume_until = INSTANT_NEVER;
    if (p->linked) {
        open_provider(p);
    } else {
        p->state = PIM_DOWN;
    }
}

enum err pim_ask(struct pim *p, const struct pim_request *request, struct device_id device,
                 const char *number)
{
    if (p->state != PIM_OPEN || !p->in_service) {
        return ERR_STATE;
    }
    struct pim_request *r = NULL;
    for (uint32_t i = 0; i < PIM_REQUESTS_MAX && r == NULL; i++) {
        p->requests_made++;
        if (p->requests[p->requests_made % PIM_REQUESTS_MAX].id == 0) {
            r = &p->requests[p->requests_made % PIM_REQUESTS_MAX];
        }
    }
    if (r == NULL) {
        return ERR_FULL;
    }
    *r = *request;
    r->id = p->requests_made;
    struct msg out;
    out.kind = MSG_CTI_REQUEST;
    out.cti_request = (struct msg_cti_request){.provider = p->feed.provider,
                                               .id = r->id,
                                               .device = device,
                                               .call = request->call,
                                               .key = request->key};
    snprintf(out.cti_request.number, sizeof out.cti_request.number, "%s", number);
    send(p, &out);
    return ERR_OK;
}

struct instant pim_deadline(const struct pim *p)
{
    struct instant next = p->resume_until;
    return p->state == PIM_OPEN ? instant_min(next, feed_deadline(&p->feed)) : next;
}

enum pim_news pim_tick(struct pim *p, struct instant now)
{
    if (p->state == PIM_OPEN && feed_ack_due(&p->feed, now)) {
        acknowledge(p);
    }
    if (instant_reached(now, p->resume_until)) {
        enum pim_news news = lose(p, REASON_TIMEOUT);
        forget_monitors(p);
        feed_begin(&p->feed, 0);
        p->state = p->linked ? p->state : PIM_DOWN;
        return news;
    }
    return PIM_NOTHING;
}
