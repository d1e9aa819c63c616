#include "node/base/session.h"

#include <string.h>

/* -- The ring of frames: a slot, then its bytes; a slot of WRAP sends the reader to the start. --
 */

struct slot {
    uint32_t len;
    uint32_t items;
};

#define WRAP UINT32_MAX

static size_t slot_bytes(size_t len)
{
    return sizeof(struct slot) + (len + 7) / 8 * 8;
}

static struct slot slot_read(const struct session *s, size_t at)
{
    struct slot slot;
    memcpy(&slot, s->ring + at, sizeof slot);
    return slot;
}

static void slot_write(struct session *s, size_t at, struct slot slot)
{
    memcpy(s->ring + at, &slot, sizeof slot);
}

static void ring_clear(struct session *s)
{
    s->head = 0;
    s->tail = 0;
    s->send_at = 0;
    s->last_at = 0;
}

/* The place of the slot that is at `at` or, past a wrap, at the start. */
static size_t ring_settle(const struct session *s, size_t at)
{
    if (at + sizeof(struct slot) > s->ring_cap || slot_read(s, at).len == WRAP) {
        return 0;
    }
    return at;
}

/* The place behind the frame at `at`. A place that equals the tail holds nothing yet. */
static size_t ring_after(const struct session *s, size_t at)
{
    size_t next = at + slot_bytes(slot_read(s, at).len);
    return next == s->tail ? next : ring_settle(s, next);
}

/* Room for a slot with `len` bytes, in one piece, one slot kept free behind it for a wrap. */
static bool ring_reserve(struct session *s, size_t len, size_t *ret_at)
{
    size_t need = slot_bytes(len);
    bool empty = s->tx_una == s->tx_next;
    if (empty) {
        ring_clear(s);
    }
    if (empty || s->tail > s->head) {
        if (s->tail + need + sizeof(struct slot) <= s->ring_cap) {
            *ret_at = s->tail;
            return true;
        }
        if (need >= s->head) {
            return false;
        }
        slot_write(s, s->tail, (struct slot){.len = WRAP});
        s->tail = 0;
        *ret_at = 0;
        return true;
    }
    *ret_at = s->tail;
    return s->tail + need < s->head;
}

/* The last frame may grow if it was never sent and there is room behind it. */
static bool ring_grow(struct session *s, const uint8_t *bytes, size_t len)
{
    if (s->tx_una == s->tx_next || s->tx_high >= s->tx_next - 1) {
        return false;
    }
    struct slot slot = slot_read(s, s->last_at);
    size_t end = s->last_at + slot_bytes(slot.len + len);
    bool room = s->last_at >= s->head ? end + sizeof(struct slot) <= s->ring_cap : end < s->head;
    if (!room || slot.items >= s->config.frame_items_max ||
        slot.len + len > s->config.frame_bytes_max) {
        return false;
    }
    memcpy(s->ring + s->last_at + sizeof slot + slot.len, bytes, len);
    slot.len += (uint32_t)len;
    slot.items++;
    slot_write(s, s->last_at, slot);
    s->tail = end;
    return true;
}

static bool ring_push(struct session *s, const uint8_t *bytes, size_t len)
{
    if (ring_grow(s, bytes, len)) {
        return true;
    }
    size_t at = 0;
    if (!ring_reserve(s, len, &at)) {
        return false;
    }
    if (s->tx_una == s->tx_next) {
        s->head = at;
    }
    if (s->tx_send == s->tx_next) {
        s->send_at = at;
    }
    slot_write(s, at, (struct slot){.len = (uint32_t)len, .items = 1});
    memcpy(s->ring + at + sizeof(struct slot), bytes, len);
    s->last_at = at;
    s->tail = at + slot_bytes(len);
    s->tx_next++;
    return true;
}

static void ring_release(struct session *s, uint64_t ack)
{
    while (s->tx_una <= ack) {
        s->head = ring_after(s, s->head);
        s->tx_una++;
    }
    if (s->tx_send < s->tx_una) {
        s->tx_send = s->tx_una;
        s->send_at = s->head;
    }
}

static void ring_rewind(struct session *s)
{
    s->tx_send = s->tx_una;
    s->send_at = s->head;
}

/* -- The session. -- */

void session_init(struct session *s, const struct session_config *config, uint8_t *ring, size_t cap,
                  uint64_t seed)
{
    ASSERT(config->heartbeat.us > 0);
    ASSERT(config->misses > 0);
    ASSERT(config->credit > 0);
    ASSERT(config->frame_items_max > 0);
    ASSERT(cap >= 2 * (slot_bytes(config->frame_bytes_max) + sizeof(struct slot)));
    *s = (struct session){.config = *config,
                          .rand = {seed},
                          .ring = ring,
                          .ring_cap = cap,
                          .ack_at = INSTANT_NEVER,
                          .gap_at = INSTANT_NEVER};
    s->tx_una = s->tx_send = s->tx_next = s->rx_next = 1;
}

static uint64_t new_id(struct session *s)
{
    uint64_t id = rand_next(&s->rand);
    return id != 0 ? id : 1;
}

static struct duration silence(const struct session *s)
{
    return (struct duration){.us = s->config.heartbeat.us * s->config.misses};
}

/* Numbers begin at 1, nothing is outstanding. */
static void begin(struct session *s, struct instant now)
{
    ring_clear(s);
    s->tx_una = s->tx_send = s->tx_next = s->rx_next = 1;
    s->tx_high = s->rx_acked = 0;
    s->peer_credit = 1;
    s->ack_at = INSTANT_NEVER;
    s->gap_at = INSTANT_NEVER;
    s->last_heard = now;
    s->last_tick = now;
    s->heartbeat_due = false;
}

static void greet(struct session *s, struct instant now)
{
    ASSERT(s->config.connector);
    begin(s, now);
    s->state = SESSION_GREETING;
    s->id = new_id(s);
    s->peer_id = 0;
    s->hello_due = true;
}

/* Leave the session, tell the peer if possible, and (connector) try for a new one. */
static void leave(struct session *s, struct instant now)
{
    if (s->peer_id != 0) {
        s->bye_to = s->peer_id;
    }
    s->state = SESSION_DOWN;
    s->id = 0;
    s->peer_id = 0;
    s->hello_due = false;
    begin(s, now);
    if (s->config.connector && s->transport) {
        greet(s, now);
    }
}

static struct session_news down(struct session *s, struct instant now, enum reason reason)
{
    bool was_up = session_is_up(s);
    leave(s, now);
    return (struct session_news){.down = was_up, .reason = was_up ? reason : REASON_NONE};
}

struct session_news session_append(struct session *s, struct instant now, const uint8_t *bytes,
                                   size_t len)
{
    ASSERT(len > 0);
    ASSERT(len <= s->config.frame_bytes_max);
    if (!session_is_up(s) || ring_push(s, bytes, len)) {
        return (struct session_news){0};
    }
    return down(s, now, REASON_OVERFLOW);
}

void session_transport_up(struct session *s, struct instant now)
{
    s->transport = true;
    if (!s->config.connector) {
        return;
    }
    if (s->state == SESSION_DOWN) {
        greet(s, now);
    } else {
        s->state = s->state == SESSION_UP ? SESSION_LOST : s->state;
        s->hello_due = true;
    }
}

void session_transport_lost(struct session *s, struct instant now)
{
    s->transport = false;
    s->hello_due = false;
    s->candidate_due = false;
    s->bye_to = 0;
    if (s->state == SESSION_UP) {
        s->state = SESSION_LOST;
        s->lost_at = now;
    } else if (s->state == SESSION_GREETING) {
        s->state = SESSION_DOWN;
    }
}

struct session_news session_transport_refused(struct session *s, struct instant now)
{
    session_transport_lost(s, now);
    return down(s, now, REASON_NODE_LOST);
}

void session_probe(struct session *s)
{
    s->heartbeat_due = s->heartbeat_due || s->state == SESSION_UP;
}

void session_close(struct session *s, struct instant now)
{
    bool connector = s->config.connector;
    s->config.connector = false; /* no new greeting */
    leave(s, now);
    s->config.connector = connector;
}

/* False: the peer acknowledges what was never sent. */
static bool acknowledge(struct session *s, const struct session_frame *frame)
{
    if (frame->ack > s->tx_high) {
        return false;
    }
    if (frame->ack >= s->tx_una) {
        ring_release(s, frame->ack);
    }
    s->peer_credit = frame->credit > 0 ? frame->credit : 1;
    return true;
}

/* A HELLO of the session that this end is in: the peer wants what it has not got. */
static struct session_news resume(struct session *s, struct instant now,
                                  const struct session_frame *frame)
{
    bool old = frame->ack + 1 < s->tx_una; /* it acknowledged more before: a late one */
    if (!acknowledge(s, frame)) {
        return down(s, now, REASON_STALE_LINK);
    }
    s->last_heard = now;
    if (s->state == SESSION_LOST) {
        s->resumed++;
    }
    s->state = SESSION_UP;
    if (!old) {
        ring_rewind(s);
    }
    if (!s->config.connector) {
        s->hello_due = true;
    } else {
        s->heartbeat_due = true;
    }
    return (struct session_news){0};
}

/* The candidate is confirmed: it is the session now. */
static struct session_news promote(struct session *s, struct instant now,
                                   const struct session_frame *frame)
{
    struct session_news news = {.up = true};
    if (session_is_up(s)) {
        news.down = true;
        news.reason = REASON_STALE_LINK;
    }
    begin(s, now);
    s->state = SESSION_UP;
    s->id = s->candidate_id;
    s->peer_id = s->candidate_peer;
    s->peer_incarnation = s->candidate_incarnation;
    s->candidate_id = 0;
    s->candidate_peer = 0;
    s->candidate_due = false;
    s->hello_due = false;
    s->bye_to = 0;
    s->peer_credit = frame->credit > 0 ? frame->credit : 1;
    return news;
}

static bool is_current(const struct session *s, const struct session_frame *frame)
{
    return session_is_up(s) && frame->session == s->peer_id && frame->peer_session == s->id;
}

static bool is_candidate(const struct session *s, const struct session_frame *frame)
{
    return s->candidate_id != 0 && frame->session == s->candidate_peer &&
           frame->peer_session == s->candidate_id && frame->ack == 0;
}

static struct session_news hello_to_connector(struct session *s, struct instant now,
                                              const struct session_frame *frame)
{
    if (s->state == SESSION_GREETING && frame->peer_session == s->id && frame->session != 0) {
        s->peer_id = frame->session;
        s->peer_incarnation = frame->incarnation;
        s->peer_credit = frame->credit > 0 ? frame->credit : 1;
        s->state = SESSION_UP;
        s->last_heard = now;
        s->hello_due = false;
        s->heartbeat_due = true; /* confirms */
        return (struct session_news){.up = true};
    }
    if (is_current(s, frame)) {
        return resume(s, now, frame);
    }
    s->frames_stale++;
    return (struct session_news){0};
}

static struct session_news hello_to_listener(struct session *s, struct instant now,
                                             const struct session_frame *frame)
{
    if (is_current(s, frame)) {
        return resume(s, now, frame);
    }
    if (is_candidate(s, frame)) {
        struct session_news news = promote(s, now, frame);
        s->hello_due = true;
        return news;
    }
    if (frame->peer_session != 0) {
        s->bye_to = frame->session; /* a session that this end does not know any more */
        return (struct session_news){0};
    }
    if (frame->session != 0 && frame->session != s->candidate_peer) {
        s->candidate_id = new_id(s);
        s->candidate_peer = frame->session;
        s->candidate_incarnation = frame->incarnation;
    }
    s->candidate_due = s->candidate_id != 0;
    return (struct session_news){0};
}

/* Ask once for what is missing, and again only after a while. */
static void gap(struct session *s, struct instant now)
{
    if (s->gap_at.us == INSTANT_NEVER.us || instant_reached(now, s->gap_at)) {
        s->hello_due = true;
        s->gap_at = instant_add(now, duration_ms(SESSION_HELLO_RETRY_MS));
    }
}

static struct session_news in_session(struct session *s, struct instant now,
                                      const struct session_frame *frame)
{
    if (!acknowledge(s, frame)) {
        return down(s, now, REASON_STALE_LINK);
    }
    s->last_heard = now;
    if (frame->kind == SESSION_HEARTBEAT) {
        if (frame->seq >= s->rx_next) {
            gap(s, now);
        }
        return (struct session_news){0};
    }
    if (frame->seq != s->rx_next) {
        if (frame->seq > s->rx_next) {
            gap(s, now);
        } else {
            s->frames_again++;
            s->heartbeat_due = true; /* the acknowledgement may have been lost */
        }
        return (struct session_news){0};
    }
    s->rx_next++;
    s->frames_received++;
    s->gap_at = INSTANT_NEVER;
    if (s->rx_next - 1 - s->rx_acked >= (s->config.credit + 3) / 4) {
        s->heartbeat_due = true;
    } else {
        s->ack_at = instant_min(s->ack_at, instant_add(now, duration_ms(SESSION_ACK_DELAY_MS)));
    }
    return (struct session_news){.deliver = true};
}

struct session_news session_receive(struct session *s, struct instant now,
                                    const struct session_frame *frame)
{
    if (frame->topology != s->config.topology) {
        return (struct session_news){.mismatch = true};
    }
    if (!s->config.connector) {
        s->transport = true;
    }
    if (frame->kind == SESSION_HELLO) {
        return s->config.connector ? hello_to_connector(s, now, frame)
                                   : hello_to_listener(s, now, frame);
    }
    if (frame->kind == SESSION_BYE) {
        if (s->id != 0 && frame->peer_session == s->id) {
            struct session_news news = down(s, now, REASON_STALE_LINK);
            s->bye_to = 0; /* it knows */
            return news;
        }
        s->frames_stale++;
        return (struct session_news){0};
    }
    if (is_current(s, frame)) {
        return in_session(s, now, frame);
    }
    if (is_candidate(s, frame)) {
        struct session_news news = promote(s, now, frame);
        struct session_news more = in_session(s, now, frame);
        ASSERT(!more.down); /* is_candidate made sure that it acknowledges nothing */
        news.deliver = more.deliver;
        return news;
    }
    s->frames_stale++;
    s->bye_to = frame->session;
    return (struct session_news){0};
}

static void fill(struct session *s, enum session_frame_kind kind, struct session_frame *ret_frame)
{
    *ret_frame = (struct session_frame){.kind = kind,
                                        .incarnation = s->config.incarnation,
                                        .session = s->id,
                                        .peer_session = s->peer_id,
                                        .ack = s->rx_next - 1,
                                        .credit = s->config.credit,
                                        .topology = s->config.topology};
    s->frames_sent++;
}

/* A frame of the present session: it acknowledges, and it is a sign of life. */
static void fill_current(struct session *s, struct instant now, enum session_frame_kind kind,
                         struct session_frame *ret_frame)
{
    fill(s, kind, ret_frame);
    s->rx_acked = s->rx_next - 1;
    s->ack_at = INSTANT_NEVER;
    s->heartbeat_due = false;
    s->last_sent = now;
}

/* BYE and HELLO, which go out in every state. */
static bool next_greeting(struct session *s, struct instant now, struct session_frame *ret_frame)
{
    if (s->bye_to != 0) {
        uint64_t to = s->bye_to;
        s->bye_to = 0;
        fill(s, SESSION_BYE, ret_frame);
        ret_frame->session = 0;
        ret_frame->peer_session = to;
        return true;
    }
    if (s->candidate_due) {
        s->candidate_due = false;
        fill(s, SESSION_HELLO, ret_frame);
        ret_frame->session = s->candidate_id;
        ret_frame->peer_session = s->candidate_peer;
        ret_frame->ack = 0;
        return true;
    }
    if (s->hello_due) {
        s->hello_due = false;
        s->hello_at = now;
        fill_current(s, now, SESSION_HELLO, ret_frame);
        return true;
    }
    return false;
}

bool session_next(struct session *s, struct instant now, struct session_frame *ret_frame)
{
    if (!s->transport) {
        return false;
    }
    if (next_greeting(s, now, ret_frame)) {
        return true;
    }
    if (s->state != SESSION_UP) {
        return false;
    }
    if (s->tx_send < s->tx_next && s->tx_send - s->tx_una < s->peer_credit) {
        struct slot slot = slot_read(s, s->send_at);
        fill_current(s, now, SESSION_DATA, ret_frame);
        ret_frame->seq = s->tx_send;
        ret_frame->payload = s->ring + s->send_at + sizeof slot;
        ret_frame->len = slot.len;
        s->tx_high = s->tx_send > s->tx_high ? s->tx_send : s->tx_high;
        s->send_at = ring_after(s, s->send_at);
        s->tx_send++;
        return true;
    }
    if (s->heartbeat_due || instant_reached(now, s->ack_at) ||
        instant_reached(now, instant_add(s->last_sent, s->config.heartbeat))) {
        fill_current(s, now, SESSION_HEARTBEAT, ret_frame);
        ret_frame->seq = s->tx_send - 1;
        return true;
    }
    return false;
}

struct session_news session_tick(struct session *s, struct instant now)
{
    /* What this process slept through is not the peer's silence. */
    int64_t late = now.us - s->last_tick.us - s->config.heartbeat.us * 3 / 2;
    if (late > 0) {
        struct instant heard = instant_add(s->last_heard, (struct duration){.us = late});
        s->last_heard = instant_min(now, heard);
        s->lost_at = instant_min(now, instant_add(s->lost_at, (struct duration){.us = late}));
    }
    s->last_tick = now;
    if (session_is_up(s) && instant_reached(now, instant_add(s->last_heard, silence(s)))) {
        return down(s, now, REASON_TIMEOUT);
    }
    if (s->state == SESSION_LOST && !s->config.connector &&
        instant_reached(now, instant_add(s->lost_at, s->config.grace))) {
        return down(s, now, REASON_NODE_LOST);
    }
    bool waiting = s->config.connector && s->transport &&
                   (s->state == SESSION_GREETING || s->state == SESSION_LOST);
    struct instant retry = instant_add(s->hello_at, duration_ms(SESSION_HELLO_RETRY_MS));
    if (waiting && instant_reached(now, retry)) {
        s->hello_due = true;
    }
    if (waiting && instant_reached(now, instant_add(s->last_heard, silence(s)))) {
        s->last_heard = now; /* told once for each such time */
        return (struct session_news){.silent = true};
    }
    return (struct session_news){0};
}

struct instant session_deadline(const struct session *s)
{
    if (s->state == SESSION_DOWN) {
        return INSTANT_NEVER;
    }
    struct instant at = instant_add(s->last_tick, s->config.heartbeat);
    if (session_is_up(s)) {
        at = instant_min(at, instant_add(s->last_heard, silence(s)));
    }
    if (s->state == SESSION_UP) {
        at = instant_min(at, instant_add(s->last_sent, s->config.heartbeat));
        at = instant_min(at, s->ack_at);
    }
    if (s->state == SESSION_LOST && !s->config.connector) {
        at = instant_min(at, instant_add(s->lost_at, s->config.grace));
    }
    if (s->config.connector && s->transport && s->state != SESSION_UP) {
        at = instant_min(at, instant_add(s->hello_at, duration_ms(SESSION_HELLO_RETRY_MS)));
    }
    return at;
}
