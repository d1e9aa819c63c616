#include "node/base/alarm.h"

#include "node/base/err.h"

size_t alarm_size(uint32_t n)
{
    return n * (sizeof(struct instant) + 2 * sizeof(uint32_t));
}

void alarm_init(struct alarm *a, uint32_t n, void *memory)
{
    ASSERT(memory != NULL);
    a->n = n;
    a->armed = 0;
    a->at = memory;
    a->heap = (uint32_t *)(void *)(a->at + n);
    a->place = a->heap + n;
    for (uint32_t i = 0; i < n; i++) {
        a->at[i] = INSTANT_NEVER;
        a->place[i] = 0;
        a->heap[i] = 0;
    }
}

static bool before(const struct alarm *a, uint32_t x, uint32_t y)
{
    return a->at[x].us != a->at[y].us ? a->at[x].us < a->at[y].us : x < y;
}

static void put(struct alarm *a, uint32_t place, uint32_t id)
{
    a->heap[place] = id;
    a->place[id] = place;
}

static void rise(struct alarm *a, uint32_t place)
{
    uint32_t id = a->heap[place];
    while (place > 0 && before(a, id, a->heap[(place - 1) / 2])) {
        put(a, place, a->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(a, place, id);
}

static void sink(struct alarm *a, uint32_t place)
{
    uint32_t id = a->heap[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= a->armed) {
            break;
        }
        if (child + 1 < a->armed && before(a, a->heap[child + 1], a->heap[child])) {
            child++;
        }
        if (!before(a, a->heap[child], id)) {
            break;
        }
        put(a, place, a->heap[child]);
        place = child;
    }
    put(a, place, id);
}

static void take_out(struct alarm *a, uint32_t id)
{
    uint32_t place = a->place[id];
    ASSERT(a->heap[place] == id);
    a->at[id] = INSTANT_NEVER;
    a->armed--;
    if (place != a->armed) {
        uint32_t last = a->heap[a->armed];
        put(a, place, last);
        rise(a, place);
        sink(a, a->place[last]);
    }
}

void alarm_set(struct alarm *a, uint32_t id, struct instant at)
{
    ASSERT(id < a->n);
    bool was = a->at[id].us != INSTANT_NEVER.us;
    bool is = at.us != INSTANT_NEVER.us;
    if (was && !is) {
        take_out(a, id);
        return;
    }
    if (!is || a->at[id].us == at.us) {
        return;
    }
    a->at[id] = at;
    if (!was) {
        put(a, a->armed, id);
        a->armed++;
    }
    rise(a, a->place[id]);
    sink(a, a->place[id]);
}

struct instant alarm_next(const struct alarm *a)
{
    return a->armed > 0 ? a->at[a->heap[0]] : INSTANT_NEVER;
}

bool alarm_due(struct alarm *a, struct instant now, uint32_t *ret_id)
{
    if (!instant_reached(now, alarm_next(a)) || a->armed == 0) {
        return false;
    }
    *ret_id = a->heap[0];
    take_out(a, a->heap[0]);
    return true;
}
