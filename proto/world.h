/* world: what a sans-I/O machine may ask of the world, and how the world speaks to it.
 *
 * A role is a plain struct. The driver hands it an event and the time; it changes its state and
 * asks for effects through `struct world`; no effect calls back into a role before the event is
 * done with. Two drivers stand behind these pointers: node/runtime (libuv, ZeroMQ, SQLite) and
 * cluster/sim (virtual time).
 *
 * What a driver promises:
 * - a message sent on a link that is up is delivered once and in order, or the link goes down at
 * both ends; what was sent on a link that is not up is dropped (the role learns of links by
 * `link_up` and `link_down`);
 * - link_down, then link_up, is a new session: whatever was outstanding is unknown;
 * - LINK_LOCAL messages to one's own process are delivered in order, after the present event;
 * - `stored` tickets come in order. */
#ifndef PROTO_WORLD_H
#define PROTO_WORLD_H

#include "node/base/event.h"
#include "node/base/id.h"
#include "node/base/rand.h"
#include "node/base/time.h"
#include "proto/msg.h"

struct media_order {
    struct device_id device;
    struct call_id call;
    struct device_id peer; /* none: stop all media of this device in this call */
};

/* How the media of one (device, call, peer) fares. Told when it falls silent and when it is
 * stopped. */
struct media_report {
    struct device_id device;
    struct call_id call;
    struct device_id peer;
    bool silent; /* nothing came for the profile's media_lost_after */
    uint64_t received;
    struct duration gap; /* the longest silence so far */
};

/* What the record store of a controller side holds. */
struct world_rows {
    uint64_t tcd, logout, state;
    int64_t last[2]; /* the last RecoveryKey that side A gave, and side B; 0: none */
};

struct world {
    void *context;
    /* Send to `peer` on `link`. The message is copied; a link that is not up drops it. */
    void (*send)(void *context, enum link link, struct proc_id peer, const struct msg *msg);
    /* Bind or close the listening socket of a link; closing it takes all its sessions down without
     * a word. */
    void (*listen)(void *context, enum link link, bool on);
    /* Keep a connection to the listener of `peer` (again and again), or close it. */
    void (*connect)(void *context, enum link link, struct proc_id peer, bool on);
    /* Write one event to the spine; the driver adds who and when. */
    void (*trace)(void *context, const struct event *event);
    /* Make a message durable (PG outbox, logger). Answers a ticket; `stored` follows with it or a
     * later one. */
    uint64_t (*store)(void *context, const struct msg *msg);
    /* What was stored up to and with this outbox number is not needed any more (PG outbox). */
    void (*trim)(void *context, uint64_t outbox);
    /* Begin or stop media datagrams (fleet). */
    void (*media)(void *context, const struct media_order *order);
    /* How many rows are durable (logger). */
    void (*rows)(void *context, struct world_rows *ret_rows);
    /* The durable record with the smallest RecoveryKey above `after`, and above held[0] if side A
     * gave it, held[1] if side B did; false: there is none (logger of a pair). */
    bool (*row_after)(void *context, int64_t after, const int64_t held[2], struct msg *ret_msg);
};

/* One process as its driver sees it: a table of entry points over `self`. Entries may be NULL where
 * a process has no use for them. `now` never goes back. */
struct process {
    void *self;
    void (*start)(void *self, struct instant now);
    /* One stored message from before this start, in order, before `start`. */
    void (*restore)(void *self, const struct msg *msg);
    void (*message)(void *self, struct instant now, enum link link, struct proc_id peer,
                    const struct msg *msg);
    void (*link_up)(void *self, struct instant now, enum link link, struct proc_id peer);
    void (*link_down)(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason);
    void (*stored)(void *self, struct instant now, uint64_t ticket);
    void (*media)(void *self, struct instant now, const struct media_report *report);
    /* The next moment at which `tick` must be called; INSTANT_NEVER if there is none. */
    struct instant (*deadline)(const void *self);
    void (*tick)(void *self, struct instant now);
};

static inline void world_send(const struct world *w, enum link link, struct proc_id peer,
                              const struct msg *msg)
{
    w->send(w->context, link, peer, msg);
}

static inline void world_trace(const struct world *w, const struct event *event)
{
    w->trace(w->context, event);
}

#endif
