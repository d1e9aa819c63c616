/* late: the rows that the acting side has just written of what both sides heard. It may die before
 * they are on its disk, so the standby keeps each for a moment and writes it when it takes over
 * from a peer that is gone: the keys are the same, and the first one that the controller stores
 * wins. */
#ifndef NODE_ROLE_PG_LATE_H
#define NODE_ROLE_PG_LATE_H

#include "node/base/time.h"
#include "proto/msg.h"

#include <stdbool.h>

#define LATE_ROWS 256     /* then the oldest gives way: it has had most time */
#define LATE_US   1000000 /* a disk that works has stored it long before */

struct late_row {
    struct instant at;
    struct msg_record_tcd tcd;
};

struct late {
    uint32_t first, n;
    struct late_row rows[LATE_ROWS]; /* a ring */
};

void late_keep(struct late *l, struct instant now, const struct msg_record_tcd *tcd);
/* The peer acts and lives: what is old is stored. */
void late_heard(struct late *l, struct instant now);
/* The oldest one, which is kept no more; false: there is none. */
bool late_take(struct late *l, struct msg_record_tcd *ret_tcd);
void late_clear(struct late *l);

#endif
