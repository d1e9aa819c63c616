/* feed: the numbered events of one provider, taken exactly once and in order (CTI-1).
 *
 * An event is applied if its number is the last one plus one. A repeated one is passed over; one
 * that is too high is a gap, which is traced, and ends the provider: what was missed is not known.
 */
#ifndef NODE_ROLE_PG_FEED_H
#define NODE_ROLE_PG_FEED_H

#include "node/base/err.h"
#include "node/base/time.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_ACK_EVENTS 32 /* acknowledge at the latest after so many */
#define FEED_ACK_MS     50 /* or so long after the first one */

enum feed_verdict { FEED_APPLY, FEED_REPEATED, FEED_STRANGE, FEED_GAP };

struct feed {
    uint64_t provider; /* 0: none */
    uint64_t applied, acked;
    uint64_t taken; /* how many were applied, counted one by one: `applied`, or there is a bug */
    struct instant ack_at;
};

void feed_begin(struct feed *f, uint64_t provider);
/* What is to be done with an event. FEED_STRANGE: of another provider. */
enum feed_verdict feed_take(struct feed *f, struct instant now, uint64_t provider, uint64_t seq);
bool feed_ack_due(const struct feed *f, struct instant now);
/* All up to `applied` is acknowledged. */
void feed_acked(struct feed *f);
/* INSTANT_NEVER: nothing is to be acknowledged. */
struct instant feed_deadline(const struct feed *f);

#endif
