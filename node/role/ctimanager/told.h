/* told: what providers have been told of the calls of each device, and the difference to a
 * snapshot.
 *
 *   event ───────────────────────────▶ a leg begins, changes, moves, ends
 *   snapshot: row, row, end ─▶ compare ─▶ the events that lead from what was told to what is
 *
 * Events of a device of another node are lost while the two nodes have no session. A snapshot says
 * what is; those who watch are then told how it came about as far as that can be known: a leg that
 * is gone has ended (NO_CALL), one that is new has begun. A call that began and ended unseen stays
 * so.
 *
 * Source: docs/protocol.md, "Route points and CTI". */
#ifndef NODE_ROLE_CTIMANAGER_TOLD_H
#define NODE_ROLE_CTIMANAGER_TOLD_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define TOLD_LEGS_MAX 32768
#define TOLD_ROWS_MAX 1024 /* new calls in the snapshots that are on their way */

struct told_leg {
    struct call_id call; /* none: this place is free */
    enum leg state;      /* DIALING, QUEUED, RINGING, CONNECTED or HOLDING */
    bool found;          /* in the snapshot that is being read */
    uint32_t next;       /* of the same device; in a free place: the next free one */
};

struct told {
    const struct topology *topology;
    uint32_t free;
    uint32_t first[DEVICES_MAX + 1]; /* leg of a device; 0: none */
    struct told_leg legs[TOLD_LEGS_MAX];
    uint32_t rows_n;
    struct msg_device_event rows[TOLD_ROWS_MAX];
};

/* Who is told the difference: an event as the device's node would have sent it. `begins`: of a leg
 * that was in the snapshot and never heard of before. */
struct told_sink {
    void *context;
    void (*event)(void *context, const struct msg_device_event *event, bool begins);
};

void told_init(struct told *t, const struct topology *topology);
/* Nothing was told of this device. */
void told_forget(struct told *t, struct device_id device);
/* Does the event follow from what was told? Else others before it were lost. */
bool told_fits(struct told *t, const struct msg_device_event *event);
/* An event of a device is told. */
void told_event(struct told *t, const struct msg_device_event *event);
/* A snapshot of a device is asked for; what came of an earlier one does not count. */
void told_expect(struct told *t, struct device_id device);
/* A row of a snapshot: what has changed about its leg; one that is new waits for told_end. */
void told_row(struct told *t, const struct msg_device_event *row, const struct told_sink *sink);
/* The snapshot of a device is complete: first what is gone ends, then what is new begins. */
void told_end(struct told *t, const struct msg_device_event *end, const struct told_sink *sink);

#endif
