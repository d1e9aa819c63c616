#include "cluster/check/scenario1.h"

#include "cluster/check/judges.h"
#include "cluster/check/ledger.h"
#include "cluster/check/scenario1_agents.h"
#include "cluster/check/scenario1_calls.h"
#include "cluster/check/scenario1_return.h"
#include "cluster/check/timings.h"

#include <string.h>

#define MS 1000

/* A gateway moves at once: not after a timeout, and not one by one. */
#define AT_ONCE_US INT64_C(3000000)

/* The dead node, or NULL: the sentences are about a subscriber with its CallManager. */
static const struct history_outage *dead_node(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = history_fault(h);
    if (fault == NULL || history_kind(h, fault->proc) != PROC_NODE ||
        fault->service == SERVICE_CTIMANAGER || fault->network) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no subscriber failed");
        return NULL;
    }
    return fault;
}

/* Whose home was the dead node, of one kind of device. */
static bool was_home(const struct history *h, const struct history_outage *fault, uint32_t d,
                     enum device_kind kind, struct device_info *ret_info)
{
    return topology_device(h->topology, (struct device_id){d}, ret_info) &&
           ret_info->kind == kind &&
           proc_id_eq(history_home(h, (struct device_id){d}, fault->from), fault->proc);
}

static void judge_moved(const struct history *h, struct check_result *ret, enum device_kind kind,
                        const char *what, int64_t bound)
{
    const struct history_outage *fault = dead_node(h, ret);
    if (fault == NULL) {
        return;
    }
    uint64_t idle = 0, moved = 0;
    int64_t slowest = 0;
    struct proc_id target = {0};
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct device_id id = {d};
        if (!was_home(h, fault, d, kind, &info) ||
            (kind == DEVICE_KIND_PHONE && history_busy_until(h, id, fault->from) != fault->from)) {
            continue;
        }
        idle++;
        target = history_first_living(h, info.group, fault->from);
        const struct history_move *move = history_rehomed(h, id, fault->from);
        if (move != NULL && proc_id_eq(move->node, target) && move->at - fault->from <= bound) {
            moved++;
            slowest = move->at - fault->from > slowest ? move->at - fault->from : slowest;
        }
    }
    check_say(ret, check_verdict(moved, idle - moved), "%llu of %llu %s on %s after %lld ms",
              (unsigned long long)moved, (unsigned long long)idle, what,
              topology_name(h->topology, target), (long long)(slowest / MS));
}

static void phones(const struct history *h, struct check_result *ret)
{
    judge_moved(h, ret, DEVICE_KIND_PHONE, "idle phones", h->topology->timers.home_bound.us);
}

static void gateways(const struct history *h, struct check_result *ret)
{
    int64_t bound = h->topology->timers.home_bound.us;
    judge_moved(h, ret, DEVICE_KIND_GATEWAY, "gateways", bound < AT_ONCE_US ? bound : AT_ONCE_US);
}

static void none_lost(const struct history *h, struct check_result *ret)
{
    struct timings t;
    if (dead_node(h, ret) == NULL) {
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

static void publisher(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = dead_node(h, ret);
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

static void ledger_clean(const struct history *h, struct check_result *ret)
{
    if (dead_node(h, ret) != NULL) {
        check_tcd_1(h, ret);
    }
}

static void unchanged(const struct history *h, struct check_result *ret)
{
    if (dead_node(h, ret) != NULL) {
        check_tcd_2(h, ret);
    }
}

static void acknowledged(const struct history *h, struct check_result *ret)
{
    if (dead_node(h, ret) != NULL) {
        check_reg_1(h, ret);
    }
}

static const struct check sentences[] = {
    {"S1-PHONES", "Every phone without a call re-homes to the backup by itself", phones, true},
    {"S1-GATEWAYS", "Every gateway re-homes at once", gateways, true},
    {"S1-NONE-LOST", "No device is lost", none_lost, true},
    {"S1-PUBLISHER", "No device registers with the publisher", publisher, true},
    {"S1-IN-CALL", "Phones in a call stay unregistered until it is over", scenario1_calls_stay,
     false},
    {"S1-MEDIA", "The media of calls in progress never pauses", scenario1_calls_media, false},
    {"S1-FEATURES", "Hold, transfer and conference are refused with a reason",
     scenario1_calls_features, false},
    {"S1-AFTER-HANGUP", "After hang-up the phone registers with the backup",
     scenario1_calls_after_hangup, false},
    {"S1-SETUP", "A call in setup or in mid-transfer drops, and is recorded as dropped",
     scenario1_calls_setup, false},
    {"S1-TCD-AT-FAULT", "One record per call in progress, written at the failure",
     scenario1_calls_records, false},
    {"S1-WRAPUP", "Wrap-up entered later reaches no record", scenario1_calls_wrapup, false},
    {"S1-UNCHANGED", "The record never changes", unchanged, false},
    {"S1-SECOND-ROW", "A call that outlives the PG switch has at most one further record",
     scenario1_calls_second, false},
    {"S1-PG-A", "Side A loses its provider and never connects to the other CTI Manager",
     scenario1_agents_pg_a, true},
    {"S1-PG-B", "Side B registers all dialled numbers and phones, then is active",
     scenario1_agents_pg_b, true},
    {"S1-ROUTED-AGAIN", "New calls to dialled numbers are routed again", scenario1_agents_routed,
     false},
    {"S1-AGENTS-OUT", "Agents of the dead subscriber are logged out with 50003 and get no calls",
     scenario1_agents_out, false},
    {"S1-AGENTS-BACK", "They can work again once their phone is registered", scenario1_agents_back,
     false},
    {"S1-HOME-IDLE", "When it returns, idle phones go home", scenario1_return_idle, false},
    {"S1-HOME-BUSY", "Busy phones go home when their call ends", scenario1_return_busy, false},
    {"S1-HOME-GATEWAYS", "Gateways drain and go home one at a time", scenario1_return_gateways,
     false},
    {"S1-PG-STAYS", "The PG stays on side B", scenario1_return_pg, false},
    {"S1-SAME-HASH", "The registry has the same hash on all nodes", scenario1_return_hash, false},
    {"S1-ACKNOWLEDGED", "No acknowledged registration is lost", acknowledged, true},
    {"S1-LEDGER", "The ledger is clean", ledger_clean, true},
};

const struct check *scenario1_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
