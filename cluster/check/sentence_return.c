#include "cluster/check/sentence_return.h"

#include "cluster/check/sentence.h"

#define MS         1000
#define DRAINS_MAX 256 /* that are looked at */

/* When a dead CallManager came back, or -1. */
static int64_t returned(const struct history *h, struct check_result *ret)
{
    return sentence_dead_callmanager(h, ret) != NULL ? sentence_returned(h, ret) : -1;
}

/* Who is not at home is due, or has time left. */
struct homes {
    uint64_t due, home, early;
    int64_t slowest;
};

/* Devices of one kind that lived elsewhere when the node returned and belong there. */
static struct homes look(const struct history *h, int64_t back, enum device_kind kind, bool busy)
{
    const struct topology_timers *t = &h->topology->timers;
    struct homes all = {0};
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct device_id id = {d};
        if (!topology_device(h->topology, id, &info) || info.kind != kind) {
            continue;
        }
        struct proc_id home = h->topology->groups[info.group].members[0];
        if (!sentence_took(h, home)) {
            continue;
        }
        /* Busy means: when its turn came, about one watch after the return. */
        int64_t turn = back + t->fallback_watch.us;
        int64_t until = history_busy_until(h, id, turn);
        if ((until > turn) != busy) {
            continue;
        }
        if (!proc_id_eq(history_home(h, id, h->end_us), home)) {
            bool late = until != HISTORY_FOREVER &&
                        until + t->fallback_watch.us + 2 * t->home_bound.us <= h->end_us;
            all.due += late ? 1 : 0;
            all.early += late ? 0 : 1;
            continue;
        }
        all.due++;
        all.home++;
        const struct history_move *move = history_rehomed(h, id, back);
        if (move != NULL && move->at - back > all.slowest) {
            all.slowest = move->at - back;
        }
    }
    return all;
}

/* While more have time left than are at home nothing is shown. */
static enum verdict verdict_of(const struct homes *all)
{
    return check_verdict(all->home > all->early ? all->home : 0, all->due - all->home);
}

void sentence_return_idle(const struct history *h, struct check_result *ret)
{
    int64_t back = returned(h, ret);
    if (back >= 0) {
        struct homes all = look(h, back, DEVICE_KIND_PHONE, false);
        check_say(ret, verdict_of(&all),
                  "%llu of %llu idle phones at home again, the last after %lld ms; %llu have time "
                  "left",
                  (unsigned long long)all.home, (unsigned long long)all.due,
                  (long long)(all.slowest / MS), (unsigned long long)all.early);
    }
}

void sentence_return_busy(const struct history *h, struct check_result *ret)
{
    int64_t back = returned(h, ret);
    if (back >= 0) {
        struct homes all = look(h, back, DEVICE_KIND_PHONE, true);
        check_say(ret, verdict_of(&all),
                  "%llu of %llu phones that were busy went home after their call; %llu have time "
                  "left",
                  (unsigned long long)all.home, (unsigned long long)all.due,
                  (unsigned long long)all.early);
    }
}

/* A gateway that was let go by its owner: until it is seen elsewhere, or stays after all. */
struct drain {
    uint32_t device;
    uint16_t owner;
    int64_t from, until;
    bool stayed;
};

static bool ends_drain(const struct event *e)
{
    return e->kind == EVENT_OWNER_CHANGED || e->kind == EVENT_REGISTERED ||
           e->kind == EVENT_DEVICE_LOST || e->kind == EVENT_FALLBACK_ENDED;
}

/* From the fault on: one that goes home by stages may have been let go for the first before the end
 * of it. */
static uint32_t find_drains(const struct history *h, struct drain drains[DRAINS_MAX])
{
    int64_t since = history_fault(h)->from;
    uint32_t n = 0;
    for (size_t i = 0; i < h->events_n && n < DRAINS_MAX; i++) {
        const struct event *e = &h->events[i];
        if (e->kind != EVENT_DRAIN || e->at.us < since) {
            continue;
        }
        struct drain *d = &drains[n++];
        *d = (struct drain){.device = e->device.v,
                            .owner = history_home(h, e->device, e->at.us).v,
                            .from = e->at.us,
                            .until = HISTORY_FOREVER};
        for (size_t k = i + 1; k < h->events_n && d->until == HISTORY_FOREVER; k++) {
            if (device_id_eq(h->events[k].device, e->device) && ends_drain(&h->events[k])) {
                d->until = h->events[k].at.us;
                d->stayed = h->events[k].kind == EVENT_FALLBACK_ENDED;
            }
        }
    }
    return n;
}

/* Pairs of gateways of one owner that were on their way at the same time. */
static uint64_t together(const struct drain *drains, uint32_t n)
{
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = i + 1; k < n && drains[k].from < drains[i].until; k++) {
            pairs += drains[k].owner == drains[i].owner && drains[k].device != drains[i].device;
        }
    }
    return pairs;
}

static bool was_let_go(const struct drain *drains, uint32_t n, uint32_t device, int64_t at)
{
    for (uint32_t i = 0; i < n; i++) {
        if (drains[i].device == device && drains[i].from <= at && !drains[i].stayed) {
            return true;
        }
    }
    return false;
}

/* Under traffic a gateway is never idle before it drains, so each one counts that is at home in the
 * end, and each one that is not although it had the time. */
void sentence_return_gateways(const struct history *h, struct check_result *ret)
{
    struct drain drains[DRAINS_MAX];
    int64_t back = returned(h, ret);
    if (back < 0) {
        return;
    }
    const struct topology_timers *t = &h->topology->timers;
    uint32_t drains_n = find_drains(h, drains);
    uint64_t home = 0, away = 0, cut = 0, pairs = together(drains, drains_n);
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct device_id id = {d};
        if (!topology_device(h->topology, id, &info) || info.kind != DEVICE_KIND_GATEWAY) {
            continue;
        }
        struct proc_id own = h->topology->groups[info.group].members[0];
        if (!sentence_took(h, own)) {
            continue;
        }
        int64_t until = history_busy_until(h, id, back + t->fallback_watch.us);
        if (proc_id_eq(history_home(h, id, h->end_us), own)) {
            home++;
        } else if (until != HISTORY_FOREVER &&
                   until + t->fallback_watch.us + 2 * t->home_bound.us <= h->end_us) {
            away++;
        }
        const struct history_move *move = history_rehomed(h, id, back);
        /* It travelled with a call, or without having been let go. */
        cut += move != NULL && (history_busy_until(h, id, move->at) != move->at ||
                                !was_let_go(drains, drains_n, d, move->at))
                   ? 1
                   : 0;
    }
    check_say(ret, check_verdict(home, away + cut + pairs),
              "%llu of %llu gateways went home, %llu of them without draining; %u were let go, "
              "%llu times two at once",
              (unsigned long long)home, (unsigned long long)(home + away), (unsigned long long)cut,
              drains_n, (unsigned long long)pairs);
}

/* The hash that a node told of an index; false: it told none. */
static bool told(const struct history *h, struct proc_id node, int64_t index, int64_t *ret_hash)
{
    for (size_t i = h->events_n; i > 0; i--) {
        const struct event *e = &h->events[i - 1];
        if (e->kind == EVENT_STATE_HASH && proc_id_eq(e->proc, node) && e->value == index) {
            *ret_hash = e->value2;
            return true;
        }
    }
    return false;
}

/* Hashes are told now and then, so the nodes are compared at the last index of which all told. */
void sentence_return_hash(const struct history *h, struct check_result *ret)
{
    int64_t back = sentence_returned(h, ret);
    if (back < 0) {
        return;
    }
    struct proc_id back_again = history_fault(h)->proc;
    bool is_node = history_kind(h, back_again) == PROC_NODE;
    for (size_t i = h->events_n; i > 0 && h->events[i - 1].at.us >= back; i--) {
        const struct event *e = &h->events[i - 1];
        uint64_t nodes = 0, known = 0, same = 0;
        if (e->kind != EVENT_STATE_HASH || (is_node && !proc_id_eq(e->proc, back_again))) {
            continue;
        }
        for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
            int64_t hash = 0;
            if (h->topology->procs[v - 1].kind == PROC_NODE) {
                bool has = told(h, (struct proc_id){v}, e->value, &hash);
                nodes++;
                known += has ? 1 : 0;
                same += has && hash == e->value2 ? 1 : 0;
            }
        }
        if (known == nodes) {
            check_say(ret, check_verdict(same, nodes - same),
                      "%llu of %llu nodes with the same hash at index %lld",
                      (unsigned long long)same, (unsigned long long)nodes, (long long)e->value);
            return;
        }
    }
    check_say(ret, VERDICT_INCONCLUSIVE, "no index whose hash all nodes told since the return");
}
