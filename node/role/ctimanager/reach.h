/* reach: how much of the cluster a PG side reaches through this CTI Manager, which is its weight.
 *
 * A device of the side's pair counts while its owner is this node, or one that the local
 * CallManager has a session with. The side is told when the number has changed, at most every
 * REACH_EVERY_MS.
 *
 * Source: docs/protocol.md, "PG pair". */
#ifndef NODE_ROLE_CTIMANAGER_REACH_H
#define NODE_ROLE_CTIMANAGER_REACH_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define REACH_EVERY_MS 200

struct ctimanager;
struct provider;

/* A session of the mesh came or went. */
void reach_session(struct ctimanager *m, struct instant now, struct proc_id node, bool up);
/* Owners may have changed. */
void reach_changed(struct ctimanager *m, struct instant now);
/* The provider is open, and knows nothing yet. */
void reach_opened(struct ctimanager *m, struct provider *p);
/* No sessions: the local CallManager is gone. */
void reach_forget(struct ctimanager *m);
void reach_tick(struct ctimanager *m, struct instant now);

#endif
