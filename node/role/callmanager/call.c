#include "node/role/callmanager/call.h"

#include "node/role/callmanager/callmanager.h"
#include "node/role/callmanager/feature.h"

#include <stdio.h>
#include <string.h>

#define INCARNATION_SHIFT 40
#define COUNT_MASK        ((1ull << INCARNATION_SHIFT) - 1)

static const struct call_id no_call = {0};

void call_forget_all(struct callmanager *cm)
{
    memset(cm->calls, 0, sizeof cm->calls);
    cm->calls_n = 0;
    cm->calls_at = INSTANT_NEVER;
}

struct call *call_find(struct callmanager *cm, struct call_id id)
{
    struct call *call = &cm->calls[id.v & (CALLS_MAX - 1)];
    return call_id_some(id) && call_id_eq(call->id, id) ? call : NULL;
}

struct party *call_party(struct callmanager *cm, struct call *call, struct device_id device)
{
    for (uint32_t i = 0; i < call->parties_n; i++) {
        struct party *p = party_at(cm, call->parties[i]);
        if (device_id_eq(p->device, device)) {
            return p;
        }
    }
    return NULL;
}

struct call *call_new(struct callmanager *cm)
{
    if (cm->calls_n == CALLS_MAX) {
        return NULL;
    }
    /* A number is used once; the numbers whose slots are taken are passed over. */
    do {
        cm->calls_made++;
    } while (call_id_some(cm->calls[cm->calls_made & (CALLS_MAX - 1)].id));
    struct call *call = &cm->calls[cm->calls_made & (CALLS_MAX - 1)];
    call->id.v = ((uint64_t)cm->self.v << CALL_ID_NODE_SHIFT) |
                 ((cm->incarnation.v & 0xffff) << INCARNATION_SHIFT) |
                 (cm->calls_made & COUNT_MASK);
    call->deadline = INSTANT_NEVER;
    cm->calls_n++;
    return call;
}

void call_free(struct callmanager *cm, struct call *call)
{
    ASSERT(call_id_some(call->id));
    ASSERT(call->parties_n == 0);
    route_forget(cm, call);
    struct call *first = call_find(cm, call->consult_of);
    if (first != NULL) {
        first->consult = no_call;
    }
    struct call *second = call_find(cm, call->consult);
    if (second != NULL) {
        second->consult_of = no_call;
        struct party *p = call_party(cm, second, second->presser);
        if (p != NULL) {
            p->consult_of = no_call;
        }
    }
    memset(call, 0, sizeof *call);
    cm->calls_n--;
}

void call_arm(struct callmanager *cm, struct call *call, struct duration limit)
{
    call->deadline = instant_add(cm->now, limit);
    cm->calls_at = instant_min(cm->calls_at, call->deadline);
}

static void take_out(struct callmanager *cm, struct call *call, struct party *p)
{
    uint32_t index = party_index(cm, p);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < call->parties_n; i++) {
        if (call->parties[i] != index) {
            call->parties[kept++] = call->parties[i];
        }
    }
    ASSERT(kept + 1 == call->parties_n);
    call->parties_n = kept;
    party_drop(cm, p);
}

void call_end(struct callmanager *cm, struct call *call, struct party *p, enum reason reason,
              struct call_id consult)
{
    struct party_change c = {.state = LEG_ENDED, .reason = reason, .consult_of = consult};
    party_set(cm, p, &c, no_call);
    take_out(cm, call, p);
}

void call_end_all(struct callmanager *cm, struct call *call, enum reason reason)
{
    while (call->parties_n > 0) {
        call_end(cm, call, party_at(cm, call->parties[0]), reason, no_call);
    }
    call_free(cm, call);
}

enum leg call_state_of(struct callmanager *cm, const struct call *call, const struct party *p,
                       struct device_id freed)
{
    if (p->state == LEG_HOLDING && !device_id_eq(p->device, freed)) {
        return LEG_HOLDING;
    }
    for (uint32_t i = 0; i < call->parties_n; i++) {
        const struct party *q = party_at(cm, call->parties[i]);
        if (q != p && (q->state != LEG_HOLDING || device_id_eq(q->device, freed))) {
            return LEG_CONNECTED;
        }
    }
    return LEG_HELD;
}

void call_connect(struct callmanager *cm, struct call *call, struct party *moved,
                  struct call_id old_call, struct device_id joiner)
{
    struct party *in[CALL_PARTIES_MAX];
    enum leg state[CALL_PARTIES_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->parties_n; i++) {
        in[n] = party_at(cm, call->parties[i]);
        state[n] = call_state_of(cm, call, in[n], joiner);
        n++;
    }
    ASSERT(n == 2 || n == 3);
    call->deadline = INSTANT_NEVER;
    for (uint32_t i = 0; i < n; i++) {
        struct party *a = in[(i + 1) % n], *b = in[(i + 2) % n];
        struct party *p = in[i];
        struct party_change c = {.state = state[i], .number = a->own, .peer = a->device};
        if (n == 3) {
            c.peer2 = b->device;
        }
        if (device_id_eq(p->device, joiner)) {
            c.consult_of = old_call;
        }
        bool went = moved != NULL && party_index(cm, p) == party_index(cm, moved);
        party_set(cm, p, &c, went ? old_call : no_call);
    }
}

/* The parties that are left go on, or the last one ends. */
void call_settle(struct callmanager *cm, struct call *call)
{
    if (call->parties_n == 0) {
        call_free(cm, call);
    } else if (call->lost > 0) {
        return; /* they talk to somebody whose CallManager is gone */
    } else if (call->parties_n == 1) {
        call_end_all(cm, call, REASON_HUNG_UP);
    } else {
        call_connect(cm, call, NULL, no_call, (struct device_id){0});
    }
}

void call_fail(struct callmanager *cm, struct call *call, enum reason reason)
{
    route_tell_failed(cm, call, reason);
    call_end_all(cm, call, reason);
}

enum reason call_dial(struct callmanager *cm, struct device_id device, struct proc_id home,
                      uint32_t line, const char *number, const char *ani, struct call *consult_of)
{
    if (cm->parties_free == 0) {
        return REASON_FULL;
    }
    struct call *call = call_new(cm);
    if (call == NULL) {
        return REASON_FULL;
    }
    struct party *p = party_add(cm, call->id, device, home, cm->self);
    ASSERT(p != NULL);
    call->parties[call->parties_n++] = party_index(cm, p);
    p->line = line;
    p->dialled = true;
    if (ani[0] != '\0') {
        snprintf(p->own, sizeof p->own, "%s", ani);
    }
    snprintf(p->from, sizeof p->from, "%s", p->own);
    snprintf(p->to, sizeof p->to, "%s", number);
    if (consult_of != NULL) {
        call->consult_of = consult_of->id;
        call->presser = device;
        consult_of->consult = call->id;
        consult_of->presser = device;
        p->consult_of = consult_of->id;
    }
    struct party_change c = {.state = LEG_DIALING, .number = number};
    party_set(cm, p, &c, no_call);
    enum reason reason = route_begin(cm, call, number);
    if (reason != REASON_NONE) {
        call_fail(cm, call, reason);
    }
    return REASON_NONE;
}

static bool in_setup(const struct party *p)
{
    return !party_established(p);
}

static bool consulting(const struct call *call)
{
    return call_id_some(call->consult) || call_id_some(call->consult_of);
}

/* Whoever lost this leg is about to lose the presser's other one: a transfer that was begun is
 * dropped as a whole. */
static void doom_other(struct callmanager *cm, struct call *call, struct device_id device)
{
    if (consulting(call) && device_id_eq(device, call->presser)) {
        struct call_id other = call_id_some(call->consult) ? call->consult : call->consult_of;
        call_find(cm, other)->doomed = true;
    }
}

void call_party_gone(struct callmanager *cm, struct call *call, struct party *p, enum reason reason)
{
    bool first = call->parties[0] == party_index(cm, p);
    bool sent_on = !first && p->asked && call->routing;
    bool point = !first && p->state == LEG_QUEUED && !sent_on;
    bool rang = p->state == LEG_RINGING;
    bool keep = party_established(p) && !consulting(call) && !call->doomed;
    struct device_id device = p->device;
    struct proc_id home = p->home;
    char number[NUMBER_LEN];
    memcpy(number, p->to, sizeof number);
    doom_other(cm, call, device);
    take_out(cm, call, p);
    if (call->parties_n == 0) {
        call_free(cm, call);
    } else if (sent_on || rang) {
        route_refused(cm, call, number, reason);
    } else if (point) {
        route_point_lost(cm, call, device, home);
    } else if (keep) {
        call->lost++;
        for (uint32_t i = 0; i < call->parties_n; i++) {
            party_preserve(cm, party_at(cm, call->parties[i]));
        }
    } else {
        call_fail(cm, call, REASON_DROPPED_IN_SETUP);
    }
}

struct instant call_expire(struct callmanager *cm)
{
    struct instant next = INSTANT_NEVER;
    uint32_t left = cm->calls_n;
    for (uint32_t i = 0; i < CALLS_MAX && left > 0; i++) {
        struct call *call = &cm->calls[i];
        if (!call_id_some(call->id)) {
            continue;
        }
        left--;
        if (instant_reached(cm->now, call->deadline)) {
            call->deadline = INSTANT_NEVER;
            route_expire(cm, call);
        } else {
            next = instant_min(next, call->deadline);
        }
    }
    return next;
}

static enum reason key_answer(struct callmanager *cm, struct call *call, struct party *p,
                              const char *number)
{
    (void)number;
    if (call->parties_n != 2) {
        return REASON_BAD_STATE;
    }
    ASSERT(in_setup(p));
    call->routed_by = (struct device_id){0};
    call_connect(cm, call, NULL, no_call, (struct device_id){0});
    return REASON_NONE;
}

/* The waiting caller gives up, or the called party does not want it. */
static enum reason key_release_setup(struct callmanager *cm, struct call *call, struct party *p,
                                     const char *number)
{
    (void)number;
    bool caller = call->parties[0] == party_index(cm, p);
    if (!caller) {
        route_tell_failed(cm, call, REASON_HUNG_UP);
    }
    call_end(cm, call, p, REASON_HUNG_UP, no_call);
    if (call->parties_n == 0) {
        call_free(cm, call);
    } else {
        call_end_all(cm, call, caller ? REASON_ABANDONED : REASON_HUNG_UP);
    }
    return REASON_NONE;
}

static enum reason key_release(struct callmanager *cm, struct call *call, struct party *p,
                               const char *number)
{
    (void)number;
    call_end(cm, call, p, REASON_HUNG_UP, no_call);
    call_settle(cm, call);
    return REASON_NONE;
}

/* On the leg of a caller who waits, or of the route point where it does. */
static enum reason key_release_queued(struct callmanager *cm, struct call *call, struct party *p,
                                      const char *number)
{
    if (call->parties[0] == party_index(cm, p)) {
        return key_release_setup(cm, call, p, number);
    }
    call_end(cm, call, p, REASON_NO_AGENT, no_call);
    call_end_all(cm, call, REASON_NO_AGENT);
    return REASON_NONE;
}

/* [state of the leg][key]: what is not listed is refused with BAD_STATE. */
static enum reason (*const actions[LEG_COUNT][KEY_COUNT])(struct callmanager *, struct call *,
                                                          struct party *, const char *) = {
    [LEG_DIALING] = {[KEY_HANGUP] = key_release_setup},
    [LEG_RINGBACK] = {[KEY_HANGUP] = key_release_setup, [KEY_TRANSFER_COMPLETE] = feature_transfer},
    [LEG_QUEUED] = {[KEY_HANGUP] = key_release_queued, [KEY_ROUTE] = route_key},
    [LEG_RINGING] = {[KEY_HANGUP] = key_release_setup, [KEY_ANSWER] = key_answer},
    [LEG_CONNECTED] = {[KEY_HANGUP] = key_release,
                       [KEY_HOLD] = feature_hold,
                       [KEY_TRANSFER] = feature_consult,
                       [KEY_TRANSFER_COMPLETE] = feature_transfer,
                       [KEY_TRANSFER_BLIND] = feature_transfer_blind,
                       [KEY_CONFERENCE] = feature_consult,
                       [KEY_CONFERENCE_COMPLETE] = feature_conference},
    [LEG_HOLDING] = {[KEY_HANGUP] = key_release,
                     [KEY_RETRIEVE] = feature_retrieve,
                     [KEY_TRANSFER] = feature_consult,
                     [KEY_TRANSFER_COMPLETE] = feature_transfer,
                     [KEY_TRANSFER_BLIND] = feature_transfer_blind,
                     [KEY_CONFERENCE] = feature_consult,
                     [KEY_CONFERENCE_COMPLETE] = feature_conference},
    [LEG_HELD] = {[KEY_HANGUP] = key_release},
};

enum reason call_key(struct callmanager *cm, struct call *call, struct party *p, enum key key,
                     const char *number)
{
    ASSERT((unsigned)key < KEY_COUNT);
    ASSERT(call_id_eq(p->call, call->id));
    route_taken(cm, call, p); /* a key of somebody who was asked has overtaken the answer */
    enum reason reason;
    if (p->preserved && key != KEY_HANGUP) {
        reason = REASON_PRESERVED;
    } else if (actions[p->state][key] == NULL) {
        reason = REASON_BAD_STATE;
    } else {
        reason = actions[p->state][key](cm, call, p, number);
        if (reason == REASON_NONE) {
            return REASON_NONE;
        }
    }
    callmanager_trace(cm, &(struct event){.kind = EVENT_KEY_REFUSED,
                                          .device = p->device,
                                          .call = p->call,
                                          .reason = reason,
                                          .value = key});
    return reason;
}
