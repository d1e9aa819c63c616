#include "cluster/sim/sim_world.h"

#include "cluster/check/check.h"
#include "cluster/sim/sim_topology.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000)

static struct topology topology;

/* Three nodes, one pair, so many phones; started, and let run until `us`. */
static struct sim_world *asked(uint32_t phones, uint64_t seed, int64_t us, uint32_t lookups)
{
    struct sim_topology_size size;
    sim_topology_default(phones, "lab", &size);
    assert_int_equal(sim_topology_make(&size, &topology), ERR_OK);
    struct sim_world *w = sim_world_new(&(struct sim_world_config){.topology = &topology,
                                                                   .seed = seed,
                                                                   .keep = true,
                                                                   .lookups = lookups,
                                                                   .delay_min = {60},
                                                                   .delay_max = {300}});
    sim_world_start(w);
    sim_world_run(w, us);
    return w;
}

static struct sim_world *started(uint32_t phones, uint64_t seed, int64_t us)
{
    return asked(phones, seed, us, 0);
}

static struct proc_id named(const char *name)
{
    struct proc_id id = topology_proc_named(&topology, name);
    assert_true(proc_id_some(id));
    return id;
}

static uint64_t count(struct sim_world *w, enum event_kind kind)
{
    return sim_world_record(w)->counts[kind];
}

static struct proc_id home_of(struct sim_world *w, uint32_t device)
{
    const struct sim_history *r = sim_world_record(w);
    struct proc_id at = {0};
    for (size_t i = 0; i < r->events_n; i++) {
        const struct event *e = &r->events[i];
        if (e->device.v == device && e->kind == EVENT_REGISTERED) {
            at = e->peer;
        } else if (e->device.v == device && e->kind == EVENT_DEVICE_LOST) {
            at.v = 0;
        }
    }
    return at;
}

static void test_sim_world__a_cluster_comes_up_and_talks(void **state)
{
    (void)state;
    struct sim_world *w = started(40, 1, 12 * S);
    assert_true(proc_id_some(sim_world_leader(w)));
    assert_true(proc_id_eq(sim_world_active(w, 5000), named("pga")));
    for (uint32_t device = 1; device <= 40; device++) {
        assert_true(proc_id_eq(home_of(w, device), named("sub1")));
    }
    assert_true(count(w, EVENT_CALL_END) > 0);
    assert_true(count(w, EVENT_TCD_STORED) > 0);
    sim_world_free(&w);
}

static void test_sim_world__phones_of_a_crashed_node_go_elsewhere_and_come_home(void **state)
{
    (void)state;
    struct sim_world *w = started(40, 2, 12 * S);
    const struct sim_fault crash = {.kind = SIM_FAULT_CRASH, .target = named("sub1")};
    assert_true(sim_world_break(w, &crash));
    assert_false(sim_proc_alive(sim_world_proc(w, named("sub1"))));
    sim_world_traffic(w, 0, 0);
    sim_world_run(w, 30 * S);
    for (uint32_t device = 1; device <= 40; device++) {
        assert_true(proc_id_eq(home_of(w, device), named("sub2")));
    }
    assert_true(proc_id_eq(sim_world_active(w, 5000), named("pgb")));
    sim_world_mend(w, &crash);
    sim_world_run(w, 50 * S);
    for (uint32_t device = 1; device <= 40; device++) {
        assert_true(proc_id_eq(home_of(w, device), named("sub1")));
    }
    sim_world_free(&w);
}

static void test_sim_world__a_hang_is_found_and_what_piled_up_is_delivered(void **state)
{
    (void)state;
    struct sim_world *w = started(20, 3, 12 * S);
    const struct sim_fault hang = {.kind = SIM_FAULT_HANG, .target = named("sub1")};
    assert_true(sim_world_break(w, &hang));
    assert_false(sim_world_break(w, &hang)); /* it hangs already */
    sim_world_run(w, 20 * S);
    for (uint32_t device = 1; device <= 20; device++) {
        assert_false(proc_id_eq(home_of(w, device), named("sub1")));
    }
    uint64_t late = count(w, EVENT_LOOP_LATE);
    sim_world_mend(w, &hang);
    sim_world_run(w, 21 * S);
    assert_true(count(w, EVENT_LOOP_LATE) > late);
    sim_world_free(&w);
}

static void test_sim_world__every_node_is_asked_for_registrations(void **state)
{
    (void)state;
    struct sim_world *w = asked(20, 5, 12 * S, 10);
    const struct sim_history *r = sim_world_record(w);
    uint64_t through[PROCS_MAX + 1] = {0};
    for (size_t i = 0; i < r->events_n; i++) {
        through[r->events[i].peer.v] += r->events[i].kind == EVENT_LOOKUP_ASKED ? 1 : 0;
    }
    assert_true(through[named("pub").v] > 30);
    assert_true(through[named("sub1").v] > 30);
    assert_true(through[named("sub2").v] > 30);
    assert_true(count(w, EVENT_LOOKED_UP) > 1000);
    sim_world_free(&w);
}

/* It used to be looked at without an end, and time stood still. */
static void test_sim_world__a_lookup_that_nobody_can_answer_waits(void **state)
{
    (void)state;
    struct sim_world *w = asked(20, 4, 12 * S, 10);
    const struct sim_fault unplug = {.kind = SIM_FAULT_UNPLUG, .target = named("sub1")};
    assert_true(sim_world_break(w, &unplug));
    sim_world_run(w, 16 * S);
    uint64_t answered = count(w, EVENT_LOOKED_UP);
    sim_world_mend(w, &unplug);
    sim_world_run(w, 20 * S);
    assert_true(count(w, EVENT_LOOKED_UP) > answered);
    sim_world_free(&w);
}

static void test_sim_world__a_service_crashes_alone(void **state)
{
    (void)state;
    struct sim_world *w = started(20, 4, 12 * S);
    const struct sim_fault crash = {
        .kind = SIM_FAULT_SERVICE_CRASH, .target = named("sub1"), .service = SERVICE_CALLMANAGER};
    uint64_t starts = count(w, EVENT_SERVICE_START);
    assert_true(sim_world_break(w, &crash));
    sim_world_run(w, 14 * S);
    assert_int_equal(count(w, EVENT_SERVICE_CRASH), 1);
    assert_true(sim_proc_alive(sim_world_proc(w, named("sub1"))));
    sim_world_mend(w, &crash);
    sim_world_run(w, 15 * S);
    assert_true(count(w, EVENT_SERVICE_START) == starts + 1);
    sim_world_free(&w);
}

static void test_sim_world__power_is_silent_and_a_kill_is_not(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        struct sim_world *w = started(20, 5, 12 * S);
        const struct sim_fault fault = {.kind = silent ? SIM_FAULT_POWER : SIM_FAULT_CRASH,
                                        .target = named("sub1")};
        uint64_t lost = count(w, EVENT_DEVICE_LOST);
        assert_true(sim_world_break(w, &fault));
        sim_world_run(w, 12 * S + S / 10);
        assert_int_equal(count(w, EVENT_DEVICE_LOST) > lost, !silent);
        sim_world_run(w, 18 * S);
        assert_true(count(w, EVENT_DEVICE_LOST) > lost);
        sim_world_free(&w);
    }
}

static void test_sim_world__media_pauses_with_the_network_between_two_fleets(void **state)
{
    (void)state;
    struct sim_topology_size size;
    sim_topology_default(40, "lab", &size);
    size.fleets = 2;
    size.groups = 2;
    assert_int_equal(sim_topology_make(&size, &topology), ERR_OK);
    struct sim_world *w = sim_world_new(&(struct sim_world_config){
        .topology = &topology, .seed = 6, .keep = true, .delay_min = {60}, .delay_max = {300}});
    sim_world_start(w);
    sim_world_run(w, 12 * S);
    const struct proc_id one = named("fleet"), two = named("fleet2");
    sim_net_cut(sim_world_net(w), SIM_WIRE_VISIBLE, one, two, true);
    sim_net_cut(sim_world_net(w), SIM_WIRE_VISIBLE, two, one, true);
    sim_world_run(w, 13 * S);
    sim_net_cut(sim_world_net(w), SIM_WIRE_VISIBLE, one, two, false);
    sim_net_cut(sim_world_net(w), SIM_WIRE_VISIBLE, two, one, false);
    sim_world_traffic(w, 0, 0);
    sim_world_run(w, 40 * S);
    sim_world_finish(w);
    const struct sim_history *r = sim_world_record(w);
    int64_t longest = 0;
    for (size_t i = 0; i < r->legs_n; i++) {
        longest = r->legs[i].gap_us > longest ? r->legs[i].gap_us : longest;
    }
    assert_true(longest >= S);
    assert_true(longest < S + S / 5);
    sim_world_free(&w);
}

/* conforms: 58 */
static void test_sim_world__one_seed_is_one_history(void **state)
{
    (void)state;
    uint64_t digests[3];
    for (int i = 0; i < 3; i++) {
        struct sim_world *w = started(20, i < 2 ? 8 : 9, 12 * S);
        const struct sim_fault crash = {.kind = SIM_FAULT_CRASH, .target = named("sub1")};
        assert_true(sim_world_break(w, &crash));
        sim_world_run(w, 20 * S);
        digests[i] = sim_world_record(w)->digest;
        sim_world_free(&w);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
}

static void test_sim_world__what_is_not_kept_has_the_same_digest(void **state)
{
    (void)state;
    struct sim_topology_size size;
    uint64_t digests[2];
    sim_topology_default(20, "lab", &size);
    assert_int_equal(sim_topology_make(&size, &topology), ERR_OK);
    for (int i = 0; i < 2; i++) {
        struct sim_world *w = sim_world_new(&(struct sim_world_config){
            .topology = &topology, .seed = 3, .keep = i == 0, .delay_max = {300}});
        sim_world_start(w);
        sim_world_run(w, 15 * S);
        assert_int_equal(sim_world_record(w)->events_n > 0, i == 0);
        digests[i] = sim_world_record(w)->digest;
        sim_world_free(&w);
    }
    assert_true(digests[0] == digests[1]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_world__a_cluster_comes_up_and_talks),
    cmocka_unit_test(test_sim_world__phones_of_a_crashed_node_go_elsewhere_and_come_home),
    cmocka_unit_test(test_sim_world__a_hang_is_found_and_what_piled_up_is_delivered),
    cmocka_unit_test(test_sim_world__every_node_is_asked_for_registrations),
    cmocka_unit_test(test_sim_world__a_lookup_that_nobody_can_answer_waits),
    cmocka_unit_test(test_sim_world__a_service_crashes_alone),
    cmocka_unit_test(test_sim_world__power_is_silent_and_a_kill_is_not),
    cmocka_unit_test(test_sim_world__media_pauses_with_the_network_between_two_fleets),
    cmocka_unit_test(test_sim_world__one_seed_is_one_history),
    cmocka_unit_test(test_sim_world__what_is_not_kept_has_the_same_digest),
};

UNIT_MAIN(tests);
