#include "cluster/check/expect.h"
#include "cluster/check/judges.h"

#define GAP_INTERVALS 10

static uint32_t fleets(const struct history *h)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->topology->procs_n; i++) {
        n += h->topology->procs[i].kind == PROC_FLEET ? 1 : 0;
    }
    return n;
}

/* The fleets are the witnesses of media; whether one was itself broken in a time. Media of one
 * fleet's phones never leaves it, so that the network of an only one is no matter. */
static bool fleet_failed(const struct history *h, int64_t from, int64_t until)
{
    bool only = fleets(h) == 1;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (history_kind(h, o->proc) == PROC_FLEET && o->injected && o->from <= until &&
            o->until >= from && !(only && history_parts(o))) {
            return true;
        }
    }
    return false;
}

/* Silence after the other party stopped its media is no gap: how long it may have been at most. Its
 * line in the call log may come seconds later, so its end in the spine counts, too. */
static int64_t silence_after_hangup(const struct history *h, const struct history_leg *leg)
{
    int64_t longest = 0;
    if (leg->open) {
        return 0;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *other = &h->legs[i];
        if (call_id_eq(other->call, leg->call) && !device_id_eq(other->device, leg->device) &&
            !other->open && other->end_us < leg->end_us && leg->end_us - other->end_us > longest) {
            longest = leg->end_us - other->end_us;
        }
    }
    for (size_t i = 0; i < h->events_n && h->events[i].at.us < leg->end_us; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_CALL_END && call_id_eq(e->call, leg->call) &&
            !device_id_eq(e->device, leg->device) && leg->end_us - e->at.us > longest) {
            longest = leg->end_us - e->at.us;
        }
    }
    return longest;
}

/* A conference that its CallManager did not finish: one of this call's parties came back from the
 * consultation, and the third one never came over. It is not heard from then on. */
static int64_t silence_of_third(const struct history *h, const struct history_leg *leg)
{
    int64_t since = leg->end_us;
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *back = &h->legs[i]; /* of the consultation */
        if (back->reason != REASON_CONFERENCED || call_id_eq(back->call, leg->call) ||
            back->end_us <= leg->begin_us || back->end_us >= since) {
            continue;
        }
        bool here = false, came = false;
        for (size_t k = 0; k < h->legs_n; k++) {
            const struct history_leg *other = &h->legs[k];
            if (call_id_eq(other->call, leg->call)) {
                here = here || device_id_eq(other->device, back->device);
                came = came || call_id_eq(other->moved_from, back->call);
            }
        }
        since = here && !came ? back->end_us : since;
    }
    return leg->end_us - since;
}

/* The caller's CallManager died before it could connect him: he never spoke. */
static bool nobody_spoke(const struct history *h, const struct history_leg *leg)
{
    bool known = false, spoke = false;
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *other = &h->legs[i];
        if (call_id_eq(other->call, leg->call) && !device_id_eq(other->device, leg->device)) {
            known = true;
            spoke = spoke || other->answer_us != 0 || other->open;
        }
    }
    return known && !spoke;
}

/* Whether the device was told within from..until to talk to the other one. */
static bool told_to_talk(const struct history *h, struct device_id device, struct device_id other,
                         int64_t from, int64_t until)
{
    for (size_t i = history_from(h, from); i < h->events_n && h->events[i].at.us <= until; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_MEDIA_BEGIN && device_id_eq(e->device, device) &&
            e->value == other.v) {
            return true;
        }
    }
    return false;
}

/* Whoever was joined to this leg, and whose CallManager died, hung or was cut off before it could
 * tell, does not know of it: nobody hears the other. How long that may have been at most. */
static int64_t silence_of_joined(const struct history *h, const struct history_leg *leg)
{
    for (size_t i = history_from(h, leg->begin_us);
         i < h->events_n && h->events[i].at.us <= leg->end_us; i++) {
        const struct event *begin = &h->events[i];
        struct device_id joined = {(uint32_t)begin->value};
        if (begin->kind == EVENT_MEDIA_BEGIN && call_id_eq(begin->call, leg->call) &&
            device_id_eq(begin->device, leg->device) &&
            !told_to_talk(h, joined, leg->device, leg->begin_us, leg->end_us) &&
            history_mute(h, history_home(h, joined, begin->at.us), begin->at.us - expect_news_us(h),
                         begin->at.us + expect_news_us(h))) {
            return leg->end_us - begin->at.us;
        }
    }
    return 0;
}

static bool parts(int64_t key)
{
    return key == KEY_HOLD || key == KEY_TRANSFER || key == KEY_TRANSFER_BLIND ||
           key == KEY_TRANSFER_COMPLETE || key == KEY_CONFERENCE;
}

/* A party of the call asked for what parts it from the others, the others were told to stop their
 * media, and this one's CallManager died before it could tell it. */
static int64_t silence_of_parted(const struct history *h, const struct history_leg *leg)
{
    bool asked = false;
    int64_t since = leg->end_us;
    for (size_t i = history_from(h, leg->begin_us); i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool other = call_id_eq(e->call, leg->call) && !device_id_eq(e->device, leg->device);
        if (e->at.us > leg->end_us) {
            break;
        }
        if (e->kind == EVENT_KEY_TAKEN && call_id_eq(e->call, leg->call)) {
            asked = parts(e->value);
            since = e->value == KEY_RETRIEVE ? leg->end_us : since; /* they are to talk again */
        } else if (e->kind == EVENT_MEDIA_END && other && asked && since == leg->end_us) {
            since = e->at.us;
        } else if (e->kind == EVENT_MEDIA_BEGIN && other) {
            since = leg->end_us;
        }
    }
    return leg->end_us - since;
}

int64_t check_call_pause_max(const struct history *h)
{
    return GAP_INTERVALS * h->topology->timers.media_interval.us;
}

int64_t check_call_pause(const struct history *h, const struct history_leg *leg)
{
    int64_t most = check_call_pause_max(h);
    bool silent = (leg->received == 0 && nobody_spoke(h, leg)) ||
                  (leg->gap_us > most && (leg->gap_us <= silence_after_hangup(h, leg) + most ||
                                          leg->gap_us <= silence_of_third(h, leg) + most ||
                                          leg->gap_us <= silence_of_joined(h, leg) + most ||
                                          leg->gap_us <= silence_of_parted(h, leg) + most));
    return silent ? 0 : leg->gap_us;
}

void check_call_1(const struct history *h, struct check_result *ret)
{
    uint64_t judged = 0, bad = 0;
    int64_t longest = 0;
    const struct history_leg *worst = NULL;
    if (fleet_failed(h, h->rehearsed_us, h->end_us)) {
        check_say(ret, VERDICT_INCONCLUSIVE, "the fleet itself failed, and it is the witness");
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (leg->answer_us == 0 ||
            fleet_failed(h, leg->begin_us, leg->open ? h->end_us : leg->end_us)) {
            continue;
        }
        judged++;
        int64_t gap = check_call_pause(h, leg);
        if (gap > longest) {
            longest = gap;
            worst = leg;
        }
        bad += gap > check_call_pause_max(h) ? 1 : 0;
    }
    if (bad > 0 && worst != NULL) {
        check_say(ret, VERDICT_FAIL, "%llu of %llu talks had a gap; the longest, %lld ms, at %s",
                  (unsigned long long)bad, (unsigned long long)judged, (long long)(longest / 1000),
                  worst->number[0] != '\0' ? worst->number : "a gateway");
        return;
    }
    check_say(ret, check_verdict(judged, 0), "%llu talks, the longest gap %lld ms",
              (unsigned long long)judged, (long long)(longest / 1000));
}

static bool is_feature(int64_t state)
{
    return state == LEG_HOLDING || state == LEG_CONSULTING;
}

void check_call_2(const struct history *h, struct check_result *ret)
{
    uint64_t preserved = 0, refused = 0, bad = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        /* The CallManagers say the same of their side: the phone's word is the one that counts. */
        if (history_kind(h, e->proc) != PROC_FLEET) {
            continue;
        }
        refused += e->kind == EVENT_KEY_REFUSED && e->reason == REASON_PRESERVED ? 1 : 0;
        if (e->kind != EVENT_CALL_PRESERVED) {
            continue;
        }
        preserved++;
        for (size_t k = i + 1; k < h->events_n; k++) {
            const struct event *later = &h->events[k];
            if (!device_id_eq(later->device, e->device) || !proc_id_eq(later->proc, e->proc)) {
                continue;
            }
            if (later->kind == EVENT_CALL_END && call_id_eq(later->call, e->call)) {
                break;
            }
            if (later->kind == EVENT_CALL_STATE && call_id_eq(later->call, e->call) &&
                is_feature(later->value)) {
                bad++;
            }
        }
    }
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL, "%llu features worked in %llu preserved calls",
                  (unsigned long long)bad, (unsigned long long)preserved);
        return;
    }
    check_say(ret, check_verdict(preserved, 0),
              "%llu preserved legs, %llu keys refused with a reason, none done",
              (unsigned long long)preserved, (unsigned long long)refused);
}
