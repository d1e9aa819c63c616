#include "node/role/pg/opc_parts.h"

#include <string.h>

static uint32_t *bucket_of(struct opc *o, struct call_id id)
{
    return &o->buckets[(id.v ^ (id.v >> 40)) & (OPC_BUCKETS - 1)];
}

void opc_table_clear(struct opc *o)
{
    memset(o->buckets, 0, sizeof o->buckets);
    memset(o->legs, 0, (o->legs_max + 1) * sizeof *o->legs);
    memset(o->calls, 0, (o->calls_max + 1) * sizeof *o->calls);
    for (uint32_t i = 1; i < o->legs_max; i++) {
        o->legs[i].next = i + 1;
    }
    for (uint32_t i = 1; i < o->calls_max; i++) {
        o->calls[i].next = i + 1;
    }
    o->legs_free = 1;
    o->calls_free = 1;
    o->legs_n = 0;
    o->calls_n = 0;
}

struct opc_call *opc_table_call(struct opc *o, struct call_id id)
{
    for (uint32_t i = *bucket_of(o, id); i != 0; i = o->calls[i].next) {
        if (call_id_eq(o->calls[i].id, id)) {
            return &o->calls[i];
        }
    }
    return NULL;
}

struct opc_call *opc_table_add_call(struct opc *o, struct call_id id)
{
    ASSERT(call_id_some(id));
    uint32_t place = o->calls_free;
    if (place == 0) {
        return NULL;
    }
    struct opc_call *call = &o->calls[place];
    o->calls_free = call->next;
    o->calls_n++;
    uint32_t *bucket = bucket_of(o, id);
    *call = (struct opc_call){.id = id, .next = *bucket};
    *bucket = place;
    return call;
}

void opc_table_drop_call(struct opc *o, struct opc_call *call)
{
    ASSERT(call_id_some(call->id));
    ASSERT(call->legs == 0);
    uint32_t place = (uint32_t)(call - o->calls);
    uint32_t *link = bucket_of(o, call->id);
    while (*link != place) {
        ASSERT(*link != 0);
        link = &o->calls[*link].next;
    }
    *link = call->next;
    *call = (struct opc_call){.next = o->calls_free};
    o->calls_free = place;
    o->calls_n--;
}

uint32_t opc_table_place(const struct opc *o, const struct opc_leg *leg)
{
    ASSERT(leg > o->legs);
    ASSERT(leg <= o->legs + o->legs_max);
    return (uint32_t)(leg - o->legs);
}

struct opc_leg *opc_table_leg(struct opc *o, struct call_id id, struct device_id device)
{
    const struct opc_call *call = opc_table_call(o, id);
    for (uint32_t i = call != NULL ? call->legs : 0; i != 0; i = o->legs[i].next) {
        if (device_id_eq(o->legs[i].device, device) && o->legs[i].state != LEG_ENDED) {
            return &o->legs[i];
        }
    }
    return NULL;
}

/* Places in the table differ between the sides of a pair; times and calls do not. */
struct opc_leg *opc_table_youngest(struct opc *o, struct device_id device,
                                   const struct opc_leg *other)
{
    struct opc_leg *found = NULL;
    for (uint32_t i = 1; i <= o->legs_max; i++) {
        struct opc_leg *leg = &o->legs[i];
        if (leg == other || !call_id_some(leg->call) || leg->state == LEG_ENDED ||
            !device_id_eq(leg->device, device)) {
            continue;
        }
        if (found == NULL || leg->begin_us > found->begin_us ||
            (leg->begin_us == found->begin_us && leg->call.v > found->call.v)) {
            found = leg;
        }
    }
    return found;
}

struct opc_leg *opc_table_add_leg(struct opc *o, struct opc_call *call, struct device_id device)
{
    ASSERT(device.v > 0 && device.v <= o->devices_n);
    uint32_t place = o->legs_free;
    if (place == 0) {
        return NULL;
    }
    struct opc_leg *leg = &o->legs[place];
    o->legs_free = leg->next;
    o->legs_n++;
    *leg = (struct opc_leg){.call = call->id,
                            .device = device,
                            .next = call->legs,
                            .point = o->devices[device.v].point,
                            .icr_call_key = call->icr_call_key,
                            .parent = call->parent,
                            .leg = ++call->legs_made,
                            .segment = call->segment};
    call->legs = place;
    call->live++;
    call->linger_us = 0;
    o->devices[device.v].legs++;
    return leg;
}

static void unlink_leg(struct opc *o, struct opc_call *call, uint32_t place)
{
    uint32_t *link = &call->legs;
    while (*link != place) {
        ASSERT(*link != 0);
        link = &o->legs[*link].next;
    }
    *link = o->legs[place].next;
}

void opc_table_move_leg(struct opc *o, struct opc_leg *leg, struct opc_call *to)
{
    struct opc_call *from = opc_table_call(o, leg->call);
    ASSERT(from != NULL);
    ASSERT(leg->state != LEG_ENDED);
    uint32_t place = opc_table_place(o, leg);
    unlink_leg(o, from, place);
    from->live--;
    leg->next = to->legs;
    leg->call = to->id;
    to->legs = place;
    to->live++;
    to->linger_us = 0;
    if (from->legs == 0 && from->linger_us == 0) {
        opc_table_drop_call(o, from);
    }
}

void opc_table_end_leg(struct opc *o, struct opc_leg *leg)
{
    struct opc_call *call = opc_table_call(o, leg->call);
    struct opc_device *device = &o->devices[leg->device.v];
    ASSERT(call != NULL);
    ASSERT(leg->state != LEG_ENDED);
    ASSERT(call->live > 0);
    ASSERT(device->legs > 0);
    call->live--;
    device->legs--;
    leg->state = LEG_ENDED;
}

void opc_table_drop_leg(struct opc *o, struct opc_leg *leg)
{
    ASSERT(leg->state == LEG_ENDED);
    struct opc_call *call = opc_table_call(o, leg->call);
    ASSERT(call != NULL);
    uint32_t place = opc_table_place(o, leg);
    unlink_leg(o, call, place);
    *leg = (struct opc_leg){.next = o->legs_free};
    o->legs_free = place;
    o->legs_n--;
    if (call->legs == 0 && call->linger_us == 0) {
        opc_table_drop_call(o, call);
    }
}
