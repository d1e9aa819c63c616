/* dialplan: from a dialled number to the device that it means now, and the node that serves it. */
#ifndef NODE_ROLE_CALLMANAGER_DIALPLAN_H
#define NODE_ROLE_CALLMANAGER_DIALPLAN_H

#include "node/base/topology.h"

#define DIALPLAN_HOPS_MAX 4 /* forwards and recovery numbers in a row */

struct callmanager;

struct dialplan_target {
    struct device_id device;
    enum device_kind kind;
    struct proc_id owner;
    char number[NUMBER_LEN]; /* after forwarding */
};

/* Forwarding in the registry first, then the topology, then the owner in the registry; a route
 * point without owner leads to its recovery number (configuration recovery.<number>).
 *
 * ret_target  set only if the answer is NONE
 * Answers     NONE, UNKNOWN_NUMBER, UNREGISTERED, BUSY (forwarded in a circle) */
enum reason dialplan_resolve(const struct callmanager *cm, const char *number,
                             struct dialplan_target *ret_target);
/* Where calls of a route point go that nobody answers for; NULL: nowhere. */
const char *dialplan_recovery(const struct callmanager *cm, const char *number);

#endif
