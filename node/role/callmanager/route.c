#include "node/role/callmanager/route.h"

#include "node/role/callmanager/callmanager.h"

#include <stdio.h>
#include <string.h>

#define ROUTE_AGAIN_MS 50

static const struct call_id no_call = {0};

struct party *route_point_of(struct callmanager *cm, const struct call *call)
{
    for (uint32_t i = 1; i < call->parties_n; i++) {
        struct party *p = party_at(cm, call->parties[i]);
        if (p->state == LEG_QUEUED && !p->asked) {
            return p;
        }
    }
    return NULL;
}

void route_tell_failed(struct callmanager *cm, const struct call *call, enum reason reason)
{
    if (device_id_some(call->routed_by)) {
        mesh_failed(cm, call->routed_home, call->id, call->routed_by, reason);
    }
}

/* ---- What became of a ROUTE ---- */

void route_answer_to(struct call *call, struct proc_id origin, uint64_t id)
{
    ASSERT(call->routing);
    ASSERT(proc_id_some(origin));
    call->route_origin = origin;
    call->route_id = id;
}

static void decide(struct callmanager *cm, struct call *call, enum reason reason)
{
    bool waits = proc_id_some(call->route_origin);
    struct proc_id origin = call->route_origin;
    call->routing = false;
    call->route_origin = (struct proc_id){0};
    if (waits) {
        broker_answer(cm, call->route_id, origin, reason);
    }
}

void route_forget(struct callmanager *cm, struct call *call)
{
    if (call->routing) {
        decide(cm, call, REASON_NO_CALL);
    }
}

/* The first party hears it ring, or waits there; it has left the route point where it was. */
static void arrive(struct callmanager *cm, struct call *call, struct party *target)
{
    bool point = target->state == LEG_QUEUED;
    struct party *from = route_point_of(cm, call);
    if (from == target) {
        from = NULL;
    }
    target->asked = false;
    call->again[0] = '\0';
    call->again_until = (struct instant){0};
    struct party_change c = {
        .state = point ? LEG_QUEUED : LEG_RINGBACK, .number = target->to, .other = target->device};
    party_set(cm, party_at(cm, call->parties[0]), &c, no_call);
    const struct topology_timers *timers = &cm->topology->timers;
    call_arm(cm, call, point ? timers->route_timeout : timers->ring_timeout);
    if (from != NULL) {
        call->routed_by = from->device;
        call->routed_home = from->home;
        call_end(cm, call, from, REASON_REDIRECTED, no_call);
    }
    if (call->routing) {
        decide(cm, call, REASON_NONE);
    }
}

void route_taken(struct callmanager *cm, struct call *call, struct party *p)
{
    if (!p->asked) {
        return;
    }
    if (call->routing) {
        arrive(cm, call, p);
    }
    p->asked = false;
}

/* ---- Offers ---- */

static struct party *add_target(struct callmanager *cm, struct call *call,
                                const struct dialplan_target *t)
{
    struct party *p = party_add(cm, call->id, t->device, t->owner, cm->self);
    if (p == NULL) {
        return NULL;
    }
    ASSERT(call->parties_n < CALL_PARTIES_MAX);
    call->parties[call->parties_n++] = party_index(cm, p);
    const struct party *caller = party_at(cm, call->parties[0]);
    snprintf(p->from, sizeof p->from, "%s", caller->own);
    snprintf(p->to, sizeof p->to, "%s", t->number);
    return p;
}

/* Ring the target, here or on its node. */
static enum reason offer(struct callmanager *cm, struct call *call, const struct dialplan_target *t,
                         struct party **ret_target)
{
    bool here = proc_id_eq(t->owner, cm->self);
    enum reason reason = here                       ? device_free(cm, t->device)
                         : mesh_is_up(cm, t->owner) ? REASON_NONE
                                                    : REASON_UNREGISTERED;
    if (reason != REASON_NONE) {
        return reason;
    }
    if (call_party(cm, call, t->device) != NULL) {
        return REASON_BUSY;
    }
    struct party *p = add_target(cm, call, t);
    if (p == NULL) {
        return REASON_FULL;
    }
    const struct party *caller = party_at(cm, call->parties[0]);
    struct party_change c = {.state = t->kind == DEVICE_KIND_ROUTE_POINT ? LEG_QUEUED : LEG_RINGING,
                             .number = caller->own,
                             .other = caller->device};
    if (here) {
        party_show(cm, p, &c, no_call);
    } else {
        p->asked = true;
        p->state = c.state;
        p->other = c.other;
        memcpy(p->number, caller->own, sizeof p->number);
        mesh_offer(cm, p);
    }
    *ret_target = p;
    return REASON_NONE;
}

/* The phone travels between two CallManagers and can be rung by neither for a moment. */
static enum reason ring_again(struct callmanager *cm, struct call *call, const char *number)
{
    if (call->again_until.us == 0) {
        call->again_until = instant_add(cm->now, duration_ms(DEVICE_TRAVEL_MS));
    } else if (instant_reached(cm->now, call->again_until)) {
        call->again_until = (struct instant){0};
        return REASON_UNREGISTERED;
    }
    snprintf(call->again, sizeof call->again, "%s", number);
    call->routing = route_point_of(cm, call) != NULL || call->routing;
    if (!call->routing) {
        struct party_change c = {.state = LEG_RINGBACK, .number = call->again};
        party_set(cm, party_at(cm, call->parties[0]), &c, no_call);
    }
    call_arm(cm, call, duration_ms(ROUTE_AGAIN_MS));
    return REASON_NONE;
}

enum reason route_begin(struct callmanager *cm, struct call *call, const char *number)
{
    ASSERT(call->parties_n >= 1);
    struct dialplan_target t;
    struct party *target = NULL;
    enum reason reason = dialplan_resolve(cm, number, &t);
    if (reason == REASON_NONE) {
        reason =
            t.kind == DEVICE_KIND_GATEWAY ? REASON_UNKNOWN_NUMBER : offer(cm, call, &t, &target);
    }
    if (reason == REASON_THROTTLED) {
        return ring_again(cm, call, t.number);
    }
    if (reason != REASON_NONE) {
        return reason;
    }
    if (target->asked && (call->routing || route_point_of(cm, call) != NULL)) {
        /* As long as a session of the mesh may be silent: after that the phone's node is lost. */
        const struct topology_timers *timers = &cm->topology->timers;
        call->routing = true;
        call_arm(cm, call,
                 (struct duration){timers->mesh_heartbeat.us * ((int64_t)timers->mesh_misses + 1)});
        return REASON_NONE;
    }
    bool asked = target->asked;
    arrive(cm, call, target);
    target->asked = asked; /* a caller who dialled hears it ring, and the refusal may follow */
    return REASON_NONE;
}

enum reason route_key(struct callmanager *cm, struct call *call, struct party *p,
                      const char *number)
{
    if (call->routing || p != route_point_of(cm, call)) {
        return REASON_BAD_STATE;
    }
    if (!callmanager_may_work(cm)) {
        return REASON_NO_QUORUM;
    }
    if (number[0] == '\0') {
        call->deadline = INSTANT_NEVER;
        return REASON_NONE;
    }
    enum reason reason = route_begin(cm, call, number);
    if (reason != REASON_NONE) {
        /* It waits on; whoever routes it knows, and has as long as at first to find another. */
        call_arm(cm, call, cm->topology->timers.route_timeout);
    }
    return reason;
}

/* ---- Nobody is there ---- */

/* The caller waits at the route point as before, or for whoever holds it next. */
static void wait_on(struct callmanager *cm, struct call *call, enum reason reason)
{
    const struct party *caller = party_at(cm, call->parties[0]);
    struct device_id point = caller->other;
    call->again[0] = '\0';
    call->again_until = (struct instant){0};
    decide(cm, call, reason);
    if (route_point_of(cm, call) == NULL) {
        route_point_lost(cm, call, point, (struct proc_id){0});
    } else {
        call_arm(cm, call, cm->topology->timers.route_timeout);
    }
}

static void nobody(struct callmanager *cm, struct call *call, enum reason reason)
{
    if (call->routing) {
        wait_on(cm, call, reason);
    } else {
        call_fail(cm, call, reason);
    }
}

void route_refused(struct callmanager *cm, struct call *call, const char *number,
                   enum reason reason)
{
    if (reason == REASON_THROTTLED) {
        reason = ring_again(cm, call, number);
    } else if (call->routing && reason == REASON_DROPPED_IN_SETUP) {
        reason = REASON_UNREGISTERED; /* its node is gone: nothing has rung for this caller */
    }
    if (reason != REASON_NONE) {
        nobody(cm, call, reason);
    }
}

/* ---- Route points that come and go ---- */

void route_point_lost(struct callmanager *cm, struct call *call, struct device_id device,
                      struct proc_id from)
{
    if (call->routing) {
        return; /* it is on its way to a phone */
    }
    struct proc_id owner = registry_owner(cm->registry, device);
    call_arm(cm, call, cm->topology->timers.route_timeout);
    if (proc_id_eq(owner, from) && mesh_is_up(cm, from)) {
        /* That node does not think so, or not yet: not at once, or it goes round and round. */
        const struct party *caller = party_at(cm, call->parties[0]);
        memcpy(call->again, caller->number, sizeof call->again);
        call_arm(cm, call, duration_ms(ROUTE_AGAIN_MS));
    } else if (proc_id_some(owner)) {
        route_point_held(cm, device);
    }
}

/* Offer a call that waits for a route point to whoever holds that. It may be freed. */
static void offer_point(struct callmanager *cm, struct call *call)
{
    char number[NUMBER_LEN];
    memcpy(number, party_at(cm, call->parties[0])->number, sizeof number);
    call->again[0] = '\0';
    enum reason reason = route_begin(cm, call, number);
    if (reason == REASON_UNREGISTERED) {
        call_arm(cm, call, cm->topology->timers.route_timeout);
    } else if (reason != REASON_NONE) {
        call_fail(cm, call, reason);
    }
}

void route_point_held(struct callmanager *cm, struct device_id device)
{
    for (uint32_t i = 0; i < CALLS_MAX && cm->calls_n > 0; i++) {
        struct call *call = &cm->calls[i];
        if (!call_id_some(call->id) || call->parties_n != 1 || call->routing) {
            continue;
        }
        const struct party *caller = party_at(cm, call->parties[0]);
        if (caller->state == LEG_QUEUED && device_id_eq(caller->other, device)) {
            offer_point(cm, call);
        }
    }
}

void route_node_up(struct callmanager *cm, struct proc_id node)
{
    for (uint32_t i = 0; i < cm->topology->dialled_n && cm->calls_n > 0; i++) {
        struct device_id point = topology_route_point(cm->topology, i);
        if (proc_id_eq(registry_owner(cm->registry, point), node)) {
            route_point_held(cm, point);
        }
    }
}

/* ---- Time ---- */

static struct party *asked_in(struct callmanager *cm, const struct call *call)
{
    for (uint32_t i = 0; i < call->parties_n; i++) {
        struct party *p = party_at(cm, call->parties[i]);
        if (p->asked) {
            return p;
        }
    }
    return NULL;
}

/* Nobody answered for the route point in time: once, the call goes to its recovery number. */
static void unanswered(struct callmanager *cm, struct call *call)
{
    const char *to = dialplan_recovery(cm, party_at(cm, call->parties[0])->number);
    bool first = !call->recovers;
    call->recovers = true;
    if (!first || to == NULL || route_begin(cm, call, to) != REASON_NONE) {
        call_fail(cm, call, REASON_NO_CONTROLLER);
    }
}

void route_expire(struct callmanager *cm, struct call *call)
{
    const struct party *caller = party_at(cm, call->parties[0]);
    bool queued = caller->state == LEG_QUEUED;
    if (call->again[0] != '\0' && queued && !call->routing) {
        offer_point(cm, call);
        return;
    }
    if (call->again[0] != '\0') {
        char number[NUMBER_LEN];
        memcpy(number, call->again, sizeof number);
        call->again[0] = '\0';
        enum reason reason = route_begin(cm, call, number);
        if (reason != REASON_NONE) {
            nobody(cm, call, reason);
        }
        return;
    }
    if (call->routing) {
        struct party *target = asked_in(cm, call);
        ASSERT(target != NULL);
        call_end(cm, call, target, REASON_TIMEOUT, no_call);
        wait_on(cm, call, REASON_TIMEOUT);
        return;
    }
    if (queued) {
        unanswered(cm, call);
    } else {
        call_fail(cm, call, REASON_NO_ANSWER);
    }
}
