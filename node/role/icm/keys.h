/* keys: RouterCallKeyDay and RouterCallKey, which together never repeat, not even after a restart.
 *
 * A range of keys is made durable before its first key is given away; after a restart the next
 * range begins where the last one ended, and what was not used of it is lost. A new day begins at
 * KEYS_FIRST again.
 *
 * A side of a duplexed controller that is alone cannot know which keys the other one gives
 * meanwhile. It goes on in a million of its own: A has the even ones, B the odd ones; never in one
 * that was begun before, by whom ever. */
#ifndef NODE_ROLE_ICM_KEYS_H
#define NODE_ROLE_ICM_KEYS_H

#include "node/base/topology.h"
#include "proto/world.h"

#define KEYS_FIRST 200u
#define KEYS_RANGE 1000u
#define KEYS_ALONE 1000000u

struct keys {
    const struct world *world;
    int64_t wall_offset_us; /* wall clock minus the driver's clock */
    uint32_t day;
    uint32_t next;             /* the next key of that day */
    uint32_t durable;          /* keys below this one may be given away */
    enum side side;            /* that orders; none: there is one */
    uint32_t begun_day, begun; /* up to here a side that was alone may have given keys */
    uint64_t ticket;           /* of the range on its way to disk; 0: none */
    uint32_t ticket_day, ticket_end;
};

/* `wall_us` is the wall clock when the driver's clock says `now`; only the day depends on it. */
void keys_init(struct keys *k, const struct world *world);
void keys_start(struct keys *k, struct instant now, int64_t wall_us);
/* As keys_start, for a side that does not know what the other one gave. */
void keys_start_alone(struct keys *k, struct instant now, int64_t wall_us, enum side side);
/* The other side is lost, and may give keys, too. */
void keys_go_on_alone(struct keys *k, enum side side);
/* What the other side had made durable while it was alone. */
void keys_heard(struct keys *k, uint32_t day, uint32_t end);
/* A range that an earlier life made durable (route_answer of kind NONE: day, end of the range). */
void keys_restore(struct keys *k, uint32_t day, uint32_t end);
void keys_stored(struct keys *k, uint64_t ticket);
/* The next key, or false while none is durable: ask again after the next `stored`. */
bool keys_take(struct keys *k, struct instant now, uint32_t *ret_day, uint32_t *ret_key);

#endif
