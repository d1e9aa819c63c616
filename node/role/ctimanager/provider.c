#include "node/role/ctimanager/provider.h"

#include "node/base/plant.h"
#include "node/role/ctimanager/ctimanager.h"
#include "node/role/ctimanager/reach.h"
#include "node/role/ctimanager/watch.h"

#include <string.h>

#define US_PER_S 1000000

void provider_init(struct provider *p, struct proc_id peer)
{
    memset(p, 0, sizeof *p);
    p->peer = peer;
    p->turn = INSTANT_NEVER;
}

static void forget_monitors(struct provider *p, uint32_t devices_n)
{
    memset(p->monitors, 0, (devices_n + 1) * sizeof *p->monitors);
    p->confirmed = 0;
    p->opening = 0;
    p->waiting_first = 0;
    p->waiting_n = 0;
    p->turn = INSTANT_NEVER;
}

void provider_forget(struct provider *p, uint32_t devices_n)
{
    forget_monitors(p, devices_n);
    p->state = PROVIDER_NONE;
    p->id = 0;
    p->seq = 0;
    p->acked = 0;
    p->in_service = false;
    p->lapsed = false;
}

static void send_event(struct ctimanager *m, const struct provider *p, uint64_t seq)
{
    struct msg out;
    out.kind = MSG_CTI_EVENT;
    out.cti_event = (struct msg_cti_event){
        .provider = p->id, .seq = seq, .event = p->replay[seq & (PROVIDER_REPLAY_MAX - 1)]};
    out.correlation = call_id_some(out.cti_event.event.call) ? out.cti_event.event.call.v
                                                             : out.cti_event.event.device.v;
    world_send(m->world, LINK_JTAPI, p->peer, &out);
}

static void send_state(struct ctimanager *m, const struct provider *p, bool in_service,
                       enum reason reason)
{
    struct msg out;
    out.kind = MSG_PROVIDER_STATE;
    out.correlation = 0;
    out.provider_state =
        (struct msg_provider_state){.provider = p->id, .in_service = in_service, .reason = reason};
    world_send(m->world, LINK_JTAPI, p->peer, &out);
}

static void number_event(struct ctimanager *m, struct provider *p,
                         const struct msg_device_event *event)
{
    if (p->seq - p->acked == PROVIDER_REPLAY_MAX) {
        if (p->state == PROVIDER_OPEN) {
            send_state(m, p, false, REASON_OVERFLOW);
        }
        ctimanager_reject(m, p->peer, REASON_OVERFLOW, "events not acknowledged");
        provider_forget(p, m->devices_n);
        return;
    }
    p->seq++;
    p->replay[p->seq & (PROVIDER_REPLAY_MAX - 1)] = *event;
    if (p->state == PROVIDER_OPEN && !(PLANTED(PASS_OVER) && p->seq % 16 == 0)) {
        send_event(m, p, p->seq);
    }
    if (p->state == PROVIDER_OPEN && PLANTED(TWICE) && p->seq % 16 == 0) {
        send_event(m, p, p->seq);
    }
}

void provider_open(struct ctimanager *m, struct provider *p, const struct msg_provider_open *open)
{
    bool resumed = p->state != PROVIDER_NONE && !p->lapsed && open->provider == p->id &&
                   open->applied >= p->acked && open->applied <= p->seq;
    if (resumed) {
        p->acked = open->applied;
    } else {
        provider_forget(p, m->devices_n);
        m->providers_made++;
        p->id = (m->incarnation.v << 24) | (m->providers_made & 0xffffff);
        p->in_service = m->callmanager_up;
    }
    p->state = PROVIDER_OPEN;
    struct msg out;
    out.kind = MSG_PROVIDER_OPENED;
    out.correlation = 0;
    out.provider_opened = (struct msg_provider_opened){
        .provider = p->id,
        .resumed = resumed,
        .in_service = p->in_service,
        .reason = p->in_service ? REASON_NONE : REASON_SERVICE_LOST,
    };
    world_send(m->world, LINK_JTAPI, p->peer, &out);
    reach_opened(m, p);
    for (uint64_t seq = p->acked + 1; seq <= p->seq; seq++) {
        send_event(m, p, seq);
    }
}

/* Ask for confirmation, once; what is confirmed already is confirmed again, with a new snapshot. */
static void wait_for_turn(struct ctimanager *m, struct provider *p, struct instant now,
                          struct device_id device)
{
    struct provider_monitor *monitor = &p->monitors[device.v];
    if (monitor->watch == PROVIDER_WAITING || monitor->watch == PROVIDER_OPENING) {
        return;
    }
    if (monitor->watch == PROVIDER_CONFIRMED) {
        p->confirmed--;
    }
    ASSERT(p->waiting_n <= m->devices_n);
    monitor->watch = PROVIDER_WAITING;
    p->waiting[(p->waiting_first + p->waiting_n) % (m->devices_n + 1)] = device;
    p->waiting_n++;
    if (p->turn.us == INT64_MAX) {
        p->turn =
            instant_add(now, (struct duration){US_PER_S / m->topology->timers.monitors_per_s});
    }
}

static void send_confirmed(struct ctimanager *m, const struct provider *p, struct device_id device,
                           enum reason reason)
{
    struct msg out;
    out.kind = MSG_MONITOR_CONFIRMED;
    out.correlation = device.v;
    out.monitor_confirmed =
        (struct msg_monitor_confirmed){.provider = p->id, .device = device, .reason = reason};
    if (reason == REASON_NONE) {
        const struct provider_monitor *monitor = &p->monitors[device.v];
        out.monitor_confirmed.in_service = monitor->in_service;
        out.monitor_confirmed.epoch = monitor->epoch;
        out.monitor_confirmed.owner = monitor->owner;
    }
    if (p->state == PROVIDER_OPEN) {
        world_send(m->world, LINK_JTAPI, p->peer, &out);
    }
}

void provider_monitor(struct ctimanager *m, struct provider *p, struct instant now,
                      const struct msg_monitor *monitor)
{
    ASSERT(monitor->devices_n <= MAX_device_ref);
    if (monitor->provider != p->id || p->state != PROVIDER_OPEN || !p->in_service) {
        ctimanager_reject(m, p->peer, REASON_BAD_STATE, "monitor without a provider in service");
        return;
    }
    p->lapsed = false; /* who asks anew has heard */
    for (uint32_t i = 0; i < monitor->devices_n; i++) {
        struct device_id device = monitor->devices[i].device;
        if (registry_device(m->registry, device) == NULL) {
            send_confirmed(m, p, device, REASON_UNKNOWN_DEVICE);
        } else {
            wait_for_turn(m, p, now, device);
        }
    }
}

void provider_ack(struct ctimanager *m, struct provider *p, const struct msg_cti_event_ack *ack)
{
    if (ack->provider != p->id || ack->seq > p->seq) {
        ctimanager_reject(m, p->peer, REASON_BAD_REQUEST, "cti_event_ack");
        return;
    }
    if (ack->seq > p->acked) {
        p->acked = ack->seq;
    }
}

void provider_service(struct ctimanager *m, struct provider *p, bool up, enum reason reason)
{
    if (p->state == PROVIDER_NONE) {
        return;
    }
    if (p->state == PROVIDER_KEPT) {
        if (!up) {
            provider_forget(p, m->devices_n); /* it could not be told that events were missed */
        }
        return;
    }
    /* The word of it may be lost with the session, which can be dead without anybody knowing. */
    p->in_service = up;
    if (!up) {
        forget_monitors(p, m->devices_n);
        p->lapsed = true;
    }
    send_state(m, p, up, reason);
}

void provider_link_down(struct ctimanager *m, struct provider *p, struct instant now)
{
    if (p->state != PROVIDER_OPEN) {
        return;
    }
    const struct topology_timers *timers = &m->topology->timers;
    p->state = PROVIDER_KEPT;
    p->kept_until = instant_add(
        now, (struct duration){timers->jtapi_heartbeat.us * (int64_t)timers->cti_misses});
    if (!p->in_service || p->lapsed) {
        provider_forget(p, m->devices_n);
    }
}

void provider_event(struct ctimanager *m, struct provider *p, const struct msg_device_event *event)
{
    if (!provider_watches(p, event->device)) {
        return;
    }
    if (event->kind == DEVICE_EVENT_SNAPSHOT_END) {
        p->monitors[event->device.v].snapshot = false;
    }
    number_event(m, p, event);
}

bool provider_watches(const struct provider *p, struct device_id device)
{
    return p->state != PROVIDER_NONE && p->monitors[device.v].watch == PROVIDER_CONFIRMED;
}

bool provider_expects(const struct provider *p, struct device_id device)
{
    return provider_watches(p, device) && p->monitors[device.v].snapshot;
}

/* What the registry says of a device now. */
static void look(const struct ctimanager *m, struct device_id device, struct provider_monitor *ret)
{
    const struct registry_device *d = registry_device(m->registry, device);
    ASSERT(d != NULL);
    ret->owner = registry_owner(m->registry, device);
    ret->epoch = d->epoch;
    ret->in_service = proc_id_some(ret->owner) &&
                      registry_service_up(m->registry, ret->owner, SERVICE_CALLMANAGER);
}

static void confirm(struct ctimanager *m, struct provider *p, struct device_id device)
{
    struct provider_monitor *monitor = &p->monitors[device.v];
    if (monitor->watch == PROVIDER_OPENING) {
        ASSERT(p->opening > 0);
        p->opening--;
    }
    watch_begin(m, device);
    look(m, device, monitor);
    monitor->watch = PROVIDER_CONFIRMED;
    monitor->snapshot = monitor->in_service;
    p->confirmed++;
    send_confirmed(m, p, device, REASON_NONE);
    if (monitor->in_service) {
        watch_ask(m, device);
    }
}

static void tell_service(struct ctimanager *m, struct provider *p, struct device_id device,
                         enum device_event kind, uint32_t epoch, enum reason reason)
{
    struct msg_device_event event = {
        .device = device, .epoch = epoch, .kind = kind, .reason = reason};
    number_event(m, p, &event);
}

/* Why a device lost its owner, as far as this node can tell. */
static enum reason why_lost(const struct ctimanager *m, struct proc_id owner)
{
    const struct registry_node *node = registry_node(m->registry, owner);
    if (node == NULL || !node->up) {
        return REASON_NODE_LOST;
    }
    return node->service_up[SERVICE_CALLMANAGER] ? REASON_OUT_OF_SERVICE : REASON_SERVICE_LOST;
}

void provider_compare(struct ctimanager *m, struct provider *p, struct device_id device)
{
    if (p->state == PROVIDER_NONE) {
        return;
    }
    struct provider_monitor *monitor = &p->monitors[device.v];
    struct provider_monitor now = *monitor;
    look(m, device, &now);
    if (monitor->watch == PROVIDER_OPENING && now.in_service) {
        confirm(m, p, device);
        return;
    }
    if (monitor->watch != PROVIDER_CONFIRMED) {
        return;
    }
    struct provider_monitor was = *monitor;
    bool moved = now.epoch != was.epoch;
    *monitor = now;
    if (was.in_service && (!now.in_service || moved)) {
        told_forget(&m->told, device); /* whoever hears this has no calls there any more */
        tell_service(m, p, device, DEVICE_EVENT_OUT_OF_SERVICE, was.epoch, why_lost(m, was.owner));
    }
    if (p->state != PROVIDER_NONE && now.in_service && (!was.in_service || moved)) {
        tell_service(m, p, device, DEVICE_EVENT_IN_SERVICE, now.epoch, REASON_NONE);
        if (provider_expects(p, device)) {
            watch_ask(m, device); /* its former owner did not answer any more */
        }
    }
}

struct instant provider_deadline(const struct provider *p)
{
    struct instant next = INSTANT_NEVER;
    if (p->state == PROVIDER_KEPT) {
        next = p->kept_until;
    }
    if (p->state != PROVIDER_NONE && p->waiting_n > 0) {
        next = instant_min(next, p->turn);
    }
    if (p->state != PROVIDER_NONE && p->opening > 0) {
        next = instant_min(next, p->opening_until);
    }
    return next;
}

static void take_turn(struct ctimanager *m, struct provider *p)
{
    struct device_id device = p->waiting[p->waiting_first];
    struct instant turn = p->turn;
    p->waiting_first = (p->waiting_first + 1) % (m->devices_n + 1);
    p->waiting_n--;
    struct provider_monitor *monitor = &p->monitors[device.v];
    ASSERT(monitor->watch == PROVIDER_WAITING);
    struct provider_monitor now = {0};
    look(m, device, &now);
    if (!now.in_service && registry_device(m->registry, device)->kind == DEVICE_KIND_ROUTE_POINT) {
        monitor->watch = PROVIDER_OPENING;
        p->opening++;
        p->opening_until = instant_add(turn, duration_ms(PROVIDER_OPEN_WAIT_MS));
        m->points_at = instant_min(m->points_at, turn);
    } else {
        confirm(m, p, device);
    }
}

void provider_tick(struct ctimanager *m, struct provider *p, struct instant now)
{
    if (p->state == PROVIDER_KEPT && instant_reached(now, p->kept_until)) {
        provider_forget(p, m->devices_n);
    }
    if (p->state == PROVIDER_NONE) {
        return;
    }
    struct duration step = {US_PER_S / m->topology->timers.monitors_per_s};
    while (p->waiting_n > 0 && instant_reached(now, p->turn)) {
        take_turn(m, p);
        p->turn = p->waiting_n > 0 ? instant_add(p->turn, step) : INSTANT_NEVER;
    }
    if (p->opening > 0 && instant_reached(now, p->opening_until)) {
        for (uint32_t v = 1; v <= m->devices_n && p->opening > 0; v++) {
            if (p->monitors[v].watch == PROVIDER_OPENING) {
                confirm(m, p, (struct device_id){v});
            }
        }
    }
}
