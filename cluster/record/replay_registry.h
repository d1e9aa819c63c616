/* replay_registry: the log of the registry's changes of devices, put together from what all nodes
 * of a recorded run traced.
 *
 * Every node applies the same log; so what one of them traced for an index holds for all of them,
 * and the state of a device at an index is known though the node that is asked was down then. */
#ifndef CLUSTER_RECORD_REPLAY_REGISTRY_H
#define CLUSTER_RECORD_REPLAY_REGISTRY_H

#include "cluster/check/history.h"

struct replay_change {
    struct device_id device;
    uint64_t index;
    uint32_t epoch;
    enum device_state state;
    struct proc_id node;
    int64_t at_us;
};

struct replay_registry {
    struct replay_change *changes; /* by device, index, epoch, state, time */
    struct history_span *changes_of;
};

/* Errors ERR_MEMORY; deinit is called in every case. */
MUST_CHECK enum err replay_registry_init(struct replay_registry *r, const struct history *history);
void replay_registry_deinit(struct replay_registry *r);
/* The last change of a device (1 to devices_n of the history) up to an index, as it was traced
 * first; NULL: there was none. */
const struct replay_change *replay_registry_at(const struct replay_registry *r,
                                               struct device_id device, uint64_t index);

#endif
