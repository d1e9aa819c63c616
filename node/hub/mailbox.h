/* mailbox: what the roles of a process say to each other (LINK_LOCAL), until it is its turn;
 * packed, so that they meet in the same bytes as over a wire. */
#ifndef NODE_HUB_MAILBOX_H
#define NODE_HUB_MAILBOX_H

#include "proto/msg.h"

#include <stddef.h>
#include <stdint.h>

#define MAILBOX_BYTES_MAX (256u << 20)

/* All zero: empty. Grows as needed, and keeps its room. */
struct mailbox {
    uint8_t *bytes;
    size_t used, at, cap;
};

/* Roles answer each other, and none of them for ever: more than MAILBOX_BYTES_MAX is a mistake. */
void mailbox_put(struct mailbox *m, const struct msg *msg);
/* The oldest that was not taken yet; false: there is none. What is put meanwhile comes, too. */
bool mailbox_take(struct mailbox *m, struct msg *ret_msg);
bool mailbox_empty(const struct mailbox *m);
/* Whatever is in it is gone. */
void mailbox_clear(struct mailbox *m);
void mailbox_free(struct mailbox *m);

#endif
