#include "node/process/node.h"
#include "node/runtime/raft_disk.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/folder.h"
#include "tests/unit/raft_keys.h"
#include "tests/unit/unit.h"

#include <time.h>
#include <uv.h>

#define PORT     8600
#define OPERATOR 2000u /* a guest */
#define FLEET    2u
#define MAIL_MAX 64

/* One node in the real world: libraft on disk, a world that keeps the last answer of each kind. */
struct alone {
    struct topology topology;
    uv_loop_t loop;
    uv_timer_t pulse;
    struct folder folder;
    struct raft_disk *disk;
    struct world world;
    struct node *node;
    struct process process;
    uint32_t traced[EVENT_COUNT];
    bool listens[LINK_COUNT];
    struct msg last[MSG_COUNT];
    uint32_t got[MSG_COUNT];
    uint32_t mail_n;
    struct msg mail[MAIL_MAX]; /* LINK_LOCAL */
};

static struct instant clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct instant){.us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

static void send_to(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct alone *a = context;
    (void)peer;
    assert_true(msg_allowed(msg->kind, link));
    if (link == LINK_LOCAL) {
        assert_true(a->mail_n < MAIL_MAX);
        a->mail[a->mail_n++] = *msg;
        return;
    }
    a->last[msg->kind] = *msg;
    a->got[msg->kind]++;
}

static void listen_on(void *context, enum link link, bool on)
{
    ((struct alone *)context)->listens[link] = on;
}

static void connect_to(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    (void)link;
    (void)peer;
    (void)on;
}

static void trace(void *context, const struct event *event)
{
    ((struct alone *)context)->traced[event->kind]++;
}

static void on_peer_lost(void *context, struct proc_id peer)
{
    node_peer_lost(((struct alone *)context)->node, clock_now(), peer);
}

static void on_refused(void *context, enum err why)
{
    (void)context;
    fail_msg("a node that is alone refused somebody: %s", err_text(why));
}

static void on_failed(void *context, enum err why, const char *what)
{
    (void)why;
    (void)context;
    fail_msg("the disk failed: %s", what);
}

static void on_pulse(uv_timer_t *timer)
{
    (void)timer;
}

static void turn(struct alone *a)
{
    uv_run(&a->loop, UV_RUN_ONCE);
    struct instant now = clock_now();
    node_poll(a->node, now);
    for (uint32_t i = 0; i < a->mail_n; i++) {
        static struct msg m;
        m = a->mail[i];
        a->process.message(a->node, now, LINK_LOCAL, (struct proc_id){1}, &m);
    }
    a->mail_n = 0;
    if (instant_reached(now, a->process.deadline(a->node))) {
        a->process.tick(a->node, now);
    }
}

/* Turn until so many messages of a kind were sent; at most five seconds. */
static const struct msg *await(struct alone *a, enum msg_kind kind, uint32_t n)
{
    struct instant end = instant_add(clock_now(), duration_ms(5000));
    while (a->got[kind] < n) {
        if (instant_reached(clock_now(), end)) {
            fail_msg("no %s", msg_name(kind));
        }
        turn(a);
    }
    return &a->last[kind];
}

static void await_serving(struct alone *a)
{
    struct instant end = instant_add(clock_now(), duration_ms(5000));
    while (!callmanager_may_work(&a->node->callmanager)) {
        assert_false(instant_reached(clock_now(), end));
        turn(a);
    }
}

/* A node that is alone in its cluster, `pub` or another. */
static struct alone *alone_start(bool publisher)
{
    struct alone *a = calloc(1, sizeof *a);
    assert_non_null(a);
    fixture_topology(&a->topology, 300);
    a->topology.procs_n = 2;
    a->topology.procs[1] = a->topology.procs[3];
    a->topology.procs[0].publisher = publisher;
    a->topology.groups[0].members_n = 1;
    a->topology.phones[0].fleet.v = FLEET;
    a->topology.gateways[0].fleet.v = FLEET;
    a->folder = folder_make();
    a->world = (struct world){
        .context = a, .send = send_to, .listen = listen_on, .connect = connect_to, .trace = trace};
    assert_int_equal(uv_loop_init(&a->loop), 0);
    uv_timer_init(&a->loop, &a->pulse);
    uv_timer_start(&a->pulse, on_pulse, 1, 1);
    a->node = calloc(1, sizeof *a->node);
    assert_non_null(a->node);
    unsigned pid = (unsigned)getpid();
    char address[RAFT_ADDRESS_LEN];
    struct raft_greeting_book book = {0};
    snprintf(address, sizeof address, "127.%u.%u.1:%d", 100 + (pid >> 8) % 100, pid & 0xff, PORT);
    raft_keys_know(&book, 1, 1, address);
    const struct raft_disk_config disk = {.loop = &a->loop,
                                          .folder = a->folder.path,
                                          .book = &book,
                                          .context = a,
                                          .peer_lost = on_peer_lost,
                                          .refused = on_refused,
                                          .failed = on_failed};
    assert_int_equal(raft_disk_new(&disk, &a->disk), ERR_OK);
    struct node_config config = {.topology = &a->topology,
                                 .self = {1},
                                 .incarnation = {1},
                                 .world = &a->world,
                                 .io = raft_disk_io(a->disk),
                                 .peers_n = 1};
    config.peers[0].id.v = 1;
    snprintf(config.peers[0].address, sizeof config.peers[0].address, "%s", address);
    assert_int_equal(node_init(a->node, &config), ERR_OK);
    a->process = node_entries(a->node);
    a->process.start(a->node, clock_now());
    await_serving(a);
    return a;
}

static void alone_end(struct alone *a)
{
    node_stop(a->node, clock_now());
    for (uint32_t i = 0; i < 5000 && !node_closed(a->node); i++) {
        uv_run(&a->loop, UV_RUN_ONCE);
    }
    assert_true(node_closed(a->node));
    raft_disk_free(&a->disk);
    uv_close((uv_handle_t *)&a->pulse, NULL);
    uv_run(&a->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&a->loop), 0);
    node_deinit(a->node);
    folder_remove(&a->folder);
    free(a->node);
    free(a);
}

static void tell(struct alone *a, enum link link, uint16_t peer, const struct msg *msg)
{
    a->process.message(a->node, clock_now(), link, (struct proc_id){peer}, msg);
}

static const struct msg_op_done *order(struct alone *a, struct msg_op_command command)
{
    static struct msg m;
    static uint64_t id;
    uint32_t before = a->got[MSG_OP_DONE];
    m.kind = MSG_OP_COMMAND;
    m.op_command = command;
    m.op_command.id = ++id;
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    const struct msg_op_done *done = &await(a, MSG_OP_DONE, before + 1)->op_done;
    assert_int_equal(done->id, id);
    return done;
}

static const struct msg_op_node_status *status(struct alone *a)
{
    static struct msg m;
    m.kind = MSG_OP_STATUS;
    m.op_status.id = 5;
    uint32_t before = a->got[MSG_OP_NODE_STATUS];
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    return &await(a, MSG_OP_NODE_STATUS, before + 1)->op_node_status;
}

static void put(struct alone *a, uint32_t device)
{
    static struct msg m;
    static uint64_t counter;
    uint32_t before = a->got[MSG_STATION_REGISTERED];
    m.kind = MSG_STATION_REGISTER;
    m.station_register = (struct msg_station_register){.device = {device}, .counter = ++counter};
    tell(a, LINK_STATION, FLEET, &m);
    await(a, MSG_STATION_REGISTERED, before + 1);
}

static void test_node__both_services_come_up_and_serve(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    a->process.link_up(a->node, clock_now(), LINK_STATION, (struct proc_id){FLEET});
    put(a, 1);
    const struct msg_op_node_status *s = status(a);
    assert_int_equal(s->raft, RAFT_STATE_LEADER);
    assert_true(s->lease);
    assert_true(s->callmanager);
    assert_true(s->ctimanager);
    assert_int_equal(s->callmanager_inc.v, 1001);
    assert_int_equal(s->phones, 1);
    assert_int_equal(s->registered, 1);
    assert_int_equal(s->devices, 302);
    assert_int_equal(a->traced[EVENT_REGISTER_ACKED], 1);
    assert_int_equal(a->traced[EVENT_SERVICE_START], 2);
    assert_true(a->listens[LINK_STATION]);
    assert_true(a->listens[LINK_JTAPI]);
    alone_end(a);
}

/* conforms: 1 */
static void test_node__a_callmanager_crashes_alone_and_comes_back_anew(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    a->process.link_up(a->node, clock_now(), LINK_STATION, (struct proc_id){FLEET});
    put(a, 1);
    struct msg_op_command c = {.verb = OP_VERB_SERVICE_CRASH, .service = SERVICE_CALLMANAGER};
    assert_int_equal(order(a, c)->reason, REASON_NONE);
    assert_false(a->listens[LINK_STATION]);
    assert_false(a->listens[LINK_SDL]);
    assert_true(a->listens[LINK_JTAPI]);
    assert_int_equal(a->traced[EVENT_SERVICE_CRASH], 1);
    assert_false(a->node->ctimanager.callmanager_up);
    assert_int_equal(order(a, c)->reason, REASON_BAD_STATE);
    struct instant end = instant_add(clock_now(), duration_ms(5000));
    while (registry_service_up(&a->node->registry, (struct proc_id){1}, SERVICE_CALLMANAGER)) {
        assert_false(instant_reached(clock_now(), end));
        turn(a);
    }
    assert_int_equal(registry_owner(&a->node->registry, (struct device_id){1}).v, 0);
    c.verb = OP_VERB_SERVICE_START;
    const struct msg_op_done *done = order(a, c);
    assert_int_equal(done->reason, REASON_NONE);
    assert_int_equal(done->value, 1002);
    assert_true(callmanager_serving(&a->node->callmanager));
    assert_true(a->node->ctimanager.callmanager_up);
    put(a, 1);
    alone_end(a);
}

/* conforms: 1 */
static void test_node__a_ctimanager_stops_and_the_callmanager_goes_on(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    for (int i = 0; i < 20; i++) {
        turn(a);
    }
    assert_true(a->node->callmanager.local_subscribed);
    struct msg_op_command c = {.verb = OP_VERB_SERVICE_STOP, .service = SERVICE_CTIMANAGER};
    assert_int_equal(order(a, c)->reason, REASON_NONE);
    assert_false(a->listens[LINK_JTAPI]);
    assert_false(a->node->callmanager.local_subscribed);
    assert_true(callmanager_serving(&a->node->callmanager));
    c.verb = OP_VERB_SERVICE_START;
    assert_int_equal(order(a, c)->reason, REASON_NONE);
    for (int i = 0; i < 20; i++) {
        turn(a);
    }
    assert_true(a->node->callmanager.local_subscribed);
    alone_end(a);
}

static void test_node__configuration_and_forwards_are_written_when_committed(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    struct msg_op_command c = {.verb = OP_VERB_CONFIG_SET, .text = "recovery.8000=1001"};
    assert_int_equal(order(a, c)->reason, REASON_NONE);
    assert_string_equal(registry_config(&a->node->registry, "recovery.8000"), "1001");
    c = (struct msg_op_command){.verb = OP_VERB_FORWARD, .number = "1001", .to = "1002"};
    assert_int_equal(order(a, c)->reason, REASON_NONE);
    assert_string_equal(registry_forward(&a->node->registry, "1001"), "1002");
    c = (struct msg_op_command){.verb = OP_VERB_CONFIG_SET, .text = "nonsense=1"};
    assert_int_equal(order(a, c)->reason, REASON_BAD_REQUEST);
    c = (struct msg_op_command){.verb = OP_VERB_PHONE, .number = "1001"};
    assert_int_equal(order(a, c)->reason, REASON_BAD_REQUEST);
    alone_end(a);
}

static void test_node__a_write_is_answered_with_what_it_replaces(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    struct msg_op_command c = {.verb = OP_VERB_CONFIG_SET, .text = "recovery.8000=1001"};
    assert_string_equal(order(a, c)->text, "");
    snprintf(c.text, sizeof c.text, "recovery.8000=1002");
    assert_string_equal(order(a, c)->text, "1001");
    snprintf(c.text, sizeof c.text, "recovery.8000=");
    assert_string_equal(order(a, c)->text, "1002");
    c = (struct msg_op_command){.verb = OP_VERB_FORWARD, .number = "1001", .to = "1002"};
    assert_string_equal(order(a, c)->text, "");
    snprintf(c.to, sizeof c.to, "1003");
    assert_string_equal(order(a, c)->text, "1002");
    alone_end(a);
}

/* conforms: 18 */
static void test_node__a_subscriber_does_not_write_configuration(void **state)
{
    (void)state;
    struct alone *a = alone_start(false);
    struct msg_op_command c = {.verb = OP_VERB_CONFIG_SET, .text = "key=value"};
    assert_int_equal(order(a, c)->reason, REASON_NOT_PUBLISHER);
    assert_int_equal(a->traced[EVENT_WRITE_REFUSED], 1);
    alone_end(a);
}

static void test_node__devices_are_listed_in_pages_linearizably(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    static struct msg m;
    m.kind = MSG_OP_LIST;
    m.op_list = (struct msg_op_list){.id = 9, .what = OP_LIST_DEVICES, .linearizable = true};
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    const struct msg_op_devices *page = &await(a, MSG_OP_DEVICES, 1)->op_devices;
    assert_int_equal(page->reason, REASON_NONE);
    assert_int_equal(page->rows_n, MAX_op_device);
    assert_false(page->last);
    assert_true(page->index > 0);
    m.op_list = (struct msg_op_list){.id = 10, .what = OP_LIST_DEVICES, .after = MAX_op_device};
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    page = &await(a, MSG_OP_DEVICES, 2)->op_devices;
    assert_int_equal(page->rows_n, 302 - MAX_op_device);
    assert_int_equal(page->rows[0].device.v, MAX_op_device + 1);
    assert_true(page->last);
    m.op_list = (struct msg_op_list){.id = 11, .what = OP_LIST_CALLS};
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    assert_true(await(a, MSG_OP_CALLS, 1)->op_calls.last);
    alone_end(a);
}

static void test_node__a_quiet_node_says_what_its_state_is(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    struct instant end = instant_add(clock_now(), duration_ms(3 * NODE_QUIET_MS));
    while (!instant_reached(clock_now(), end)) {
        turn(a);
    }
    uint32_t n = a->traced[EVENT_STATE_HASH];
    assert_true(n >= 1);
    end = instant_add(clock_now(), duration_ms(2 * NODE_QUIET_MS));
    while (!instant_reached(clock_now(), end)) {
        turn(a);
    }
    assert_int_equal(a->traced[EVENT_STATE_HASH], n);
    alone_end(a);
}

static void test_node__the_status_says_what_the_last_snapshot_covers(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    assert_int_equal(status(a)->snapshot, 0);
    raft_set_snapshot_threshold(&a->node->member.replica.raft, 1);
    a->process.link_up(a->node, clock_now(), LINK_STATION, (struct proc_id){FLEET});
    struct instant end = instant_add(clock_now(), duration_ms(5000));
    for (uint32_t device = 1; status(a)->snapshot == 0; device = device % 300 + 1) {
        assert_false(instant_reached(clock_now(), end));
        put(a, device);
    }
    const struct msg_op_node_status *s = status(a);
    assert_int_equal(s->snapshot, replica_snapshot(member_replica(&a->node->member)));
    assert_true(s->snapshot <= s->applied);
    alone_end(a);
}

static void test_node__its_log_is_read_as_it_stands(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    static struct msg m;
    struct msg_op_command c = {.verb = OP_VERB_CONFIG_SET, .text = "recovery.8000=1001"};
    assert_int_equal(order(a, c)->reason, REASON_NONE);
    m.kind = MSG_OP_LOG_READ;
    m.op_log_read = (struct msg_op_log_read){.id = 9};
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    const struct msg_op_log *page = &await(a, MSG_OP_LOG, 1)->op_log;
    assert_int_equal(page->id, 9);
    assert_true(page->last);
    assert_int_equal(page->first, 1);
    assert_true(page->commit <= page->last_index);
    const struct msg_op_log_row *newest = &page->rows[page->rows_n - 1];
    assert_int_equal(newest->index, page->last_index);
    assert_int_equal(newest->command, COMMAND_CONFIG);
    assert_string_equal(newest->text, "recovery.8000=1001");
    alone_end(a);
}

static void test_node__nobody_is_there_to_hand_over_to(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    static struct msg m;
    m.kind = MSG_OP_TRANSFER;
    m.op_transfer = (struct msg_op_transfer){.id = 9, .to = {2}};
    uint32_t before = a->got[MSG_OP_DONE];
    tell(a, LINK_OPERATOR, OPERATOR, &m);
    const struct msg_op_done *done = &await(a, MSG_OP_DONE, before + 1)->op_done;
    assert_int_equal(done->id, 9);
    assert_int_equal(done->reason, REASON_BAD_REQUEST);
    assert_false(a->node->transferring);
    alone_end(a);
}

static void test_node__shutdown_is_asked_of_the_driver(void **state)
{
    (void)state;
    struct alone *a = alone_start(true);
    assert_int_equal(order(a, (struct msg_op_command){.verb = OP_VERB_SHUTDOWN})->reason,
                     REASON_NONE);
    assert_true(a->node->ended);
    alone_end(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_node__both_services_come_up_and_serve),
    cmocka_unit_test(test_node__a_callmanager_crashes_alone_and_comes_back_anew),
    cmocka_unit_test(test_node__a_ctimanager_stops_and_the_callmanager_goes_on),
    cmocka_unit_test(test_node__configuration_and_forwards_are_written_when_committed),
    cmocka_unit_test(test_node__a_write_is_answered_with_what_it_replaces),
    cmocka_unit_test(test_node__a_subscriber_does_not_write_configuration),
    cmocka_unit_test(test_node__devices_are_listed_in_pages_linearizably),
    cmocka_unit_test(test_node__a_quiet_node_says_what_its_state_is),
    cmocka_unit_test(test_node__the_status_says_what_the_last_snapshot_covers),
    cmocka_unit_test(test_node__its_log_is_read_as_it_stands),
    cmocka_unit_test(test_node__nobody_is_there_to_hand_over_to),
    cmocka_unit_test(test_node__shutdown_is_asked_of_the_driver),
};

UNIT_MAIN(tests);
