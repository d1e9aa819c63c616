/* pg: one Peripheral Gateway side as a process: the PG role on its links, and what an
 * operator asks of it.
 *
 * Listens for desktops and operators, side B also for side A (private network); connects to its own
 * CTI Manager and to every central controller side, and to nobody else (CTI-2). */
#ifndef NODE_PROCESS_PG_H
#define NODE_PROCESS_PG_H

#include "node/role/pg/pg.h"

struct pg_process {
    struct pg pg;
    struct incarnation incarnation;
    int64_t wall_offset_us;
    bool ended; /* an operator asked for a polite end: the driver stops */
};

/* wall_offset_us  wall clock minus the driver's clock
 * Errors          ERR_MEMORY  nothing is held */
MUST_CHECK enum err pg_process_init(struct pg_process *p, const struct topology *topology,
                                    struct proc_id self, struct incarnation incarnation,
                                    const struct world *world, int64_t wall_offset_us);
void pg_process_deinit(struct pg_process *p);

struct process pg_process_entries(struct pg_process *p);

/* A polite end, by signal or by an operator: the other side takes over at once. */
void pg_process_stop(struct pg_process *p, struct instant now);

#endif
