#include "node/role/ctimanager/ctimanager.h"

#include "node/base/plant.h"
#include "node/role/ctimanager/reach.h"
#include "node/role/ctimanager/watch.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define POINT_AGAIN_MS 500 /* a proposal that came to nothing is made again after this */

static bool wired_here(const struct topology *t, uint32_t proc, struct proc_id self)
{
    return t->procs[proc].kind == PROC_PG && proc_id_eq(t->procs[proc].ctimanager_node, self);
}

enum err ctimanager_init(struct ctimanager *m, const struct topology *topology, struct proc_id self,
                         const struct world *world, const struct registry *registry,
                         const struct ctimanager_raft *raft)
{
    memset(m, 0, offsetof(struct ctimanager, providers));
    memset(m->requests, 0, sizeof m->requests);
    memset(m->points, 0, sizeof m->points);
    memset(m->devices, 0, sizeof m->devices);
    told_init(&m->told, topology);
    m->ahead_n = 0;
    reach_forget(m);
    m->topology = topology;
    m->self = self;
    m->world = world;
    m->registry = registry;
    m->raft = *raft;
    m->devices_n = topology_devices(topology);
    m->requests_at = INSTANT_NEVER;
    m->points_at = INSTANT_NEVER;
    ASSERT(topology->timers.monitors_per_s > 0);
    for (uint32_t i = 0; i < topology->dialled_n; i++) {
        m->points[i] = (struct ctimanager_point){.device = topology_route_point(topology, i),
                                                 .group = topology->dialled[i].group};
    }
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < topology->procs_n; i++) {
        wanted += wired_here(topology, i, self);
    }
    if (wanted > CTIMANAGER_PROVIDERS_MAX) {
        return ERR_FULL;
    }
    for (uint32_t i = 0; i < topology->procs_n; i++) {
        if (wired_here(topology, i, self)) {
            provider_init(&m->providers[m->providers_n++], (struct proc_id){(uint16_t)(i + 1)});
        }
    }
    return ERR_OK;
}

void ctimanager_deinit(struct ctimanager *m)
{
    m->running = false;
    m->providers_n = 0;
}

void ctimanager_reject(struct ctimanager *m, struct proc_id peer, enum reason reason,
                       const char *why)
{
    struct event event = {.kind = EVENT_MESSAGE_REJECTED, .peer = peer, .reason = reason};
    snprintf(event.text, sizeof event.text, "%s", why);
    m->rejected++;
    world_trace(m->world, &event);
}

void ctimanager_start(struct ctimanager *m, struct instant now, struct incarnation incarnation)
{
    (void)now;
    ASSERT(!m->running);
    m->running = true;
    m->incarnation = incarnation;
    m->world->listen(m->world->context, LINK_JTAPI, true);
}

void ctimanager_reset(struct ctimanager *m)
{
    if (!m->running) {
        return;
    }
    m->running = false;
    m->callmanager_up = false;
    m->providers_made = 0;
    m->world->listen(m->world->context, LINK_JTAPI, false);
    for (uint32_t i = 0; i < m->providers_n; i++) {
        provider_forget(&m->providers[i], m->devices_n);
    }
    memset(m->requests, 0, sizeof m->requests);
    m->ahead_n = 0;
    reach_forget(m);
    m->requests_at = INSTANT_NEVER;
    m->points_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < m->topology->dialled_n; i++) {
        m->points[i].asked = false;
    }
}

void ctimanager_stop(struct ctimanager *m)
{
    for (uint32_t i = 0; m->running && i < m->providers_n; i++) {
        provider_service(m, &m->providers[i], false, REASON_SHUTDOWN);
    }
    ctimanager_reset(m);
}

static struct provider *provider_of(struct ctimanager *m, struct proc_id peer)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        if (proc_id_eq(m->providers[i].peer, peer)) {
            return &m->providers[i];
        }
    }
    return NULL;
}

static void send_result(struct ctimanager *m, const struct provider *p, uint64_t id,
                        enum reason reason)
{
    struct msg out;
    out.kind = MSG_CTI_RESULT;
    out.correlation = 0;
    out.cti_result = (struct msg_cti_result){.provider = p->id, .id = id, .reason = reason};
    if (p->state == PROVIDER_OPEN) {
        world_send(m->world, LINK_JTAPI, p->peer, &out);
    }
}

static void finish_request(struct ctimanager *m, struct ctimanager_request *r, enum reason reason)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        if (m->providers[i].id == r->provider) {
            send_result(m, &m->providers[i], r->asked, reason);
        }
    }
    r->id = 0;
}

/* A free place; its index is the low part of the request's number, so that the answer finds it. */
static struct ctimanager_request *free_request(struct ctimanager *m)
{
    for (uint32_t i = 0; i < CTIMANAGER_REQUESTS_MAX; i++) {
        m->requests_made++;
        struct ctimanager_request *r = &m->requests[m->requests_made % CTIMANAGER_REQUESTS_MAX];
        if (r->id == 0) {
            return r;
        }
    }
    return NULL;
}

static void request(struct ctimanager *m, struct provider *p, struct instant now,
                    const struct msg_cti_request *asked)
{
    if (asked->provider != p->id || p->state != PROVIDER_OPEN) {
        ctimanager_reject(m, p->peer, REASON_BAD_STATE, "cti_request without a provider");
        return;
    }
    if (!m->callmanager_up) {
        send_result(m, p, asked->id, REASON_SERVICE_LOST);
        return;
    }
    struct ctimanager_request *r = free_request(m);
    if (r == NULL) {
        send_result(m, p, asked->id, REASON_FULL);
        return;
    }
    *r = (struct ctimanager_request){
        .id = m->requests_made,
        .provider = p->id,
        .asked = asked->id,
        .deadline = instant_add(now, m->topology->timers.route_timeout),
    };
    m->requests_at = instant_min(m->requests_at, r->deadline);
    struct msg out;
    out.kind = MSG_SDL_REQUEST;
    out.correlation = asked->call.v;
    out.sdl_request = (struct msg_sdl_request){.id = r->id,
                                               .origin = m->self,
                                               .device = asked->device,
                                               .call = asked->call,
                                               .key = asked->key};
    memcpy(out.sdl_request.number, asked->number, sizeof asked->number);
    world_send(m->world, LINK_LOCAL, m->self, &out);
}

static void request_result(struct ctimanager *m, const struct msg_sdl_request_result *result)
{
    struct ctimanager_request *r = &m->requests[result->id % CTIMANAGER_REQUESTS_MAX];
    if (result->id != 0 && r->id == result->id) {
        finish_request(m, r, (enum reason)result->reason);
    }
}

static void jtapi_message(struct ctimanager *m, struct instant now, struct proc_id peer,
                          const struct msg *msg)
{
    struct provider *p = provider_of(m, peer);
    if (p == NULL) {
        ctimanager_reject(m, peer, REASON_BAD_REQUEST, "a PG side of another CTI Manager");
        return;
    }
    if (msg->kind == MSG_PROVIDER_OPEN) {
        provider_open(m, p, &msg->provider_open);
    } else if (msg->kind == MSG_PROVIDER_CLOSE) {
        if (msg->provider_close.provider == p->id) {
            provider_forget(p, m->devices_n);
        }
    } else if (msg->kind == MSG_MONITOR) {
        provider_monitor(m, p, now, &msg->monitor);
    } else if (msg->kind == MSG_CTI_EVENT_ACK) {
        provider_ack(m, p, &msg->cti_event_ack);
    } else if (msg->kind == MSG_CTI_REQUEST) {
        request(m, p, now, &msg->cti_request);
    } else {
        ctimanager_reject(m, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

void ctimanager_message(struct ctimanager *m, struct instant now, enum link link,
                        struct proc_id peer, const struct msg *msg)
{
    if (!m->running) {
        return;
    }
    if (link == LINK_JTAPI) {
        jtapi_message(m, now, peer, msg);
    } else if (link == LINK_LOCAL && msg->kind == MSG_SDL_EVENT) {
        watch_event(m, &msg->sdl_event.event);
    } else if (link == LINK_LOCAL && msg->kind == MSG_SDL_REQUEST_RESULT) {
        request_result(m, &msg->sdl_request_result);
    } else if (link == LINK_LOCAL && msg->kind == MSG_SDL_SESSION) {
        reach_session(m, now, msg->sdl_session.node, msg->sdl_session.up);
        if (msg->sdl_session.up) {
            watch_node_anew(m, msg->sdl_session.node);
        }
    } else {
        ctimanager_reject(m, peer, REASON_BAD_REQUEST, msg_name(msg->kind));
    }
}

void ctimanager_link_up(struct ctimanager *m, struct instant now, enum link link,
                        struct proc_id peer)
{
    /* The PG side speaks first: provider_open. */
    (void)m;
    (void)now;
    (void)link;
    (void)peer;
}

void ctimanager_link_down(struct ctimanager *m, struct instant now, enum link link,
                          struct proc_id peer, enum reason reason)
{
    (void)reason;
    struct provider *p = provider_of(m, peer);
    if (m->running && link == LINK_JTAPI && p != NULL) {
        provider_link_down(m, p, now);
    }
}

void ctimanager_local_callmanager(struct ctimanager *m, struct instant now, bool up)
{
    if (!m->running || up == m->callmanager_up) {
        return;
    }
    m->callmanager_up = up;
    reach_changed(m, now);
    if (up) {
        struct msg out;
        out.kind = MSG_SDL_SUBSCRIBE;
        out.correlation = 0;
        out.sdl_subscribe = (struct msg_sdl_subscribe){.on = true};
        world_send(m->world, LINK_LOCAL, m->self, &out);
    } else {
        for (uint32_t i = 0; i < CTIMANAGER_REQUESTS_MAX; i++) {
            if (m->requests[i].id != 0) {
                finish_request(m, &m->requests[i], REASON_SERVICE_LOST);
            }
        }
        m->requests_at = INSTANT_NEVER;
        m->ahead_n = 0;
        reach_forget(m);
    }
    for (uint32_t i = 0; i < m->providers_n; i++) {
        provider_service(m, &m->providers[i], up, up ? REASON_NONE : REASON_SERVICE_LOST);
    }
}

static bool wanted(const struct ctimanager *m, struct device_id device)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        const struct provider *p = &m->providers[i];
        enum provider_watch watch = p->monitors[device.v].watch;
        if (p->state != PROVIDER_NONE &&
            (watch == PROVIDER_OPENING || watch == PROVIDER_CONFIRMED)) {
            return true;
        }
    }
    return false;
}

/* Ask for the route points that somebody monitors and nobody holds. */
static void open_points(struct ctimanager *m, struct instant now)
{
    m->points_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < m->topology->dialled_n; i++) {
        struct ctimanager_point *point = &m->points[i];
        struct proc_id owner = registry_owner(m->registry, point->device);
        bool left = PLANTED(LEAVE_POINTS) && registry_device(m->registry, point->device)->epoch > 0;
        if (proc_id_some(owner) || !wanted(m, point->device) || left) {
            point->asked = false;
            continue;
        }
        if (point->asked && !instant_reached(now, point->again)) {
            m->points_at = instant_min(m->points_at, point->again);
            continue;
        }
        point->asked = true;
        point->again = instant_add(now, duration_ms(POINT_AGAIN_MS));
        m->points_at = instant_min(m->points_at, point->again);
        struct proc_id first = registry_first_living(m->registry, point->group);
        if (proc_id_some(first)) {
            struct msg_command command = {
                .kind = COMMAND_ROUTE_POINT_OPEN,
                .device = point->device,
                .node = first,
                .service = SERVICE_CALLMANAGER,
                .incarnation = registry_node(m->registry, first)->service[SERVICE_CALLMANAGER],
            };
            m->raft.propose(m->raft.context, &command);
        }
    }
}

void ctimanager_registry_changed(struct ctimanager *m, struct instant now, struct device_id device)
{
    if (!m->running) {
        return;
    }
    uint32_t first = device_id_some(device) ? device.v : 1;
    uint32_t last = device_id_some(device) ? device.v : m->devices_n;
    ASSERT(last <= m->devices_n);
    for (uint32_t i = 0; i < m->providers_n; i++) {
        for (uint32_t v = first; v <= last; v++) {
            provider_compare(m, &m->providers[i], (struct device_id){v});
        }
    }
    watch_registry_changed(m, device);
    reach_changed(m, now);
    const struct registry_device *d = registry_device(m->registry, device);
    if (d == NULL || d->kind == DEVICE_KIND_ROUTE_POINT) {
        m->points_at = instant_min(m->points_at, now);
    }
}

struct instant ctimanager_deadline(const struct ctimanager *m)
{
    if (!m->running) {
        return INSTANT_NEVER;
    }
    struct instant next = instant_min(m->requests_at, m->points_at);
    next = instant_min(next, m->reach_at);
    for (uint32_t i = 0; i < m->providers_n; i++) {
        next = instant_min(next, provider_deadline(&m->providers[i]));
    }
    return next;
}

static void expire_requests(struct ctimanager *m, struct instant now)
{
    m->requests_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < CTIMANAGER_REQUESTS_MAX; i++) {
        struct ctimanager_request *r = &m->requests[i];
        if (r->id != 0 && instant_reached(now, r->deadline)) {
            finish_request(m, r, REASON_TIMEOUT);
        } else if (r->id != 0) {
            m->requests_at = instant_min(m->requests_at, r->deadline);
        }
    }
}

void ctimanager_tick(struct ctimanager *m, struct instant now)
{
    if (!m->running) {
        return;
    }
    for (uint32_t i = 0; i < m->providers_n; i++) {
        provider_tick(m, &m->providers[i], now);
    }
    reach_tick(m, now);
    if (instant_reached(now, m->points_at)) {
        open_points(m, now);
    }
    if (instant_reached(now, m->requests_at)) {
        expire_requests(m, now);
    }
}

uint32_t ctimanager_providers(const struct ctimanager *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->providers_n; i++) {
        n += m->providers[i].state != PROVIDER_NONE;
    }
    return n;
}

uint32_t ctimanager_monitors(const struct ctimanager *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->providers_n; i++) {
        n += m->providers[i].confirmed;
    }
    return n;
}
