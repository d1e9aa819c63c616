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

/* Where the words about a device begin. */
static size_t first_of(const struct owned *all, size_t n, uint32_t device)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (all[mid].device < device) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Somebody had applied the registration before event `ack` said that it is done. A node that takes
 * its state from a snapshot does not tell of each entry in it; another one did. */
static bool committed(const struct history *h, const struct owned *all, size_t n, size_t ack,
                      struct proc_id node)
{
    const struct event *e = &h->events[ack];
    for (size_t i = first_of(all, n, e->device.v); i < n && all[i].device == e->device.v; i++) {
        if (all[i].epoch == e->epoch && all[i].node == node.v &&
            (all[i].order < ack || h->events[all[i].order].at.us == e->at.us)) {
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
        if (!committed(h, all, n, i, node)) {
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
                  "%llu registrations were acknowledged without being in the registry, %llu were "
                  "undone; for example device %u",
                  (unsigned long long)lost, (unsigned long long)against, device);
        return;
    }
    check_say(ret, VERDICT_PASS, "%llu registrations acknowledged, none lost",
              (unsigned long long)acked);
}

/* What the judge of REG-2 keeps while it reads. */
struct fence {
    bool no_lease[PROCS_MAX + 1];
    int64_t lost_at[PROCS_MAX + 1]; /* since when there is none */
    uint32_t *known;                /* the newest epoch that each node applied, by device */
    uint64_t acks, keys, old_epoch, no_right;
    const struct event *first; /* that is wrong */
};

static void note_node(const struct history *h, struct fence *f, const struct event *e)
{
    uint16_t node = e->proc.v;
    if (e->kind == EVENT_LEASE_GOT) {
        f->no_lease[node] = false;
    } else if (e->kind == EVENT_LEASE_LOST || e->kind == EVENT_PROCESS_START) {
        f->no_lease[node] = true;
        f->lost_at[node] = e->at.us;
    }
    for (uint32_t d = 0; d <= h->devices_n && e->kind == EVENT_PROCESS_START; d++) {
        f->known[(size_t)d * (PROCS_MAX + 1) + node] = 0;
    }
}

/* The registration that event `i` acknowledges was asked for since then. A device that got no
 * answer asks again, there and elsewhere, with a newer counter: only its own one counts. */
static bool asked_since(const struct history *h, size_t i, int64_t since)
{
    const struct event *ack = &h->events[i];
    while (i-- > 0 && h->events[i].at.us > since) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_REGISTER_SENT && e->device.v == ack->device.v &&
            e->value == ack->value) {
            return true;
        }
    }
    return false;
}

/* A node that has no lease may finish what it began while it had one: it says that a registration
 * is done that was asked for before. A new call is begun the moment it is asked for. */
static void judge_work(const struct history *h, struct fence *f, size_t i, uint32_t known)
{
    const struct event *e = &h->events[i];
    bool ack = e->kind == EVENT_REGISTER_ACKED;
    bool old = e->epoch < known;
    bool no_right = f->no_lease[e->proc.v] &&
                    (ack ? asked_since(h, i, f->lost_at[e->proc.v]) : e->value == KEY_DIAL);
    f->acks += ack ? 1 : 0;
    f->keys += ack ? 0 : 1;
    f->old_epoch += old ? 1 : 0;
    f->no_right += no_right ? 1 : 0;
    if ((old || no_right) && f->first == NULL) {
        f->first = e;
    }
}

static void read_on(const struct history *h, struct fence *f, size_t i)
{
    const struct event *e = &h->events[i];
    size_t cell = (size_t)e->device.v * (PROCS_MAX + 1) + e->proc.v;
    if (e->kind == EVENT_OWNER_CHANGED) {
        f->known[cell] = e->epoch > f->known[cell] ? e->epoch : f->known[cell];
    } else if (e->kind == EVENT_REGISTER_ACKED || e->kind == EVENT_KEY_TAKEN) {
        judge_work(h, f, i, f->known[cell]);
    } else {
        note_node(h, f, e);
    }
}

void check_reg_2(const struct history *h, struct check_result *ret)
{
    size_t cells = (size_t)(h->devices_n + 1) * (PROCS_MAX + 1);
    struct fence f = {.known = calloc(cells, sizeof f.known[0])};
    bool ready = f.known != NULL;
    for (size_t i = 0; ready && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->proc.v >= 1 && e->proc.v <= PROCS_MAX && e->device.v <= h->devices_n) {
            read_on(h, &f, i);
        }
    }
    free(f.known);
    if (!ready) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
    } else if (f.first != NULL) {
        check_say(ret, VERDICT_FAIL,
                  "%llu times something was done under an old epoch, %llu times something new "
                  "without a lease; first by %s for device %u",
                  (unsigned long long)f.old_epoch, (unsigned long long)f.no_right,
                  topology_name(h->topology, f.first->proc), f.first->device.v);
    } else {
        check_say(ret, check_verdict(f.acks + f.keys, 0),
                  "%llu acknowledgements and %llu keys, each under the newest epoch and with a "
                  "lease",
                  (unsigned long long)f.acks, (unsigned long long)f.keys);
    }
}

struct hashed {
    int64_t index, hash;
    uint16_t node;
    uint64_t incarnation;
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
            all[n++] = (struct hashed){.index = e->value,
                                       .hash = e->value2,
                                       .node = e->proc.v,
                                       .incarnation = e->incarnation.v};
        }
    }
    uint64_t compared = 0, different = 0;
    int64_t where = 0;
    if (n > 0) {
        qsort(all, n, sizeof all[0], by_index);
    }
    /* Each is compared with the first word about its index; a node also with its earlier life. */
    for (size_t i = 1, first = 0; i < n; i++) {
        first = all[i].index == all[first].index ? first : i;
        if (i != first &&
            (all[i].node != all[first].node || all[i].incarnation != all[first].incarnation)) {
            compared++;
        }
        if (all[i].hash != all[first].hash) {
            different++;
            where = all[i].index;
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
