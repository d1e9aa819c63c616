#include "cluster/record/replay.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct replay *replay;
static struct scene scene;
static struct scene_homes homes;
static struct msg_op_device *devices;
static struct msg_op_call *calls;
static struct msg_op_agent *agents;
static uint32_t n;
static uint64_t at_index;

static void text(struct event *e, const char *word)
{
    snprintf(e->text, sizeof e->text, "%s", word);
}

static void node_starts(struct proc_id node, int64_t at)
{
    text(good_run_event(EVENT_SERVICE_START, node, at), "callmanager");
    text(good_run_event(EVENT_SERVICE_START, node, at), "ctimanager");
    good_run_event(EVENT_LEASE_GOT, node, at);
}

static void links(struct proc_id side, struct proc_id peer)
{
    good_run_event(EVENT_LINK_UP, side, 600 * GOOD_MS)->peer = peer;
    good_run_event(EVENT_LINK_UP, side, 600 * GOOD_MS)->peer = GOOD_ICMA;
}

/* The good run, with what a scene needs and no judge asks for. */
static int whole_run(void **state)
{
    (void)state;
    good_run_make();
    node_starts(GOOD_PUB, 400 * GOOD_MS);
    node_starts(GOOD_SUB1, 400 * GOOD_MS);
    node_starts(GOOD_SUB2, 400 * GOOD_MS);
    node_starts(GOOD_SUB1, GOOD_RETURN + 60 * GOOD_MS);
    links(GOOD_PGA, GOOD_PGB);
    links(GOOD_PGB, GOOD_PGA);
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGB, 700 * GOOD_MS)->peer = GOOD_SUB2;
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, GOOD_FAULT + 8 * GOOD_MS);
    good_run_event(EVENT_PROCESS_START, (struct proc_id){8}, 0)->value = 4711;
    return 0;
}

static int forget(void **state)
{
    (void)state;
    replay_free(&replay);
    history_free(&good);
    free(devices);
    free(calls);
    free(agents);
    devices = NULL;
    calls = NULL;
    agents = NULL;
    return 0;
}

static void look(int64_t at)
{
    if (replay == NULL) {
        good_run_finish();
        assert_int_equal(replay_new(&good, GOOD_WALL, &replay), ERR_OK);
    }
    assert_int_equal(replay_to(replay, at, &scene), ERR_OK);
    assert_int_equal(replay_homes(replay, &scene, &homes), ERR_OK);
}

static const struct scene_proc *proc(struct proc_id id)
{
    return &scene.procs[id.v - 1];
}

static void look_at_calls(void)
{
    free(calls);
    assert_int_equal(replay_calls(replay, &calls, &n), ERR_OK);
}

static struct event *leg(enum event_kind kind, uint32_t device, uint64_t call, int64_t at)
{
    struct event *e = good_run_event(kind, GOOD_FLEET, at);
    e->device.v = device;
    e->call.v = call;
    return e;
}

static void dials(uint32_t device, uint64_t call, const char *number, int64_t at)
{
    struct event *e = leg(EVENT_CALL_BEGIN, device, call, at);
    e->value = 1;
    text(e, number);
}

static void rings(uint32_t device, uint64_t call, const char *number, int64_t at)
{
    struct event *e = leg(EVENT_CALL_BEGIN, device, call, at);
    e->value = 2;
    text(e, number);
}

static void becomes(uint32_t device, uint64_t call, enum leg state, int64_t at)
{
    leg(EVENT_CALL_STATE, device, call, at)->value = state;
}

static void test_replay__before_the_fault_all_are_at_home(void **state)
{
    (void)state;
    look(GOOD_FAULT - 1);
    char why[SCENE_WHY_LEN];
    assert_true(scene.recorded);
    assert_int_equal(scene.wall_us, GOOD_WALL + GOOD_FAULT - 1);
    assert_int_equal(scene.leader.v, GOOD_SUB1.v);
    assert_int_equal(scene.term, 2);
    assert_int_equal(homes.registered, GOOD_PHONES + GOOD_GATEWAYS);
    assert_int_equal(homes.by_node[GOOD_SUB1.v - 1], GOOD_PHONES + GOOD_GATEWAYS);
    assert_int_equal(proc(GOOD_SUB1)->node.phones, GOOD_PHONES);
    assert_int_equal(proc(GOOD_SUB1)->node.gateways, GOOD_GATEWAYS);
    assert_int_equal(scene.phones_registered, GOOD_PHONES);
    assert_true(proc(GOOD_PGA)->pg.active);
    assert_int_equal(proc(GOOD_PGA)->pg.monitors, 11);
    assert_int_equal(proc(GOOD_PGA)->pg.monitors_wanted, 11);
    assert_false(proc(GOOD_PGB)->pg.active);
    assert_true(proc(GOOD_PGB)->pg.provider_up);
    assert_int_equal(proc((struct proc_id){8})->pid, 4711);
    assert_int_equal(scene.agents_logged_in, 10);
    bool healthy = scene_healthy(&scene, &good_topology, &homes, why);
    assert_string_equal(why, "");
    assert_true(healthy);
}

static void test_replay__a_dead_node_is_down_and_says_nothing(void **state)
{
    (void)state;
    char why[SCENE_WHY_LEN];
    look(GOOD_FAULT + 1);
    assert_int_equal(proc(GOOD_SUB1)->state, SCENE_DOWN);
    assert_int_equal(proc(GOOD_SUB1)->pid, 0);
    assert_int_equal(proc(GOOD_SUB1)->node.term, 0);
    assert_int_equal(scene.leader.v, 0);
    assert_int_equal(scene.nodes_up, 2);
    assert_false(scene_healthy(&scene, &good_topology, &homes, why));
    assert_string_equal(why, "sub1 is down");
    assert_int_equal(replay_devices(replay, GOOD_SUB1, &devices, &n, &at_index), ERR_STATE);
}

/* conforms: 57 */
static void test_replay__phones_are_seen_half_moved(void **state)
{
    (void)state;
    /* Device d registers 120 + 7 d ms after the fault; the first one is in a call. */
    look(GOOD_FAULT + 120 * GOOD_MS + 7 * 12 * GOOD_MS);
    assert_int_equal(homes.by_node[GOOD_SUB2.v - 1], 11);
    assert_int_equal(homes.by_node[GOOD_SUB1.v - 1], GOOD_PHONES + GOOD_GATEWAYS - 11);
    assert_int_equal(replay_devices(replay, GOOD_SUB2, &devices, &n, &at_index), ERR_OK);
    assert_int_equal(n, GOOD_PHONES + GOOD_GATEWAYS + 1);
    assert_int_equal(devices[11].node.v, GOOD_SUB2.v);
    assert_int_equal(devices[11].epoch, 2);
    assert_int_equal(devices[12].node.v, GOOD_SUB1.v);
    assert_int_equal(devices[12].epoch, 1);
    assert_int_equal(devices[12].since_us, 1013 * GOOD_MS);
}

static void test_replay__a_node_knows_the_log_up_to_what_it_has_shown(void **state)
{
    (void)state;
    /* sub1 is back, and reads the whole log again, which nobody else traces a second time. */
    const int64_t shown = 10 + GOOD_PHONES + GOOD_GATEWAYS + 5; /* and five that moved */
    good_run_event(EVENT_RAFT_SNAPSHOT, GOOD_SUB1, GOOD_RETURN + 70 * GOOD_MS)->value = shown;
    look(GOOD_RETURN + 71 * GOOD_MS);
    assert_int_equal(proc(GOOD_SUB1)->node.applied, shown);
    assert_int_equal(proc(GOOD_SUB1)->node.snapshot, shown);
    assert_int_equal(replay_devices(replay, GOOD_SUB1, &devices, &n, &at_index), ERR_OK);
    assert_int_equal(at_index, shown);
    assert_int_equal(devices[4].node.v, GOOD_SUB2.v);
    assert_int_equal(devices[6].node.v, GOOD_SUB1.v);
    assert_true(scene_trails(&scene, GOOD_SUB1) > 0);
}

static void test_replay__the_hash_is_that_of_the_applied_index(void **state)
{
    (void)state;
    look(2000 * GOOD_MS);
    assert_int_equal(proc(GOOD_PUB)->node.hash, proc(GOOD_PUB)->node.applied * 7919);
    look(GOOD_FAULT + 500 * GOOD_MS);
    assert_int_equal(proc(GOOD_PUB)->node.hash, 0);
}

static void test_replay__a_process_that_fell_silent_is_down(void **state)
{
    (void)state;
    good_run_event(EVENT_LINK_DOWN, GOOD_PGA, 50000 * GOOD_MS)->peer = GOOD_PGB;
    struct event *again = good_run_event(EVENT_PROCESS_START, GOOD_PGB, 55000 * GOOD_MS);
    again->incarnation.v = 2;
    look(49000 * GOOD_MS);
    assert_int_equal(proc(GOOD_PGB)->state, SCENE_UP);
    look(50000 * GOOD_MS);
    assert_int_equal(proc(GOOD_PGB)->state, SCENE_DOWN);
    look(55000 * GOOD_MS);
    assert_int_equal(proc(GOOD_PGB)->state, SCENE_UP);
    assert_false(proc(GOOD_PGB)->pg.active);
}

static void test_replay__a_process_that_goes_on_talking_was_not_down(void **state)
{
    (void)state;
    good_run_event(EVENT_LINK_DOWN, GOOD_FLEET, 15000 * GOOD_MS)->peer = GOOD_PGA;
    look(15000 * GOOD_MS);
    assert_int_equal(proc(GOOD_PGA)->state, SCENE_UP);
}

static void test_replay__a_hung_process_is_hung_until_it_is_healed(void **state)
{
    (void)state;
    struct event *hang = good_run_event(EVENT_FAULT, GOOD_GUEST, 50000 * GOOD_MS);
    hang->peer = GOOD_SUB2;
    text(hang, "hang");
    good_run_event(EVENT_HEAL, GOOD_GUEST, 52000 * GOOD_MS)->peer = GOOD_SUB2;
    look(51000 * GOOD_MS);
    assert_int_equal(proc(GOOD_SUB2)->state, SCENE_HUNG);
    assert_int_equal(scene.nodes_up, 2);
    look(52000 * GOOD_MS);
    assert_int_equal(proc(GOOD_SUB2)->state, SCENE_UP);
}

static void test_replay__a_crashed_service_leaves_its_process(void **state)
{
    (void)state;
    text(good_run_event(EVENT_SERVICE_CRASH, GOOD_SUB1, 15000 * GOOD_MS), "callmanager");
    look(15000 * GOOD_MS);
    assert_int_equal(proc(GOOD_SUB1)->state, SCENE_UP);
    assert_false(proc(GOOD_SUB1)->node.callmanager);
    assert_true(proc(GOOD_SUB1)->node.ctimanager);
    assert_int_equal(proc(GOOD_SUB1)->node.phones, 0);
}

static void test_replay__agents_are_logged_out_and_in_again(void **state)
{
    (void)state;
    look(GOOD_FAULT - 1);
    assert_int_equal(replay_agents(replay, &agents, &n), ERR_OK);
    assert_int_equal(n, 10);
    assert_int_equal(agents[0].agent.v, 5001);
    assert_int_equal(agents[0].state, AGENT_STATE_READY);
    assert_int_equal(agents[0].for_us, GOOD_FAULT - 1 - 2000 * GOOD_MS);
    assert_true(agents[0].in_service);
    free(agents);
    /* Nobody can ask a pair without an active side. */
    look(GOOD_FAULT + 100 * GOOD_MS);
    assert_int_equal(scene.agents_logged_in, 0);
    assert_int_equal(replay_agents(replay, &agents, &n), ERR_OK);
    assert_int_equal(n, 0);
    free(agents);
    look(GOOD_END);
    assert_true(proc(GOOD_PGB)->pg.active);
    assert_int_equal(proc(GOOD_PGB)->pg.epoch, 2);
    assert_int_equal(scene.agents_ready, 10);
    assert_int_equal(replay_agents(replay, &agents, &n), ERR_OK);
    assert_int_equal(n, 10);
}

static void test_replay__a_call_goes_from_dialling_to_its_end(void **state)
{
    (void)state;
    dials(2, 0x900, "1003", 50000 * GOOD_MS);
    rings(3, 0x900, "1002", 50010 * GOOD_MS);
    becomes(2, 0x900, LEG_CONNECTED, 51000 * GOOD_MS);
    becomes(3, 0x900, LEG_CONNECTED, 51000 * GOOD_MS);
    leg(EVENT_MEDIA_BEGIN, 2, 0x900, 50999 * GOOD_MS)->value = 3;
    leg(EVENT_MEDIA_BEGIN, 3, 0x900, 50999 * GOOD_MS)->value = 2;
    becomes(2, 0x900, LEG_HOLDING, 52000 * GOOD_MS);
    leg(EVENT_CALL_PRESERVED, 3, 0x900, 53000 * GOOD_MS);
    leg(EVENT_CALL_END, 2, 0x900, 54000 * GOOD_MS);
    look(50005 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 1);
    assert_int_equal(calls[0].state, LEG_DIALING);
    assert_string_equal(calls[0].from, "1002");
    assert_string_equal(calls[0].to, "1003");
    look(50020 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 2);
    assert_int_equal(calls[0].state, LEG_RINGBACK);
    assert_int_equal(calls[1].state, LEG_RINGING);
    assert_int_equal(calls[1].for_us, 10 * GOOD_MS);
    assert_int_equal(scene.calls, 1);
    assert_int_equal(scene.media_flowing, 0);
    look(52500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(calls[0].state, LEG_HOLDING);
    assert_int_equal(calls[0].other.v, 3);
    assert_int_equal(scene.media_flowing, 1);
    assert_int_equal(scene.preserved, 0);
    look(53500 * GOOD_MS);
    assert_int_equal(scene.preserved, 1);
    look(54500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 1);
    /* And back. */
    look(50005 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 1);
    assert_int_equal(calls[0].state, LEG_DIALING);
}

static void test_replay__a_caller_waits_in_the_queue(void **state)
{
    (void)state;
    dials(GOOD_GATEWAY, 0x901, "80001", 50000 * GOOD_MS);
    good_run_event(EVENT_ROUTE_REQUESTED, GOOD_PGB, 50001 * GOOD_MS)->call.v = 0x901;
    struct event *wait = good_run_event(EVENT_ROUTED, GOOD_ICMA, 50002 * GOOD_MS);
    wait->call.v = 0x901;
    wait->value2 = ROUTE_QUEUED;
    struct event *go = good_run_event(EVENT_ROUTED, GOOD_ICMA, 53000 * GOOD_MS);
    go->call.v = 0x901;
    go->value2 = ROUTE_LABEL;
    leg(EVENT_CALL_END, GOOD_GATEWAY, 0x901, 54000 * GOOD_MS);
    /* An answer that comes too late is for nobody. */
    struct event *late = good_run_event(EVENT_ROUTED, GOOD_ICMA, 54001 * GOOD_MS);
    late->call.v = 0x901;
    late->value2 = ROUTE_QUEUED;
    look(50100 * GOOD_MS);
    look_at_calls();
    assert_int_equal(calls[0].state, LEG_QUEUED);
    assert_int_equal(proc(GOOD_ICMA)->icm.queued, 1);
    look(53100 * GOOD_MS);
    look_at_calls();
    assert_int_equal(calls[0].state, LEG_RINGBACK);
    assert_int_equal(proc(GOOD_ICMA)->icm.queued, 0);
    look(54100 * GOOD_MS);
    assert_int_equal(proc(GOOD_ICMA)->icm.queued, 0);
}

static void test_replay__a_transferred_leg_is_one_leg(void **state)
{
    (void)state;
    rings(5, 0x902, "1002", 50000 * GOOD_MS);
    becomes(5, 0x902, LEG_CONNECTED, 50100 * GOOD_MS);
    leg(EVENT_MEDIA_BEGIN, 5, 0x903, 51000 * GOOD_MS)->value = 7;
    struct event *move = leg(EVENT_CALL_STATE, 5, 0x903, 51001 * GOOD_MS);
    move->value = LEG_CONNECTED;
    move->value2 = 0x902;
    leg(EVENT_CALL_END, 5, 0x903, 52000 * GOOD_MS);
    look(51500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 1);
    assert_int_equal(calls[0].call.v, 0x903);
    assert_int_equal(calls[0].other.v, 7);
    assert_string_equal(calls[0].from, "1002");
    look(52500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 0);
}

static void test_replay__a_dead_fleet_takes_its_calls_along(void **state)
{
    (void)state;
    dials(2, 0x904, "1003", 50000 * GOOD_MS);
    struct event *kill = good_run_event(EVENT_FAULT, GOOD_GUEST, 51000 * GOOD_MS);
    kill->peer = GOOD_FLEET;
    text(kill, "crash");
    struct event *again = good_run_event(EVENT_PROCESS_START, GOOD_FLEET, 55000 * GOOD_MS);
    again->incarnation.v = 2;
    look(50500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 1);
    look(51500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 0);
    look(55500 * GOOD_MS);
    look_at_calls();
    assert_int_equal(n, 0);
}

static void test_replay__the_end_is_before_the_processes_are_stopped(void **state)
{
    (void)state;
    good_run_event(EVENT_PROCESS_STOP, GOOD_FLEET, GOOD_END - 1000 * GOOD_MS);
    good_run_finish();
    assert_int_equal(replay_end(&good), GOOD_END - 1000 * GOOD_MS - 1);
}

static void test_replay__a_stop_that_is_a_fault_does_not_end_the_run(void **state)
{
    (void)state;
    struct event *stop = good_run_event(EVENT_FAULT, GOOD_GUEST, 60000 * GOOD_MS);
    stop->peer = GOOD_PUB;
    text(stop, "stop");
    good_run_event(EVENT_PROCESS_STOP, GOOD_PUB, 60001 * GOOD_MS);
    /* And one that came back. */
    good_run_event(EVENT_PROCESS_STOP, GOOD_ICMA, 61000 * GOOD_MS);
    good_run_event(EVENT_PROCESS_START, GOOD_ICMA, 62000 * GOOD_MS);
    good_run_finish();
    assert_int_equal(replay_end(&good), GOOD_END);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, whole_run, forget)

static const struct CMUnitTest tests[] = {
    TEST(test_replay__before_the_fault_all_are_at_home),
    TEST(test_replay__a_dead_node_is_down_and_says_nothing),
    TEST(test_replay__phones_are_seen_half_moved),
    TEST(test_replay__a_node_knows_the_log_up_to_what_it_has_shown),
    TEST(test_replay__the_hash_is_that_of_the_applied_index),
    TEST(test_replay__a_process_that_fell_silent_is_down),
    TEST(test_replay__a_process_that_goes_on_talking_was_not_down),
    TEST(test_replay__a_hung_process_is_hung_until_it_is_healed),
    TEST(test_replay__a_crashed_service_leaves_its_process),
    TEST(test_replay__agents_are_logged_out_and_in_again),
    TEST(test_replay__a_call_goes_from_dialling_to_its_end),
    TEST(test_replay__a_caller_waits_in_the_queue),
    TEST(test_replay__a_transferred_leg_is_one_leg),
    TEST(test_replay__a_dead_fleet_takes_its_calls_along),
    TEST(test_replay__the_end_is_before_the_processes_are_stopped),
    TEST(test_replay__a_stop_that_is_a_fault_does_not_end_the_run),
};

UNIT_MAIN(tests);
