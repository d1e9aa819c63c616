/* sim_history: what happened in a simulated run: the events of all processes in the order of true
 * time, the legs that the fleets saw, and a digest of it all.
 *
 * Two runs with one digest had the same history. The digest is over values, field by field; it
 * knows no address, no padding and no clock of this machine. */
#ifndef CLUSTER_SIM_SIM_HISTORY_H
#define CLUSTER_SIM_SIM_HISTORY_H

#include "cluster/check/history.h"
#include "node/station/site.h"

struct sim_history {
    bool keep; /* else: count and digest only */
    struct event *events;
    size_t events_n, events_cap;
    struct history_leg *legs;
    size_t legs_n, legs_cap;
    uint64_t counts[EVENT_COUNT];
    uint64_t total;
    uint64_t digest;
};

void sim_history_init(struct sim_history *r, bool keep);
void sim_history_deinit(struct sim_history *r);
void sim_history_event(struct sim_history *r, const struct event *event);
/* `number` is the device's; times are true times. */
void sim_history_leg(struct sim_history *r, const struct leg_record *leg, const char *number);
void sim_history_row(struct sim_history *r, const struct history_row *row);

#endif
