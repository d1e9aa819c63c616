#include "node/role/ctimanager/told.h"

#include <string.h>

#define STEPS_MAX 2

/* [what was told][what is]: the events that lead there. What is not listed needs none: a leg that
 * waits again after it was connected (a blind transfer) is not told, and nothing goes back. */
static const enum device_event steps[LEG_COUNT][LEG_COUNT][STEPS_MAX] = {
    [LEG_IDLE] = {[LEG_DIALING] = {DEVICE_EVENT_ORIGINATED},
                  [LEG_QUEUED] = {DEVICE_EVENT_OFFERED},
                  [LEG_RINGING] = {DEVICE_EVENT_RINGING},
                  [LEG_CONNECTED] = {DEVICE_EVENT_CONNECTED},
                  [LEG_HOLDING] = {DEVICE_EVENT_CONNECTED, DEVICE_EVENT_HELD}},
    [LEG_DIALING] = {[LEG_CONNECTED] = {DEVICE_EVENT_CONNECTED},
                     [LEG_HOLDING] = {DEVICE_EVENT_CONNECTED, DEVICE_EVENT_HELD}},
    [LEG_RINGING] = {[LEG_CONNECTED] = {DEVICE_EVENT_CONNECTED},
                     [LEG_HOLDING] = {DEVICE_EVENT_CONNECTED, DEVICE_EVENT_HELD}},
    [LEG_CONNECTED] = {[LEG_HOLDING] = {DEVICE_EVENT_HELD}},
    [LEG_HOLDING] = {[LEG_CONNECTED] = {DEVICE_EVENT_RETRIEVED}},
};

void told_init(struct told *t, const struct topology *topology)
{
    memset(t, 0, sizeof *t);
    t->topology = topology;
    for (uint32_t i = 1; i < TOLD_LEGS_MAX; i++) {
        t->legs[i].next = i + 1 < TOLD_LEGS_MAX ? i + 1 : 0;
    }
    t->free = 1;
}

/* The link that leads to the leg, or the last one of the device. */
static uint32_t *link_of(struct told *t, struct device_id device, struct call_id call)
{
    uint32_t *link = &t->first[device.v];
    while (*link != 0 && !call_id_eq(t->legs[*link].call, call)) {
        link = &t->legs[*link].next;
    }
    return link;
}

static struct told_leg *find(struct told *t, struct device_id device, struct call_id call)
{
    uint32_t i = *link_of(t, device, call);
    ASSERT(t != NULL);
    return i != 0 && call_id_some(call) ? &t->legs[i] : NULL;
}

static void add(struct told *t, struct device_id device, struct call_id call, enum leg state)
{
    uint32_t i = t->free;
    if (i == 0) {
        return; /* its events are passed on as they come; only a lost one would not be noticed */
    }
    t->free = t->legs[i].next;
    t->legs[i] = (struct told_leg){.call = call, .state = state, .next = t->first[device.v]};
    t->first[device.v] = i;
}

static void drop(struct told *t, uint32_t *link)
{
    uint32_t i = *link;
    ASSERT(i != 0);
    *link = t->legs[i].next;
    t->legs[i] = (struct told_leg){.next = t->free};
    t->free = i;
}

void told_forget(struct told *t, struct device_id device)
{
    while (t->first[device.v] != 0) {
        drop(t, &t->first[device.v]);
    }
}

/* What a leg is after an event; IDLE: the event does not say. */
static enum leg state_after(enum device_event kind)
{
    switch (kind) {
    case DEVICE_EVENT_ORIGINATED:
        return LEG_DIALING;
    case DEVICE_EVENT_OFFERED:
        return LEG_QUEUED;
    case DEVICE_EVENT_RINGING:
        return LEG_RINGING;
    case DEVICE_EVENT_CONNECTED:
    case DEVICE_EVENT_RETRIEVED:
    case DEVICE_EVENT_CONFERENCED:
        return LEG_CONNECTED;
    case DEVICE_EVENT_HELD:
        return LEG_HOLDING;
    case DEVICE_EVENT_DISCONNECTED:
        return LEG_ENDED;
    case DEVICE_EVENT_TRANSFERRED:
    case DEVICE_EVENT_FAILED:
    case DEVICE_EVENT_SNAPSHOT:
    case DEVICE_EVENT_SNAPSHOT_END:
    case DEVICE_EVENT_IN_SERVICE:
    case DEVICE_EVENT_OUT_OF_SERVICE:
    case DEVICE_EVENT_NONE:
    case DEVICE_EVENT_COUNT:
        return LEG_IDLE;
    }
    UNREACHABLE("every event is listed");
}

/* An event that may be the first that is heard of a leg. */
static bool begins(enum device_event kind)
{
    return kind == DEVICE_EVENT_ORIGINATED || kind == DEVICE_EVENT_OFFERED ||
           kind == DEVICE_EVENT_RINGING || kind == DEVICE_EVENT_CONNECTED;
}

/* After what was told, the event makes sense: nothing was lost in between. */
static bool follows(enum leg told, enum device_event kind)
{
    switch (kind) {
    case DEVICE_EVENT_ORIGINATED:
    case DEVICE_EVENT_OFFERED:
        return false;
    case DEVICE_EVENT_RINGING:
        return told == LEG_RINGING;
    case DEVICE_EVENT_CONNECTED:
        return told != LEG_HOLDING;
    case DEVICE_EVENT_HELD:
        return told == LEG_CONNECTED;
    case DEVICE_EVENT_RETRIEVED:
        return told == LEG_HOLDING;
    case DEVICE_EVENT_CONFERENCED:
    case DEVICE_EVENT_TRANSFERRED:
    case DEVICE_EVENT_DISCONNECTED:
    case DEVICE_EVENT_FAILED:
    case DEVICE_EVENT_SNAPSHOT:
    case DEVICE_EVENT_SNAPSHOT_END:
    case DEVICE_EVENT_IN_SERVICE:
    case DEVICE_EVENT_OUT_OF_SERVICE:
    case DEVICE_EVENT_NONE:
    case DEVICE_EVENT_COUNT:
        return true;
    }
    UNREACHABLE("every event is listed");
}

/* The leg that an event is about: it may have been in another call until now. */
static struct told_leg *leg_of(struct told *t, const struct msg_device_event *e)
{
    struct told_leg *leg = find(t, e->device, e->call);
    if (leg == NULL && (e->kind == DEVICE_EVENT_RINGING || e->kind == DEVICE_EVENT_CONNECTED ||
                        e->kind == DEVICE_EVENT_CONFERENCED)) {
        leg = find(t, e->device, e->old_call);
    }
    return leg;
}

bool told_fits(struct told *t, const struct msg_device_event *e)
{
    const struct told_leg *leg = leg_of(t, e);
    return leg != NULL ? follows(leg->state, (enum device_event)e->kind)
                       : begins((enum device_event)e->kind);
}

void told_event(struct told *t, const struct msg_device_event *e)
{
    enum leg state = state_after((enum device_event)e->kind);
    struct told_leg *leg = leg_of(t, e);
    if (leg == NULL) {
        if (begins((enum device_event)e->kind) && call_id_some(e->call)) {
            add(t, e->device, e->call, state);
        }
        return;
    }
    leg->call = e->call;
    if (state == LEG_ENDED) {
        drop(t, link_of(t, e->device, e->call));
    } else if (state != LEG_IDLE) {
        leg->state = state;
    }
}

/* ---- Snapshots ---- */

static bool is_point(const struct told *t, struct device_id device)
{
    struct device_info info;
    return topology_device(t->topology, device, &info) && info.kind == DEVICE_KIND_ROUTE_POINT;
}

static enum leg state_now(const struct told *t, const struct msg_device_event *row)
{
    switch ((enum leg)row->state) {
    case LEG_RINGING:
        return LEG_RINGING;
    case LEG_CONNECTED:
    case LEG_HELD:
        return LEG_CONNECTED;
    case LEG_HOLDING:
    case LEG_CONSULTING:
        return LEG_HOLDING;
    case LEG_QUEUED:
        return is_point(t, row->device) ? LEG_QUEUED : LEG_DIALING;
    case LEG_DIALING:
    case LEG_RINGBACK:
    case LEG_IDLE:
        return LEG_DIALING;
    case LEG_ENDED:
    case LEG_COUNT:
        return LEG_IDLE;
    }
    return LEG_IDLE;
}

static void lead(const struct msg_device_event *row, enum leg from, enum leg to, bool begins,
                 const struct told_sink *sink)
{
    ASSERT((unsigned)from < LEG_COUNT);
    ASSERT((unsigned)to < LEG_COUNT);
    struct msg_device_event e = *row;
    e.state = 0;
    e.old_call = (struct call_id){0};
    for (uint32_t i = 0; i < STEPS_MAX && steps[from][to][i] != DEVICE_EVENT_NONE; i++) {
        e.kind = steps[from][to][i];
        sink->event(sink->context, &e, begins);
    }
}

/* The device made the call, so it was not rung. */
static bool dialled(const struct told *t, const struct msg_device_event *row)
{
    struct device_info info;
    bool known = topology_device(t->topology, row->device, &info);
    ASSERT(known);
    return strcmp(row->from, info.number) == 0 && strcmp(row->to, info.number) != 0;
}

static void begin(struct told *t, const struct msg_device_event *row, const struct told_sink *sink)
{
    enum leg now = state_now(t, row), from = LEG_IDLE;
    if (now != LEG_DIALING && now != LEG_QUEUED && dialled(t, row)) {
        lead(row, LEG_IDLE, LEG_DIALING, true, sink);
        from = LEG_DIALING;
    }
    lead(row, from, now, true, sink);
    add(t, row->device, row->call, now);
}

void told_expect(struct told *t, struct device_id device)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->rows_n; i++) {
        if (!device_id_eq(t->rows[i].device, device)) {
            t->rows[kept++] = t->rows[i];
        }
    }
    t->rows_n = kept;
    for (uint32_t i = t->first[device.v]; i != 0; i = t->legs[i].next) {
        t->legs[i].found = false;
    }
}

void told_row(struct told *t, const struct msg_device_event *row, const struct told_sink *sink)
{
    struct told_leg *leg = find(t, row->device, row->call);
    enum leg now = state_now(t, row);
    if (now == LEG_IDLE || !call_id_some(row->call)) {
        return;
    }
    if (leg == NULL && t->rows_n < TOLD_ROWS_MAX) {
        t->rows[t->rows_n++] = *row;
        return;
    }
    if (leg == NULL) {
        begin(t, row, sink); /* no room to wait for what has ended */
        leg = find(t, row->device, row->call);
    } else {
        lead(row, leg->state, now, false, sink);
    }
    if (leg != NULL) {
        leg->found = true;
        leg->state = steps[leg->state][now][0] != DEVICE_EVENT_NONE ? now : leg->state;
    }
}

/* What the snapshot does not have is over. */
static void end_missed(struct told *t, const struct msg_device_event *end,
                       const struct told_sink *sink)
{
    uint32_t *link = &t->first[end->device.v];
    while (*link != 0) {
        struct told_leg *leg = &t->legs[*link];
        if (leg->found) {
            leg->found = false;
            link = &leg->next;
            continue;
        }
        struct msg_device_event e = {.device = end->device,
                                     .epoch = end->epoch,
                                     .call = leg->call,
                                     .kind = DEVICE_EVENT_DISCONNECTED,
                                     .reason = REASON_NO_CALL};
        drop(t, link);
        sink->event(sink->context, &e, false);
    }
}

void told_end(struct told *t, const struct msg_device_event *end, const struct told_sink *sink)
{
    end_missed(t, end, sink);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->rows_n; i++) {
        struct msg_device_event row = t->rows[i];
        if (!device_id_eq(row.device, end->device)) {
            t->rows[kept++] = row;
        } else if (find(t, row.device, row.call) == NULL) {
            begin(t, &row, sink);
        }
    }
    t->rows_n = kept;
}
