/* media: the voice of a fleet process: one UDP socket, small RTP-like datagrams, and what arrives.
 *
 * A flow is (device, call, peer): every media interval it sends one datagram to the process that
 * plays the peer, and it counts what the peer sends to it in the same call. A gap is the time
 * between two datagrams that arrived, by the kernel's stamps; what lies before the first and after
 * the last one is none, since the parties begin and hang up at different moments. A flow that heard
 * nothing for media_lost_after (from its beginning, or since the last datagram) is silent: that is
 * reported once, and again only after it was heard in between. What this process slept through (its
 * loop was late by an interval or more) is a gap like any other, but nobody's silence. */
#ifndef NODE_RUNTIME_MEDIA_H
#define NODE_RUNTIME_MEDIA_H

#include "node/base/topology.h"
#include "node/runtime/loop.h"
#include "proto/world.h"

#define MEDIA_PORT      16384
#define MEDIA_FLOWS_MAX 4096
#define MEDIA_SLOT_MS   5 /* flows that are due within one slot leave together */

struct media;

/* block  "127.7.3.", to which a process's host number is added
 * Errors ERR_IN_USE  the port is taken */
MUST_CHECK enum err media_new(struct loop *loop, const struct topology *topology, const char *block,
                              struct proc_id self, struct media **ret_media);
void media_free(struct media **media);

void media_order(struct media *media, struct instant now, const struct media_order *order);

/* Send what is due, and give what there is to report. */
void media_turn(struct media *media, struct instant now,
                void (*report)(void *context, const struct media_report *report), void *context);
struct instant media_deadline(const struct media *media);

struct media_counts {
    uint64_t sent, received, strange, full;
    uint32_t flows;
};
struct media_counts media_counted(const struct media *media);

#endif
