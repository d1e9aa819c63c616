/* watch: from what devices do to what providers hear: each event once, in order, none invented.
 *
 *   sdl_event --older epoch--> dropped
 *             --newer epoch--> held back until the registry shows the owner
 *             --------------> told (told.h) --> providers
 *   sdl_session, a monitor, a lost event --> a snapshot is asked for --> the difference
 *
 * Source: docs/protocol.md, "Route points and CTI", "PG and its CTI Manager". */
#ifndef NODE_ROLE_CTIMANAGER_WATCH_H
#define NODE_ROLE_CTIMANAGER_WATCH_H

#include "node/base/topology.h"
#include "proto/msg.h"

struct ctimanager;

/* A provider is about to watch this device: if it is the first, nothing was told of it. */
void watch_begin(struct ctimanager *m, struct device_id device);
/* Ask for a snapshot of the device's calls. */
void watch_ask(struct ctimanager *m, struct device_id device);
/* An event of a device, from whoever owns it. Under an older epoch it is not believed (REG-2),
 * under a newer one it waits for the registry, so that IN_SERVICE comes first. */
void watch_event(struct ctimanager *m, const struct msg_device_event *event);
/* The registry knows more of this device now (none: of all), and providers were told. */
void watch_registry_changed(struct ctimanager *m, struct device_id device);
/* Events of the devices of this node may have been missed. */
void watch_node_anew(struct ctimanager *m, struct proc_id node);

#endif
