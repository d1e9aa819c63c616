/* icm_world: a world for tests of the central controller: remembers what it was asked for. */
#ifndef TESTS_UNIT_ICM_WORLD_H
#define TESTS_UNIT_ICM_WORLD_H

#include "node/base/topology.h"
#include "proto/world.h"

#include <stdio.h>
#include <string.h>

#define ICM_WORLD_MAX 4096

struct sent {
    struct proc_id peer;
    struct msg msg;
};

static struct {
    uint32_t sent_n, stored_n, events_n;
    struct sent sent[64];
    struct msg stored[ICM_WORLD_MAX];
    struct event events[ICM_WORLD_MAX];
} seen;

static struct topology cluster;

static void seen_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    (void)context;
    (void)link;
    seen.sent[seen.sent_n % 64] = (struct sent){.peer = peer, .msg = *msg};
    seen.sent_n++;
}

static void seen_listen(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static void seen_trace(void *context, const struct event *event)
{
    (void)context;
    seen.events[seen.events_n++ % ICM_WORLD_MAX] = *event;
}

static uint64_t seen_store(void *context, const struct msg *msg)
{
    (void)context;
    seen.stored[seen.stored_n % ICM_WORLD_MAX] = *msg;
    return ++seen.stored_n;
}

static void seen_rows(void *context, struct world_rows *ret_rows)
{
    (void)context;
    *ret_rows = (struct world_rows){.tcd = 77, .logout = 7, .state = 777};
}

static const struct world world = {
    .send = seen_send,
    .listen = seen_listen,
    .trace = seen_trace,
    .store = seen_store,
    .rows = seen_rows,
};

#define PGA  ((struct proc_id){1})
#define PGB  ((struct proc_id){2})
#define ICMA ((struct proc_id){3})

/* pga and pgb are pair 5000; agents 5001..5004 on 2001..2004 of skill 0; 80001 goes to skill 0. */
static inline void cluster_make(void)
{
    memset(&seen, 0, sizeof seen);
    memset(&cluster, 0, sizeof cluster);
    enum err err = topology_profile("lab", &cluster.timers);
    ASSERT(err == ERR_OK);
    cluster.procs_n = 4;
    cluster.procs[0] =
        (struct topology_proc){.name = "pga", .kind = PROC_PG, .side = SIDE_A, .pair = 5000};
    cluster.procs[1] =
        (struct topology_proc){.name = "pgb", .kind = PROC_PG, .side = SIDE_B, .pair = 5000};
    cluster.procs[2] = (struct topology_proc){.name = "icma", .kind = PROC_ICM, .side = SIDE_A};
    cluster.procs[3] = (struct topology_proc){.name = "sub1", .kind = PROC_NODE};
    cluster.phones_n = 1;
    cluster.phones[0] = (struct topology_phones){.first = 2001, .count = 4};
    cluster.skills_n = 1;
    cluster.skills[0] = (struct topology_skill){.name = "sales", .number = 7001};
    cluster.dialled_n = 1;
    cluster.dialled[0] = (struct topology_dialled){.number = "80001", .skill = 0, .pair = 5000};
    cluster.agents_n = 1;
    cluster.agents[0] =
        (struct topology_agents){.first = 5001, .count = 4, .phone = 2001, .pair = 5000};
}

/* The last message of a kind that was sent, or NULL. */
static inline const struct sent *last_sent(enum msg_kind kind)
{
    for (uint32_t i = seen.sent_n; i > 0 && seen.sent_n - i < 64; i--) {
        if (seen.sent[(i - 1) % 64].msg.kind == kind) {
            return &seen.sent[(i - 1) % 64];
        }
    }
    return NULL;
}

static inline uint32_t traced(enum event_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < seen.events_n; i++) {
        n += seen.events[i].kind == kind ? 1 : 0;
    }
    return n;
}

#endif
