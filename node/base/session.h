/* session: numbering, acknowledgement, replay, credit, heartbeat and resumption over a transport
 * that loses, repeats and reorders when it reconnects; one session joins two processes on a link.
 *
 * What is appended while the session is up is delivered once and in order, or the session goes down
 * at both ends. A session does no I/O: the driver brings frames, news of the transport and the
 * time, and takes frames away with session_next. The connector is the end that dials, the listener
 * waits.
 *
 *            transport_up              HELLO answered
 *     DOWN ────────────────► GREETING ────────────────► UP ◄──────────────┐
 *      ▲   (connector only)                              │ transport_lost  │ HELLO of the same
 * session: │                                                 ▼                 │ what is not
 * acknowledged └──── refused, silent, overflow, BYE, ◄────────  LOST ──────────────┘ is sent again
 *            or the peer is in another session
 *
 * Opening: connector HELLO(a, 0); listener HELLO(b, a), and remembers the pair as a candidate; any
 * frame (a, b) makes the listener leave an older session (down, then up) for the candidate. So a
 * HELLO that comes late cannot end a living session: nobody confirms its candidate. The numbers a
 * and b are random, hence a peer that lost its memory never looks like the one that it was.
 *
 * A gap (a sequence number too high, or a heartbeat that tells of frames that never came) is
 * answered with HELLO(own, peer's, last one received): send again from there. What the sender does
 * not have any more, or an acknowledgement of what was never sent, ends the session.
 *
 * Silence: a session that heard nothing for heartbeat × misses goes down. When the driver itself
 * was late, that time is not counted. A greeting that nobody answers for as long is told: what was
 * sent may be waiting for the transport to try again, which it does ever less often. A heartbeat is
 * the driver's own message, from its own loop.
 *
 * Memory: frames wait in a ring that the caller owns; messages are appended to the last frame as
 * long as it was never sent, so batches form by themselves. An empty ring starts at its beginning
 * again: an idle session touches few pages. */
#ifndef NODE_BASE_SESSION_H
#define NODE_BASE_SESSION_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/rand.h"
#include "node/base/time.h"
#include "node/base/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SESSION_HELLO_RETRY_MS 250
#define SESSION_ACK_DELAY_MS   25

enum session_frame_kind { SESSION_HELLO, SESSION_DATA, SESSION_HEARTBEAT, SESSION_BYE };

struct session_frame {
    enum session_frame_kind kind;
    struct incarnation incarnation; /* of the sender */
    uint64_t session;      /* the sender's number of the session; 0 in the BYE of a stranger */
    uint64_t peer_session; /* the receiver's number of it; 0 if not known */
    uint64_t seq;          /* DATA: its number, from 1; HEARTBEAT: of the last one sent */
    uint64_t ack;          /* all up to here were received */
    uint32_t credit;       /* how many frames the sender takes beyond `ack` */
    uint64_t topology;
    const uint8_t *payload; /* DATA; borrowed until the session is touched again */
    size_t len;
};

struct session_config {
    bool connector;
    struct incarnation incarnation;
    uint64_t topology;
    struct duration heartbeat;
    uint32_t misses;
    struct duration grace; /* how long a listener waits for a lost transport to come back */
    uint32_t credit;       /* frames; below what the transport buffers */
    uint32_t frame_bytes_max;
    uint32_t frame_items_max;
};

enum session_state { SESSION_DOWN, SESSION_GREETING, SESSION_UP, SESSION_LOST };

/* What an input did, in this order: down, up, deliver. */
struct session_news {
    bool down;
    enum reason reason; /* of `down` */
    bool up;
    bool deliver;  /* the payload of the frame that came */
    bool mismatch; /* the peer has another topology; nothing was done */
    bool silent;   /* connector: nobody answers over this transport; another one may do better */
};

struct session {
    struct session_config config;
    enum session_state state;
    bool transport; /* frames can go out */
    struct rand_state rand;
    uint64_t id, peer_id;
    struct incarnation peer_incarnation;
    uint64_t candidate_id, candidate_peer; /* listener: waits for its confirmation */
    struct incarnation candidate_incarnation;

    bool hello_due, candidate_due, heartbeat_due;
    uint64_t bye_to; /* peer's number of a session that is to be ended; 0: none */
    struct instant last_heard, last_sent, last_tick, hello_at, ack_at, lost_at, gap_at;

    uint64_t rx_next, rx_acked;
    uint64_t tx_una, tx_send, tx_next,
        tx_high; /* unacknowledged from, to send, to number, ever sent */
    uint32_t peer_credit;
    uint8_t *ring;
    size_t ring_cap, head, tail, send_at, last_at;

    uint64_t frames_sent, frames_received, frames_again, frames_stale, resumed;
};

/* ring  aligned to 8, `cap` bytes, owned by the caller; holds at least two of the largest frames
 * seed  for the numbers of sessions; another one in every process */
void session_init(struct session *s, const struct session_config *config, uint8_t *ring, size_t cap,
                  uint64_t seed);

/* Append one message. Nothing happens to a session that is not up or lost. A full ring ends the
 * session: news.down with REASON_OVERFLOW. */
struct session_news session_append(struct session *s, struct instant now, const uint8_t *bytes,
                                   size_t len);

/* A frame came. The transport is there, as far as a listener can know. */
struct session_news session_receive(struct session *s, struct instant now,
                                    const struct session_frame *frame);

/* The next frame to send now; false if there is none. Call after every input, until false. */
bool session_next(struct session *s, struct instant now, struct session_frame *ret_frame);

/* The connection is there (connector), has closed, or could not be made because nobody listens. */
void session_transport_up(struct session *s, struct instant now);
void session_transport_lost(struct session *s, struct instant now);
struct session_news session_transport_refused(struct session *s, struct instant now);

/* Time passes: to be called at session_deadline, or more often. */
struct session_news session_tick(struct session *s, struct instant now);
struct instant session_deadline(const struct session *s);

/* Some connection of the transport has closed, perhaps this one: send something, to find out. */
void session_probe(struct session *s);

/* End it from here, politely: a BYE is left for session_next. There is no news. */
void session_close(struct session *s, struct instant now);

/* Up as far as the user of the session is concerned: a lost transport may still come back. */
static inline bool session_is_up(const struct session *s)
{
    return s->state == SESSION_UP || s->state == SESSION_LOST;
}

#endif
