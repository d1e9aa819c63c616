/* traffic: when the next call begins: agent calls through the gateways, and calls between phones.
 *
 * The rates of the topology are those of the whole cluster; a fleet process draws its share. */
#ifndef NODE_PROCESS_TRAFFIC_H
#define NODE_PROCESS_TRAFFIC_H

#include "node/base/rand.h"
#include "node/base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct traffic_stream {
    uint32_t mps;          /* calls a second in thousandths, in the whole cluster */
    uint32_t share, whole; /* this process draws share / whole of them */
    struct instant next;   /* INSTANT_NEVER: none */
};

enum traffic_kind { TRAFFIC_AGENTS, TRAFFIC_PHONES, TRAFFIC_KINDS };

struct traffic {
    struct traffic_stream streams[TRAFFIC_KINDS];
    struct rand_state rand;
};

void traffic_init(struct traffic *t, uint64_t seed);
/* What belongs to this process: `share` of `whole` gateways (or phones). */
void traffic_share(struct traffic *t, enum traffic_kind kind, uint32_t share, uint32_t whole);
/* From now on so many; 0 stops the stream. */
void traffic_set(struct traffic *t, enum traffic_kind kind, struct instant now, uint32_t mps);
struct instant traffic_deadline(const struct traffic *t);
/* A call of this kind is due; the next is drawn. Called until false. */
bool traffic_due(struct traffic *t, enum traffic_kind kind, struct instant now);

#endif
