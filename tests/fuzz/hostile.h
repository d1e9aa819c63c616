/* hostile: a process among peers that say whatever they like.
 *
 * Every peer of the topology, and an operator, opens links and sends any message that the codec
 * would let through, in any order and at any time. The only judge is the process itself: it may
 * refuse, count and forget, but no assertion and no sanitizer may have a reason to speak. */
#ifndef TESTS_FUZZ_HOSTILE_H
#define TESTS_FUZZ_HOSTILE_H

#include "proto/world.h"
#include "tests/fuzz/draw.h"

#define HOSTILE_LINKS_MAX 64
#define HOSTILE_LOCAL_MAX 256
#define HOSTILE_MEDIA_MAX 32
#define HOSTILE_STEPS_MAX 2000
#define HOSTILE_ASKED_MAX 16

struct hostile_link {
    enum link link;
    struct proc_id peer;
    bool up;
};

/* What the process sent to somebody. */
struct hostile_asked {
    enum link link;
    struct proc_id peer;
    struct msg *msg; /* NULL: nothing yet */
};

struct hostile {
    struct topology topology;
    struct proc_id self;
    struct process process;
    struct world world;
    struct draw draw;
    struct instant now;
    struct hostile_link links[HOSTILE_LINKS_MAX];
    uint32_t links_n;
    struct msg *local[HOSTILE_LOCAL_MAX]; /* sent to itself */
    uint32_t local_n;
    struct media_order media[HOSTILE_MEDIA_MAX]; /* the last orders */
    uint32_t media_n;
    struct hostile_asked asked[HOSTILE_ASKED_MAX]; /* the last ones */
    uint32_t asked_n;
    uint64_t tickets, stored;
    struct msg msg;
    /* After every event; may be NULL. */
    void (*after)(struct hostile *h);
    void *context;
};

/* Topology, world and links for the process of this name. The caller makes the process over
 * `world`, sets `process`, and calls hostile_run. */
void hostile_init(struct hostile *h, const char *name);
/* The same, of a duplexed controller: icma and icmb. */
void hostile_init_paired(struct hostile *h, const char *name);
/* Start the process and let the tape decide what happens, to its end. */
void hostile_run(struct hostile *h, const uint8_t *data, size_t size);
/* After the last event of the process. */
void hostile_deinit(struct hostile *h);

#endif
