/* icm: one side of the central controller as a process: the controller's role behind CONTROLLER,
 * the other side behind PRIVATE, and an operator's questions behind OPERATOR. */
#ifndef NODE_PROCESS_ICM_H
#define NODE_PROCESS_ICM_H

#include "node/role/icm/mds.h"
#include "proto/world.h"

struct icm_process {
    struct mds mds;
    const struct world *world;
    struct proc_id self;
    bool ended; /* SHUTDOWN was asked for; the driver looks at it */
};

/* `wall_offset_us`: the wall clock minus the driver's clock, for RouterCallKeyDay.
 * `topology` and `world` are borrowed for the life of the process. */
void icm_process_init(struct icm_process *p, const struct topology *topology, struct proc_id self,
                      const struct world *world, int64_t wall_offset_us);
/* Entry points for a driver; `p` must outlive them. */
struct process icm_process_entries(struct icm_process *p);

#endif
