/* backend_ssh: each process on a machine of its own, reached by ssh; and what Vagrant made, which
 * is the same with what `vagrant ssh-config` says. Machines have addresses on both networks of the
 * topology, and the command stands where it reaches the visible one. */
#ifndef CLUSTER_CONTROL_BACKEND_SSH_H
#define CLUSTER_CONTROL_BACKEND_SSH_H

#include "cluster/control/backend.h"

extern const struct backend backend_ssh;
extern const struct backend backend_vagrant;

#endif
