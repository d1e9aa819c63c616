#include "node/role/callmanager/feature.h"

#include "node/role/callmanager/callmanager.h"

#include <string.h>

static const struct call_id no_call = {0};

static struct party *other_than(struct callmanager *cm, const struct call *call,
                                const struct party *p)
{
    for (uint32_t i = 0; i < call->parties_n; i++) {
        struct party *q = party_at(cm, call->parties[i]);
        if (q != p) {
            return q;
        }
    }
    return NULL;
}

/* Tell those whom somebody else's hold leaves alone, or no longer does. */
static void follow(struct callmanager *cm, struct call *call, const struct party *p)
{
    for (uint32_t i = 0; i < call->parties_n; i++) {
        struct party *q = party_at(cm, call->parties[i]);
        enum leg state = call_state_of(cm, call, q, (struct device_id){0});
        if (q != p && q->state != state) {
            struct party_change c = {.state = state, .peer = q->peer, .peer2 = q->peer2};
            party_set(cm, q, &c, no_call);
        }
    }
}

static void hold(struct callmanager *cm, struct call *call, struct party *p)
{
    struct party_change c = {.state = LEG_HOLDING, .peer = p->peer, .peer2 = p->peer2};
    party_set(cm, p, &c, no_call);
    follow(cm, call, p);
}

static void retrieve(struct callmanager *cm, struct call *call, struct party *p)
{
    struct party_change c = {
        .state = call_state_of(cm, call, p, p->device), .peer = p->peer, .peer2 = p->peer2};
    party_set(cm, p, &c, no_call);
    follow(cm, call, p);
}

enum reason feature_hold(struct callmanager *cm, struct call *call, struct party *p,
                         const char *number)
{
    (void)number;
    ASSERT(p->state == LEG_CONNECTED);
    hold(cm, call, p);
    return REASON_NONE;
}

enum reason feature_retrieve(struct callmanager *cm, struct call *call, struct party *p,
                             const char *number)
{
    (void)number;
    ASSERT(p->state == LEG_HOLDING);
    if (call_id_some(call->consult)) {
        return REASON_BAD_STATE; /* the consultation is to be ended or completed first */
    }
    retrieve(cm, call, p);
    return REASON_NONE;
}

enum reason feature_consult(struct callmanager *cm, struct call *call, struct party *p,
                            const char *number)
{
    if (!callmanager_may_work(cm)) {
        return REASON_NO_QUORUM;
    }
    if (call_id_some(call->consult) || call_id_some(call->consult_of) || call->parties_n != 2) {
        return REASON_BAD_STATE;
    }
    if (number[0] == '\0') {
        return REASON_BAD_REQUEST;
    }
    if (registry_device(cm->registry, p->device)->kind != DEVICE_KIND_PHONE) {
        return REASON_BAD_REQUEST;
    }
    if (cm->calls_n == CALLS_MAX || cm->parties_free == 0) {
        return REASON_FULL;
    }
    if (p->state == LEG_CONNECTED) {
        hold(cm, call, p);
    }
    return call_dial(cm, p->device, p->home, 0, number, "", call);
}

/* The two calls of a presser and who is in them. */
struct joint {
    struct call *first, *second;
    struct party *first_leg, *second_leg; /* of the presser */
    struct party *caller;                 /* of the first call */
    struct party *target;                 /* of the second call */
};

/* Both calls, from either of them; false: there is nothing to be joined. */
static bool joint_of(struct callmanager *cm, struct call *call, const struct party *p,
                     struct joint *ret)
{
    struct joint j = {.first = call, .second = call};
    if (call_id_some(call->consult)) {
        j.second = call_find(cm, call->consult);
    } else if (call_id_some(call->consult_of)) {
        j.first = call_find(cm, call->consult_of);
    } else {
        return false;
    }
    ASSERT(j.first != NULL);
    ASSERT(j.second != NULL);
    if (!device_id_eq(j.second->presser, p->device) || j.first->parties_n != 2 ||
        j.second->parties_n != 2) {
        return false;
    }
    j.first_leg = call_party(cm, j.first, p->device);
    j.second_leg = call_party(cm, j.second, p->device);
    ASSERT(j.first_leg != NULL);
    ASSERT(j.second_leg != NULL);
    j.caller = other_than(cm, j.first, j.first_leg);
    j.target = other_than(cm, j.second, j.second_leg);
    *ret = j;
    return party_established(j.first_leg) && party_established(j.caller);
}

/* The target goes over to the first call; the second one ends. A leg that holds cannot be told that
 * it moves: a phone takes that for a consultation. Answers whether it is to hold again. */
static bool move(struct callmanager *cm, struct joint *j, enum reason reason)
{
    ASSERT(j->target != NULL);
    bool holds = j->target->state == LEG_HOLDING;
    if (holds) {
        retrieve(cm, j->second, j->target);
    }
    uint32_t index = party_index(cm, j->target);
    struct call_id first = j->first->id;
    j->second->parties_n = 1;
    j->second->parties[0] = party_index(cm, j->second_leg);
    call_end(cm, j->second, j->second_leg, reason, no_call);
    call_free(cm, j->second);
    j->target->call = first;
    ASSERT(j->first->parties_n < CALL_PARTIES_MAX);
    j->first->parties[j->first->parties_n++] = index;
    return holds;
}

/* The caller hears the target ring, in the first call. */
static void wait_for(struct callmanager *cm, struct call *call, struct party *caller,
                     struct party *target, struct call_id moved)
{
    call->parties[0] = party_index(cm, caller);
    call->parties[1] = party_index(cm, target);
    struct party_change ring = {
        .state = LEG_RINGING, .number = caller->own, .other = caller->device};
    party_set(cm, target, &ring, moved);
    struct party_change back = {
        .state = LEG_RINGBACK, .number = target->own, .other = target->device};
    party_set(cm, caller, &back, no_call);
    call_arm(cm, call, cm->topology->timers.ring_timeout);
}

enum reason feature_transfer(struct callmanager *cm, struct call *call, struct party *p,
                             const char *number)
{
    (void)number;
    struct joint j;
    if (!joint_of(cm, call, p, &j)) {
        return REASON_BAD_STATE;
    }
    bool alerting = j.target->state == LEG_RINGING && j.second_leg->state == LEG_RINGBACK;
    if (!alerting && !(party_established(j.target) && party_established(j.second_leg))) {
        return REASON_BAD_STATE;
    }
    struct call_id second = j.second->id;
    bool holds = move(cm, &j, REASON_TRANSFERRED);
    call_end(cm, j.first, j.first_leg, REASON_TRANSFERRED, second);
    if (alerting) {
        wait_for(cm, j.first, j.caller, j.target, second);
    } else {
        call_connect(cm, j.first, j.target, second, (struct device_id){0});
    }
    if (holds) {
        hold(cm, j.first, j.target);
    }
    return REASON_NONE;
}

enum reason feature_conference(struct callmanager *cm, struct call *call, struct party *p,
                               const char *number)
{
    (void)number;
    struct joint j;
    if (!joint_of(cm, call, p, &j) || !party_established(j.target) ||
        !party_established(j.second_leg)) {
        return REASON_BAD_STATE;
    }
    struct call_id second = j.second->id;
    struct device_id joiner = p->device;
    bool holds = move(cm, &j, REASON_CONFERENCED);
    call_connect(cm, j.first, j.target, second, joiner);
    if (holds) {
        hold(cm, j.first, j.target);
    }
    return REASON_NONE;
}

enum reason feature_transfer_blind(struct callmanager *cm, struct call *call, struct party *p,
                                   const char *number)
{
    if (!callmanager_may_work(cm)) {
        return REASON_NO_QUORUM;
    }
    if (call_id_some(call->consult) || call_id_some(call->consult_of) || call->parties_n != 2) {
        return REASON_BAD_STATE;
    }
    if (number[0] == '\0') {
        return REASON_BAD_REQUEST;
    }
    struct dialplan_target target;
    enum reason known = dialplan_resolve(cm, number, &target);
    if (known != REASON_NONE) {
        return known;
    }
    call_end(cm, call, p, REASON_TRANSFERRED, no_call);
    call->routed_by = (struct device_id){0};
    enum reason reason = route_begin(cm, call, number);
    if (reason != REASON_NONE) {
        call_fail(cm, call, reason);
    }
    return REASON_NONE;
}
