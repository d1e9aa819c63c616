/* records: the outbox of a PG side: what it wrote and the controller has not acknowledged yet.
 *
 *   added --stored--> durable --sent, at most RECORDS_WINDOW ahead--> acknowledged: trimmed
 *
 * Numbers go on over a restart (incarnation << 32), because the controller acknowledges
 * cumulatively. When the controller is away for long, records of agent states give way first, then
 * everything; what is dropped is counted and traced. */
#ifndef NODE_ROLE_PG_RECORDS_H
#define NODE_ROLE_PG_RECORDS_H

#include "node/base/topology.h"
#include "proto/world.h"

#define RECORDS_MAX        65536 /* a power of two */
#define RECORDS_STATES_MAX 49152 /* from here on no agent states */
#define RECORDS_WINDOW     512

struct records_entry {
    uint64_t number, ticket;
    enum msg_kind kind;
    union {
        struct msg_record_tcd tcd;
        struct msg_record_logout logout;
        struct msg_record_state state;
    };
};

/* About 16 MiB; its storage is the caller's. */
struct records {
    const struct world *world;
    uint64_t last;   /* the last number given */
    uint64_t head;   /* entries first .. head - 1 are there, by count */
    uint64_t first;  /* not acknowledged */
    uint64_t stored; /* entries before this one are durable */
    uint64_t sent;   /* entries before this one were sent */
    uint64_t dropped;
    struct proc_id controller;
    struct records_entry entries[RECORDS_MAX]; /* a ring; touched only as far as it fills */
};

void records_init(struct records *r, const struct world *world);
/* A record that an earlier life stored. */
void records_restore(struct records *r, const struct msg *msg);
void records_start(struct records *r, struct incarnation incarnation);
/* Make a record durable, then send it. */
void records_add(struct records *r, struct msg *msg);
void records_stored(struct records *r, uint64_t ticket);
/* The controller that is spoken to; none: no path. Sends again what is not acknowledged. */
void records_controller(struct records *r, struct proc_id controller);
void records_ack(struct records *r, uint64_t number);
uint64_t records_waiting(const struct records *r);

#endif
