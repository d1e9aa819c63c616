#include "cluster/check/judges.h"

#include <stdlib.h>
#include <string.h>

/* What a replica said of a device when it applied an index. */
struct owned {
    uint32_t device, epoch;
    int64_t index;
    uint16_t node, replica;
    size_t order; /* of the events: one entry may change a device twice */
};

static int by_device_and_index(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;
    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    if (x->index != y->index) {
        return x->index < y->index ? -1 : 1;
    }
    if (x->replica != y->replica) {
        return x->replica < y->replica ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static struct owned *collect(const struct history *h, size_t *ret_n)
{
    size_t n = 0;
    struct owned *all = calloc(h->events_n + 1, sizeof all[0]);
    for (size_t i = 0; all != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_OWNER_CHANGED && e->device.v <= h->devices_n) {
            all[n++] = (struct owned){.device = e->device.v,
                                      .epoch = e->epoch,
                                      .index = e->value,
                                      .node = e->peer.v,
                                      .replica = e->proc.v,
                                      .order = i};
        }
    }
    if (all != NULL) {
        qsort(all, n, sizeof all[0], by_device_and_index);
    }
    *ret_n = n;
    return all;
}

static bool committed(const struct owned *all, size_t n, const struct event *ack,
                      struct proc_id node)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (all[mid].device < ack->device.v) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < n && all[lo].device == ack->device.v; lo++) {
        if (all[lo].epoch == ack->epoch && all[lo].node == node.v) {
            return true;
        }
    }
    return false;
}

/* Whether this is the last word of its replica about the device at its index. */
static bool is_last(const struct owned *all, size_t n, size_t i)
{
    return i + 1 == n || all[i].device != all[i + 1].device || all[i].index != all[i + 1].index ||
           all[i].replica != all[i + 1].replica;
}

/* Epochs never fall with the index, and one index says one thing: else something was lost. */
static uint64_t contradictions(const struct owned *all, size_t n, uint32_t *ret_device)
{
    uint64_t bad = 0;
    const struct owned *a = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct owned *b = &all[i];
        if (!is_last(all, n, i)) {
            continue;
        }
        bool known = a != NULL && a->device == b->device;
        if (known && a->index == b->index && (a->epoch != b->epoch || a->node != b->node)) {
            bad++;
            *ret_device = b->device;
        } else if (known && a->index < b->index && b->epoch < a->epoch) {
            bad++;
            *ret_device = b->device;
        }
        a = b;
    }
    return bad;
}

void check_reg_1(const struct history *h, struct check_result *ret)
{
    size_t n = 0;
    struct owned *all = collect(h, &n);
    if (all == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
        return;
    }
    uint64_t acked = 0, lost = 0;
    uint32_t device = 0;
    uint64_t against = contradictions(all, n, &device);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind != EVENT_REGISTERED && e->kind != EVENT_REGISTER_ACKED) {
            continue;
        }
        struct proc_id node = e->kind == EVENT_REGISTERED ? e->peer : e->proc;
        acked += e->kind == EVENT_REGISTERED ? 1 : 0;
        if (!committed(all, n, e, node)) {
            lost++;
            device = e->device.v;
        }
    }
    free(all);
    if (n == 0 || acked == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no registration was acknowledged");
        return;
    }
    if (lost + against > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu acknowledged registrations are not in the registry and %llu were undone, "
                  "for example device %u",
                  (unsigned long long)lost, (unsigned long long)against, device);
        return;
    }
    check_say(ret, VERDICT_PASS, "%llu registrations acknowledged, none lost",
              (unsigned long long)acked);
}

void check_reg_2(const struct history *h, struct check_result *ret)
{
    bool no_lease[PROCS_MAX + 1] = {false};
    size_t cells = (size_t)(h->devices_n + 1) * (PROCS_MAX + 1);
    uint32_t *known = calloc(cells, sizeof known[0]); /* the newest epoch that each node applied */
    uint64_t judged = 0, bad = 0;
    const struct event *first = NULL;
    for (size_t i = 0; known != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->proc.v == 0 || e->proc.v > PROCS_MAX || e->device.v > h->devices_n) {
            continue;
        }
        size_t cell = (size_t)e->device.v * (PROCS_MAX + 1) + e->proc.v;
        if (e->kind == EVENT_LEASE_LOST || e->kind == EVENT_LEASE_GOT) {
            no_lease[e->proc.v] = e->kind == EVENT_LEASE_LOST;
        } else if (e->kind == EVENT_PROCESS_START) {
            no_lease[e->proc.v] = false;
            for (uint32_t d = 0; d <= h->devices_n; d++) {
                known[(size_t)d * (PROCS_MAX + 1) + e->proc.v] = 0;
            }
        } else if (e->kind == EVENT_OWNER_CHANGED) {
            known[cell] = e->epoch > known[cell] ? e->epoch : known[cell];
        } else if (e->kind == EVENT_REGISTER_ACKED) {
            judged++;
            if (no_lease[e->proc.v] || e->epoch < known[cell]) {
                first = bad++ == 0 ? e : first;
            }
        }
    }
    free(known);
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu of %llu acknowledgements under an old epoch or without a lease, first by "
                  "%s for device %u",
                  (unsigned long long)bad, (unsigned long long)judged,
                  topology_name(h->topology, first->proc), first->device.v);
        return;
    }
    check_say(ret, check_verdict(judged, 0),
              "%llu acknowledgements, each under the newest epoch and with a lease",
              (unsigned long long)judged);
}

struct hashed {
    int64_t index, hash;
    uint16_t node;
};

static int by_index(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

void check_reg_4(const struct history *h, struct check_result *ret)
{
    struct hashed *all = calloc(h->events_n + 1, sizeof all[0]);
    size_t n = 0;
    for (size_t i = 0; all != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_STATE_HASH) {
            all[n++] = (struct hashed){.index = e->value, .hash = e->value2, .node = e->proc.v};
        }
    }
    uint64_t compared = 0, different = 0;
    int64_t where = 0;
    if (n > 0) {
        qsort(all, n, sizeof all[0], by_index);
    }
    for (size_t i = 1; i < n; i++) {
        if (all[i].index == all[i - 1].index && all[i].node != all[i - 1].node) {
            compared++;
            if (all[i].hash != all[i - 1].hash) {
                different++;
                where = all[i].index;
            }
        }
    }
    free(all);
    if (different > 0) {
        check_say(ret, VERDICT_FAIL, "%llu of %llu hashes differ, for example at index %lld",
                  (unsigned long long)different, (unsigned long long)compared, (long long)where);
        return;
    }
    check_say(ret, check_verdict(compared, 0), "%llu hashes compared between replicas, all equal",
              (unsigned long long)compared);
}
