/* event: the vocabulary of the spine: what happened, and why, in one list.
 *
 * Every process traces these; the run file holds them; the judges see nothing else. A kind uses the
 * fields that its row names, the others are zero and are not written. Media are intervals here,
 * never packets. */
#ifndef NODE_BASE_EVENT_H
#define NODE_BASE_EVENT_H

#include "node/base/id.h"
#include "node/base/time.h"
#include "node/base/vocabulary.h"

#define EVENT_TEXT_LEN 64

/* X(NAME, word, explanation). The explanation says what `value`, `value2`, `peer`, `text` mean
 * where they are used. */
#define EVENT_MAP(X)                                                                               \
    X(PROCESS_START, process_start, "a process started; value: its pid")                           \
    X(PROCESS_STOP, process_stop, "a process ends politely")                                       \
    X(FAULT, fault, "a fault was injected; text: what; peer: at whom")                             \
    X(HEAL, heal, "a fault was undone; text: what; peer: at whom")                                 \
    X(LINK_UP, link_up, "a session with peer is up; text: the link")                               \
    X(LINK_DOWN, link_down, "a session with peer is down; text: the link; reason: why")            \
    X(SERVICE_START, service_start, "a service started; value: its incarnation; text: which")      \
    X(SERVICE_CRASH, service_crash, "a service crashed; text: which")                              \
    X(SERVICE_STOP, service_stop, "a service stopped politely; text: which")                       \
    X(MESSAGE_REJECTED, message_rejected,                                                          \
      "messages or callers were turned away; text: where, why; peer: whose; value: how many")      \
    X(RAFT_STATE, raft_state, "what this node is to Raft; value: state; value2: term")             \
    X(RAFT_SERVING, raft_serving,                                                                  \
      "a new leader passed its barrier and serves; value: applied so far; value2: term")           \
    X(RAFT_SNAPSHOT, raft_snapshot, "a snapshot was taken or installed; value: its index")         \
    X(STATE_HASH, state_hash, "the registry's hash: value: at index; value2: the hash")            \
    X(LEASE_GOT, lease_got, "this node holds a lease again")                                       \
    X(LEASE_LOST, lease_lost, "this node has no lease any more")                                   \
    X(NODE_DOWN, node_down, "the registry took peer for dead; value: its incarnation")             \
    X(REGISTER_SENT, register_sent, "a device asks peer to serve it; value: its counter")          \
    X(REGISTERED, registered, "a device got the acknowledgement of peer; value: its counter")      \
    X(REGISTER_ACKED, register_acked, "a CallManager acknowledged a device; value: its counter")   \
    X(REGISTER_REFUSED, register_refused, "peer refused a registration")                           \
    X(OWNER_CHANGED, owner_changed,                                                                \
      "the registry gave a device to peer; value: Raft index; value2: device state")               \
    X(LOOKUP_ASKED, lookup_asked,                                                                  \
      "somebody asks peer, linearizably, for rows of the registry; value: number of the question") \
    X(LOOKED_UP, looked_up,                                                                        \
      "the answer had this row of a device; peer: its owner; value: number of the question; "      \
      "value2: device state")                                                                      \
    X(DEVICE_LOST, device_lost, "a device lost its CallManager; value: 1 if in a call")            \
    X(DRAIN, drain, "a gateway was let go home to peer: no new call, and it goes after the last")  \
    X(FALLBACK, fallback, "a device goes home to peer")                                            \
    X(FALLBACK_ENDED, fallback_ended, "a device that was let go to peer stays where it was")       \
    X(CALL_BEGIN, call_begin,                                                                      \
      "a leg began at a device; text: number; value: 1 dialled, 2 rang, 3 route point")            \
    X(CALL_STATE, call_state,                                                                      \
      "a leg changed; value: the leg state; value2: the call that it left for this one")           \
    X(CALL_PRESERVED, call_preserved, "a call lost its CallManager, its media stays")              \
    X(CALL_END, call_end, "a leg ended; reason: why; value: talk time in us")                      \
    X(KEY_REFUSED, key_refused, "a key was refused; value: the key; reason: why")                  \
    X(KEY_TAKEN, key_taken,                                                                        \
      "a CallManager does what a device asked for under an epoch; value: the key")                 \
    X(MEDIA_BEGIN, media_begin, "a device exchanges media with another; value: the other device")  \
    X(MEDIA_END, media_end, "media ended; value: datagrams received; value2: longest gap in us")   \
    X(PROVIDER_UP, provider_up, "a PG side opened its provider at peer")                           \
    X(PROVIDER_DOWN, provider_down, "a PG side lost its provider at peer; reason: why")            \
    X(CTI_APPLIED, cti_applied,                                                                    \
      "a PG applied events up to value of the provider value2; text: how many")                    \
    X(CTI_GAP, cti_gap, "a PG saw a gap: expected value, got value2")                              \
    X(MONITORS, monitors, "value of value2 monitors are confirmed")                                \
    X(PG_ACTIVE, pg_active, "a PG side is active; value: the epoch; value2: monitors confirmed")   \
    X(PG_STANDBY, pg_standby, "a PG side is not active; reason: why")                              \
    X(PG_GRANTED, pg_granted,                                                                      \
      "the controller accepts peer as active side; value: the epoch; value2: us until on disk; "   \
      "reason: the sides were weighed")                                                            \
    X(PG_REFUSED, pg_refused, "the controller refuses peer as active side; value: the epoch")      \
    X(PG_SYNCED, pg_synced, "a standby PG side holds the state of peer; value: inputs so far")     \
    X(AGENT_STATE, agent_state,                                                                    \
      "an agent changed state; value: agent; value2: state; text: reason code")                    \
    X(AGENT_AFTER, agent_after,                                                                    \
      "an agent in a call asked for another state after it; value: agent; value2: state")          \
    X(AGENT_LOGOUT, agent_logout,                                                                  \
      "an agent was logged out; value: agent; value2: reason code; epoch: of the login")           \
    X(ROUTE_REQUESTED, route_requested, "a route was asked for; text: the dialled number")         \
    X(ROUTED, routed,                                                                              \
      "a route was answered; value: agent; value2: how; device: the agent's phone")                \
    X(TCD_WRITTEN, tcd_written,                                                                    \
      "OPC wrote a record; value: ICRCallKey * 2^16 + leg * 2^8 + segment; value2: disposition; "  \
      "text: partial")                                                                             \
    X(TCD_STORED, tcd_stored,                                                                      \
      "the logger stored a record; value: its key as above; value2: RecoveryKey; text: hash of "   \
      "the content")                                                                               \
    X(TCD_DUPLICATE, tcd_duplicate,                                                                \
      "the logger saw a record again and changed nothing; value: its key")                         \
    X(WRAPUP_ENTERED, wrapup_entered,                                                              \
      "an agent entered wrap-up data; value: agent; text: the data")                               \
    X(CONFIG_WRITTEN, config_written, "configuration or user data changed; text: key=value")       \
    X(WRITE_REFUSED, write_refused,                                                                \
      "a write of configuration or user data was refused; text: key=value; reason: why")           \
    X(LOOP_LATE, loop_late, "the process found its own loop late; value: by how many us")          \
    X(MDS_STATE, mds_state, "what this side of the controller is to the other; value: state")      \
    X(RECOVERED, recovered,                                                                        \
      "a logger holds what peer held when they met; value: how many rows came")

#define EVENT_ENUM(name, word, text) EVENT_##name,
enum event_kind { EVENT_NONE, EVENT_MAP(EVENT_ENUM) EVENT_COUNT };
#undef EVENT_ENUM

struct event {
    enum event_kind kind;
    struct instant at;              /* filled by the driver */
    int64_t wall_us;                /* filled by the driver */
    struct hlc hlc;                 /* filled by the driver */
    struct proc_id proc;            /* who says it; filled by the driver */
    uint64_t seq;                   /* per process and incarnation; filled by the driver */
    struct incarnation incarnation; /* of the process; filled by the driver */
    struct proc_id peer;
    struct device_id device;
    struct call_id call;
    uint32_t epoch;
    enum reason reason;
    int64_t value;
    int64_t value2;
    char text[EVENT_TEXT_LEN];
};

const char *event_word(enum event_kind kind);
const char *event_explanation(enum event_kind kind);
/* EVENT_NONE for a word that is not in the list. */
enum event_kind event_named(const char *word);

#endif
