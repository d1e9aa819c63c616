#include "cluster/control/story_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MIN 256

static void *room_for(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return items;
    }
    *cap = *cap == 0 ? ITEMS_MIN : *cap * 2;
    void *more = realloc(items, *cap * size);
    if (more == NULL) {
        abort();
    }
    return more;
}

struct story *story_new(const struct topology *topology, struct call_id call)
{
    struct story *s = calloc(1, sizeof *s);
    if (s == NULL) {
        abort();
    }
    s->topology = topology;
    s->calls[0] = call;
    s->calls_n = 1;
    return s;
}

void story_free(struct story **s)
{
    if (*s != NULL) {
        free((*s)->links);
        free((*s)->events);
        free((*s)->rows);
        free(*s);
        *s = NULL;
    }
}

bool story_has(const struct story *s, struct call_id call)
{
    for (uint32_t i = 0; i < s->calls_n; i++) {
        if (call_id_eq(s->calls[i], call)) {
            return true;
        }
    }
    return false;
}

static bool join(struct story *s, struct call_id call)
{
    if (story_has(s, call) || s->calls_n == STORY_CALLS_MAX) {
        return false;
    }
    s->calls[s->calls_n++] = call;
    return true;
}

void story_link(struct story *s, const struct event *e)
{
    struct call_id from = {(uint64_t)e->value2};
    if (e->kind != EVENT_CALL_STATE || !call_id_some(e->call) || !call_id_some(from)) {
        return;
    }
    s->links = room_for(s->links, s->links_n, &s->links_cap, sizeof s->links[0]);
    s->links[s->links_n++] = (struct story_link_of_calls){.to = e->call, .from = from};
}

struct story_part *story_part_of(struct story *s, struct device_id device)
{
    for (uint32_t i = 0; device_id_some(device) && i < s->parts_n; i++) {
        if (device_id_eq(s->parts[i].device, device)) {
            return &s->parts[i];
        }
    }
    return NULL;
}

struct story_part *story_need_part(struct story *s, struct device_id device)
{
    struct story_part *part = story_part_of(s, device);
    if (part == NULL && device_id_some(device) && s->parts_n < STORY_DEVICES_MAX) {
        part = &s->parts[s->parts_n++];
        *part = (struct story_part){.device = device};
    }
    return part;
}

static bool of_cluster(enum event_kind kind)
{
    return kind == EVENT_FAULT || kind == EVENT_HEAL || kind == EVENT_NODE_DOWN ||
           kind == EVENT_SERVICE_CRASH || kind == EVENT_PROVIDER_DOWN ||
           kind == EVENT_PROVIDER_UP || kind == EVENT_PG_ACTIVE || kind == EVENT_PG_STANDBY;
}

static bool of_device(enum event_kind kind)
{
    return kind == EVENT_REGISTERED || kind == EVENT_DEVICE_LOST || kind == EVENT_AGENT_STATE ||
           kind == EVENT_AGENT_AFTER || kind == EVENT_AGENT_LOGOUT;
}

/* A phone learns the number of its call from the first answer, by when a route may have been asked
 * for: who dialled comes first all the same. */
static size_t place_for(const struct story *s, const struct event *e)
{
    size_t at = s->events_n;
    if (e->kind == EVENT_CALL_BEGIN && e->value == 1) {
        for (size_t i = s->events_n; i > 0; i--) {
            at = call_id_eq(s->events[i - 1].call, e->call) ? i - 1 : at;
        }
    }
    return at;
}

/* All calls that the first one came from, or went on in. */
static void follow_links(struct story *s)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < s->links_n; i++) {
            const struct story_link_of_calls *l = &s->links[i];
            more = (story_has(s, l->to) && join(s, l->from)) ||
                   (story_has(s, l->from) && join(s, l->to)) || more;
        }
    }
    s->links_n = 0;
}

void story_take(struct story *s, const struct event *e)
{
    if (s->links_n > 0) {
        follow_links(s);
    }
    bool ours = call_id_some(e->call) && story_has(s, e->call);
    if (ours && (e->kind == EVENT_CALL_BEGIN || e->kind == EVENT_ROUTED)) {
        story_need_part(s, e->device);
    }
    bool near = s->events_n > 0 && (of_cluster(e->kind) ||
                                    (of_device(e->kind) && story_part_of(s, e->device) != NULL));
    if (!ours && !near) {
        return;
    }
    s->events = room_for(s->events, s->events_n, &s->events_cap, sizeof s->events[0]);
    size_t at = place_for(s, e);
    memmove(&s->events[at + 1], &s->events[at], (s->events_n - at) * sizeof s->events[0]);
    s->events[at] = *e;
    s->events_n++;
}

void story_row(struct story *s, int64_t recovery_key, const char *text)
{
    s->rows = room_for(s->rows, s->rows_n, &s->rows_cap, sizeof s->rows[0]);
    struct story_row_text *row = &s->rows[s->rows_n++];
    *row = (struct story_row_text){.recovery_key = recovery_key};
    snprintf(row->text, sizeof row->text, "%s", text);
}

bool story_known(const struct story *s)
{
    return s->events_n > 0 || s->rows_n > 0;
}

/* How many events the story has: when its calls are over, and the devices that were lost in their
 * time are served again, it ends. */
static size_t last_of(struct story *s)
{
    size_t over = 0;
    for (size_t i = 0; i < s->events_n; i++) {
        over = call_id_some(s->events[i].call) ? i + 1 : over;
    }
    size_t last = over;
    for (size_t i = 0; i < s->events_n; i++) {
        const struct event *e = &s->events[i];
        struct story_part *part = story_part_of(s, e->device);
        if (part != NULL && e->kind == EVENT_DEVICE_LOST && i < over) {
            part->lost = true;
        } else if (part != NULL && part->lost && e->kind == EVENT_REGISTERED) {
            part->lost = false;
            last = i + 1 > last ? i + 1 : last;
        }
    }
    return last;
}

void story_tell(struct story *s, story_each *each, void *context)
{
    size_t n = last_of(s);
    s->parts_n = 0;
    for (size_t i = 0; i < s->rows_n; i++) {
        s->rows[i].told = false;
    }
    for (size_t i = 0; i < n; i++) {
        if (story_words(s, &s->events[i])) {
            each(context, &s->events[i], s->text);
        }
    }
    for (size_t i = 0; i < s->rows_n; i++) {
        if (!s->rows[i].told) {
            snprintf(s->text, sizeof s->text, "row %lld: %.*s", (long long)s->rows[i].recovery_key,
                     STORY_TEXT_LEN / 2, s->rows[i].text);
            each(context, NULL, s->text);
        }
    }
}
