/* pg: one side of a Peripheral Gateway pair: dispatch between its parts.
 *
 *   JTAPI ── pim, feed ──┐                         ┌── CONTROLLER: routes, agents, hello
 *   DESKTOP ─ desktop ───┼── inputs ──> opc ── outputs ── JTAPI: requests
 *   CONTROLLER ──────────┘      │                  ├── DESKTOP: states, results
 *                               └── PRIVATE        └── records: rows, logouts, states
 *
 * The side that acts (MONITORING, ACTIVE) orders the inputs and sends each to the other, whose OPC
 * applies the same; only the acting side's outputs count, and the rows of PROVIDER_LOST, which both
 * sides may write: their keys are the same and the first one wins. What the acting side wrote in
 * the moment before it was gone the other one writes, too (late).
 *
 * Source: docs/protocol.md, "PG and its CTI Manager", "PG pair", "Agents and records". */
#ifndef NODE_ROLE_PG_PG_H
#define NODE_ROLE_PG_PG_H

#include "node/role/pg/desktop.h"
#include "node/role/pg/duplex.h"
#include "node/role/pg/late.h"
#include "node/role/pg/opc.h"
#include "node/role/pg/pim.h"
#include "node/role/pg/records.h"

#define PG_ACK_INPUTS 32   /* the standby acknowledges after so many */
#define PG_HELD_MAX   4096 /* inputs that wait for the controller's word */

/* What the standby knows of the acting side's state. */
enum pg_sync { PG_SYNC_NONE, PG_SYNC_ASKED, PG_SYNC_TAKING, PG_SYNC_DONE };

/* About 23 MiB, most of it never touched; its storage is the caller's. */
struct pg {
    const struct topology *topology;
    struct proc_id self;
    const struct world *world;
    int64_t wall_offset_us;          /* wall clock minus the driver's clock */
    struct proc_id peer;             /* the other side; none: simplex */
    bool duplexed;                   /* the controller has two sides, and says which path is open */
    bool controllers[PROCS_MAX + 1]; /* to whom a path is open */
    struct proc_id controller;       /* the one that is spoken to */
    struct instant now;
    int64_t clock_us; /* OPC's time minus the driver's clock */
    bool peer_synced; /* the peer has our state: it gets every input */
    uint64_t peer_acked;
    enum pg_sync sync;
    uint32_t inputs_since_ack;
    struct instant status_at;
    struct instant asleep_since; /* the last that an unsure side knows of; NEVER: it is sure */
    bool cutting;                /* a PROVIDER_LOST is applied */
    uint64_t inputs, rejected;
    struct duplex duplex;
    struct desktop desktop;
    struct pim pim;
    struct opc opc;
    struct records records;
    struct late late; /* of the acting peer */
    uint32_t held_n;
    struct msg_private_input held[PG_HELD_MAX]; /* while the side is unsure */
};

/* `topology` and `world` must outlive it.
 * Errors  ERR_INVALID  not a PG side of the topology */
MUST_CHECK enum err pg_init(struct pg *pg, const struct topology *topology, struct proc_id self,
                            const struct world *world);
/* The end of its life; nothing is held that would have to be given back. */
void pg_deinit(struct pg *pg);

/* A record that an earlier life stored. */
void pg_restore(struct pg *pg, const struct msg *msg);
/* wall_offset_us  wall clock minus the driver's clock, for the times of records */
void pg_start(struct pg *pg, struct instant now, struct incarnation incarnation,
              int64_t wall_offset_us);
/* Polite end: the peer takes over at once. */
void pg_stop(struct pg *pg, struct instant now);
/* Messages on JTAPI, PRIVATE, CONTROLLER, DESKTOP. */
void pg_message(struct pg *pg, struct instant now, enum link link, struct proc_id peer,
                const struct msg *msg);
void pg_link_up(struct pg *pg, struct instant now, enum link link, struct proc_id peer);
void pg_link_down(struct pg *pg, struct instant now, enum link link, struct proc_id peer,
                  enum reason reason);
void pg_stored(struct pg *pg, struct instant now, uint64_t ticket);
struct instant pg_deadline(const struct pg *pg);
void pg_tick(struct pg *pg, struct instant now);

void pg_status(const struct pg *pg, struct msg_op_pg_status *ret_status);
/* A page of agents whose id is above `after` (pg_list.c). The id of the question is the caller's.
 */
void pg_list_agents(const struct pg *pg, uint32_t after, struct msg_op_agents *ret_rows);
/* A page of live legs; `after` is how many the asker has already. */
void pg_list_calls(const struct pg *pg, uint32_t after, struct msg_op_calls *ret_rows);

#endif
