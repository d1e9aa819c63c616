/* proc_there: the daemons of a cluster as processes of other machines: units of systemd, or what
 * was started from a prefix and is known by its pid file there. */
#ifndef CLUSTER_CONTROL_PROC_THERE_H
#define CLUSTER_CONTROL_PROC_THERE_H

#include "cluster/control/machines.h"

extern const struct proc_ways proc_there;

/* "rehome-node@sub1.service" */
void proc_there_unit(const struct topology_proc *p, char *ret, size_t size);
/* What was seen of the processes is old: look again when somebody asks. */
void proc_there_changed(void);

#endif
