/* keypad: what a device asks about calls: to dial, and keys; here or at the owner of the call. */
#ifndef NODE_ROLE_CALLMANAGER_KEYPAD_H
#define NODE_ROLE_CALLMANAGER_KEYPAD_H

#include "node/base/topology.h"
#include "proto/msg.h"

struct callmanager;

void keypad_dial(struct callmanager *cm, struct proc_id peer, const struct msg_station_dial *m);
void keypad_key(struct callmanager *cm, struct proc_id peer, const struct msg_station_key *m);
/* The answer to a key, to the device. */
void keypad_result(struct callmanager *cm, struct device_id device, struct call_id call,
                   enum key key, enum reason reason);

#endif
