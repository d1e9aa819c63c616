/* mesh: what CallManagers say to each other (SDL) about calls that span two nodes.
 *
 * Offers and legs go from the owner of a call to the home of a device, keys the other way. A
 * session that goes down, a service or a node that the registry takes down: all that is shared with
 * that node is preserved or dropped.
 *
 * Source: docs/protocol.md, "Calls". */
#ifndef NODE_ROLE_CALLMANAGER_MESH_H
#define NODE_ROLE_CALLMANAGER_MESH_H

#include "node/base/topology.h"
#include "node/role/callmanager/party.h"
#include "proto/msg.h"

struct mesh_peer {
    bool up;         /* our SDL session */
    bool subscribed; /* its CTI Manager wants our events */
};

#define MESH_ANY_INCARNATION 0x10000u

void mesh_start(struct callmanager *cm);
void mesh_stop(struct callmanager *cm);
void mesh_link_up(struct callmanager *cm, struct proc_id peer);
void mesh_link_down(struct callmanager *cm, struct proc_id peer);
bool mesh_is_up(const struct callmanager *cm, struct proc_id node);
/* SDL messages, and those of LINK_LOCAL that are for the CallManager. */
void mesh_message(struct callmanager *cm, enum link link, struct proc_id peer,
                  const struct msg *msg);
/* The CallManager of a node is gone: the one with these low bits of its incarnation, or any. */
void mesh_node_lost(struct callmanager *cm, struct proc_id node, uint32_t incarnation);
/* It has a new incarnation: what older ones owned is gone. */
void mesh_node_anew(struct callmanager *cm, struct proc_id node, uint32_t incarnation);
/* Offer a call to the home of a party. */
void mesh_offer(struct callmanager *cm, const struct party *p);
/* A call that the route point had sent on came to nothing. */
void mesh_failed(struct callmanager *cm, struct proc_id home, struct call_id call,
                 struct device_id route_point, enum reason reason);

#endif
