#include "node/role/pg/records.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void records_init(struct records *r, const struct world *world)
{
    memset(r, 0, offsetof(struct records, entries));
    r->world = world;
}

static struct records_entry *at(struct records *r, uint64_t count)
{
    return &r->entries[count & (RECORDS_MAX - 1)];
}

static uint64_t *number_in(struct msg *msg)
{
    if (msg->kind == MSG_RECORD_TCD) {
        return &msg->record_tcd.outbox;
    }
    return msg->kind == MSG_RECORD_LOGOUT ? &msg->record_logout.outbox : &msg->record_state.outbox;
}

static void keep(struct records *r, const struct msg *msg, uint64_t number, uint64_t ticket)
{
    struct records_entry *e = at(r, r->head);
    e->number = number;
    e->ticket = ticket;
    e->kind = msg->kind;
    if (msg->kind == MSG_RECORD_TCD) {
        e->tcd = msg->record_tcd;
    } else if (msg->kind == MSG_RECORD_LOGOUT) {
        e->logout = msg->record_logout;
    } else {
        e->state = msg->record_state;
    }
    r->head++;
}

static void drop(struct records *r, const struct msg *msg)
{
    struct event event = {.kind = EVENT_MESSAGE_REJECTED, .reason = REASON_FULL};
    snprintf(event.text, sizeof event.text, "outbox: %s", msg_name(msg->kind));
    r->dropped++;
    world_trace(r->world, &event);
}

void records_restore(struct records *r, const struct msg *msg)
{
    if (!msg_is_record(msg->kind) || r->head - r->first == RECORDS_MAX) {
        return;
    }
    uint64_t number = msg->kind == MSG_RECORD_TCD      ? msg->record_tcd.outbox
                      : msg->kind == MSG_RECORD_LOGOUT ? msg->record_logout.outbox
                                                       : msg->record_state.outbox;
    keep(r, msg, number, 0);
    r->stored = r->head;
    if (number > r->last) {
        r->last = number;
    }
}

void records_start(struct records *r, struct incarnation incarnation)
{
    uint64_t base = incarnation.v << 32;
    if (r->last < base) {
        r->last = base;
    }
}

static void send_more(struct records *r)
{
    if (!proc_id_some(r->controller)) {
        return;
    }
    if (r->sent < r->first) {
        r->sent = r->first;
    }
    while (r->sent < r->stored && r->sent - r->first < RECORDS_WINDOW) {
        const struct records_entry *e = at(r, r->sent);
        struct msg out;
        out.kind = e->kind;
        out.correlation = 0;
        if (e->kind == MSG_RECORD_TCD) {
            out.record_tcd = e->tcd;
            out.correlation = e->tcd.call.v;
        } else if (e->kind == MSG_RECORD_LOGOUT) {
            out.record_logout = e->logout;
        } else {
            out.record_state = e->state;
        }
        world_send(r->world, LINK_CONTROLLER, r->controller, &out);
        r->sent++;
    }
}

void records_add(struct records *r, struct msg *msg)
{
    ASSERT(msg_is_record(msg->kind));
    uint64_t waiting = r->head - r->first;
    if (waiting == RECORDS_MAX ||
        (msg->kind == MSG_RECORD_STATE && waiting >= RECORDS_STATES_MAX)) {
        drop(r, msg);
        return;
    }
    uint64_t number = ++r->last;
    *number_in(msg) = number;
    uint64_t ticket = r->world->store(r->world->context, msg);
    keep(r, msg, number, ticket);
}

void records_stored(struct records *r, uint64_t ticket)
{
    while (r->stored < r->head && at(r, r->stored)->ticket <= ticket) {
        r->stored++;
    }
    send_more(r);
}

void records_controller(struct records *r, struct proc_id controller)
{
    r->controller = controller;
    r->sent = r->first;
    send_more(r);
}

void records_ack(struct records *r, uint64_t number)
{
    uint64_t before = r->first;
    while (r->first < r->stored && at(r, r->first)->number <= number) {
        r->first++;
    }
    if (r->first != before) {
        r->world->trim(r->world->context, at(r, r->first - 1)->number);
    }
    send_more(r);
}

uint64_t records_waiting(const struct records *r)
{
    return r->head - r->first;
}
