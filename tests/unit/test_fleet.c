#include "node/process/fleet.h"

#include "tests/unit/fake_world.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define PHONES   200
#define AGENTS   10
#define LEGS_MAX 256
#define GUEST    ((struct proc_id){900})

/* A CallManager of one line: it accepts every registration, joins whoever dials with whom he dials
 * (the dialled number: agents' phones in turn), and loses everything when told to. */
struct fake_call {
    uint64_t id;
    struct device_id from, to;
    uint32_t line;
    bool up;
};

struct cluster {
    struct topology topology;
    struct fake_world w;
    struct fleet *fleet;
    struct process process;
    void *memory;
    struct instant now;
    struct fake_call calls[LEGS_MAX];
    uint32_t epochs[PHONES + 8];
    uint64_t next_call;
    uint32_t next_agent;
    uint32_t records, preserved, bad_records;
    bool dead[8];
};

static struct cluster c;
static struct msg m;

static void on_record(void *context, const struct leg_record *record)
{
    struct cluster *k = context;
    k->records++;
    k->preserved += record->preserved;
    k->bad_records += record->call.v == 0 || record->end.us < record->begin.us;
}

static void say(enum link link, struct proc_id from, enum msg_kind kind)
{
    m.kind = kind;
    c.process.message(c.process.self, c.now, link, from, &m);
}

static void tell(struct proc_id from, struct device_id device, const struct fake_call *call,
                 enum leg state, struct device_id peer, enum reason reason)
{
    m.station_call =
        (struct msg_station_call){.device = device,
                                  .epoch = c.epochs[device.v],
                                  .call = {call->id},
                                  .line = device_id_eq(device, call->from) ? call->line : 0,
                                  .state = state,
                                  .reason = reason,
                                  .number = "1001",
                                  .peer = peer};
    say(LINK_STATION, from, MSG_STATION_CALL);
}

static bool busy(struct device_id device)
{
    for (uint32_t i = 0; i < LEGS_MAX; i++) {
        if (c.calls[i].id != 0 && device_id_eq(c.calls[i].to, device)) {
            return true;
        }
    }
    return false;
}

static void dial(struct proc_id node, const struct fake_sent *s)
{
    struct fake_call *call = NULL;
    for (uint32_t i = 0; i < LEGS_MAX && call == NULL; i++) {
        call = c.calls[i].id == 0 ? &c.calls[i] : NULL;
    }
    assert_non_null(call);
    struct device_id to = topology_number(&c.topology, s->dial.number);
    if (to.v > PHONES) {
        to.v = 1 + c.next_agent++ % AGENTS;
    }
    *call = (struct fake_call){
        .id = ++c.next_call, .from = s->dial.device, .to = to, .line = s->dial.line};
    struct fake_call copy = *call;
    bool free_line = !busy(to) || call->to.v == 0;
    struct phone *p = fleet_phone(c.fleet, to);
    if (p == NULL || !phone_idle(p) || !free_line) {
        free_line = p != NULL && phone_idle(p);
    }
    tell(node, copy.from, &copy, LEG_DIALING, (struct device_id){0}, REASON_NONE);
    if (!free_line) {
        call->id = 0;
        tell(node, copy.from, &copy, LEG_ENDED, (struct device_id){0}, REASON_BUSY);
        return;
    }
    tell(node, copy.from, &copy, LEG_RINGBACK, (struct device_id){0}, REASON_NONE);
    tell(node, copy.to, &copy, LEG_RINGING, (struct device_id){0}, REASON_NONE);
}

static void key(struct proc_id node, const struct fake_sent *s)
{
    for (uint32_t i = 0; i < LEGS_MAX; i++) {
        struct fake_call *call = &c.calls[i];
        if (call->id == 0 || call->id != s->key.call.v) {
            continue;
        }
        struct fake_call copy = *call;
        if (s->key.key == KEY_ANSWER) {
            tell(node, copy.to, &copy, LEG_CONNECTED, copy.from, REASON_NONE);
            tell(node, copy.from, &copy, LEG_CONNECTED, copy.to, REASON_NONE);
        } else if (s->key.key == KEY_HANGUP) {
            call->id = 0;
            struct device_id other = device_id_eq(s->key.device, copy.from) ? copy.to : copy.from;
            tell(node, other, &copy, LEG_ENDED, (struct device_id){0}, REASON_HUNG_UP);
        }
        return;
    }
}

static void answer(const struct fake_sent *s)
{
    struct proc_id node = s->peer;
    if (s->link != LINK_STATION || c.dead[node.v]) {
        return;
    }
    if (s->kind == MSG_STATION_REGISTER) {
        m.station_registered =
            (struct msg_station_registered){.device = s->reg.device,
                                            .counter = s->reg.counter,
                                            .epoch = ++c.epochs[s->reg.device.v]};
        say(LINK_STATION, node, MSG_STATION_REGISTERED);
    } else if (s->kind == MSG_STATION_KEEPALIVE) {
        m.station_keepalive_ack = (struct msg_station_keepalive_ack){.device = s->keepalive.device,
                                                                     .epoch = s->keepalive.epoch};
        say(LINK_STATION, node, MSG_STATION_KEEPALIVE_ACK);
    } else if (s->kind == MSG_STATION_DIAL) {
        dial(node, s);
    } else if (s->kind == MSG_STATION_KEY) {
        key(node, s);
    } else if (s->kind == MSG_STATION_FALLBACK) {
        m.station_fallback_answer = (struct msg_station_fallback_answer){
            .device = s->fallback.device, .epoch = s->fallback.epoch};
        say(LINK_STATION, node, MSG_STATION_FALLBACK_ANSWER);
    }
}

static void settle(void)
{
    const struct fake_sent *s;
    while ((s = fake_world_next(&c.w)) != NULL) {
        struct fake_sent copy = *s;
        if (c.w.sent_seen == c.w.sent_n) {
            fake_world_forget(&c.w);
        }
        answer(&copy);
    }
}

static void run(int64_t ms)
{
    struct instant end = instant_add(c.now, duration_ms(ms));
    for (;;) {
        struct instant next = c.process.deadline(c.process.self);
        if (next.us > end.us) {
            break;
        }
        c.now = next.us > c.now.us ? next : (struct instant){c.now.us + 1};
        c.process.tick(c.process.self, c.now);
        settle();
    }
    c.now = end;
}

static void start(uint64_t seed)
{
    free(c.memory);
    memset(&c, 0, sizeof c);
    fake_world_topology(&c.topology, PHONES, AGENTS);
    fake_world_init(&c.w);
    c.topology.traffic.seed = seed;
    c.topology.traffic.agent_calls_mps = 1000;
    c.topology.traffic.phone_calls_mps = 5000;
    size_t size = fleet_size(&c.topology, FAKE_FLEET);
    c.memory = malloc(size);
    assert_non_null(c.memory);
    c.fleet = fleet_init(c.memory, &c.topology, FAKE_FLEET, (struct incarnation){1}, &c.w.world);
    fleet_set_log(c.fleet, &c, on_record);
    c.process = fleet_process(c.fleet);
    c.process.start(c.process.self, c.now);
    c.process.link_up(c.process.self, c.now, LINK_STATION, FAKE_SUB1);
    settle();
    c.process.link_up(c.process.self, c.now, LINK_STATION, FAKE_SUB2);
    settle();
}

static void fall(struct proc_id node)
{
    c.dead[node.v] = true;
    memset(c.calls, 0, sizeof c.calls);
    c.process.link_down(c.process.self, c.now, LINK_STATION, node, REASON_NODE_LOST);
    settle();
}

static struct msg_op_fleet_status status(void)
{
    m.op_status = (struct msg_op_status){.id = 5};
    say(LINK_OPERATOR, GUEST, MSG_OP_STATUS);
    const struct fake_sent *s = fake_world_next_of(&c.w, MSG_OP_FLEET_STATUS);
    assert_non_null(s);
    return s->status;
}

static struct msg_op_done command(struct msg_op_command cmd)
{
    cmd.id = 9;
    m.op_command = cmd;
    say(LINK_OPERATOR, GUEST, MSG_OP_COMMAND);
    for (int i = 0; i < 200; i++) {
        const struct fake_sent *s;
        while ((s = fake_world_next(&c.w)) != NULL) {
            struct fake_sent copy = *s;
            if (copy.kind == MSG_OP_DONE) {
                settle();
                return copy.done;
            }
            answer(&copy);
        }
        struct instant next = c.process.deadline(c.process.self);
        c.now = next.us > c.now.us ? next : c.now;
        c.process.tick(c.process.self, c.now);
    }
    fail_msg("no op_done");
    return (struct msg_op_done){0};
}

static uint32_t served_by(struct proc_id node)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < PHONES; i++) {
        const struct station *s = &c.fleet->phones[i].station;
        n += s->state == STATION_REGISTERED && proc_id_eq(s->owner, node);
    }
    return n;
}

static void test_fleet__everybody_registers_and_calls_flow(void **state)
{
    (void)state;
    start(7);
    assert_int_equal(served_by(FAKE_SUB1), PHONES);
    run(30000);
    struct msg_op_fleet_status s = status();
    assert_int_equal(s.phones_registered, PHONES);
    assert_int_equal(s.gateways_registered, 2);
    assert_true(s.calls_done > 100);
    assert_true(s.calls > 5);
    assert_int_equal(s.preserved, 0);
    assert_true(s.legs_logged > 200);
    assert_int_equal(c.bad_records, 0);
    assert_true(c.fleet->site.notices_lost == 0);
    assert_true(c.fleet->site.rejected == 0);
}

static void test_fleet__idle_phones_move_and_busy_ones_follow(void **state)
{
    (void)state;
    start(7);
    run(20000);
    fall(FAKE_SUB1);
    struct msg_op_fleet_status s = status();
    assert_true(s.preserved > 3);
    assert_true(served_by(FAKE_SUB2) < PHONES);
    assert_true(served_by(FAKE_SUB2) > PHONES / 2);
    run(2 * duration_to_ms(c.topology.traffic.talk_mean));
    assert_int_equal(served_by(FAKE_SUB2), PHONES);
    assert_int_equal(status().preserved, 0);
    assert_true(fake_world_events(&c.w, EVENT_KEY_REFUSED) > 0);
    assert_true(c.preserved > 0);
}

static void test_fleet__goes_home_after_the_watch(void **state)
{
    (void)state;
    start(7);
    fall(FAKE_SUB1);
    run(1000);
    assert_int_equal(served_by(FAKE_SUB2), PHONES);
    c.dead[FAKE_SUB1.v] = false;
    c.process.link_up(c.process.self, c.now, LINK_STATION, FAKE_SUB1);
    settle();
    run(2900);
    assert_int_equal(served_by(FAKE_SUB1), 0);
    command((struct msg_op_command){.verb = OP_VERB_TRAFFIC, .to = "0"});
    run(20000);
    assert_int_equal(served_by(FAKE_SUB1), PHONES);
    assert_int_equal(status().gateways_registered, 2);
}

static uint64_t digest_of(uint64_t seed)
{
    start(seed);
    run(10000);
    fall(FAKE_SUB1);
    run(10000);
    return c.w.digest;
}

static void test_fleet__the_same_seed_has_the_same_effects(void **state)
{
    (void)state;
    uint64_t first = digest_of(7);
    assert_true(digest_of(7) == first);
    assert_true(digest_of(8) != first);
}

static void test_fleet__keepalives_go_out_in_few_bursts(void **state)
{
    (void)state;
    start(7);
    command((struct msg_op_command){.verb = OP_VERB_TRAFFIC, .to = "0"});
    run(30000);
    uint32_t wakeups = 0;
    struct instant end = instant_add(c.now, duration_ms(10000));
    while (c.process.deadline(c.process.self).us <= end.us) {
        c.now = c.process.deadline(c.process.self);
        c.process.tick(c.process.self, c.now);
        settle();
        wakeups++;
    }
    assert_true(wakeups <= 10 * STATION_SLOTS);
    assert_int_equal(served_by(FAKE_SUB1), PHONES);
}

static void test_fleet__an_operator_dials_and_is_told_the_effect(void **state)
{
    (void)state;
    start(7);
    command((struct msg_op_command){.verb = OP_VERB_TRAFFIC, .to = "0"});
    struct msg_op_done d = command((struct msg_op_command){
        .verb = OP_VERB_PHONE, .key = KEY_DIAL, .number = "1101", .to = "1102"});
    assert_int_equal(d.reason, REASON_NONE);
    assert_true(d.value != 0);
    run(60000); /* nobody hangs up by himself */
    assert_int_equal(status().calls, 1);
    d = command(
        (struct msg_op_command){.verb = OP_VERB_PHONE, .key = KEY_RETRIEVE, .number = "1101"});
    assert_int_equal(d.reason, REASON_BAD_STATE);
    fall(FAKE_SUB1);
    d = command((struct msg_op_command){.verb = OP_VERB_PHONE, .key = KEY_HOLD, .number = "1101"});
    assert_int_equal(d.reason, REASON_PRESERVED);
    run(60000);
    assert_int_equal(status().preserved, 1);
    d = command(
        (struct msg_op_command){.verb = OP_VERB_PHONE, .key = KEY_HANGUP, .number = "1101"});
    assert_int_equal(d.reason, REASON_NONE);
    assert_int_equal(served_by(FAKE_SUB2), PHONES - 1);
    d = command((struct msg_op_command){
        .verb = OP_VERB_PHONE, .key = KEY_DIAL, .number = "4711", .to = "1102"});
    assert_int_equal(d.reason, REASON_UNKNOWN_NUMBER);
}

static void test_fleet__what_is_open_at_the_end_is_logged_as_open(void **state)
{
    (void)state;
    start(7);
    run(20000);
    uint32_t calls = status().calls;
    uint32_t before = c.records;
    fleet_stop(c.fleet, c.now);
    assert_true(c.records >= before + calls);
    assert_int_equal(c.bad_records, 0);
}

static void test_fleet__ten_thousand_phones_fit_into_few_megabytes(void **state)
{
    (void)state;
    struct topology *t = malloc(sizeof *t);
    assert_non_null(t);
    fake_world_topology(t, 10000, 0);
    assert_true(fleet_size(t, FAKE_FLEET) < 20u * 1024 * 1024);
    free(t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_fleet__everybody_registers_and_calls_flow),
    cmocka_unit_test(test_fleet__idle_phones_move_and_busy_ones_follow),
    cmocka_unit_test(test_fleet__goes_home_after_the_watch),
    cmocka_unit_test(test_fleet__the_same_seed_has_the_same_effects),
    cmocka_unit_test(test_fleet__keepalives_go_out_in_few_bursts),
    cmocka_unit_test(test_fleet__an_operator_dials_and_is_told_the_effect),
    cmocka_unit_test(test_fleet__what_is_open_at_the_end_is_logged_as_open),
    cmocka_unit_test(test_fleet__ten_thousand_phones_fit_into_few_megabytes),
};

UNIT_MAIN(tests);
