/* fake_world: a world that keeps what a machine asked of it, for tests to look at. */
#ifndef TESTS_UNIT_FAKE_WORLD_H
#define TESTS_UNIT_FAKE_WORLD_H

#include "node/base/topology.h"
#include "proto/world.h"

#define FAKE_SENT_MAX   4096
#define FAKE_EVENTS_MAX 8192

struct fake_sent {
    enum link link;
    struct proc_id peer;
    enum msg_kind kind;
    /* The kinds of a fleet are small; a whole struct msg is not. */
    union {
        struct msg_station_register reg;
        struct msg_station_keepalive keepalive;
        struct msg_station_preserved preserved;
        struct msg_station_fallback fallback;
        struct msg_station_dial dial;
        struct msg_station_key key;
        struct msg_desktop_open open;
        struct msg_desktop_request request;
        struct msg_desktop_wrapup wrapup;
        struct msg_desktop_control control;
        struct msg_op_done done;
        struct msg_op_fleet_status status;
        char bytes[256];
    };
};

struct fake_world {
    struct world world;
    struct fake_sent sent[FAKE_SENT_MAX];
    uint32_t sent_n, sent_seen; /* those before `seen` were looked at */
    struct event events[FAKE_EVENTS_MAX];
    uint32_t events_n;
    struct media_order orders[FAKE_SENT_MAX];
    uint32_t orders_n;
    uint64_t digest; /* of every effect, in order */
    uint32_t connects, listens;
};

void fake_world_init(struct fake_world *w);
/* The next sent message that was not looked at; NULL: none. */
const struct fake_sent *fake_world_next(struct fake_world *w);
/* The next of this kind; others before it are passed over. */
const struct fake_sent *fake_world_next_of(struct fake_world *w, enum msg_kind kind);
uint32_t fake_world_events(const struct fake_world *w, enum event_kind kind);
/* Forget what was sent (the digest stays). */
void fake_world_forget(struct fake_world *w);

/* Nodes pub (1), sub1 (2), sub2 (3); pga (4), pgb (5); fleet (6). One group: sub1, sub2. */
#define FAKE_SUB1  ((struct proc_id){2})
#define FAKE_SUB2  ((struct proc_id){3})
#define FAKE_PGA   ((struct proc_id){4})
#define FAKE_PGB   ((struct proc_id){5})
#define FAKE_FLEET ((struct proc_id){6})
/* `phones` phones from 1001, of which the first `agents` are agents' (5001 ..), two gateways with
 * four channels, one dialled number 80001. */
void fake_world_topology(struct topology *t, uint32_t phones, uint32_t agents);

#endif
