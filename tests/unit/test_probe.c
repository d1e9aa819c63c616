#include "node/process/recorder.h"

#include "tests/unit/unit.h"

#include <string.h>

#define GUEST ((struct proc_id){PROCS_MAX + 1})
#define PUB   ((struct proc_id){1})
#define SUB1  ((struct proc_id){2})

static struct topology cluster;
static struct recorder recorder;
static struct process process;
static struct msg sent[512];
static struct proc_id sent_to[512];
static uint32_t sent_n, connected_n;
static struct event events[512];
static uint32_t events_n;

static void seen_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    (void)context;
    assert_int_equal(link, LINK_OPERATOR);
    assert_true(sent_n < 512);
    sent_to[sent_n] = peer;
    sent[sent_n++] = *msg;
}

static void seen_listen(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static void seen_connect(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    assert_int_equal(link, LINK_OPERATOR);
    assert_true(peer.v <= 3);
    connected_n += on ? 1 : 0;
    connected_n -= on ? 0 : 1;
}

static void seen_trace(void *context, const struct event *event)
{
    (void)context;
    assert_true(events_n < 512);
    events[events_n++] = *event;
}

static const struct world world = {
    .send = seen_send, .listen = seen_listen, .connect = seen_connect, .trace = seen_trace};

static struct instant ms(int64_t v)
{
    return (struct instant){v * 1000};
}

/* Three nodes, a PG side and the recorder; 1000 phones. */
static void started(void)
{
    memset(&cluster, 0, sizeof cluster);
    cluster.procs_n = 5;
    for (uint32_t i = 0; i < 3; i++) {
        cluster.procs[i].kind = PROC_NODE;
    }
    cluster.procs[3].kind = PROC_PG;
    cluster.procs[4].kind = PROC_RECORDER;
    cluster.groups_n = 1;
    cluster.phones_n = 1;
    cluster.phones[0] = (struct topology_phones){.first = 1001, .count = 1000};
    sent_n = connected_n = events_n = 0;
    recorder_init(&recorder, &cluster, &world);
    process = recorder_entries(&recorder);
    process.start(process.self, ms(0));
}

static uint32_t ordered(enum op_verb verb, uint32_t value)
{
    struct msg m = {.kind = MSG_OP_COMMAND};
    m.op_command = (struct msg_op_command){.id = 77, .verb = verb, .value = value};
    process.message(process.self, ms(1), LINK_OPERATOR, GUEST, &m);
    assert_int_equal(sent[sent_n - 1].kind, MSG_OP_DONE);
    assert_int_equal(sent[sent_n - 1].op_done.id, 77);
    return sent[sent_n - 1].op_done.reason;
}

static void links_up(void)
{
    for (uint16_t v = 1; v <= 3; v++) {
        process.link_up(process.self, ms(1), LINK_OPERATOR, (struct proc_id){v});
    }
    sent_n = events_n = 0;
}

static void ticks(int64_t from, int64_t until)
{
    for (int64_t at = from; at < until; at++) {
        if (instant_reached(ms(at), process.deadline(process.self))) {
            process.tick(process.self, ms(at));
        }
    }
}

static void answered(uint32_t question, enum reason reason)
{
    struct msg m = {.kind = MSG_OP_DEVICES};
    m.op_devices.id = sent[question].op_list.id;
    m.op_devices.reason = reason;
    m.op_devices.rows_n = reason == REASON_NONE ? 2 : 0;
    for (uint32_t i = 0; i < m.op_devices.rows_n; i++) {
        m.op_devices.rows[i] =
            (struct msg_op_device){.device = {sent[question].op_list.after + 1 + i},
                                   .node = SUB1,
                                   .epoch = 4,
                                   .state = DEVICE_STATE_REGISTERED};
    }
    process.message(process.self, ms(1), LINK_OPERATOR, sent_to[question], &m);
}

static void test_probe__rests_until_it_is_told(void **state)
{
    (void)state;
    started();
    assert_int_equal(process.deadline(process.self).us, INSTANT_NEVER.us);
    assert_int_equal(connected_n, 0);
    assert_int_equal(ordered(OP_VERB_LOOKUPS, 10), REASON_NONE);
    assert_int_equal(connected_n, 3);
    links_up();
    ticks(2, 1002);
    assert_int_equal(ordered(OP_VERB_LOOKUPS, 0), REASON_NONE);
    assert_int_equal(connected_n, 0);
    assert_int_equal(process.deadline(process.self).us, INSTANT_NEVER.us);
}

static void test_probe__asks_every_node_about_one_place_and_goes_on(void **state)
{
    (void)state;
    started();
    assert_int_equal(ordered(OP_VERB_LOOKUPS, 10), REASON_NONE);
    links_up();
    for (uint32_t i = 0; i < 6; i++) {
        ticks(2 + 100 * i, 102 + 100 * i);
        answered(i, REASON_NONE);
    }
    assert_int_equal(sent_n, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(sent[i].kind, MSG_OP_LIST);
        assert_true(sent[i].op_list.linearizable);
        assert_int_equal(sent[i].op_list.most, PROBE_ROWS);
        assert_int_equal(sent_to[i].v, i % 3 + 1);
    }
    assert_int_equal(sent[0].op_list.after, sent[2].op_list.after);
    assert_int_not_equal(sent[2].op_list.after, sent[3].op_list.after);
}

static void test_probe__says_what_it_asked_and_what_it_was_told(void **state)
{
    (void)state;
    started();
    assert_int_equal(ordered(OP_VERB_LOOKUPS, 10), REASON_NONE);
    links_up();
    ticks(2, 102);
    assert_int_equal(events_n, 1);
    assert_int_equal(events[0].kind, EVENT_LOOKUP_ASKED);
    assert_int_equal(events[0].peer.v, PUB.v);
    answered(0, REASON_NONE);
    assert_int_equal(events_n, 3);
    for (uint32_t i = 1; i < 3; i++) {
        assert_int_equal(events[i].kind, EVENT_LOOKED_UP);
        assert_int_equal(events[i].value, events[0].value);
        assert_int_equal(events[i].device.v, sent[0].op_list.after + i);
        assert_int_equal(events[i].peer.v, SUB1.v);
        assert_int_equal(events[i].epoch, 4);
        assert_int_equal(events[i].value2, DEVICE_STATE_REGISTERED);
    }
    answered(0, REASON_NONE); /* a second time */
    assert_int_equal(events_n, 3);
}

static void test_probe__a_refused_lookup_is_no_answer(void **state)
{
    (void)state;
    started();
    assert_int_equal(ordered(OP_VERB_LOOKUPS, 10), REASON_NONE);
    links_up();
    ticks(2, 102);
    answered(0, REASON_NO_QUORUM);
    assert_int_equal(events_n, 1);
    assert_int_equal(recorder.probe.refused, 1);
}

static void test_probe__passes_over_nodes_that_are_gone_or_owe_an_answer(void **state)
{
    (void)state;
    started();
    assert_int_equal(ordered(OP_VERB_LOOKUPS, 10), REASON_NONE);
    links_up();
    process.link_down(process.self, ms(2), LINK_OPERATOR, SUB1, REASON_NODE_LOST);
    ticks(2, 2002);
    assert_int_equal(sent_n, 2); /* nobody answers */
    assert_int_equal(sent_to[0].v, 1);
    assert_int_equal(sent_to[1].v, 3);
    ticks(2002, 2 + PROBE_PATIENCE_MS + 200);
    assert_true(sent_n > 2); /* then it asks anew */
}

static void test_probe__an_order_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    started();
    assert_int_equal(ordered(OP_VERB_LOOKUPS, PROBE_RATE_MAX + 1), REASON_BAD_REQUEST);
    assert_int_equal(ordered(OP_VERB_PHONE, 0), REASON_BAD_REQUEST);
    assert_false(recorder.ended);
    assert_int_equal(ordered(OP_VERB_SHUTDOWN, 0), REASON_NONE);
    assert_true(recorder.ended);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_probe__rests_until_it_is_told),
    cmocka_unit_test(test_probe__asks_every_node_about_one_place_and_goes_on),
    cmocka_unit_test(test_probe__says_what_it_asked_and_what_it_was_told),
    cmocka_unit_test(test_probe__a_refused_lookup_is_no_answer),
    cmocka_unit_test(test_probe__passes_over_nodes_that_are_gone_or_owe_an_answer),
    cmocka_unit_test(test_probe__an_order_that_makes_no_sense_is_refused),
};

UNIT_MAIN(tests);
