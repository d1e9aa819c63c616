#include "cluster/record/scene.h"

#include "node/runtime/topology_file.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct topology topology;
static struct scene scene;
static struct scene_homes homes;
static char why[SCENE_WHY_LEN];

static struct scene_proc *proc(const char *name)
{
    return &scene.procs[topology_proc_named(&topology, name).v - 1];
}

/* The small cluster as it should be. */
static int healthy_cluster(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    memset(&homes, 0, sizeof homes);
    assert_int_equal(topology_file_load("deploy/topologies/small.yaml", stderr, &topology), ERR_OK);
    for (uint32_t i = 0; i < topology.procs_n; i++) {
        scene.procs[i].state = SCENE_UP;
        scene.procs[i].node.callmanager = topology.procs[i].callmanager;
        scene.procs[i].node.ctimanager = topology.procs[i].ctimanager;
        scene.procs[i].node.lease = true;
        scene.procs[i].pg.provider_up = true;
        scene.procs[i].pg.controller_up = true;
    }
    scene.leader = topology_proc_named(&topology, "sub1");
    proc("pga")->pg.active = true;
    proc("pga")->pg.monitors = proc("pga")->pg.monitors_wanted = 24;
    scene.agents_logged_in = 20;
    homes.total = homes.registered = homes.at_home = 64;
    return 0;
}

static bool healthy(void)
{
    return scene_healthy(&scene, &topology, &homes, why);
}

static void test_scene__a_cluster_as_it_should_be_is_healthy(void **state)
{
    (void)state;
    assert_true(healthy());
    assert_string_equal(why, "");
}

static void test_scene__a_dead_node_is_named(void **state)
{
    (void)state;
    proc("sub2")->state = SCENE_DOWN;
    assert_false(healthy());
    assert_string_equal(why, "sub2 is down");
}

static void test_scene__a_recorder_is_not_needed(void **state)
{
    (void)state;
    proc("recorder")->state = SCENE_DOWN;
    assert_true(healthy());
}

static void test_scene__a_crashed_service_is_named(void **state)
{
    (void)state;
    proc("sub1")->node.callmanager = false;
    assert_false(healthy());
    assert_string_equal(why, "the CallManager of sub1 is down");
}

static void test_scene__all_that_are_not_up_are_named(void **state)
{
    (void)state;
    proc("sub2")->state = SCENE_HUNG;
    proc("icma")->state = SCENE_DOWN;
    proc("recorder")->state = SCENE_DOWN;
    assert_false(healthy());
    assert_string_equal(why, "sub2 is hung, icma is down");
}

static void test_scene__no_leader_is_not_healthy(void **state)
{
    (void)state;
    scene.leader.v = 0;
    assert_false(healthy());
    assert_string_equal(why, "there is no Raft leader");
}

static void test_scene__two_standby_sides_are_not_healthy(void **state)
{
    (void)state;
    proc("pga")->pg.active = false;
    assert_false(healthy());
    assert_string_equal(why, "no side of PG pair 5000 is active");
}

static void test_scene__missing_monitors_are_not_healthy(void **state)
{
    (void)state;
    proc("pga")->pg.monitors = 23;
    assert_false(healthy());
    assert_string_equal(why, "pga has 23 of 24 monitors");
}

static void test_scene__devices_away_from_home_must_be_busy(void **state)
{
    (void)state;
    homes.at_home = 60;
    assert_false(healthy());
    homes.away_busy = 4;
    assert_true(healthy());
}

static void test_scene__agents_must_be_logged_in(void **state)
{
    (void)state;
    scene.agents_logged_in = 19;
    assert_false(healthy());
    assert_string_equal(why, "19 of 20 agents are logged in");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_scene__a_cluster_as_it_should_be_is_healthy, healthy_cluster),
    cmocka_unit_test_setup(test_scene__a_dead_node_is_named, healthy_cluster),
    cmocka_unit_test_setup(test_scene__a_recorder_is_not_needed, healthy_cluster),
    cmocka_unit_test_setup(test_scene__a_crashed_service_is_named, healthy_cluster),
    cmocka_unit_test_setup(test_scene__all_that_are_not_up_are_named, healthy_cluster),
    cmocka_unit_test_setup(test_scene__no_leader_is_not_healthy, healthy_cluster),
    cmocka_unit_test_setup(test_scene__two_standby_sides_are_not_healthy, healthy_cluster),
    cmocka_unit_test_setup(test_scene__missing_monitors_are_not_healthy, healthy_cluster),
    cmocka_unit_test_setup(test_scene__devices_away_from_home_must_be_busy, healthy_cluster),
    cmocka_unit_test_setup(test_scene__agents_must_be_logged_in, healthy_cluster),
};

UNIT_MAIN(tests);
