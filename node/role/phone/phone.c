#include "node/role/phone/phone.h"

#include "node/base/plant.h"

#include <string.h>

#define BIT(state) (1u << LEG_##state)

/* The states of a leg in which each key makes sense; the CallManager has the last word. */
static const uint32_t key_states[KEY_COUNT] = {
    [KEY_ANSWER] = BIT(RINGING),
    [KEY_HOLD] = BIT(CONNECTED),
    [KEY_RETRIEVE] = BIT(HOLDING) | BIT(CONSULTING),
    [KEY_TRANSFER] = BIT(CONNECTED) | BIT(HOLDING),
    [KEY_TRANSFER_COMPLETE] = BIT(HOLDING) | BIT(CONSULTING),
    [KEY_TRANSFER_BLIND] = BIT(CONNECTED) | BIT(HOLDING),
    [KEY_CONFERENCE] = BIT(CONNECTED) | BIT(HOLDING),
    [KEY_CONFERENCE_COMPLETE] = BIT(HOLDING) | BIT(CONSULTING),
};

void phone_init(struct phone *p, const struct site *site, struct device_id device)
{
    struct device_info info;
    struct agent_info agent;
    bool known = topology_device(site->topology, device, &info);
    ASSERT(known);
    ASSERT(info.kind == DEVICE_KIND_PHONE);
    memset(p, 0, sizeof *p);
    station_init(&p->station, site, device, info.group);
    person_rest(&p->person);
    memcpy(p->number, info.number, sizeof p->number);
    if (topology_agent_by_device(site->topology, device, &agent)) {
        p->agent = agent.id;
    }
}

bool phone_idle(const struct phone *p)
{
    return p->legs[0].state == LEG_IDLE && p->legs[1].state == LEG_IDLE;
}

static struct device_id device_of(const struct phone *p)
{
    return p->station.device;
}

/* Whatever happened to the legs: if all are over, the phone may move. */
static void settle(struct phone *p, struct site *site, struct instant now)
{
    if (phone_idle(p)) {
        person_rest(&p->person);
        station_free(&p->station, site, now);
        station_idle(&p->station, site, now);
    }
}

static void end_leg(struct phone *p, struct site *site, struct instant now, struct call_leg *leg,
                    enum reason reason)
{
    call_leg_end(leg, site, now, device_of(p), reason);
    settle(p, site, now);
}

static void preserve(struct phone *p, struct site *site, struct instant now, struct call_leg *leg,
                     enum reason reason)
{
    if (!leg->preserved) {
        call_leg_preserve(leg, site, device_of(p), reason);
        if (PLANTED(MUTE)) {
            struct media_order silence = {.device = device_of(p), .call = leg->call};
            site->world->media(site->world->context, &silence);
        }
        person_preserved(&p->person, &p->station.rand, &site->topology->traffic, now);
    }
}

/* The CallManager that moved these legs is gone: what is established lives, and if anything was
 * being set up or changed, all is dropped. Answers the call that lives. */
static struct call_id orphan(struct phone *p, struct site *site, struct instant now,
                             enum reason reason)
{
    struct call_id lives = {0};
    bool setup = false;
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        const struct call_leg *leg = &p->legs[i];
        setup = setup || (leg->state != LEG_IDLE &&
                          (!call_leg_established(leg) || call_id_some(leg->consult_of)));
    }
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        struct call_leg *leg = &p->legs[i];
        if (leg->state == LEG_IDLE) {
            continue;
        }
        if (setup && !leg->preserved) {
            call_leg_end(leg, site, now, device_of(p), REASON_DROPPED_IN_SETUP);
        } else {
            preserve(p, site, now, leg, reason);
            lives = leg->call;
        }
    }
    if (phone_idle(p)) {
        person_rest(&p->person);
    }
    return lives;
}

static void lose(struct phone *p, struct site *site, struct instant now, enum reason reason)
{
    struct call_id lives = orphan(p, site, now, reason);
    station_lose(&p->station, site, now, reason, lives);
}

void phone_start(struct phone *p, struct site *site, struct instant now)
{
    station_start(&p->station, site, now);
}

void phone_link_up(struct phone *p, struct site *site, struct instant now, struct proc_id node)
{
    station_link_up(&p->station, site, now, node);
}

void phone_link_down(struct phone *p, struct site *site, struct instant now, struct proc_id node)
{
    if (station_link_down(&p->station, site, now, node)) {
        lose(p, site, now, REASON_SERVICE_LOST);
    }
}

void phone_keepalive(struct phone *p, struct site *site, struct instant now, bool standby,
                     bool forgive)
{
    if (station_keepalive(&p->station, site, standby, forgive)) {
        lose(p, site, now, REASON_TIMEOUT);
    }
}

static void send_key(struct phone *p, struct site *site, struct call_id call, enum key key,
                     const char *number)
{
    struct msg_station_key *m = &site->msg.station_key;
    *m = (struct msg_station_key){
        .device = device_of(p), .epoch = p->station.epoch, .call = call, .key = key};
    strcpy(m->number, number);
    site_send(site, p->station.owner, device_of(p), MSG_STATION_KEY);
}

static void key_refused(const struct phone *p, struct site *site, struct call_id call, enum key key,
                        enum reason reason)
{
    struct event e = {.kind = EVENT_KEY_REFUSED,
                      .device = device_of(p),
                      .call = call,
                      .reason = reason,
                      .value = key};
    site_trace(site, &e);
}

/* The leg that the message is about, or the one that it makes; NULL: there is none. */
static struct call_leg *leg_named(struct phone *p, const struct msg_station_call *m)
{
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        struct call_leg *leg = &p->legs[i];
        if (leg->state != LEG_IDLE &&
            (call_id_some(leg->call) ? call_id_eq(leg->call, m->call)
                                     : m->line != 0 && leg->line == m->line)) {
            return leg;
        }
    }
    return NULL;
}

/* A leg that goes on in another call (transfer, conference): `consult_of` names the call that it
 * leaves. At the presser the same field names the call that waits, which is HOLDING. */
static struct call_leg *leg_moved(struct phone *p, const struct msg_station_call *m)
{
    for (uint32_t i = 0; i < PHONE_LEGS && call_id_some(m->consult_of); i++) {
        struct call_leg *leg = &p->legs[i];
        if (leg->state != LEG_IDLE && !leg->preserved && call_id_eq(m->consult_of, leg->call)) {
            return leg->state == LEG_HOLDING || leg->state == LEG_CONSULTING ? NULL : leg;
        }
    }
    return NULL;
}

static struct call_leg *leg_new(struct phone *p, struct instant now, struct proc_id peer,
                                const struct msg_station_call *m)
{
    struct call_leg *leg = p->legs[0].state == LEG_IDLE ? &p->legs[0] : &p->legs[1];
    if (leg->state != LEG_IDLE) {
        return NULL;
    }
    bool incoming = m->state == LEG_RINGING;
    p->lines++;
    call_leg_begin(leg, now, peer, p->lines, incoming, incoming ? m->number : p->number,
                   incoming ? p->number : m->number);
    return leg;
}

static struct call_leg *leg_of(struct phone *p, struct instant now, struct proc_id peer,
                               const struct msg_station_call *m)
{
    struct call_leg *leg = leg_named(p, m);
    if (leg != NULL || m->state == LEG_ENDED) {
        return leg;
    }
    leg = leg_moved(p, m);
    if (leg != NULL) {
        return leg;
    }
    switch ((enum leg)m->state) {
    case LEG_RINGING:
        return leg_new(p, now, peer, m);
    case LEG_DIALING:
    case LEG_RINGBACK:
    case LEG_QUEUED:
        /* A consultation, or a call that CTI makes: this phone did not name it. */
        return m->line == 0 ? leg_new(p, now, peer, m) : NULL;
    case LEG_CONNECTED:
    case LEG_HELD:
    case LEG_HOLDING:
    case LEG_IDLE:
    case LEG_CONSULTING:
    case LEG_ENDED:
    case LEG_COUNT:
        break;
    }
    return NULL;
}

/* What a person makes of the news about the leg. */
static void live_on(struct phone *p, const struct site *site, struct instant now,
                    const struct call_leg *leg, enum leg was)
{
    const struct topology_traffic *t = &site->topology->traffic;
    if (agent_id_some(p->agent) || leg->state == was) {
        return;
    }
    if (leg->state == LEG_RINGING) {
        person_rings(&p->person, &p->station.rand, t, now);
    } else if (leg->state == LEG_CONNECTED &&
               !call_leg_established(&(struct call_leg){.state = was})) {
        person_connected(&p->person, &p->station.rand, t, now, leg->incoming);
    }
}

static void on_call(struct phone *p, struct site *site, struct instant now, struct proc_id peer,
                    const struct msg_station_call *m)
{
    if (!station_served(&p->station, peer, m->epoch)) {
        site_reject(site, device_of(p), peer, "a call under an old epoch");
        return;
    }
    struct call_leg *leg = leg_of(p, now, peer, m);
    if (leg == NULL) {
        if (m->state != LEG_ENDED) {
            /* Hung up before the call had a number, or the key was lost with a CallManager. */
            send_key(p, site, m->call, KEY_HANGUP, "");
        }
        return;
    }
    bool fresh = !call_id_some(leg->call);
    if (leg->preserved && m->state != LEG_ENDED) {
        return; /* its end is all that can still be told */
    }
    if (!call_leg_may(leg, (enum leg)m->state)) {
        site_reject(site, device_of(p), peer, "a leg cannot go there");
        return;
    }
    if (leg->preserved) {
        end_leg(p, site, now, leg, (enum reason)m->reason);
        return;
    }
    enum leg was = fresh ? LEG_IDLE : leg->state;
    call_leg_apply(leg, site, now, device_of(p), m);
    if (leg->state == LEG_IDLE) {
        settle(p, site, now);
        return;
    }
    live_on(p, site, now, leg, was);
    bool orphaned = m->reason == REASON_NODE_LOST || m->reason == REASON_SERVICE_LOST ||
                    m->reason == REASON_PRESERVED;
    if (orphaned && call_leg_established(leg)) {
        preserve(p, site, now, leg, (enum reason)m->reason);
    }
}

static void on_key_result(struct phone *p, struct site *site, struct instant now,
                          struct proc_id peer, const struct msg_station_key_result *m)
{
    if (!station_served(&p->station, peer, m->epoch)) {
        return;
    }
    enum reason reason = (enum reason)m->reason;
    if (reason != REASON_NONE) {
        key_refused(p, site, m->call, (enum key)m->key, reason);
    }
    site_notice(site, &(struct notice){.kind = NOTICE_KEY,
                                       .device = device_of(p),
                                       .call = m->call,
                                       .key = (enum key)m->key,
                                       .reason = reason});
    /* A dialling that came to nothing has no call to end. */
    struct call_leg *leg = &p->legs[0];
    if (m->key == KEY_DIAL && reason != REASON_NONE && leg->state == LEG_DIALING &&
        !call_id_some(leg->call)) {
        end_leg(p, site, now, leg, reason);
    }
}

void phone_message(struct phone *p, struct site *site, struct instant now, struct proc_id peer,
                   const struct msg *msg)
{
    bool lost = false;
    if (station_message(&p->station, site, now, peer, msg, &lost)) {
        if (lost && msg->kind == MSG_STATION_REGISTERED) {
            (void)orphan(p, site, now, REASON_NOT_OWNER);
        } else if (lost) {
            lose(p, site, now, REASON_SERVICE_LOST);
        }
    } else if (msg->kind == MSG_STATION_CALL) {
        on_call(p, site, now, peer, &msg->station_call);
    } else if (msg->kind == MSG_STATION_KEY_RESULT) {
        on_key_result(p, site, now, peer, &msg->station_key_result);
    } else {
        site_reject(site, device_of(p), peer, "not for a phone");
    }
}

bool phone_media(struct phone *p, struct site *site, struct instant now,
                 const struct media_report *report)
{
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        struct call_leg *leg = &p->legs[i];
        if (leg->state == LEG_IDLE || !call_id_eq(leg->call, report->call)) {
            continue;
        }
        if (call_leg_media(leg, report) && !device_id_some(leg->peer2)) {
            if (p->station.state == STATION_REGISTERED) {
                send_key(p, site, leg->call, KEY_HANGUP, "");
            }
            end_leg(p, site, now, leg, REASON_MEDIA_LOST);
        }
        return true;
    }
    return false;
}

struct instant phone_deadline(const struct phone *p)
{
    return instant_min(p->station.deadline, person_deadline(&p->person));
}

void phone_tick(struct phone *p, struct site *site, struct instant now)
{
    station_tick(&p->station, site, now, phone_idle(p));
    enum key key = person_due(&p->person, now);
    if (key != KEY_NONE) {
        /* A refusal is traced, and a person shrugs. */
        (void)phone_key(p, site, now, key, p->number);
    }
}

const struct call_leg *phone_leg(const struct phone *p)
{
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        if (p->legs[i].state != LEG_IDLE && call_id_some(p->legs[i].consult_of)) {
            return &p->legs[i];
        }
    }
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        if (p->legs[i].state != LEG_IDLE) {
            return &p->legs[i];
        }
    }
    return NULL;
}

enum reason phone_dial(struct phone *p, struct site *site, struct instant now, const char *number)
{
    if (strlen(number) == 0 || strlen(number) >= NUMBER_LEN) {
        return REASON_BAD_REQUEST;
    }
    if (!phone_idle(p) || p->station.home == STATION_HOME_SENT) {
        return REASON_BUSY;
    }
    if (p->station.state != STATION_REGISTERED) {
        return REASON_OUT_OF_SERVICE;
    }
    p->lines++;
    call_leg_begin(&p->legs[0], now, p->station.owner, p->lines, false, p->number, number);
    struct msg_station_dial *m = &site->msg.station_dial;
    *m = (struct msg_station_dial){
        .device = device_of(p), .epoch = p->station.epoch, .line = p->lines};
    strcpy(m->number, number);
    site_send(site, p->station.owner, device_of(p), MSG_STATION_DIAL);
    person_dialled(&p->person, &p->station.rand, &site->topology->traffic, now);
    return REASON_NONE;
}

static enum reason hang_up(struct phone *p, struct site *site, struct instant now)
{
    struct call_leg *leg = NULL;
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        if (&p->legs[i] == phone_leg(p)) {
            leg = &p->legs[i];
        }
    }
    if (leg == NULL) {
        return REASON_NO_CALL;
    }
    bool served = p->station.state == STATION_REGISTERED &&
                  proc_id_eq(leg->server, p->station.owner) && call_id_some(leg->call);
    if (served) {
        send_key(p, site, leg->call, KEY_HANGUP, "");
    }
    bool abandoned = !leg->incoming && leg->answer.us == INSTANT_NEVER.us;
    end_leg(p, site, now, leg, abandoned ? REASON_ABANDONED : REASON_HUNG_UP);
    return REASON_NONE;
}

/* Only for PLANTED(FEATURES). */
static void hold_alone(struct phone *p, struct site *site, struct instant now, struct call_leg *leg)
{
    const struct msg_station_call m = {.device = device_of(p),
                                       .call = leg->call,
                                       .state = LEG_HOLDING,
                                       .peer = leg->peer,
                                       .peer2 = leg->peer2};
    leg->preserved = false;
    call_leg_apply(leg, site, now, device_of(p), &m);
    leg->preserved = true;
}

enum reason phone_key(struct phone *p, struct site *site, struct instant now, enum key key,
                      const char *number)
{
    if (key == KEY_HANGUP) {
        return hang_up(p, site, now);
    }
    if (key == KEY_DIAL) {
        return phone_dial(p, site, now, number);
    }
    if (phone_idle(p)) {
        return REASON_NO_CALL;
    }
    if ((unsigned)key >= KEY_COUNT || key_states[key] == 0 || strlen(number) >= NUMBER_LEN) {
        return REASON_BAD_REQUEST;
    }
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        const struct call_leg *leg = &p->legs[i];
        if (leg->state == LEG_CONNECTED && leg->preserved && PLANTED(FEATURES)) {
            hold_alone(p, site, now, &p->legs[i]);
            return REASON_NONE;
        }
        if (leg->state != LEG_IDLE && leg->preserved) {
            key_refused(p, site, leg->call, key, REASON_PRESERVED);
            return REASON_PRESERVED;
        }
        if ((key_states[key] & (1u << leg->state)) != 0 && call_id_some(leg->call)) {
            send_key(p, site, leg->call, key, number);
            return REASON_NONE;
        }
    }
    key_refused(p, site, p->legs[0].call, key, REASON_BAD_STATE);
    return REASON_BAD_STATE;
}
