/* wires: the ground of a hub in the real world: a listener for each link, a connector for each peer
 * that was dialled, and who is who on them.
 *
 * Peers are known by the owner of their key: the key, the routing id and the sender in the envelope
 * must say the same name. */
#ifndef NODE_RUNTIME_WIRES_H
#define NODE_RUNTIME_WIRES_H

#include "node/hub/hub.h"
#include "node/runtime/link.h"

struct wires;

struct wires_config {
    const struct topology *topology; /* borrowed */
    struct proc_id self;             /* none: an operator */
    char name[NAME_LEN];             /* whose key it is */
    char guest[NAME_LEN];            /* operators: what makes their routing ids differ, "4711-1" */
    char block[NAME_LEN];            /* "127.7.3." */
    char private_block[NAME_LEN];    /* the same, of the network that LINK_PRIVATE runs over */
    struct link_ground ground;
    void *context;
    /* Something came that is not let in; `peer` is none if it is not even known who sent it. */
    void (*rejected)(void *context, enum link link, struct proc_id peer, enum err why);
};

struct wires *wires_new(const struct wires_config *config);
/* For the hub that stands on it; frames go to the hub given to wires_attach. */
struct hub_ground wires_ground(struct wires *wires);
void wires_attach(struct wires *wires, struct hub *hub);
/* After the hub. NULL is fine. */
void wires_free(struct wires **wires);

/* "127.7.3.12", on the network of that link; false for a peer without an address. */
bool wires_address(const struct wires *wires, enum link link, struct proc_id peer,
                   char ret_address[LINK_ADDRESS_LEN]);

#endif
