/* peers: who may dial whom on which link (docs/protocol.md, "Links"). Keys say who somebody is;
 * this says where he has business. */
#ifndef PROTO_PEERS_H
#define PROTO_PEERS_H

#include "node/base/topology.h"
#include "proto/msg.h"

/* Both are processes of the topology; any other is nobody, and may dial no one. Operators are not
 * asked about here. */
bool peers_may_dial(const struct topology *t, enum link link, struct proc_id dialler,
                    struct proc_id listener);

#endif
