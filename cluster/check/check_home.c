#include "cluster/check/judges.h"

#include <stdio.h>
#include <string.h>

#define MS         1000
#define EARLY_PART 10 /* of the watch: clocks differ, and so do those who look */

struct tally {
    uint64_t expected, moved;
    int64_t slowest;
    uint32_t missing; /* a device that did not move in time */
};

struct stay {
    uint64_t moves, causeless, early;
    uint32_t device; /* one that should have stayed */
};

/* The outage was over in time, and too short for the device to notice, or it is back already. What
 * a later outage of the same node did to it is another question. */
static bool stayed(const struct history *h, struct device_id id, const struct history_outage *o,
                   int64_t at)
{
    bool over = o->until <= at;
    for (uint32_t i = 0; i < h->outages_n && over; i++) {
        const struct history_outage *next = &h->outages[i];
        bool later = proc_id_eq(next->proc, o->proc) && next->from > o->until;
        at = later && next->from <= at ? next->from - 1 : at;
    }
    return over && proc_id_eq(history_home(h, id, at), o->proc);
}

/* Whether a device that loses `lost` had somewhere to go all the time: a sound member of its group,
 * and a sound majority of the voters, without which nobody may take it (REG-2). */
static bool has_refuge(const struct history *h, const struct device_info *info, struct proc_id lost,
                       int64_t from, int64_t until)
{
    bool refuge = false;
    const struct topology_group *g = &h->topology->groups[info->group];
    for (uint32_t i = 0; i < g->members_n; i++) {
        refuge = refuge ||
                 (!proc_id_eq(g->members[i], lost) && history_sound(h, g->members[i], from, until));
    }
    return refuge && history_majority(h, from, until);
}

/* When a phone that was idle at `at` could go: it may hear only within the bound that it was taken
 * from its node, and be in a call then, which the node gave it when it was back; else `at`. */
static int64_t free_to_go(const struct history *h, struct device_id id, int64_t at, int64_t bound)
{
    const struct history_span *span = &h->moves_of[id.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (!proc_id_some(move->node) && move->at >= at && move->at <= at + bound) {
            int64_t until = history_busy_until(h, id, move->at);
            return until > move->at ? until : at;
        }
    }
    return at;
}

/* Every device of a CallManager that died, and that has somewhere to go, registers there within the
 * bound. */
static void follow(const struct history *h, const struct history_outage *o, struct tally *t)
{
    int64_t bound = h->topology->timers.home_bound.us;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_id id = {d};
        struct device_info info;
        if (!topology_device(h->topology, id, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
            !proc_id_eq(history_home(h, id, o->from), o->proc)) {
            continue;
        }
        int64_t from = o->from;
        if (info.kind == DEVICE_KIND_PHONE) {
            from = history_busy_until(h, id, o->from);
            from = from == HISTORY_FOREVER ? from : free_to_go(h, id, from, bound);
        }
        if (from == HISTORY_FOREVER || from + bound > h->end_us) {
            continue; /* still busy, or the run ended before the bound */
        }
        if (!has_refuge(h, &info, o->proc, o->from, from + bound)) {
            continue;
        }
        t->expected++;
        const struct history_move *move = history_rehomed(h, id, o->from);
        if ((move == NULL || move->at > from + bound) && stayed(h, id, o, from + bound)) {
            t->moved++;
            continue;
        }
        if (move == NULL || move->at > from + bound) {
            t->missing = d;
            continue;
        }
        t->moved++;
        int64_t took = move->at > from ? move->at - from : 0;
        t->slowest = took > t->slowest ? took : t->slowest;
    }
}

/* Whether a gateway is let go before another one: a node lets one go after the other, of whatever
 * group. */
static bool before_it(const struct history *h, struct device_id device, uint32_t group,
                      struct proc_id node, int64_t at)
{
    struct device_info info;
    return topology_device(h->topology, device, &info) && info.kind == DEVICE_KIND_GATEWAY &&
           (info.group == group || proc_id_eq(history_home(h, device, at), node));
}

/* When the last gateway has hung up that goes home before this one: of those that have calls at
 * `at`, or when they are let go afterwards. Until then a gateway takes new calls. */
static int64_t drained_at(const struct history *h, struct device_id device, uint32_t group,
                          int64_t at)
{
    struct proc_id node = history_home(h, device, h->end_us);
    int64_t last = at;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_id id = {d};
        if (before_it(h, id, group, node, at)) {
            int64_t until = history_busy_until(h, id, at);
            last = until > last ? until : last;
        }
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_DRAIN && e->at.us >= at &&
            before_it(h, e->device, group, node, e->at.us)) {
            int64_t until = history_busy_until(h, e->device, e->at.us);
            last = until > last ? until : last;
        }
    }
    return last;
}

/* At the end every idle device is at the first living member of its group. If all are, they did it
 * in time; else only those are judged whose time is over. */
static void settled(const struct history *h, struct tally *t)
{
    if (h->topology->policies.fallback == FALLBACK_MANUAL) {
        return; /* whoever is away stays away */
    }
    const struct topology_timers *timers = &h->topology->timers;
    /* On their way home devices watch, then travel in small groups. */
    int64_t settle = timers->fallback_watch.us + 2 * timers->home_bound.us;
    int64_t calm = history_calm_since(h);
    uint64_t early = 0, on_the_way = 0;
    for (uint32_t d = 1; d <= h->devices_n && calm <= h->end_us; d++) {
        struct device_id id = {d};
        struct device_info info;
        if (!topology_device(h->topology, id, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
            history_busy_until(h, id, h->end_us - timers->home_bound.us) >
                h->end_us - timers->home_bound.us) {
            continue;
        }
        struct proc_id target = history_first_living(h, info.group, h->end_us);
        int64_t from =
            info.kind == DEVICE_KIND_GATEWAY ? drained_at(h, id, info.group, calm) : calm;
        if (!proc_id_some(target)) {
            continue;
        }
        bool there = proc_id_eq(history_home(h, id, h->end_us), target);
        if (from > h->end_us - settle || calm > h->end_us - settle) {
            early += there ? 1 : 0;
            on_the_way += there ? 0 : 1;
            continue;
        }
        t->expected++;
        t->moved += there ? 1 : 0;
        t->missing = there ? t->missing : d;
    }
    if (on_the_way == 0) {
        t->expected += early;
        t->moved += early;
    }
}

void check_home_1(const struct history *h, struct check_result *ret)
{
    struct tally moved = {0}, home = {0};
    const char *from = "nobody";
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!o->network && history_kind(h, o->proc) == PROC_NODE &&
            o->service != SERVICE_CTIMANAGER) {
            follow(h, o, &moved);
            from = topology_name(h->topology, o->proc);
        }
    }
    settled(h, &home);
    uint64_t bad = moved.expected - moved.moved + (home.expected - home.moved);
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu of %llu devices of %s registered elsewhere in time, %llu of %llu were at "
                  "home at the end; for example not device %u",
                  (unsigned long long)moved.moved, (unsigned long long)moved.expected, from,
                  (unsigned long long)home.moved, (unsigned long long)home.expected,
                  moved.missing != 0 ? moved.missing : home.missing);
        return;
    }
    check_say(ret, check_verdict(moved.expected + home.expected, 0),
              "%llu of %llu devices of %s registered elsewhere, the slowest after %lld ms; %llu of "
              "%llu at home at the end",
              (unsigned long long)moved.moved, (unsigned long long)moved.expected, from,
              (long long)(moved.slowest / MS), (unsigned long long)home.moved,
              (unsigned long long)home.expected);
}

/* When a device notices at the latest that its CallManager is silent. */
static int64_t notice_us(const struct history *h)
{
    const struct topology_timers *t = &h->topology->timers;
    return t->phone_keepalive.us * ((int64_t)t->phone_misses + 2) + t->node_down_after.us;
}

/* Whether the node had no lease at some time in from..until. */
static bool lacked_lease(const struct history *h, struct proc_id node, int64_t from, int64_t until)
{
    bool lacks = false;
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= until; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, node)) {
            continue;
        }
        if (e->kind == EVENT_LEASE_GOT && lacks && e->at.us >= from) {
            return true;
        }
        if (e->kind == EVENT_LEASE_LOST || e->kind == EVENT_LEASE_GOT) {
            lacks = e->kind == EVENT_LEASE_LOST;
        }
    }
    return lacks;
}

/* Whether the CallManager was down at some time in from..until. */
static bool was_down(const struct history *h, struct proc_id node, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, node) && !o->network && o->service != SERVICE_CTIMANAGER &&
            o->from <= until && o->until >= from) {
            return true;
        }
    }
    return false;
}

/* The registry had taken the device from the node where it lived under `epoch`. That node may hear
 * of it long after: from a leader whose disk stalls, for example. */
static bool was_taken(const struct history *h, struct device_id device, uint32_t epoch,
                      int64_t moved)
{
    const struct event *e;
    for (uint32_t i = 0; (e = history_owner_change(h, device, i)) != NULL && e->at.us <= moved;
         i++) {
        if (!proc_id_some(e->peer) && e->epoch > epoch) {
            return true;
        }
    }
    return false;
}

/* Why a device may have left `node`: it was down, disturbed, or without a lease when the device
 * lost it, or shortly before. */
static bool had_reason(const struct history *h, struct proc_id node, int64_t left, int64_t moved)
{
    int64_t from = left - notice_us(h);
    return was_down(h, node, from, moved) || history_disturbed(h, node, from, moved) ||
           lacked_lease(h, node, from, moved);
}

/* A device that lost nobody goes home only to a CallManager that has been there for the watch. (How
 * long a device was connected to one that only hung or was cut off is not in the record.) */
static bool too_early(const struct history *h, struct proc_id home, int64_t moved)
{
    int64_t watch = h->topology->timers.fallback_watch.us;
    int64_t from = moved - watch + watch / EARLY_PART;
    for (size_t i = history_from(h, from); i < h->events_n && h->events[i].at.us <= moved; i++) {
        const struct event *e = &h->events[i];
        bool start = e->kind == EVENT_PROCESS_START ||
                     (e->kind == EVENT_SERVICE_START && strcmp(e->text, "callmanager") == 0);
        if (start && proc_id_eq(e->proc, home)) {
            return true;
        }
    }
    return false;
}

/* The moves of one device. */
static void stays(const struct history *h, uint32_t d, const struct device_info *info,
                  struct stay *ret)
{
    struct proc_id at = {0};
    uint32_t epoch = 0;
    int64_t left = 0;
    const struct history_span *span = &h->moves_of[d];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (!proc_id_some(move->node)) {
            left = left == 0 ? move->at : left;
            continue; /* where it turns up next is what counts */
        }
        if (proc_id_some(at) && !proc_id_eq(at, move->node)) {
            bool home = topology_rank(h->topology, info->group, move->node) <
                        topology_rank(h->topology, info->group, at);
            bool early = home && left == 0 && too_early(h, move->node, move->at);
            bool causeless = !home && !had_reason(h, at, left != 0 ? left : move->at, move->at) &&
                             !was_taken(h, (struct device_id){d}, epoch, move->at);
            ret->moves++;
            ret->early += early ? 1 : 0;
            ret->causeless += causeless ? 1 : 0;
            ret->device = early || causeless ? d : ret->device;
        }
        at = move->node;
        epoch = move->epoch;
        left = 0;
    }
}

void check_home_2(const struct history *h, struct check_result *ret)
{
    struct stay all = {0};
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        if (topology_device(h->topology, (struct device_id){d}, &info)) {
            stays(h, d, &info, &all);
        }
    }
    if (all.causeless + all.early > 0) {
        check_say(ret, VERDICT_FAIL,
                  "of %llu moves %llu were away from a healthy CallManager, %llu home before the "
                  "watch was over; for example of device %u",
                  (unsigned long long)all.moves, (unsigned long long)all.causeless,
                  (unsigned long long)all.early, all.device);
        return;
    }
    check_say(ret, check_verdict(all.moves, 0),
              "%llu moves, each away from a failed CallManager or home",
              (unsigned long long)all.moves);
}
