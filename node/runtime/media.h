<<<<<<< HEAD
/* media: the fleet's voice: small datagrams between devices, and who heard nothing.
 *
 * One UDP socket for all devices of a process and one timer for all flows; without flows there is
 * no timer and nothing wakes. A flow is one (device, call, peer): every interval a datagram from
 * `device` to `peer` is sent, and those the other way are counted.
 *
 * A datagram has 32 bytes, big endian: 0 version, 1 zero (3), 4 seq (4), 8 call (8), 16 from (4),
 * 20 to (4), 24 the sender's monotonic clock in us (8). */
#ifndef NODE_RUNTIME_MEDIA_H
#define NODE_RUNTIME_MEDIA_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/time.h"
#include "proto/world.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define MEDIA_PORT         16384
#define MEDIA_VERSION      1
#define MEDIA_DATAGRAM_LEN 32
#define MEDIA_FLOWS_MAX    8192

struct media;

struct media_config {
    uv_loop_t *loop;
    const char *address; /* "127.7.3.9"; bound to MEDIA_PORT unless `port` says another */
    uint16_t port;       /* 0: MEDIA_PORT */
    struct duration interval;
    struct duration lost_after;
    void *context;
    /* Where the fleet of a device listens; false: nowhere, the device has no media. */
    bool (*where)(void *context, struct device_id device, struct sockaddr_in *ret_address);
    /* How a flow fares: once when nothing came for `lost_after`, and once when it is stopped.
     * Called by media_turn only. Must not call media_close. */
    void (*report)(void *context, const struct media_report *report);
};

struct media_counts {
    uint64_t sent, received;
    uint64_t unsent;   /* the kernel would not take them */
    uint64_t strange;  /* received, and not a datagram of ours */
    uint64_t unwanted; /* received, and no flow wants them */
    uint64_t refused;  /* orders beyond MEDIA_FLOWS_MAX */
    uint32_t flows;
};

/* Errors   ERR_IN_USE   the port is taken, or the address is not one of this machine
 *          ERR_INVALID  no IPv4 address
 *          ERR_IO       anything else */
MUST_CHECK enum err media_open(const struct media_config *config, struct media **ret_media);
/* Drop all flows without a word; the memory goes when the loop has run once more. NULL is fine. */
void media_close(struct media **media);

/* Begin a flow, or stop all of a device in a call (proto/world.h). Beginning what has begun and
 * stopping what does not exist change nothing. */
void media_order(struct media *media, const struct media_order *order);

/* Deliver the reports that have come up since the last call; a report may give new orders. To be
 * called in every turn of the loop, after its other handles. */
void media_turn(struct media *media);

struct media_counts media_counts(const struct media *media);
=======
/* media: the voice of a fleet process: one UDP socket, small RTP-like datagrams, and what arrives.
 *
 * A flow is (device, call, peer): every media interval it sends one datagram to the process that
 * plays the peer, and it counts what the peer sends to it in the same call. A gap is the time
 * between two datagrams that arrived; what lies before the first and after the last one is none,
 * since the parties begin and hang up at different moments. A flow that heard nothing for
 * media_lost_after (from its beginning, or since the last datagram) is silent: that is reported
 * once, and again only after it was heard in between. */
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
>>>>>>> wire

#endif
