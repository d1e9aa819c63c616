/* broker: between the CTI Managers and the devices: subscriptions, events, snapshots, requests.
 *
 *   CTI Manager --LOCAL--> its own CallManager --SDL--> the one that owns the device or the call
 *               <--LOCAL--                     <--SDL--
 *
 * An event goes to every node whose CTI Manager subscribed. A session of the mesh that is new may
 * have missed some: the local CTI Manager is told (sdl_session) and asks for snapshots.
 *
 * Source: docs/protocol.md, "Route points and CTI". */
#ifndef NODE_ROLE_CALLMANAGER_BROKER_H
#define NODE_ROLE_CALLMANAGER_BROKER_H

#include "node/base/topology.h"
#include "proto/msg.h"

struct callmanager;

/* The session with this node is new; it is lost. */
void broker_link_up(struct callmanager *cm, struct proc_id peer);
void broker_link_down(struct callmanager *cm, struct proc_id peer);
/* Subscriptions, snapshots, requests, and what another node has for the CTI Manager of this one.
 * false: it is none of these. */
bool broker_message(struct callmanager *cm, enum link link, struct proc_id peer,
                    const struct msg *msg);
/* Tell everyone who watches devices. */
void broker_publish(struct callmanager *cm, const struct msg_device_event *event);
/* What came of a request of the CTI Manager of `origin`. */
void broker_answer(struct callmanager *cm, uint64_t id, struct proc_id origin, enum reason reason);

#endif
