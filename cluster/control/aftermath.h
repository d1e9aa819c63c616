/* aftermath: what follows a fault, told while it follows, and the wait until it has settled. */
#ifndef CLUSTER_CONTROL_AFTERMATH_H
#define CLUSTER_CONTROL_AFTERMATH_H

#include "cluster/control/command.h"

#define AFTERMATH_STEADY_MS 300 /* for so long nothing must change */

/* Tell what happens from `t0_us` on until the registry, the PG and the phones have been settled for
 * `steady_ms`, or it takes too long. Nothing is printed if `quiet`. */
void aftermath_watch(struct session_of_command *s, int64_t t0_us, uint32_t steady_ms, bool quiet);
/* How long a cut of the network may last before all who are to notice it have. */
uint32_t aftermath_notice_ms(const struct topology *t);
/* Wait until a node that is back has a lease: it is not cut off any more. Without a leader there is
 * none to wait for. */
void aftermath_lease(struct session_of_command *s, struct proc_id id);
/* Sleep until this moment, or until somebody presses ^C. */
void aftermath_until(int64_t until_us);

#endif
