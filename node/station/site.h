/* site: what all devices of one fleet process share: the topology, the world, the state of its
 * STATION links, and the notices that they leave for the people who use them.
 *
 * A device never calls a person. It leaves a notice; the process hands the notices out when the
 * device is done with its event, so that a key pressed in answer meets a device at rest. */
#ifndef NODE_STATION_SITE_H
#define NODE_STATION_SITE_H

#include "node/base/topology.h"
#include "proto/world.h"

#define SITE_NOTICES_MAX 256 /* one event leaves less than 2 * channels of a gateway */
#define SITE_WRAPUP_LEN  40

enum notice_kind {
    NOTICE_NONE,
    NOTICE_REGISTERED, /* a CallManager serves the device */
    NOTICE_LOST,       /* none does any more; reason */
    NOTICE_LEG,        /* a leg has another state; call, state, reason */
    NOTICE_PRESERVED,  /* a leg lost its CallManager and lives; call */
    NOTICE_ENDED,      /* a leg is over; call, reason; answered: it was once connected */
    NOTICE_KEY,        /* a key was answered; call, key, reason */
};

struct notice {
    enum notice_kind kind;
    struct device_id device;
    struct call_id call;
    enum leg state;
    enum key key;
    enum reason reason;
    bool incoming;
    bool answered;
};

/* A leg that is over (or, at a polite stop, still open): one line of the fleet's call log. */
struct leg_record {
    struct device_id device;
    struct agent_id agent; /* none: no agent's phone */
    struct call_id call;
    struct call_id
        moved_from; /* none, or the call that it was in before a transfer or conference */
    uint32_t line;
    bool incoming, preserved, transferred;
    bool open; /* the fleet stopped before the leg did */
    enum reason reason;
    struct instant begin, answer, end; /* answer is NEVER if there was none */
    int64_t held_us;
    uint64_t received;   /* media datagrams */
    int64_t gap_us;      /* the longest silence */
    uint32_t media_open; /* streams whose last report is still to come */
    char from[NUMBER_LEN], to[NUMBER_LEN];
    char wrapup[SITE_WRAPUP_LEN];
};

struct site {
    const struct topology *topology;
    const struct world *world;
    struct incarnation incarnation; /* of the fleet process: where counters begin */
    struct instant started;
    bool up[PROCS_MAX + 1]; /* STATION links, by proc_id */
    struct instant up_since[PROCS_MAX + 1];
    struct msg msg; /* the one message under construction: a message is too big for every stack */
    uint64_t rejected;
    struct notice notices[SITE_NOTICES_MAX];
    uint32_t notices_first, notices_n;
    uint64_t notices_lost;
    void *context;
    /* A leg is over. Called once for each leg that had a call; it keeps a copy. */
    void (*ended)(void *context, const struct leg_record *record);
};

void site_init(struct site *s, const struct topology *topology, const struct world *world,
               struct incarnation incarnation);
bool site_up(const struct site *s, struct proc_id node);
void site_link(struct site *s, struct instant now, struct proc_id node, bool up);
/* Send s->msg, whose kind and body are filled, as the story of `device`. */
void site_send(struct site *s, struct proc_id node, struct device_id device, enum msg_kind kind);
void site_trace(struct site *s, const struct event *event);
/* Count and trace what a peer should not have said. */
void site_reject(struct site *s, struct device_id device, struct proc_id peer, const char *why);
/* A full ring drops the notice and counts it. */
void site_notice(struct site *s, const struct notice *notice);
bool site_take_notice(struct site *s, struct notice *ret_notice);

#endif
