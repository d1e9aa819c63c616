#include "node/station/call_leg.h"

#include <string.h>

#define BIT(state)  (1u << LEG_##state)
#define ESTABLISHED (BIT(CONNECTED) | BIT(HOLDING) | BIT(HELD))

/* [state]: the states that a CallManager may move the leg to. A blind transfer sends an established
 * leg back to waiting; ENDED is possible from everywhere. */
static const uint32_t moves[LEG_COUNT] = {
    [LEG_DIALING] = BIT(DIALING) | BIT(RINGBACK) | BIT(QUEUED) | ESTABLISHED | BIT(ENDED),
    [LEG_RINGBACK] = BIT(DIALING) | BIT(RINGBACK) | BIT(QUEUED) | ESTABLISHED | BIT(ENDED),
    [LEG_QUEUED] = BIT(DIALING) | BIT(RINGBACK) | BIT(QUEUED) | ESTABLISHED | BIT(ENDED),
    [LEG_RINGING] = BIT(RINGING) | ESTABLISHED | BIT(ENDED),
    [LEG_CONNECTED] =
        ESTABLISHED | BIT(CONSULTING) | BIT(RINGBACK) | BIT(QUEUED) | BIT(DIALING) | BIT(ENDED),
    [LEG_HOLDING] =
        ESTABLISHED | BIT(CONSULTING) | BIT(RINGBACK) | BIT(QUEUED) | BIT(DIALING) | BIT(ENDED),
    [LEG_HELD] =
        ESTABLISHED | BIT(CONSULTING) | BIT(RINGBACK) | BIT(QUEUED) | BIT(DIALING) | BIT(ENDED),
    [LEG_CONSULTING] = ESTABLISHED | BIT(CONSULTING) | BIT(ENDED),
};

bool call_leg_established(const struct call_leg *leg)
{
    return ((1u << leg->state) & ESTABLISHED) != 0;
}

bool call_leg_may(const struct call_leg *leg, enum leg state)
{
    return (unsigned)state < LEG_COUNT && (moves[leg->state] & (1u << state)) != 0;
}

void call_leg_begin(struct call_leg *leg, struct instant now, struct proc_id server, uint32_t line,
                    bool incoming, const char *from, const char *to)
{
    ASSERT(leg->state == LEG_IDLE);
    ASSERT(strlen(from) < NUMBER_LEN);
    ASSERT(strlen(to) < NUMBER_LEN);
    memset(leg, 0, sizeof *leg);
    leg->server = server;
    leg->line = line;
    leg->incoming = incoming;
    leg->state = incoming ? LEG_RINGING : LEG_DIALING;
    leg->begin = now;
    leg->answer = INSTANT_NEVER;
    strcpy(leg->from, from);
    strcpy(leg->to, to);
}

static void tell_begin(struct call_leg *leg, struct site *site, struct device_id device)
{
    if (leg->told || !call_id_some(leg->call)) {
        return;
    }
    leg->told = true;
    struct event e = {.kind = EVENT_CALL_BEGIN,
                      .device = device,
                      .call = leg->call,
                      .peer = leg->server,
                      .value = leg->incoming ? 2 : 1};
    strcpy(e.text, leg->incoming ? leg->from : leg->to);
    site_trace(site, &e);
}

static void media_begin(struct call_leg *leg, struct site *site, struct device_id device,
                        struct device_id peer)
{
    struct media_order order = {.device = device, .call = leg->call, .peer = peer};
    struct event e = {
        .kind = EVENT_MEDIA_BEGIN, .device = device, .call = leg->call, .value = peer.v};
    site_trace(site, &e);
    leg->media_open++;
    site->world->media(site->world->context, &order);
}

static void media_stop(struct call_leg *leg, struct site *site, struct device_id device)
{
    if (!device_id_some(leg->peer) && !device_id_some(leg->peer2)) {
        return;
    }
    struct media_order order = {.device = device, .call = leg->call};
    site->world->media(site->world->context, &order);
    leg->peer = (struct device_id){0};
    leg->peer2 = (struct device_id){0};
}

/* Exchange media with exactly these two from now on, under the call `call`. Streams that can stay
 * are not touched. */
static void media_set(struct call_leg *leg, struct site *site, struct device_id device,
                      struct call_id call, struct device_id peer, struct device_id peer2)
{
    if (!device_id_some(peer)) {
        peer = peer2;
        peer2 = (struct device_id){0};
    }
    bool kept = call_id_eq(call, leg->call) && device_id_eq(peer, leg->peer) &&
                (device_id_eq(peer2, leg->peer2) || !device_id_some(leg->peer2));
    if (!kept) {
        media_stop(leg, site, device);
    }
    if (!call_id_eq(call, leg->call)) {
        leg->media_open = 0; /* the last reports name the call that the leg has left */
        leg->moved_from = leg->call;
    }
    leg->call = call;
    if (!device_id_eq(peer, leg->peer)) {
        leg->peer = peer;
        leg->silent = false;
        if (device_id_some(peer)) {
            media_begin(leg, site, device, peer);
        }
    }
    if (!device_id_eq(peer2, leg->peer2)) {
        leg->peer2 = peer2;
        if (device_id_some(peer2)) {
            media_begin(leg, site, device, peer2);
        }
    }
}

static void move(struct call_leg *leg, struct instant now, enum leg state)
{
    ASSERT(call_leg_may(leg, state));
    if (leg->state == LEG_HOLDING && state != LEG_HOLDING) {
        leg->held_us += instant_since(now, leg->hold_since).us;
    }
    if (leg->state != LEG_HOLDING && state == LEG_HOLDING) {
        leg->hold_since = now;
    }
    leg->state = state;
    if (leg->answer.us == INSTANT_NEVER.us && call_leg_established(leg)) {
        leg->answer = now;
    }
}

void call_leg_apply(struct call_leg *leg, struct site *site, struct instant now,
                    struct device_id device, const struct msg_station_call *m)
{
    enum leg state = (enum leg)m->state;
    ASSERT(call_leg_may(leg, state));
    ASSERT(!leg->preserved);
    enum leg was = leg->state;
    struct call_id old = leg->call;
    if (!call_id_some(leg->call)) {
        leg->call = m->call;
        leg->consult_of = m->consult_of;
    }
    tell_begin(leg, site, device);
    if (state == LEG_ENDED) {
        call_leg_end(leg, site, now, device, (enum reason)m->reason);
        return;
    }
    if (call_id_some(old) && !call_id_eq(old, m->call)) {
        leg->transferred = true; /* the leg goes on in another call */
        leg->consult_of = (struct call_id){0};
    }
    media_set(leg, site, device, m->call, m->peer, m->peer2);
    move(leg, now, state);
    bool shown = state == LEG_CONNECTED || state == LEG_HOLDING || state == LEG_HELD;
    if (shown && (was != state || !call_id_eq(old, leg->call))) {
        struct event e = {.kind = EVENT_CALL_STATE,
                          .device = device,
                          .call = leg->call,
                          .reason = (enum reason)m->reason,
                          .value = state};
        e.value2 = call_id_eq(old, leg->call) ? 0 : (int64_t)old.v;
        site_trace(site, &e);
    }
    site_notice(site, &(struct notice){.kind = NOTICE_LEG,
                                       .device = device,
                                       .call = leg->call,
                                       .state = state,
                                       .reason = (enum reason)m->reason,
                                       .incoming = leg->incoming});
}

void call_leg_record(const struct call_leg *leg, struct device_id device, struct instant now,
                     struct leg_record *ret_record)
{
    int64_t held = leg->held_us;
    if (leg->state == LEG_HOLDING) {
        held += instant_since(now, leg->hold_since).us;
    }
    *ret_record = (struct leg_record){
        .device = device,
        .call = leg->call,
        .moved_from = leg->moved_from,
        .line = leg->line,
        .incoming = leg->incoming,
        .preserved = leg->preserved,
        .transferred = leg->transferred,
        .begin = leg->begin,
        .answer = leg->answer,
        .end = now,
        .held_us = held,
        .received = leg->received,
        .gap_us = leg->gap_us,
        .media_open = leg->media_open,
    };
    memcpy(ret_record->from, leg->from, sizeof leg->from);
    memcpy(ret_record->to, leg->to, sizeof leg->to);
}

void call_leg_end(struct call_leg *leg, struct site *site, struct instant now,
                  struct device_id device, enum reason reason)
{
    ASSERT(leg->state != LEG_IDLE);
    media_stop(leg, site, device);
    leg->transferred = leg->transferred || reason == REASON_TRANSFERRED;
    struct leg_record record;
    call_leg_record(leg, device, now, &record);
    record.reason = reason;
    bool answered = record.answer.us != INSTANT_NEVER.us;
    struct notice notice = {.kind = NOTICE_ENDED,
                            .device = device,
                            .call = leg->call,
                            .state = LEG_ENDED,
                            .reason = reason,
                            .incoming = leg->incoming,
                            .answered = answered};
    leg->state = LEG_IDLE;
    leg->call = (struct call_id){0};
    leg->consult_of = (struct call_id){0};
    site_notice(site, &notice);
    if (!call_id_some(record.call)) {
        return; /* no CallManager ever made a call of it */
    }
    struct event e = {.kind = EVENT_CALL_END,
                      .device = device,
                      .call = record.call,
                      .reason = reason,
                      .value = answered ? instant_since(now, record.answer).us : 0};
    site_trace(site, &e);
    site->ended(site->context, &record);
}

void call_leg_preserve(struct call_leg *leg, struct site *site, struct device_id device,
                       enum reason reason)
{
    ASSERT(call_leg_established(leg));
    if (leg->preserved) {
        return;
    }
    leg->preserved = true;
    struct event e = {
        .kind = EVENT_CALL_PRESERVED, .device = device, .call = leg->call, .reason = reason};
    site_trace(site, &e);
    site_notice(site, &(struct notice){.kind = NOTICE_PRESERVED,
                                       .device = device,
                                       .call = leg->call,
                                       .state = leg->state,
                                       .reason = reason,
                                       .incoming = leg->incoming});
}

bool call_leg_media(struct call_leg *leg, const struct media_report *report)
{
    if (report->gap.us > leg->gap_us) {
        leg->gap_us = report->gap.us;
    }
    bool current = device_id_eq(report->peer, leg->peer) || device_id_eq(report->peer, leg->peer2);
    if (report->silent) {
        bool was = leg->silent;
        leg->silent = current;
        return current && !was;
    }
    leg->received += report->received;
    leg->media_open -= leg->media_open > 0;
    return false;
}
