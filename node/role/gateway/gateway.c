#include "node/role/gateway/gateway.h"

#include <string.h>

#define CALLER_FIRST_PERCENT 25 /* of callers hang up before the agent does */
#define CALLER_TALKS_TIMES   6  /* the others stay this many mean talk times at most */

void gateway_init(struct gateway *g, const struct site *site, struct device_id device,
                  struct gateway_channel *channels, uint32_t n)
{
    struct device_info info;
    bool known = topology_device(site->topology, device, &info);
    ASSERT(known);
    ASSERT(info.kind == DEVICE_KIND_GATEWAY);
    ASSERT(n <= GATEWAY_CHANNELS_MAX);
    memset(g, 0, sizeof *g);
    station_init(&g->station, site, device, info.group);
    g->station.drains = true;
    g->channels = channels;
    g->channels_n = n;
    for (uint32_t i = 0; i < n; i++) {
        memset(&channels[i], 0, sizeof channels[i]);
        channels[i].hangup_at = INSTANT_NEVER;
    }
}

static struct device_id device_of(const struct gateway *g)
{
    return g->station.device;
}

static struct duration draw(struct gateway *g, struct duration mean)
{
    return (struct duration){rand_between(&g->station.rand, mean.us / 2, mean.us + mean.us / 2)};
}

/* No call that a CallManager knows. */
static bool drained(const struct gateway *g)
{
    for (uint32_t i = 0; i < g->channels_n; i++) {
        if (g->channels[i].leg.state != LEG_IDLE && !g->channels[i].leg.preserved) {
            return false;
        }
    }
    return true;
}

static void end_leg(struct gateway *g, struct site *site, struct instant now,
                    struct gateway_channel *c, enum reason reason)
{
    c->hangup_at = INSTANT_NEVER;
    if (c->leg.state != LEG_IDLE) {
        call_leg_end(&c->leg, site, now, device_of(g), reason);
    }
    if (drained(g)) {
        station_idle(&g->station, site, now);
    }
}

/* The CallManager of these calls is gone. */
static void orphan(struct gateway *g, struct site *site, struct instant now, enum reason reason)
{
    for (uint32_t i = 0; i < g->channels_n; i++) {
        struct gateway_channel *c = &g->channels[i];
        if (c->leg.state == LEG_IDLE || c->leg.preserved) {
            continue;
        }
        if (!call_leg_established(&c->leg)) {
            c->hangup_at = INSTANT_NEVER;
            call_leg_end(&c->leg, site, now, device_of(g), REASON_DROPPED_IN_SETUP);
            continue;
        }
        call_leg_preserve(&c->leg, site, device_of(g), reason);
        struct instant latest = instant_add(now, draw(g, site->topology->traffic.talk_mean));
        c->hangup_at = instant_min(c->hangup_at, latest);
    }
}

static void lose(struct gateway *g, struct site *site, struct instant now, enum reason reason)
{
    orphan(g, site, now, reason);
    station_lose(&g->station, site, now, reason, (struct call_id){0});
}

void gateway_start(struct gateway *g, struct site *site, struct instant now)
{
    station_start(&g->station, site, now);
}

void gateway_link_up(struct gateway *g, struct site *site, struct instant now, struct proc_id node)
{
    station_link_up(&g->station, site, now, node);
}

void gateway_link_down(struct gateway *g, struct site *site, struct instant now,
                       struct proc_id node)
{
    if (station_link_down(&g->station, site, now, node)) {
        lose(g, site, now, REASON_SERVICE_LOST);
    }
}

void gateway_keepalive(struct gateway *g, struct site *site, struct instant now, bool standby,
                       bool forgive)
{
    if (station_keepalive(&g->station, site, standby, forgive)) {
        lose(g, site, now, REASON_TIMEOUT);
    }
}

static void send_hangup(struct gateway *g, struct site *site, struct call_id call)
{
    site->msg.station_key = (struct msg_station_key){
        .device = device_of(g), .epoch = g->station.epoch, .call = call, .key = KEY_HANGUP};
    site_send(site, g->station.owner, device_of(g), MSG_STATION_KEY);
}

/* The caller hangs up: the channel is free at once, and the CallManager is told if it can be. */
static void hang_up(struct gateway *g, struct site *site, struct instant now,
                    struct gateway_channel *c, enum reason reason)
{
    if (!c->leg.preserved && g->station.state == STATION_REGISTERED && call_id_some(c->leg.call)) {
        send_hangup(g, site, c->leg.call);
    }
    end_leg(g, site, now, c, reason);
}

static struct gateway_channel *channel_of(struct gateway *g, const struct msg_station_call *m)
{
    for (uint32_t i = 0; i < g->channels_n; i++) {
        struct call_leg *leg = &g->channels[i].leg;
        if (leg->state == LEG_IDLE) {
            continue;
        }
        if (call_id_some(leg->call) ? call_id_eq(leg->call, m->call) : leg->line == m->line) {
            return &g->channels[i];
        }
    }
    /* A leg that goes on in another call. */
    for (uint32_t i = 0; i < g->channels_n && call_id_some(m->consult_of); i++) {
        struct call_leg *leg = &g->channels[i].leg;
        if (leg->state != LEG_IDLE && call_id_eq(leg->call, m->consult_of)) {
            return &g->channels[i];
        }
    }
    return NULL;
}

/* What the caller makes of the news. */
static void live_on(struct gateway *g, const struct site *site, struct instant now,
                    struct gateway_channel *c, bool was_established)
{
    const struct topology_traffic *t = &site->topology->traffic;
    bool is_established = call_leg_established(&c->leg);
    if (is_established == was_established) {
        return;
    }
    if (!is_established) {
        c->hangup_at = instant_add(now, draw(g, t->patience));
    } else if (rand_below(&g->station.rand, 100) < CALLER_FIRST_PERCENT) {
        c->hangup_at = instant_add(now, draw(g, t->talk_mean));
    } else {
        c->hangup_at = (struct instant){now.us + CALLER_TALKS_TIMES * t->talk_mean.us};
    }
}

static void on_call(struct gateway *g, struct site *site, struct instant now, struct proc_id peer,
                    const struct msg_station_call *m)
{
    if (!station_served(&g->station, peer, m->epoch)) {
        site_reject(site, device_of(g), peer, "a call under an old epoch");
        return;
    }
    struct gateway_channel *c = channel_of(g, m);
    if (c == NULL) {
        if (m->state != LEG_ENDED) {
            send_hangup(g, site, m->call); /* the caller gave up before the call had a number */
        }
        return;
    }
    if (c->leg.preserved && m->state != LEG_ENDED) {
        return;
    }
    if (!call_leg_may(&c->leg, (enum leg)m->state)) {
        site_reject(site, device_of(g), peer, "a leg cannot go there");
        return;
    }
    if (m->state == LEG_ENDED && c->leg.preserved) {
        end_leg(g, site, now, c, (enum reason)m->reason);
        return;
    }
    bool was = call_leg_established(&c->leg);
    call_leg_apply(&c->leg, site, now, device_of(g), m);
    if (c->leg.state == LEG_IDLE) {
        end_leg(g, site, now, c, (enum reason)m->reason);
        return;
    }
    live_on(g, site, now, c, was);
    bool orphaned = m->reason == REASON_NODE_LOST || m->reason == REASON_SERVICE_LOST ||
                    m->reason == REASON_PRESERVED;
    if (orphaned && call_leg_established(&c->leg)) {
        call_leg_preserve(&c->leg, site, device_of(g), (enum reason)m->reason);
        struct instant latest = instant_add(now, draw(g, site->topology->traffic.talk_mean));
        c->hangup_at = instant_min(c->hangup_at, latest);
    }
}

/* A dialling that was refused before there was a call: answers come in the order of the asking. */
static void on_key_result(struct gateway *g, struct site *site, struct instant now,
                          struct proc_id peer, const struct msg_station_key_result *m)
{
    if (!station_served(&g->station, peer, m->epoch) || m->key != KEY_DIAL ||
        m->reason == REASON_NONE) {
        return;
    }
    struct gateway_channel *first = NULL;
    for (uint32_t i = 0; i < g->channels_n; i++) {
        struct gateway_channel *c = &g->channels[i];
        if (c->leg.state == LEG_DIALING && !call_id_some(c->leg.call) &&
            (first == NULL || c->leg.line < first->leg.line)) {
            first = c;
        }
    }
    if (first != NULL) {
        end_leg(g, site, now, first, (enum reason)m->reason);
    }
}

void gateway_message(struct gateway *g, struct site *site, struct instant now, struct proc_id peer,
                     const struct msg *msg)
{
    bool lost = false;
    if (station_message(&g->station, site, now, peer, msg, &lost)) {
        if (lost && msg->kind == MSG_STATION_REGISTERED) {
            orphan(g, site, now, REASON_NOT_OWNER);
        } else if (lost) {
            lose(g, site, now, REASON_SERVICE_LOST);
        }
    } else if (msg->kind == MSG_STATION_CALL) {
        on_call(g, site, now, peer, &msg->station_call);
    } else if (msg->kind == MSG_STATION_KEY_RESULT) {
        on_key_result(g, site, now, peer, &msg->station_key_result);
    } else {
        site_reject(site, device_of(g), peer, "not for a gateway");
    }
}

bool gateway_media(struct gateway *g, struct site *site, struct instant now,
                   const struct media_report *report)
{
    for (uint32_t i = 0; i < g->channels_n; i++) {
        struct gateway_channel *c = &g->channels[i];
        if (c->leg.state == LEG_IDLE || !call_id_eq(c->leg.call, report->call)) {
            continue;
        }
        if (call_leg_media(&c->leg, report) && !device_id_some(c->leg.peer2)) {
            hang_up(g, site, now, c, REASON_MEDIA_LOST);
        }
        return true;
    }
    return false;
}

struct instant gateway_deadline(const struct gateway *g)
{
    struct instant first = g->station.deadline;
    for (uint32_t i = 0; i < g->channels_n; i++) {
        first = instant_min(first, g->channels[i].hangup_at);
    }
    return first;
}

void gateway_tick(struct gateway *g, struct site *site, struct instant now)
{
    station_tick(&g->station, site, now, drained(g));
    for (uint32_t i = 0; i < g->channels_n; i++) {
        struct gateway_channel *c = &g->channels[i];
        if (!instant_reached(now, c->hangup_at)) {
            continue;
        }
        ASSERT(c->leg.state != LEG_IDLE);
        bool answered = c->leg.answer.us != INSTANT_NEVER.us;
        hang_up(g, site, now, c, answered ? REASON_HUNG_UP : REASON_ABANDONED);
    }
}

static struct gateway_channel *free_channel(const struct gateway *g)
{
    for (uint32_t i = 0; i < g->channels_n; i++) {
        if (g->channels[i].leg.state == LEG_IDLE) {
            return &g->channels[i];
        }
    }
    return NULL;
}

static bool draining(const struct gateway *g)
{
    return g->station.home == STATION_HOME_LET_GO || g->station.home == STATION_HOME_SENT;
}

bool gateway_open(const struct gateway *g)
{
    return g->station.state == STATION_REGISTERED && !draining(g) && free_channel(g) != NULL;
}

enum reason gateway_call(struct gateway *g, struct site *site, struct instant now,
                         const char *number, const char *ani)
{
    ASSERT(strlen(number) < NUMBER_LEN);
    ASSERT(strlen(ani) < NUMBER_LEN);
    if (g->station.state != STATION_REGISTERED) {
        return REASON_OUT_OF_SERVICE;
    }
    if (draining(g)) {
        return REASON_BUSY;
    }
    struct gateway_channel *c = free_channel(g);
    if (c == NULL) {
        return REASON_FULL;
    }
    g->lines++;
    g->called++;
    call_leg_begin(&c->leg, now, g->station.owner, g->lines, false, ani, number);
    c->hangup_at = instant_add(now, draw(g, site->topology->traffic.patience));
    struct msg_station_dial *m = &site->msg.station_dial;
    *m = (struct msg_station_dial){
        .device = device_of(g), .epoch = g->station.epoch, .line = g->lines};
    strcpy(m->number, number);
    strcpy(m->ani, ani);
    site_send(site, g->station.owner, device_of(g), MSG_STATION_DIAL);
    return REASON_NONE;
}
