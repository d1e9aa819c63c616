#include "tests/unit/good_run.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct topology good_topology;
struct event good_events[GOOD_MAX];
struct history_leg good_legs[64];
struct history_row good_rows[64];
struct history good;
const char *good_scenario;

static void name(char *to, const char *text)
{
    snprintf(to, NAME_LEN, "%s", text);
}

static void add_proc(uint32_t i, const char *text, enum proc_kind kind, enum side side,
                     struct proc_id node)
{
    struct topology_proc *p = &good_topology.procs[i];
    name(p->name, text);
    p->kind = kind;
    p->side = side;
    p->pair = kind == PROC_PG ? 5000 : 0;
    p->ctimanager_node = node;
    p->publisher = i == 0;
    p->callmanager = kind == PROC_NODE;
    p->ctimanager = kind == PROC_NODE;
}

static void make_topology(void)
{
    struct topology *t = &good_topology;
    memset(t, 0, sizeof *t);
    enum err err = topology_profile("lab", &t->timers);
    ASSERT(err == ERR_OK);
    name(t->name, "good");
    t->procs_n = 8;
    add_proc(0, "pub", PROC_NODE, SIDE_NONE, (struct proc_id){0});
    add_proc(1, "sub1", PROC_NODE, SIDE_NONE, (struct proc_id){0});
    add_proc(2, "sub2", PROC_NODE, SIDE_NONE, (struct proc_id){0});
    add_proc(3, "pga", PROC_PG, SIDE_A, GOOD_SUB1);
    add_proc(4, "pgb", PROC_PG, SIDE_B, GOOD_SUB2);
    add_proc(5, "icma", PROC_ICM, SIDE_A, (struct proc_id){0});
    add_proc(6, "fleet", PROC_FLEET, SIDE_NONE, (struct proc_id){0});
    add_proc(7, "recorder", PROC_RECORDER, SIDE_NONE, (struct proc_id){0});
    t->groups_n = 1;
    t->groups[0] =
        (struct topology_group){.name = "all", .members_n = 2, .members = {GOOD_SUB1, GOOD_SUB2}};
    t->phones_n = 1;
    t->phones[0] =
        (struct topology_phones){.first = 1001, .count = GOOD_PHONES, .fleet = GOOD_FLEET};
    t->gateways_n = GOOD_GATEWAYS;
    for (uint32_t i = 0; i < GOOD_GATEWAYS; i++) {
        snprintf(t->gateways[i].name, NAME_LEN, "gw%u", i + 1);
        t->gateways[i].channels = 30;
        t->gateways[i].fleet = GOOD_FLEET;
    }
    t->skills_n = 1;
    t->skills[0] = (struct topology_skill){.name = "sales", .number = 7001};
    t->dialled_n = 1;
    t->dialled[0] = (struct topology_dialled){.number = "80001", .pair = 5000};
    t->agents_n = 1;
    t->agents[0] =
        (struct topology_agents){.first = 5001, .count = 10, .phone = 1001, .pair = 5000};
    t->traffic.wrapup_mean = duration_ms(1000);
}

struct event *good_run_event(enum event_kind kind, struct proc_id proc, int64_t at_us)
{
    ASSERT(good.events_n < GOOD_MAX);
    struct event *e = &good_events[good.events_n++];
    memset(e, 0, sizeof *e);
    e->kind = kind;
    e->proc = proc;
    e->at.us = at_us;
    e->wall_us = GOOD_WALL + at_us;
    e->incarnation.v = 1;
    return e;
}

struct event *good_run_find(enum event_kind kind, struct proc_id proc, int64_t at_us)
{
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == kind && e->at.us >= at_us &&
            (!proc_id_some(proc) || proc_id_eq(e->proc, proc))) {
            return e;
        }
    }
    return NULL;
}

static void registration(enum event_kind kind, struct proc_id proc, struct proc_id peer,
                         uint32_t device, uint32_t epoch, int64_t at)
{
    struct event *e = good_run_event(kind, proc, at);
    e->device.v = device;
    e->peer = peer;
    e->epoch = epoch;
    e->value = epoch; /* the counter */
}

/* Committed on the three nodes, without the dead one. */
static void owns(uint32_t device, struct proc_id node, uint32_t epoch, int64_t at, int64_t index)
{
    for (uint16_t v = 1; v <= 3; v++) {
        if (v == GOOD_SUB1.v && at >= GOOD_FAULT && at < GOOD_RETURN) {
            continue;
        }
        struct event *e = good_run_event(EVENT_OWNER_CHANGED, (struct proc_id){v}, at);
        e->device.v = device;
        e->peer = node;
        e->epoch = epoch;
        e->value = index;
        e->value2 = DEVICE_STATE_REGISTERED;
    }
}

/* Asked for, committed, acknowledged, and known to the device. */
void good_run_registers(uint32_t device, struct proc_id node, uint32_t epoch, int64_t at,
                        int64_t index)
{
    registration(EVENT_REGISTER_SENT, GOOD_FLEET, node, device, epoch, at - 1 * GOOD_MS);
    owns(device, node, epoch, at, index);
    registration(EVENT_REGISTER_ACKED, node, GOOD_FLEET, device, epoch, at + 1 * GOOD_MS);
    registration(EVENT_REGISTERED, GOOD_FLEET, node, device, epoch, at + 2 * GOOD_MS);
}

/* The recorder looks devices up through a node. */
static void looks_up(struct proc_id through, struct proc_id owner, uint32_t epoch, int64_t at)
{
    static int64_t number;
    struct event *asked = good_run_event(EVENT_LOOKUP_ASKED, GOOD_RECORDER, at - 1 * GOOD_MS);
    asked->peer = through;
    asked->value = ++number;
    for (uint32_t d = 2; d <= 4; d++) {
        struct event *e = good_run_event(EVENT_LOOKED_UP, GOOD_RECORDER, at);
        e->device.v = d;
        e->peer = owner;
        e->epoch = epoch;
        e->value = number;
        e->value2 = DEVICE_STATE_REGISTERED;
    }
}

void good_run_hashes(int64_t at, int64_t index, bool all)
{
    for (uint16_t v = 1; v <= 3; v++) {
        if (all || v != GOOD_SUB1.v) {
            struct event *e = good_run_event(EVENT_STATE_HASH, (struct proc_id){v}, at);
            e->value = index;
            e->value2 = index * 7919;
        }
    }
}

static void leads(struct proc_id node, int64_t term, int64_t at, int64_t applied)
{
    struct event *e = good_run_event(EVENT_RAFT_STATE, node, at);
    e->value = RAFT_STATE_LEADER;
    e->value2 = term;
    struct event *serves = good_run_event(EVENT_RAFT_SERVING, node, at + 1 * GOOD_MS);
    serves->value = applied;
    serves->value2 = term;
}

void good_run_activates(struct proc_id side, struct proc_id node, int64_t epoch, int64_t at)
{
    good_run_event(EVENT_PROVIDER_UP, side, at - 300 * GOOD_MS)->peer = node;
    struct event *granted = good_run_event(EVENT_PG_GRANTED, GOOD_ICMA, at - 1 * GOOD_MS);
    granted->peer = side;
    granted->value = epoch;
    struct event *e = good_run_event(EVENT_PG_ACTIVE, side, at);
    e->value = epoch;
    e->value2 = 11;
    struct event *applied = good_run_event(EVENT_CTI_APPLIED, side, at + 100 * GOOD_MS);
    applied->value = 40;
    applied->value2 = 100 + epoch;
}

void good_run_fault(enum event_kind kind, struct proc_id proc, const char *what, int64_t at_us)
{
    struct event *e = good_run_event(kind, GOOD_GUEST, at_us);
    e->peer = proc;
    snprintf(e->text, sizeof e->text, "%s", what);
}

void good_run_agents(struct proc_id side, enum agent_state to, uint32_t first, uint32_t last,
                     int64_t at)
{
    for (uint32_t agent = first; agent <= last; agent++) {
        struct event *e = good_run_event(EVENT_AGENT_STATE, side, at);
        e->value = agent;
        e->value2 = to;
    }
}

void good_run_routed(uint32_t agent, struct proc_id side, uint64_t call, int64_t at)
{
    struct event *asked = good_run_event(EVENT_ROUTE_REQUESTED, side, at - 2 * GOOD_MS);
    asked->call.v = call;
    struct event *e = good_run_event(EVENT_ROUTED, GOOD_ICMA, at);
    e->value = agent;
    e->value2 = ROUTE_LABEL;
    e->device.v = agent - 5000;
    e->call.v = call;
}

/* An agent's leg; its caller's leg at the gateway is the next one. */
struct history_leg *good_run_talk(uint32_t agent, uint64_t call, int64_t begin, int64_t end)
{
    struct history_leg *leg = &good_legs[good.legs_n];
    good.legs_n += 2;
    *leg = (struct history_leg){.device = {agent - 5000},
                                .agent = {agent},
                                .call = {call},
                                .incoming = true,
                                .begin_us = begin,
                                .answer_us = begin + 900 * GOOD_MS,
                                .end_us = end,
                                .reason = REASON_HUNG_UP,
                                .received = 100,
                                .gap_us = 60 * GOOD_MS};
    snprintf(leg->number, sizeof leg->number, "%u", agent - 4000);
    memcpy(leg->to, leg->number, sizeof leg->to);
    snprintf(leg->from, sizeof leg->from, "0301234567");
    leg[1] = *leg;
    leg[1].device.v = GOOD_GATEWAY;
    leg[1].agent.v = 0;
    leg[1].incoming = false;
    leg[1].number[0] = '\0';
    leg[1].begin_us = begin - 100 * GOOD_MS;
    snprintf(leg[1].to, sizeof leg[1].to, "80001");
    return leg;
}

struct history_row *good_run_row(const struct history_leg *leg, int64_t key, int64_t at)
{
    struct history_row *row = &good_rows[good.rows_n++];
    *row = (struct history_row){.recovery_key = 9000 + key,
                                .key = key << 16,
                                .at_us = at,
                                .pair = 5000,
                                .day = 20000,
                                .router_key = (uint32_t)(200 + key),
                                .call = leg->call,
                                .agent = leg->agent,
                                .disposition = 13,
                                .call_type = 2,
                                .duration_s = (uint32_t)((at - leg->begin_us) / 1000000)};
    memcpy(row->instrument, leg->number, sizeof row->instrument);
    snprintf(row->digits, sizeof row->digits, "80001");
    snprintf(row->hash, sizeof row->hash, "%016llx", (unsigned long long)key);
    struct event *e = good_run_event(EVENT_TCD_STORED, GOOD_ICMA, at + 5 * GOOD_MS);
    e->value = row->key;
    e->value2 = row->recovery_key;
    snprintf(e->text, sizeof e->text, "%s", row->hash);
    return row;
}

static void make_calls(void)
{
    /* 5001 talks while sub1 dies: kept, cut in the record, wrap-up afterwards for nothing. */
    struct history_leg *kept = good_run_talk(5001, 0x101, 15000 * GOOD_MS, 28000 * GOOD_MS);
    kept->preserved = true;
    kept[1].preserved = true;
    snprintf(kept->wrapup, sizeof kept->wrapup, "sale");
    struct history_row *cut = good_run_row(kept, 1, GOOD_FAULT + 200 * GOOD_MS);
    cut->partial = true;
    cut->disposition = 27;
    snprintf(cut->fail_cause, sizeof cut->fail_cause, "provider_lost");
    struct event *preserved =
        good_run_event(EVENT_CALL_PRESERVED, GOOD_FLEET, GOOD_FAULT + 6 * GOOD_MS);
    preserved->device = kept->device;
    preserved->call = kept->call;
    struct event *refused =
        good_run_event(EVENT_KEY_REFUSED, GOOD_FLEET, GOOD_FAULT + 2000 * GOOD_MS);
    refused->device = kept->device;
    refused->call = kept->call;
    refused->value = KEY_HOLD;
    refused->reason = REASON_PRESERVED;
    struct event *over = good_run_event(EVENT_CALL_END, GOOD_FLEET, kept->end_us);
    over->device = kept->device;
    over->call = kept->call;
    /* 5002 was done before, 5003 rings at the fault, 5004 works for the new side. */
    struct history_leg *done = good_run_talk(5002, 0x102, 5000 * GOOD_MS, 12000 * GOOD_MS);
    good_run_row(done, 2, 13000 * GOOD_MS);
    struct history_leg *rings =
        good_run_talk(5003, 0x103, GOOD_FAULT - 1000 * GOOD_MS, GOOD_FAULT + 10 * GOOD_MS);
    rings->answer_us = 0;
    rings->reason = REASON_DROPPED_IN_SETUP;
    rings[1].answer_us = 0;
    rings[1].reason = REASON_DROPPED_IN_SETUP;
    struct history_row *dropped = good_run_row(rings, 3, GOOD_FAULT + 200 * GOOD_MS);
    dropped->partial = true;
    dropped->disposition = 27;
    good_run_routed(5002, GOOD_PGA, 0x102, 4900 * GOOD_MS);
    struct history_leg *new_side = good_run_talk(5004, 0x104, 25000 * GOOD_MS, 31000 * GOOD_MS);
    good_run_row(new_side, 4, 32000 * GOOD_MS);
    good_run_routed(5004, GOOD_PGB, 0x104, 24900 * GOOD_MS);
    /* One that nobody saw: between the fault and the new side. */
    good_run_talk(5005, 0x105, GOOD_FAULT + 150 * GOOD_MS, GOOD_FAULT + 1600 * GOOD_MS);
    /* Busy when sub1 returns. */
    struct history_leg *busy = good_run_talk(5006, 0x106, 36000 * GOOD_MS, 42000 * GOOD_MS);
    good_run_row(busy, 6, 43000 * GOOD_MS);
}

static void lose(uint32_t device, bool in_call)
{
    struct event *lost =
        good_run_event(EVENT_DEVICE_LOST, GOOD_FLEET, GOOD_FAULT + 5 * GOOD_MS + device);
    lost->device.v = device;
    lost->peer = GOOD_SUB1;
    lost->value = in_call ? 1 : 0;
}

static void drains(uint32_t gateway, int64_t at)
{
    struct event *e = good_run_event(EVENT_DRAIN, GOOD_FLEET, at);
    e->device.v = gateway;
    e->peer = GOOD_SUB1;
    e->epoch = 2;
}

/* Where everyone registers: at the start, after the fault, after the return. The index rises with
 * time: the busy ones come last. */
static void make_moves(void)
{
    const uint32_t last = GOOD_PHONES + GOOD_GATEWAYS;
    int64_t index = 10;
    for (uint32_t d = 1; d <= last; d++) {
        good_run_registers(d, GOOD_SUB1, 1, 1000 * GOOD_MS + d * GOOD_MS, ++index);
    }
    owns(GOOD_ROUTE_POINT, GOOD_SUB1, 1, 1100 * GOOD_MS, ++index);
    good_run_hashes(2000 * GOOD_MS, index, true);
    for (uint32_t d = 1; d <= last; d++) {
        lose(d, d == 1);
    }
    for (uint32_t d = 2; d <= last; d++) {
        good_run_registers(d, GOOD_SUB2, 2, GOOD_FAULT + 120 * GOOD_MS + 7 * d * GOOD_MS, ++index);
    }
    owns(GOOD_ROUTE_POINT, GOOD_SUB2, 3, GOOD_FAULT + 1000 * GOOD_MS, ++index);
    good_run_registers(1, GOOD_SUB2, 2, 28100 * GOOD_MS, ++index);
    good_run_hashes(30000 * GOOD_MS, index, false);
    for (uint32_t d = 1; d <= last; d++) {
        if (d != 6 && d != GOOD_GATEWAY) {
            good_run_registers(d, GOOD_SUB1, 3, GOOD_RETURN + 3200 * GOOD_MS + 11 * d * GOOD_MS,
                               ++index);
        }
    }
    /* The second gateway goes home long before the first is let go. */
    drains(GOOD_GATEWAY + 1, GOOD_RETURN + 3100 * GOOD_MS);
    drains(GOOD_GATEWAY, 42100 * GOOD_MS);
    good_run_registers(6, GOOD_SUB1, 3, 42200 * GOOD_MS, ++index);
    good_run_registers(GOOD_GATEWAY, GOOD_SUB1, 3, 42200 * GOOD_MS, ++index);
    good_run_hashes(69000 * GOOD_MS, index, true);
}

void good_run_begin(const char *scenario)
{
    static const uint16_t starters[] = {1, 2, 3, 4, 5, 6, 7};
    make_topology();
    memset(&good, 0, sizeof good);
    good_scenario = scenario;
    good.topology = &good_topology;
    good.events = good_events;
    good.legs = good_legs;
    good.rows = good_rows;
    good.rows_known = true;
    for (size_t i = 0; i < sizeof starters / sizeof starters[0]; i++) {
        good_run_event(EVENT_PROCESS_START, (struct proc_id){starters[i]}, 0);
    }
    for (uint16_t v = 1; v <= 3; v++) {
        good_run_event(EVENT_LEASE_GOT, (struct proc_id){v}, 600 * GOOD_MS);
    }
    leads(GOOD_SUB1, 2, 500 * GOOD_MS, 2);
    good_run_activates(GOOD_PGA, GOOD_SUB1, 1, 1500 * GOOD_MS);
    good_run_agents(GOOD_PGA, AGENT_STATE_READY, 5001, 5010, 2000 * GOOD_MS);
}

void good_run_make(void)
{
    good_run_begin("subscriber-fails");
    good_run_event(EVENT_LEASE_GOT, GOOD_SUB1, GOOD_RETURN + 100 * GOOD_MS);
    looks_up(GOOD_PUB, GOOD_SUB1, 1, 10000 * GOOD_MS);
    looks_up(GOOD_SUB2, GOOD_SUB1, 1, GOOD_FAULT - 1 * GOOD_MS);
    looks_up(GOOD_SUB2, GOOD_SUB2, 2, GOOD_FAULT + 500 * GOOD_MS);
    looks_up(GOOD_SUB1, GOOD_SUB1, 3, 60000 * GOOD_MS);
    make_moves();
    make_calls();
    good_run_fault(EVENT_FAULT, GOOD_SUB1, "crash", GOOD_FAULT);
    struct event *down = good_run_event(EVENT_PROVIDER_DOWN, GOOD_PGA, GOOD_FAULT + 8 * GOOD_MS);
    down->peer = GOOD_SUB1;
    down->reason = REASON_PROVIDER_LOST;
    leads(GOOD_SUB2, 3, GOOD_FAULT + 95 * GOOD_MS, 40);
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, GOOD_FAULT + 1900 * GOOD_MS);
    for (uint32_t agent = 5001; agent <= 5010; agent++) {
        struct event *out =
            good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, GOOD_FAULT + 1950 * GOOD_MS);
        out->value = agent;
        out->value2 = 50003;
    }
    good_run_agents(GOOD_PGB, AGENT_STATE_READY, 5002, 5010, GOOD_FAULT + 3000 * GOOD_MS);
    good_run_agents(GOOD_PGB, AGENT_STATE_READY, 5001, 5001, 29000 * GOOD_MS);
    struct event *heal = good_run_event(EVENT_HEAL, GOOD_GUEST, GOOD_RETURN);
    heal->peer = GOOD_SUB1;
    good_run_event(EVENT_PROCESS_START, GOOD_SUB1, GOOD_RETURN + 50 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->at.us != y->at.us) {
        return x->at.us < y->at.us ? -1 : 1;
    }
    return (x->incarnation.v > y->incarnation.v) - (x->incarnation.v < y->incarnation.v);
}

void good_run_finish(void)
{
    qsort(good_events, good.events_n, sizeof good_events[0], by_time);
    enum err err = history_prepare(&good);
    ASSERT(err == ERR_OK);
}

const struct check_result *good_run_judged(const char *id)
{
    static struct check_result results[CHECK_RESULTS_MAX];
    enum verdict whole;
    size_t n = check_run(&good, good_scenario, results, &whole);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(results[i].id, id) == 0) {
            assert_true(results[i].verdict != VERDICT_FAIL || whole == VERDICT_FAIL);
            return &results[i];
        }
    }
    fail_msg("no check is called %s", id);
    return NULL;
}

void good_run_caught(const char *id)
{
    good_run_finish();
    const struct check_result *result = good_run_judged(id);
    if (result->verdict != VERDICT_FAIL) {
        fail_msg("%s: %s: %s", id, check_verdict_text(result->verdict), result->observed);
    }
    history_free(&good);
}
