#include "node/role/callmanager/device.h"

#include "node/base/plant.h"
#include "node/role/callmanager/callmanager.h"

#include <string.h>

/* Tags of proposals: kind (4 bits), low bits of the incarnation (16), device (24), low bits of the
 * counter (16). */
enum tag_kind { TAG_OTHER = 1, TAG_REGISTER };

#define TAG_KIND_SHIFT        56
#define TAG_INCARNATION_SHIFT 40
#define TAG_DEVICE_SHIFT      16
#define SECOND_US             1000000

static uint64_t tag_of(const struct callmanager *cm, enum tag_kind kind, struct device_id device,
                       uint64_t counter)
{
    return ((uint64_t)kind << TAG_KIND_SHIFT) |
           ((cm->incarnation.v & 0xffff) << TAG_INCARNATION_SHIFT) |
           ((uint64_t)device.v << TAG_DEVICE_SHIFT) | (counter & 0xffff);
}

static enum err propose(struct callmanager *cm, enum tag_kind kind, const struct msg_command *c)
{
    return cm->raft.propose(cm->raft.context, cm->now, c, tag_of(cm, kind, c->device, c->counter));
}

/* The device, if there is one of this number that has sessions. */
static struct device *find(struct callmanager *cm, struct device_id id)
{
    if (id.v == 0 || id.v > cm->devices_n || cm->devices[id.v].kind == DEVICE_KIND_ROUTE_POINT) {
        return NULL;
    }
    return &cm->devices[id.v];
}

static void send_reset(struct callmanager *cm, struct proc_id peer, struct device_id device,
                       uint32_t epoch, enum reason reason)
{
    struct msg *m = callmanager_out(cm, MSG_STATION_RESET, device.v);
    m->station_reset =
        (struct msg_station_reset){.device = device, .epoch = epoch, .reason = reason};
    world_send(cm->world, LINK_STATION, peer, m);
}

static void refuse(struct callmanager *cm, struct proc_id peer,
                   const struct msg_station_register *r, enum reason reason, int64_t retry_ms)
{
    struct msg *m = callmanager_out(cm, MSG_STATION_REFUSED, r->device.v);
    m->station_refused = (struct msg_station_refused){.device = r->device,
                                                      .counter = r->counter,
                                                      .reason = reason,
                                                      .retry_ms = (uint32_t)retry_ms};
    world_send(cm->world, LINK_STATION, peer, m);
}

static void acknowledge(struct callmanager *cm, struct device_id device)
{
    const struct device *d = &cm->devices[device.v];
    struct msg *m = callmanager_out(cm, MSG_STATION_REGISTERED, device.v);
    m->station_registered =
        (struct msg_station_registered){.device = device, .counter = d->counter, .epoch = d->epoch};
    world_send(cm->world, LINK_STATION, d->peer, m);
}

/* ---- Sessions that end ---- */

/* The device has no session any more: its legs are gone from here. */
static void lose_legs(struct callmanager *cm, struct device_id device, enum reason reason)
{
    for (uint32_t i = cm->devices[device.v].parties, next; i != 0; i = next) {
        struct party *p = party_at(cm, i);
        next = p->next;
        if (!proc_id_eq(p->home, cm->self)) {
            continue;
        }
        party_tell(cm, p, DEVICE_EVENT_DISCONNECTED, reason, (struct call_id){0});
        if (!proc_id_eq(p->owner, cm->self)) {
            struct msg *m = callmanager_out(cm, MSG_SDL_GONE, p->call.v);
            m->sdl_gone =
                (struct msg_sdl_gone){.call = p->call, .device = p->device, .reason = reason};
            world_send(cm->world, LINK_SDL, p->owner, m);
            party_drop(cm, p);
            continue;
        }
        call_party_gone(cm, call_find(cm, p->call), p, reason);
        next = cm->devices[device.v].parties; /* other legs may have gone with it */
    }
}

static void leave(struct callmanager *cm, struct device_id device)
{
    for (uint32_t i = 0; i < DEVICE_TRAVELLERS_MAX; i++) {
        if (device_id_eq(cm->travellers[i].device, device)) {
            cm->travellers[i].device.v = 0;
        }
    }
}

static void give_back(struct callmanager *cm, struct device_id device, uint32_t epoch)
{
    struct msg_command c = {
        .kind = COMMAND_RELEASE, .device = device, .node = cm->self, .epoch = epoch};
    /* A full queue: the registry keeps showing it as ours, and the next scan asks again. */
    struct device *d = &cm->devices[device.v];
    d->orphan = epoch;
    d->heard = cm->now;
    err_ignore(propose(cm, TAG_OTHER, &c), "device_scan asks again while it is an orphan");
}

static void end_session(struct callmanager *cm, struct device_id device, enum reason reason)
{
    struct device *d = &cm->devices[device.v];
    lose_legs(cm, device, reason);
    d->epoch = 0;
    d->draining = false;
    leave(cm, device);
}

/* ---- Registration ---- */

/* Is there room for one more registration in this second? If not: when to ask again. */
static bool throttle(struct callmanager *cm, int64_t *ret_retry_ms)
{
    int64_t cost = SECOND_US / (int64_t)cm->topology->timers.registrations_per_s;
    int64_t have = cm->tokens_us + instant_since(cm->now, cm->tokens_at).us;
    cm->tokens_at = cm->now;
    cm->tokens_us = have < SECOND_US ? have : SECOND_US;
    if (cm->tokens_us >= cost) {
        cm->tokens_us -= cost;
        return true;
    }
    if (cm->retry_slot.us < cm->now.us) {
        cm->retry_slot = cm->now;
    }
    cm->retry_slot.us += cost > 0 ? cost : 1;
    int64_t ms = instant_since(cm->retry_slot, cm->now).us / 1000 + 1;
    *ret_retry_ms = ms < DEVICE_RETRY_MS_MAX ? ms : DEVICE_RETRY_MS_MAX;
    return false;
}

/* Why this node can never serve it; NONE if it can. */
static enum reason misplaced(const struct callmanager *cm, struct proc_id peer,
                             struct device_id device)
{
    struct device_info info;
    if (!topology_device(cm->topology, device, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
        !proc_id_eq(info.fleet, peer)) {
        return REASON_UNKNOWN_DEVICE;
    }
    return topology_rank(cm->topology, info.group, cm->self) < GROUP_MEMBERS_MAX
               ? REASON_NONE
               : REASON_BAD_REQUEST;
}

static void registered(struct callmanager *cm, struct device_id device, uint32_t epoch)
{
    struct device *d = &cm->devices[device.v];
    if (d->epoch != 0) {
        end_session(cm, device, REASON_OUT_OF_SERVICE); /* it began anew and forgot its calls */
    }
    d->epoch = epoch;
    d->counter = d->pending;
    d->pending = 0;
    d->orphan = 0;
    d->preserved = 0;
    d->heard = cm->now;
    callmanager_trace(cm, &(struct event){.kind = EVENT_REGISTER_ACKED,
                                          .device = device,
                                          .epoch = epoch,
                                          .peer = d->peer,
                                          .value = (int64_t)d->counter});
    acknowledge(cm, device);
}

void device_register(struct callmanager *cm, struct proc_id peer,
                     const struct msg_station_register *m)
{
    enum reason reason = misplaced(cm, peer, m->device);
    if (reason != REASON_NONE || m->counter == 0) {
        refuse(cm, peer, m, reason != REASON_NONE ? reason : REASON_BAD_REQUEST, 0);
        return;
    }
    struct device *d = find(cm, m->device);
    ASSERT(d != NULL);
    if (!callmanager_may_work(cm)) {
        refuse(cm, peer, m, REASON_NO_QUORUM, 0);
    } else if (d->epoch != 0 && d->counter == m->counter && proc_id_eq(d->peer, peer)) {
        d->heard = cm->now;
        acknowledge(cm, m->device);
    } else if (d->pending == m->counter) {
        return; /* it is on its way */
    } else if (m->counter < d->pending || m->counter < d->counter) {
        refuse(cm, peer, m, REASON_OLD_COUNTER, 0);
    } else {
        int64_t retry_ms = 100;
        struct msg_command c = {.kind = COMMAND_REGISTER,
                                .device = m->device,
                                .node = cm->self,
                                .incarnation = cm->incarnation,
                                .counter = m->counter};
        if (!throttle(cm, &retry_ms) || propose(cm, TAG_REGISTER, &c) != ERR_OK) {
            refuse(cm, peer, m, REASON_THROTTLED, retry_ms);
            return;
        }
        d->pending = m->counter;
        if (d->epoch == 0) {
            d->peer = peer;
        }
        if (PLANTED(ACK_EARLY)) {
            registered(cm, m->device, registry_device(cm->registry, m->device)->epoch + 1);
        }
    }
}

void device_result(struct callmanager *cm, uint64_t tag, const struct msg_command_result *result)
{
    enum tag_kind kind = (enum tag_kind)(tag >> TAG_KIND_SHIFT);
    struct device_id device = {(uint32_t)(tag >> TAG_DEVICE_SHIFT) & 0xffffffu};
    uint64_t incarnation = (tag >> TAG_INCARNATION_SHIFT) & 0xffff;
    struct device *d = find(cm, device);
    if (kind != TAG_REGISTER || d == NULL || incarnation != (cm->incarnation.v & 0xffff)) {
        return;
    }
    if (d->pending == 0 || (d->pending & 0xffff) != (tag & 0xffff)) {
        device_registry_changed(cm, device); /* nobody waits for it any more */
        return;
    }
    struct device_info info;
    bool known = topology_device(cm->topology, device, &info);
    ASSERT(known);
    if (result->reason == REASON_NONE &&
        registry_owns(cm->registry, device, cm->self, cm->incarnation, result->epoch)) {
        d->peer = info.fleet;
        registered(cm, device, result->epoch);
        return;
    }
    struct msg_station_register r = {.device = device, .counter = d->pending};
    d->pending = 0;
    bool unknown = result->reason == REASON_NONE;
    refuse(cm, info.fleet, &r, unknown ? REASON_ROLLED_BACK : (enum reason)result->reason, 0);
    device_registry_changed(cm, device);
}

/* Whoever opened it (again) learns of the calls that wait there by a snapshot; they have as long as
 * at first. */
static void route_point_changed(struct callmanager *cm, struct device_id device, bool ours)
{
    struct device *d = &cm->devices[device.v];
    const struct registry_device *r = registry_device(cm->registry, device);
    if (!ours) {
        lose_legs(cm, device, REASON_OUT_OF_SERVICE);
    }
    bool anew = d->counter != r->epoch;
    d->counter = r->epoch;
    if (!anew || !proc_id_some(r->owner)) {
        return;
    }
    for (uint32_t i = d->parties; i != 0; i = party_at(cm, i)->next) {
        const struct party *p = party_at(cm, i);
        struct call *call = call_find(cm, p->call);
        if (proc_id_eq(p->owner, cm->self) && !call->routing) {
            call_arm(cm, call, cm->topology->timers.route_timeout);
        }
    }
    route_point_held(cm, device);
}

void device_registry_changed(struct callmanager *cm, struct device_id device)
{
    const struct registry_device *r = registry_device(cm->registry, device);
    struct device *d = device.v > 0 && device.v <= cm->devices_n ? &cm->devices[device.v] : NULL;
    ASSERT(r != NULL);
    ASSERT(d != NULL);
    bool ours = r->state == DEVICE_STATE_REGISTERED && proc_id_eq(r->owner, cm->self) &&
                incarnation_eq(r->incarnation, cm->incarnation);
    /* Legs of our calls on a device that another node served until now. */
    for (uint32_t i = d->parties, next; i != 0; i = next) {
        struct party *p = party_at(cm, i);
        next = p->next;
        if (!proc_id_eq(p->home, cm->self) && !proc_id_eq(p->home, r->owner) &&
            proc_id_some(r->owner)) {
            call_party_gone(cm, call_find(cm, p->call), p, REASON_UNREGISTERED);
            next = d->parties;
        }
    }
    if (d->kind == DEVICE_KIND_ROUTE_POINT) {
        route_point_changed(cm, device, ours);
        return;
    }
    if (d->epoch != 0 && (!ours || r->epoch != d->epoch) && d->pending == 0 &&
        !PLANTED(OLD_EPOCH)) {
        struct proc_id peer = d->peer;
        uint32_t epoch = d->epoch;
        end_session(cm, device, REASON_NOT_OWNER);
        send_reset(cm, peer, device, epoch, REASON_NOT_OWNER);
    }
    if (!ours) {
        d->orphan = 0;
    } else if (d->epoch == 0 && d->pending == 0 && d->orphan != r->epoch) {
        give_back(cm, device, r->epoch); /* ours without a session */
    }
    if (d->preserved != 0 && r->state == DEVICE_STATE_UNREGISTERED) {
        struct msg_command c = {.kind = COMMAND_IN_CALL,
                                .device = device,
                                .node = cm->self,
                                .epoch = d->preserved,
                                .call = d->preserved_call};
        d->preserved = 0;
        err_ignore(propose(cm, TAG_OTHER, &c), "the device stays unregistered, which is true too");
    } else if (d->preserved != 0 && r->state == DEVICE_STATE_REGISTERED &&
               r->epoch > d->preserved) {
        d->preserved = 0;
    }
}

bool device_check(struct callmanager *cm, struct proc_id peer, struct device_id device,
                  uint32_t epoch)
{
    struct device *d = find(cm, device);
    if (d == NULL) {
        cm->rejected++;
        return false;
    }
    /* Our session may not know yet what our registry does. */
    bool newest = registry_device(cm->registry, device)->epoch == epoch || PLANTED(OLD_EPOCH);
    if (d->epoch != 0 && d->epoch == epoch && newest && proc_id_eq(d->peer, peer)) {
        return true;
    }
    send_reset(cm, peer, device, epoch,
               d->epoch != 0 && (epoch < d->epoch || !newest) ? REASON_OLD_EPOCH
                                                              : REASON_NOT_OWNER);
    return false;
}

void device_unregister(struct callmanager *cm, struct proc_id peer,
                       const struct msg_station_unregister *m)
{
    if (!device_check(cm, peer, m->device, m->epoch)) {
        return;
    }
    struct msg_command c = {.kind = COMMAND_UNREGISTER,
                            .device = m->device,
                            .node = cm->self,
                            .counter = m->counter,
                            .epoch = m->epoch};
    end_session(cm, m->device, REASON_OUT_OF_SERVICE);
    struct device *d = &cm->devices[m->device.v];
    d->pending = 0;
    d->orphan = m->epoch;
    d->heard = cm->now;
    err_ignore(propose(cm, TAG_OTHER, &c), "device_scan gives it back if this came to nothing");
}

void device_keepalive(struct callmanager *cm, struct proc_id peer,
                      const struct msg_station_keepalive *m)
{
    if (m->epoch != 0 && !device_check(cm, peer, m->device, m->epoch)) {
        return;
    }
    struct device *d = find(cm, m->device);
    if (d == NULL) {
        cm->rejected++;
        return;
    }
    if (m->epoch != 0) {
        d->heard = cm->now;
    }
    struct msg *out = callmanager_out(cm, MSG_STATION_KEEPALIVE_ACK, m->device.v);
    out->station_keepalive_ack =
        (struct msg_station_keepalive_ack){.device = m->device, .epoch = m->epoch};
    world_send(cm->world, LINK_STATION, peer, out);
}

void device_preserved(struct callmanager *cm, struct proc_id peer,
                      const struct msg_station_preserved *m)
{
    struct device *d = find(cm, m->device);
    if (d == NULL || misplaced(cm, peer, m->device) != REASON_NONE || m->epoch == 0) {
        cm->rejected++;
        return;
    }
    d->preserved = m->epoch;
    d->preserved_call = m->call;
    /* The registry may not know yet that its owner is lost: then it is told when it does. */
    device_registry_changed(cm, m->device);
}

void device_link_down(struct callmanager *cm, struct proc_id peer)
{
    for (uint32_t v = 1; v <= cm->devices_n; v++) {
        struct device *d = &cm->devices[v];
        if (!proc_id_eq(d->peer, peer)) {
            continue;
        }
        d->pending = 0;
        if (d->epoch == 0) {
            continue;
        }
        struct device_id device = {v};
        uint32_t epoch = d->epoch;
        bool busy = d->parties != 0;
        end_session(cm, device, REASON_OUT_OF_SERVICE);
        d->orphan = epoch;
        d->heard = cm->now;
        if (busy) {
            give_back(cm, device, epoch); /* it will not come back before its call is over */
        }
    }
}

/* Travellers that took too long have not gone; a gateway that has drained has its time from now. */
static void arrive(struct callmanager *cm)
{
    for (uint32_t i = 0; i < DEVICE_TRAVELLERS_MAX; i++) {
        struct device_traveller *t = &cm->travellers[i];
        struct device *d = &cm->devices[t->device.v];
        if (!device_id_some(t->device)) {
            continue;
        }
        if (t->until.us == INSTANT_NEVER.us && d->parties == 0) {
            t->until = instant_add(cm->now, duration_ms(DEVICE_TRAVEL_MS));
        }
        if (instant_reached(cm->now, t->until)) {
            d->draining = false;
            t->device.v = 0;
        }
    }
}

void device_scan(struct callmanager *cm, struct duration late)
{
    const struct topology_timers *t = &cm->topology->timers;
    struct duration limit = {t->phone_keepalive.us * ((int64_t)t->phone_misses + 1)};
    arrive(cm);
    for (uint32_t v = 1; v <= cm->devices_n; v++) {
        struct device *d = &cm->devices[v];
        if (d->epoch == 0 && d->orphan == 0) {
            continue;
        }
        d->heard = instant_add(d->heard, late);
        if (!instant_reached(cm->now, instant_add(d->heard, limit))) {
            continue;
        }
        uint32_t epoch = d->epoch != 0 ? d->epoch : d->orphan;
        if (d->epoch != 0) {
            end_session(cm, (struct device_id){v}, REASON_TIMEOUT);
        }
        give_back(cm, (struct device_id){v}, epoch);
    }
}

/* ---- Fall-back ---- */

/* What the file says, unless the configuration says something else. */
static enum fallback policy(const struct callmanager *cm)
{
    const char *word = registry_config(cm->registry, "fallback");
    for (enum fallback f = 0; word != NULL && f < FALLBACK_COUNT; f++) {
        if (strcmp(word, fallback_text(f)) == 0) {
            return f;
        }
    }
    return cm->topology->policies.fallback;
}

/* A traveller that is let go; NULL: too many are on their way. */
static struct device_traveller *travel(struct callmanager *cm, struct device_id device)
{
    enum device_kind kind = cm->devices[device.v].kind;
    uint32_t group = policy(cm) == FALLBACK_AUTO ? UINT32_MAX : cm->topology->timers.fallback_queue;
    uint32_t limit = kind == DEVICE_KIND_GATEWAY ? 1 : group;
    uint32_t same = 0;
    struct device_traveller *place = NULL;
    arrive(cm);
    for (uint32_t i = 0; i < DEVICE_TRAVELLERS_MAX; i++) {
        struct device_traveller *t = &cm->travellers[i];
        const struct device *d = &cm->devices[t->device.v];
        if (device_id_eq(t->device, device)) {
            return t;
        }
        if (!device_id_some(t->device)) {
            place = place == NULL ? t : place;
        } else if (d->kind == kind) {
            same++;
        }
    }
    return same < limit ? place : NULL;
}

static enum reason may_go(struct callmanager *cm, const struct msg_station_fallback *m)
{
    struct device_info info;
    bool known = topology_device(cm->topology, m->device, &info);
    ASSERT(known);
    struct device *d = &cm->devices[m->device.v];
    if (topology_rank(cm->topology, info.group, m->target) >=
        topology_rank(cm->topology, info.group, cm->self)) {
        return REASON_BAD_REQUEST;
    }
    if (policy(cm) == FALLBACK_MANUAL) {
        return REASON_BY_HAND;
    }
    if (d->kind == DEVICE_KIND_PHONE && d->parties != 0) {
        return REASON_BUSY;
    }
    if (!registry_service_up(cm->registry, m->target, SERVICE_CALLMANAGER)) {
        return REASON_THROTTLED;
    }
    struct device_traveller *t = travel(cm, m->device);
    if (t == NULL) {
        return REASON_THROTTLED;
    }
    t->device = m->device;
    t->until =
        d->parties != 0 ? INSTANT_NEVER : instant_add(cm->now, duration_ms(DEVICE_TRAVEL_MS));
    d->draining = d->kind == DEVICE_KIND_GATEWAY;
    return REASON_NONE;
}

void device_fallback(struct callmanager *cm, struct proc_id peer,
                     const struct msg_station_fallback *m)
{
    if (!device_check(cm, peer, m->device, m->epoch)) {
        return;
    }
    enum reason reason = may_go(cm, m);
    struct msg *out = callmanager_out(cm, MSG_STATION_FALLBACK_ANSWER, m->device.v);
    out->station_fallback_answer = (struct msg_station_fallback_answer){
        .device = m->device, .epoch = m->epoch, .reason = reason};
    world_send(cm->world, LINK_STATION, peer, out);
}

/* ---- What calls ask ---- */

bool device_served(const struct callmanager *cm, struct device_id device)
{
    return device.v > 0 && device.v <= cm->devices_n && cm->devices[device.v].epoch != 0;
}

uint32_t device_epoch(const struct callmanager *cm, struct device_id device)
{
    ASSERT(device.v > 0 && device.v <= cm->devices_n);
    const struct device *d = &cm->devices[device.v];
    const struct registry_device *r = registry_device(cm->registry, device);
    /* What happens at a route point that went elsewhere happened under the epoch in which it was
     * here (REG-2): the registry may know its next owner before this node has let go of it. It may
     * know as well that it is ours before we are told so; then calls are let in already. */
    bool gone = d->kind == DEVICE_KIND_ROUTE_POINT && d->counter != 0 &&
                !registry_owns(cm->registry, device, cm->self, cm->incarnation, r->epoch);
    return d->epoch != 0 ? d->epoch : gone ? (uint32_t)d->counter : r->epoch;
}

/* Let go and not yet seen elsewhere. */
static bool travelling(const struct callmanager *cm, struct device_id device)
{
    for (uint32_t i = 0; i < DEVICE_TRAVELLERS_MAX; i++) {
        if (device_id_eq(cm->travellers[i].device, device)) {
            return true;
        }
    }
    return false;
}

enum reason device_free(const struct callmanager *cm, struct device_id device)
{
    ASSERT(device.v > 0 && device.v <= cm->devices_n);
    const struct device *d = &cm->devices[device.v];
    if (d->kind == DEVICE_KIND_ROUTE_POINT) {
        bool held = proc_id_eq(registry_owner(cm->registry, device), cm->self);
        return held && callmanager_serving(cm) ? REASON_NONE : REASON_UNREGISTERED;
    }
    if (d->epoch == 0 || d->kind != DEVICE_KIND_PHONE) {
        return REASON_UNREGISTERED;
    }
    if (d->parties != 0) {
        return REASON_BUSY;
    }
    return travelling(cm, device) ? REASON_THROTTLED : REASON_NONE;
}

enum reason device_may_dial(const struct callmanager *cm, struct device_id device)
{
    const struct device *d = &cm->devices[device.v];
    if (!callmanager_may_work(cm)) {
        return REASON_NO_QUORUM;
    }
    if (d->kind == DEVICE_KIND_PHONE) {
        return d->parties != 0 ? REASON_BUSY : REASON_NONE;
    }
    struct device_info info;
    if (d->draining || !topology_device(cm->topology, device, &info)) {
        return REASON_BUSY;
    }
    uint32_t n = 0;
    for (uint32_t i = d->parties; i != 0; i = cm->parties[i].next) {
        n++;
    }
    return n < cm->topology->gateways[info.index].channels ? REASON_NONE : REASON_BUSY;
}

void device_show(struct callmanager *cm, struct msg_station_call *m)
{
    const struct device *d = &cm->devices[m->device.v];
    if (d->kind == DEVICE_KIND_ROUTE_POINT || d->epoch == 0) {
        return;
    }
    struct msg *out = callmanager_out(cm, MSG_STATION_CALL, m->call.v);
    m->epoch = d->epoch;
    out->station_call = *m;
    world_send(cm->world, LINK_STATION, d->peer, out);
}

uint32_t device_count(const struct callmanager *cm, enum device_kind kind)
{
    uint32_t n = 0;
    for (uint32_t v = 1; v <= cm->devices_n; v++) {
        const struct device *d = &cm->devices[v];
        bool held = kind == DEVICE_KIND_ROUTE_POINT
                        ? proc_id_eq(registry_owner(cm->registry, (struct device_id){v}), cm->self)
                        : d->epoch != 0;
        n += d->kind == kind && held ? 1 : 0;
    }
    return n;
}
