#include "cluster/check/sentence_home.h"

#include "cluster/check/sentence.h"
#include "cluster/check/timings.h"

#define MS 1000

/* A gateway moves at once: not after a timeout, and not one by one. */
#define AT_ONCE_US INT64_C(3000000)

/* Whose home was a dead node, of one kind of device. */
static bool was_home(const struct history *h, const struct history_outage *fault, uint32_t d,
                     enum device_kind kind, struct device_info *ret_info)
{
    return topology_device(h->topology, (struct device_id){d}, ret_info) &&
           ret_info->kind == kind &&
           sentence_took(h, history_home(h, (struct device_id){d}, fault->from));
}

/* When the device first registered there; FOREVER: never. */
static int64_t arrived(const struct history *h, uint32_t d, struct proc_id node, int64_t from)
{
    const struct history_span *span = &h->moves_of[d];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (move->at >= from && proc_id_eq(move->node, node)) {
            return move->at;
        }
    }
    return HISTORY_FOREVER;
}

static void judge_moved(const struct history *h, struct check_result *ret, enum device_kind kind,
                        const char *what, int64_t bound)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    if (fault == NULL) {
        return;
    }
    uint64_t idle = 0, moved = 0;
    int64_t slowest = 0, made = sentence_made(h);
    struct proc_id target = {0};
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct device_id id = {d};
        if (!was_home(h, fault, d, kind, &info) ||
            (kind == DEVICE_KIND_PHONE && history_busy_until(h, id, fault->from) != fault->from)) {
            continue;
        }
        idle++;
        target = history_first_living(h, info.group, made);
        int64_t there = arrived(h, d, target, fault->from);
        if (there <= made + bound) {
            moved++;
            slowest = there - fault->from > slowest ? there - fault->from : slowest;
        }
    }
    check_say(ret, check_verdict(moved, idle - moved), "%llu of %llu %s on %s after %lld ms",
              (unsigned long long)moved, (unsigned long long)idle, what,
              topology_name(h->topology, target), (long long)(slowest / MS));
}

void sentence_home_phones(const struct history *h, struct check_result *ret)
{
    judge_moved(h, ret, DEVICE_KIND_PHONE, "idle phones", h->topology->timers.home_bound.us);
}

void sentence_home_gateways(const struct history *h, struct check_result *ret)
{
    int64_t bound = h->topology->timers.home_bound.us;
    judge_moved(h, ret, DEVICE_KIND_GATEWAY, "gateways", bound < AT_ONCE_US ? bound : AT_ONCE_US);
}

void sentence_home_none_lost(const struct history *h, struct check_result *ret)
{
    struct timings t;
    if (sentence_dead_callmanager(h, ret) == NULL) {
        return;
    }
    if (timings_find(h, &t) != ERR_OK) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
        return;
    }
    check_say(ret, check_verdict(t.moved + t.kept_in_call, t.lost),
              "%llu devices moved, %llu kept their call, %llu lost", (unsigned long long)t.moved,
              (unsigned long long)t.kept_in_call, (unsigned long long)t.lost);
}

void sentence_home_publisher(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_dead_callmanager(h, ret);
    if (fault == NULL) {
        return;
    }
    struct proc_id pub = topology_publisher(h->topology);
    uint64_t there = 0, all = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_REGISTERED && e->at.us >= fault->from) {
            all++;
            there += proc_id_eq(e->peer, pub) ? 1 : 0;
        }
    }
    check_say(ret, check_verdict(all, there), "%llu of %llu registrations at %s",
              (unsigned long long)there, (unsigned long long)all, topology_name(h->topology, pub));
}

/* From the fault on the device did nothing but go home, on its way from before: gateways that found
 * a backup first when the cluster started drain, and go one by one. (To an earlier member of their
 * group, if the first one is dead.) */
static bool only_went_home(const struct history *h, uint32_t d, int64_t t0, int64_t until)
{
    const struct history_span *span = &h->moves_of[d];
    struct device_info info;
    if (!topology_device(h->topology, (struct device_id){d}, &info)) {
        return false;
    }
    struct proc_id at = history_home(h, (struct device_id){d}, t0);
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (move->at < t0 || move->at >= until) {
            continue;
        }
        if (!proc_id_some(move->node) || topology_rank(h->topology, info.group, move->node) >=
                                             topology_rank(h->topology, info.group, at)) {
            return false;
        }
        at = move->node;
    }
    return true;
}

/* From the fault to the end, or to the next one; whoever has been there before. */
void sentence_home_unmoved(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = sentence_fault(h, ret);
    uint64_t stayed = 0, moved = 0;
    int64_t next = sentence_next(h);
    if (fault == NULL) {
        return;
    }
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct proc_id home = history_home(h, (struct device_id){d}, fault->from);
        if (proc_id_some(home) && !sentence_took(h, home)) {
            bool still = only_went_home(h, d, fault->from, next);
            stayed += still ? 1 : 0;
            moved += still ? 0 : 1;
        }
    }
    check_say(ret, check_verdict(stayed, moved),
              "%llu of %llu phones and gateways lost no CallManager and went nowhere",
              (unsigned long long)stayed, (unsigned long long)(stayed + moved));
}
