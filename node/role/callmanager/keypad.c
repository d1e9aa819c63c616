#include "node/role/callmanager/keypad.h"

#include "node/role/callmanager/callmanager.h"

#include <stdio.h>

static const struct call_id no_call = {0};

/* What a device asked for is being done (REG-2). */
static void trace_taken(struct callmanager *cm, struct device_id device, struct call_id call,
                        uint32_t epoch, enum key key)
{
    callmanager_trace(cm, &(struct event){.kind = EVENT_KEY_TAKEN,
                                          .device = device,
                                          .call = call,
                                          .epoch = epoch,
                                          .value = (int64_t)key});
}

void keypad_dial(struct callmanager *cm, struct proc_id peer, const struct msg_station_dial *m)
{
    if (!device_check(cm, peer, m->device, m->epoch)) {
        return;
    }
    enum reason reason = device_may_dial(cm, m->device);
    if (reason == REASON_NONE && m->number[0] == '\0') {
        reason = REASON_BAD_REQUEST;
    }
    if (reason == REASON_NONE) {
        reason = call_dial(cm, m->device, cm->self, m->line, m->number, m->ani, NULL);
    }
    if (reason != REASON_NONE) {
        struct msg_station_call c = {
            .device = m->device, .line = m->line, .state = LEG_ENDED, .reason = reason};
        snprintf(c.number, sizeof c.number, "%s", m->number);
        callmanager_trace(cm, &(struct event){.kind = EVENT_KEY_REFUSED,
                                              .device = m->device,
                                              .reason = reason,
                                              .value = KEY_DIAL});
        device_show(cm, &c);
    } else {
        trace_taken(cm, m->device, no_call, m->epoch, KEY_DIAL);
    }
}

void keypad_result(struct callmanager *cm, struct device_id device, struct call_id call,
                   enum key key, enum reason reason)
{
    if (!device_served(cm, device)) {
        return;
    }
    struct msg *m = callmanager_out(cm, MSG_STATION_KEY_RESULT, call.v);
    m->station_key_result = (struct msg_station_key_result){.device = device,
                                                            .epoch = device_epoch(cm, device),
                                                            .call = call,
                                                            .key = key,
                                                            .reason = reason};
    world_send(cm->world, LINK_STATION, cm->devices[device.v].peer, m);
}

/* A key on a leg whose call is preserved and whose owner is gone: only the release is left. */
static enum reason key_alone(struct callmanager *cm, struct party *p, enum key key)
{
    if (key != KEY_HANGUP) {
        callmanager_trace(cm, &(struct event){.kind = EVENT_KEY_REFUSED,
                                              .device = p->device,
                                              .call = p->call,
                                              .reason = REASON_PRESERVED,
                                              .value = (int64_t)key});
        return REASON_PRESERVED;
    }
    struct party_change c = {.state = LEG_ENDED, .reason = REASON_HUNG_UP};
    party_show(cm, p, &c, no_call);
    party_drop(cm, p);
    return REASON_NONE;
}

void keypad_key(struct callmanager *cm, struct proc_id peer, const struct msg_station_key *m)
{
    if (!device_check(cm, peer, m->device, m->epoch)) {
        return;
    }
    struct party *p = party_find(cm, m->call, m->device);
    enum reason reason = REASON_NO_CALL;
    if (p != NULL && m->key == KEY_ROUTE) {
        reason = REASON_BAD_REQUEST; /* it is for CTI only */
    } else if (p != NULL && proc_id_eq(p->owner, cm->self)) {
        struct call *call = call_find(cm, m->call);
        ASSERT(call != NULL);
        reason = call_key(cm, call, p, m->key, m->number);
    } else if (p != NULL && mesh_is_up(cm, p->owner) && (!p->preserved || m->key == KEY_HANGUP)) {
        struct msg *out = callmanager_out(cm, MSG_SDL_KEY, m->call.v);
        out->sdl_key = (struct msg_sdl_key){.call = m->call, .device = m->device, .key = m->key};
        snprintf(out->sdl_key.number, NUMBER_LEN, "%s", m->number);
        world_send(cm->world, LINK_SDL, p->owner, out);
        trace_taken(cm, m->device, m->call, m->epoch, (enum key)m->key);
        p->hung_up = p->hung_up || m->key == KEY_HANGUP;
        return; /* the answer comes from there */
    } else if (p != NULL) {
        reason = key_alone(cm, p, m->key);
    }
    if (reason == REASON_NONE) {
        trace_taken(cm, m->device, m->call, m->epoch, (enum key)m->key);
    }
    keypad_result(cm, m->device, m->call, m->key, reason);
}
