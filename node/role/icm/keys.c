#include "node/role/icm/keys.h"

#define DAY_US INT64_C(86400000000)

static uint32_t day_of(const struct keys *k, struct instant now)
{
    int64_t wall_us = now.us + k->wall_offset_us;
    return wall_us > 0 ? (uint32_t)(wall_us / DAY_US) : 0;
}

/* With which key a day begins. */
static uint32_t first_of(const struct keys *k)
{
    return k->side == SIDE_B ? KEYS_ALONE : KEYS_FIRST;
}

static void reserve(struct keys *k, uint32_t day, uint32_t from)
{
    if (k->ticket != 0) {
        return;
    }
    struct msg msg = {.kind = MSG_ROUTE_ANSWER};
    msg.route_answer.kind = ROUTE_NONE;
    msg.route_answer.day = day;
    msg.route_answer.key = from + KEYS_RANGE;
    k->ticket_day = day;
    k->ticket_end = from + KEYS_RANGE;
    k->ticket = k->world->store(k->world->context, &msg);
    ASSERT(k->ticket != 0);
}

void keys_init(struct keys *k, const struct world *world)
{
    *k = (struct keys){.world = world, .next = KEYS_FIRST, .durable = KEYS_FIRST};
}

static void set_day(struct keys *k, struct instant now, int64_t wall_us)
{
    k->wall_offset_us = wall_us - now.us;
    uint32_t today = day_of(k, now);
    /* A wall clock that went back must not give old keys again: the later day stays. */
    if (today > k->day) {
        k->day = today;
        k->next = first_of(k);
        k->durable = first_of(k);
    }
}

void keys_start(struct keys *k, struct instant now, int64_t wall_us)
{
    set_day(k, now, wall_us);
    reserve(k, k->day, k->next);
}

static bool is_own(uint32_t million, enum side side)
{
    return million % 2 == (side == SIDE_B ? 1u : 0u);
}

/* To the next million of the side. */
static void jump(struct keys *k)
{
    bool later = k->begun_day == k->day && k->begun > k->durable;
    uint32_t million = (later ? k->begun : k->durable) / KEYS_ALONE + 1;
    million += is_own(million, k->side) ? 0 : 1;
    k->next = million * KEYS_ALONE;
    k->durable = k->next;
    k->ticket = 0;
    reserve(k, k->day, k->next);
}

void keys_start_alone(struct keys *k, struct instant now, int64_t wall_us, enum side side)
{
    k->side = side;
    set_day(k, now, wall_us);
    jump(k);
}

void keys_go_on_alone(struct keys *k, enum side side)
{
    k->side = side;
    if (!is_own(k->next / KEYS_ALONE, side)) {
        jump(k);
    }
}

void keys_heard(struct keys *k, uint32_t day, uint32_t end)
{
    if (day > k->begun_day || (day == k->begun_day && end > k->begun)) {
        k->begun_day = day;
        k->begun = end;
    }
}

void keys_restore(struct keys *k, uint32_t day, uint32_t end)
{
    keys_heard(k, day, end);
    if (day > k->day || (day == k->day && end > k->next)) {
        k->day = day;
        k->next = end;
        k->durable = end;
    }
}

void keys_stored(struct keys *k, uint64_t ticket)
{
    if (k->ticket == 0 || ticket < k->ticket) {
        return;
    }
    k->ticket = 0;
    if (k->ticket_day > k->day) {
        k->day = k->ticket_day;
        k->next = first_of(k);
    }
    ASSERT(k->ticket_end >= k->next);
    k->durable = k->ticket_end;
}

bool keys_take(struct keys *k, struct instant now, uint32_t *ret_day, uint32_t *ret_key)
{
    uint32_t today = day_of(k, now);
    if (today > k->day) {
        reserve(k, today, first_of(k));
    } else if (k->durable - k->next < KEYS_RANGE / 2) {
        reserve(k, k->day, k->durable);
    }
    if (k->next == k->durable) {
        return false;
    }
    *ret_day = k->day;
    *ret_key = k->next++;
    return true;
}
