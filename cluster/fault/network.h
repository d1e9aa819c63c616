/* network: the network namespaces of a cluster: one for each process, and one with a switch between
 * them.
 *
 *     sub1                 _switch                     pga
 *     visible 10.77.0.11 ─ visible11 ┐   ┌ visible21 ─ visible 10.77.0.21
 *                              bridge visible 10.77.255.1 (who stands here is the operator)
 *     private 10.78.0.11 ─ private11 ┐   ┌ private21 ─ private 10.78.0.21
 *                              bridge private
 *
 * Their names in /run/netns are PREFIX and the name of the process, and nothing of a cluster is
 * anywhere else: whoever finds the names can take all of it away. Clusters share no address,
 * because they share no network. */
#ifndef CLUSTER_FAULT_NETWORK_H
#define CLUSTER_FAULT_NETWORK_H

#include "cluster/fault/cut.h"
#include "cluster/fault/tool.h"

#define NETWORK_PREFIX_LEN 80
#define NETWORK_PATH_LEN   160
#define NETWORK_SWITCH     "_switch" /* no process can have this name */

struct network {
    char prefix[NETWORK_PREFIX_LEN]; /* "rehome-small-8d1f22c0a1b3-" */
    const struct topology *topology; /* borrowed */
};

/* The one of the cluster `name` whose state is in `folder`; no other folder has the same prefix. */
void network_of(const char *name, const char *folder, const struct topology *topology,
                struct network *ret);
/* Whether namespaces can be made by who asks: ERR_PERMISSION. */
MUST_CHECK enum err network_permitted(void);

/* Make all namespaces of the topology, with nothing cut. What is left of an earlier network has to
 * be removed before.
 * Errors  as tool_run; a part of it may be there */
MUST_CHECK enum err network_make(const struct network *n, struct tool_said *ret_said);
/* Kill who is left in the namespaces of processes, and take all namespaces away, whatever the
 * topology says. Nothing to do is no error.
 * Errors  as tool_run, ERR_TIMEOUT */
MUST_CHECK enum err network_remove(const struct network *n, struct tool_said *ret_said);
/* How many namespaces there are. */
uint32_t network_found(const struct network *n);

/* Let this thread be where `who` is: a process, or NETWORK_SWITCH.  Errors as tool_enter */
MUST_CHECK enum err network_enter(const struct network *n, const char *who);
/* Put the plugs of a process in, or pull them out: then it sees that there is no carrier.
 * Errors  as tool_run */
MUST_CHECK enum err network_plug(const struct network *n, struct proc_id proc, bool in,
                                 struct tool_said *ret_said);
/* SIGKILL to everybody who is in the namespace of a process, at once; how many. */
uint32_t network_kill(const struct network *n, struct proc_id proc);
/* Let these be the active cuts, and no others.  Errors as tool_run */
MUST_CHECK enum err network_cut(const struct network *n, const struct cut *cuts, uint32_t cuts_n,
                                struct tool_said *ret_said);
/* How many packets a cut had; 0 if nobody knows. */
uint64_t network_counted(const struct network *n, const struct cut *cut);

#endif
