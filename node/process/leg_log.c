#include "node/process/leg_log.h"

#include <string.h>

void leg_log_init(struct leg_log *l, struct leg_log_wait *waits)
{
    ASSERT(waits != NULL);
    *l = (struct leg_log){.waits = waits};
    memset(waits, 0, LEG_LOG_MAX * sizeof *waits);
}

static void let_go(struct leg_log *l, struct leg_log_wait *w)
{
    ASSERT(w->used);
    w->used = false;
    l->written++;
    if (l->write != NULL) {
        l->write(l->context, &w->record);
    }
    while (l->high > 0 && !l->waits[l->high - 1].used) {
        l->high--;
    }
}

static bool complete(const struct leg_log_wait *w)
{
    return w->record.media_open == 0 && !w->wrapup;
}

static struct leg_log_wait *slot(struct leg_log *l)
{
    struct leg_log_wait *oldest = &l->waits[0];
    for (uint32_t i = 0; i < l->high; i++) {
        if (!l->waits[i].used) {
            return &l->waits[i];
        }
        if (l->waits[i].until.us < oldest->until.us) {
            oldest = &l->waits[i];
        }
    }
    if (l->high < LEG_LOG_MAX) {
        return &l->waits[l->high++];
    }
    let_go(l, oldest);
    l->high = l->high > (uint32_t)(oldest - l->waits) ? l->high : (uint32_t)(oldest - l->waits) + 1;
    return oldest;
}

void leg_log_add(struct leg_log *l, const struct leg_record *record, struct instant until,
                 bool wrapup)
{
    struct leg_log_wait *w = slot(l);
    ASSERT(!w->used);
    *w = (struct leg_log_wait){.record = *record, .until = until, .used = true, .wrapup = wrapup};
    if (complete(w)) {
        let_go(l, w);
    }
}

static struct leg_log_wait *find(struct leg_log *l, struct device_id device, struct call_id call)
{
    for (uint32_t i = 0; i < l->high; i++) {
        struct leg_log_wait *w = &l->waits[i];
        if (w->used && device_id_eq(w->record.device, device) && call_id_eq(w->record.call, call)) {
            return w;
        }
    }
    return NULL;
}

void leg_log_media(struct leg_log *l, const struct media_report *report)
{
    struct leg_log_wait *w = find(l, report->device, report->call);
    if (w == NULL) {
        return;
    }
    if (report->gap.us > w->record.gap_us) {
        w->record.gap_us = report->gap.us;
    }
    if (report->silent) {
        return;
    }
    w->record.received += report->received;
    w->record.media_open -= w->record.media_open > 0;
    if (complete(w)) {
        let_go(l, w);
    }
}

void leg_log_wrapup(struct leg_log *l, struct device_id device, struct call_id call,
                    const char *text)
{
    struct leg_log_wait *w = find(l, device, call);
    if (w == NULL) {
        return;
    }
    ASSERT(strlen(text) < sizeof w->record.wrapup);
    strcpy(w->record.wrapup, text);
    w->wrapup = false;
    if (complete(w)) {
        let_go(l, w);
    }
}

uint32_t leg_log_waiting(const struct leg_log *l)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->high; i++) {
        n += l->waits[i].used;
    }
    return n;
}

void leg_log_flush(struct leg_log *l, struct instant now)
{
    for (uint32_t i = 0; i < l->high; i++) {
        if (l->waits[i].used && instant_reached(now, l->waits[i].until)) {
            let_go(l, &l->waits[i]);
        }
    }
}
