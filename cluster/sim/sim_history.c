#include "cluster/sim/sim_history.h"

#include "node/base/checksum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 4096

void sim_history_init(struct sim_history *r, bool keep)
{
    *r = (struct sim_history){.keep = keep, .digest = CHECKSUM_BEGIN};
}

void sim_history_deinit(struct sim_history *r)
{
    free(r->events);
    free(r->legs);
    *r = (struct sim_history){0};
}

/* One more number into the digest: quick, and every bit of it counts. */
static void mix(struct sim_history *r, uint64_t v)
{
    uint64_t h = (r->digest ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    r->digest = h ^ (h >> 29);
}

static void mix_text(struct sim_history *r, const char *text, size_t cap)
{
    size_t len = strnlen(text, cap);
    uint64_t word = len;
    for (size_t i = 0; i < len; i++) {
        word = word << 8 | (uint8_t)text[i];
        if (i % 7 == 6) {
            mix(r, word);
            word = 0;
        }
    }
    mix(r, word);
}

static void *grown(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return items;
    }
    *cap = *cap == 0 ? FIRST_CAP : 2 * *cap;
    void *more = realloc(items, *cap * size);
    ASSERT(more != NULL);
    return more;
}

void sim_history_event(struct sim_history *r, const struct event *e)
{
    ASSERT(e->kind > EVENT_NONE && e->kind < EVENT_COUNT);
    r->counts[e->kind]++;
    r->total++;
    mix(r, (uint64_t)e->kind << 48 | (uint64_t)e->proc.v << 32 | (uint64_t)e->peer.v << 16 |
               (uint64_t)e->reason);
    mix(r, (uint64_t)e->at.us);
    mix(r, (uint64_t)e->wall_us);
    mix(r, e->hlc.v);
    mix(r, e->seq << 16 | e->incarnation.v);
    mix(r, (uint64_t)e->device.v << 32 | e->epoch);
    mix(r, e->call.v);
    mix(r, (uint64_t)e->value);
    mix(r, (uint64_t)e->value2);
    mix_text(r, e->text, sizeof e->text);
    if (r->keep) {
        r->events = grown(r->events, r->events_n, &r->events_cap, sizeof r->events[0]);
        r->events[r->events_n++] = *e;
    }
}

void sim_history_leg(struct sim_history *r, const struct leg_record *l, const char *number)
{
    struct history_leg leg = {.device = l->device,
                              .agent = l->agent,
                              .call = l->call,
                              .moved_from = l->moved_from,
                              .incoming = l->incoming,
                              .preserved = l->preserved,
                              .transferred = l->transferred,
                              .open = l->open,
                              .begin_us = l->begin.us,
                              .answer_us = l->answer.us == INT64_MAX ? 0 : l->answer.us,
                              .end_us = l->end.us,
                              .held_us = l->held_us,
                              .reason = l->reason,
                              .received = l->received,
                              .gap_us = l->gap_us};
    snprintf(leg.number, sizeof leg.number, "%s", number);
    snprintf(leg.from, sizeof leg.from, "%s", l->from);
    snprintf(leg.to, sizeof leg.to, "%s", l->to);
    snprintf(leg.wrapup, sizeof leg.wrapup, "%s", l->wrapup);
    mix(r, (uint64_t)leg.device.v << 32 | leg.agent.v);
    mix(r, leg.call.v);
    mix(r, leg.moved_from.v);
    mix(r, (uint64_t)leg.reason << 4 | (uint64_t)leg.incoming << 3 | (uint64_t)leg.preserved << 2 |
               (uint64_t)leg.transferred << 1 | (uint64_t)leg.open);
    mix(r, (uint64_t)leg.begin_us);
    mix(r, (uint64_t)leg.answer_us);
    mix(r, (uint64_t)leg.end_us);
    mix(r, (uint64_t)leg.held_us);
    mix(r, leg.received);
    mix(r, (uint64_t)leg.gap_us);
    mix_text(r, leg.from, sizeof leg.from);
    mix_text(r, leg.to, sizeof leg.to);
    mix_text(r, leg.wrapup, sizeof leg.wrapup);
    if (r->keep) {
        r->legs = grown(r->legs, r->legs_n, &r->legs_cap, sizeof r->legs[0]);
        r->legs[r->legs_n++] = leg;
    }
}

void sim_history_row(struct sim_history *r, const struct history_row *row)
{
    mix(r, (uint64_t)row->recovery_key);
    mix(r, (uint64_t)row->key);
    mix(r, (uint64_t)row->at_us);
    mix(r, (uint64_t)row->pair << 32 | row->router_key);
    mix(r, row->call.v);
    mix(r, (uint64_t)row->disposition << 32 | row->agent.v);
    mix_text(r, row->hash, sizeof row->hash);
}
