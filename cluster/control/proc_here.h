/* proc_here: the daemons of a cluster as processes of this machine: children of who starts them,
 * and known by `proc/NAME/pid` to who comes later. */
#ifndef CLUSTER_CONTROL_PROC_HERE_H
#define CLUSTER_CONTROL_PROC_HERE_H

#include "cluster/control/proc.h"

extern const struct proc_ways proc_here;

/* Dead if there is no such process, or it is another one. */
enum proc_state proc_here_look(const struct proc_pid *pid);
/* How a daemon that this program started ended: where its log began, and its exit code, 128 and
 * more if it was a signal, -1 if it lives. false: this program did not start it. */
bool proc_here_ended(const struct proc_pid *pid, long *ret_log_from, int *ret_code);

#endif
