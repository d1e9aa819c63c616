#include "node/base/topology.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct topology t;

static void add_proc(const char *name, enum proc_kind kind, bool publisher)
{
    struct topology_proc *p = &t.procs[t.procs_n++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kind = kind;
    p->publisher = publisher;
}

/* Phones 1001 to 1010 are devices 1 to 10, 5001 to 5005 are 11 to 15; gateways 16, 17; route points
 * 18, 19. Agents 7001 to 7004 sit at 1003 to 1006, agents 8001, 8002 at 5005 and nowhere. */
static void make(void)
{
    memset(&t, 0, sizeof t);
    add_proc("sub1", PROC_NODE, false);
    add_proc("pub", PROC_NODE, true);
    add_proc("fleet", PROC_FLEET, false);
    t.groups_n = 2;
    t.groups[0] = (struct topology_group){.members_n = 2, .members = {{1}, {2}}};
    t.groups[1] = (struct topology_group){.members_n = 1, .members = {{2}}};
    t.phones_n = 2;
    t.phones[0] = (struct topology_phones){.first = 1001, .count = 10, .fleet = {3}};
    t.phones[1] = (struct topology_phones){.first = 5001, .count = 5, .group = 1, .fleet = {3}};
    t.gateways_n = 2;
    snprintf(t.gateways[0].name, NAME_LEN, "gw1");
    snprintf(t.gateways[1].name, NAME_LEN, "SEPia"); /* not a phone, whatever it looks like */
    t.gateways[1].group = 1;
    t.skills_n = 3;
    t.dialled_n = 2;
    snprintf(t.dialled[0].number, NUMBER_LEN, "80001");
    snprintf(t.dialled[1].number, NUMBER_LEN, "*900");
    t.agents_n = 2;
    t.agents[0] = (struct topology_agents){
        .first = 7001, .count = 4, .phone = 1003, .skill = 1, .spread = true, .pair = 5000};
    t.agents[1] = (struct topology_agents){
        .first = 8001, .count = 2, .phone = 5005, .skill = 2, .pair = 6000};
}

static void test_topology__devices_are_phones_gateways_and_route_points(void **state)
{
    (void)state;
    make();
    static const enum device_kind kinds[] = {DEVICE_KIND_PHONE, DEVICE_KIND_GATEWAY,
                                             DEVICE_KIND_ROUTE_POINT};
    static const uint32_t last[] = {15, 17, 19};
    struct device_info info;
    assert_int_equal(topology_devices(&t), 19);
    for (uint32_t v = 1, k = 0; v <= 19; v++) {
        k += v > last[k];
        assert_true(topology_device(&t, (struct device_id){v}, &info));
        assert_int_equal(info.kind, kinds[k]);
    }
    assert_false(topology_device(&t, (struct device_id){0}, &info));
    assert_false(topology_device(&t, (struct device_id){20}, &info));
    assert_false(topology_device(&t, (struct device_id){UINT32_MAX}, &info));
}

static void test_topology__every_device_is_found_by_its_name_and_number(void **state)
{
    (void)state;
    make();
    for (uint32_t v = 1; v <= topology_devices(&t); v++) {
        struct device_info info;
        assert_true(topology_device(&t, (struct device_id){v}, &info));
        assert_int_equal(topology_device_named(&t, info.name).v, v);
        if (info.kind != DEVICE_KIND_GATEWAY) {
            assert_int_equal(topology_number(&t, info.number).v, v);
        }
    }
    assert_int_equal(topology_gateway(&t, 1).v, 17);
    assert_int_equal(topology_route_point(&t, 1).v, 19);
}

static void test_topology__what_a_device_is_stands_where_its_range_says(void **state)
{
    (void)state;
    make();
    struct device_info info;
    assert_true(topology_device(&t, (struct device_id){12}, &info));
    assert_string_equal(info.name, "SEP000000000012");
    assert_string_equal(info.number, "5002");
    assert_int_equal(info.group, 1);
    assert_int_equal(info.fleet.v, 3);
    assert_true(topology_device(&t, (struct device_id){17}, &info));
    assert_int_equal(info.index, 1);
    assert_int_equal(info.group, 1);
    assert_string_equal(info.number, "");
    assert_true(topology_device(&t, (struct device_id){18}, &info));
    assert_string_equal(info.name, "RP80001");
    assert_int_equal(info.fleet.v, 0);
}

static void test_topology__what_nobody_has_is_not_found(void **state)
{
    (void)state;
    make();
    static const char *const names[] = {"",
                                        "SEP",
                                        "SEP000000000000",
                                        "SEP000000000016",
                                        "SEP12x",
                                        "SEP-1",
                                        "SEP+5",
                                        "SEP 5",
                                        "sep1",
                                        "gw",
                                        "gw11",
                                        "RP",
                                        "RP1001",
                                        "RP8000",
                                        "SEP99999999999999999999999"};
    static const char *const numbers[] = {"",
                                          "1000",
                                          "1011",
                                          "5006",
                                          "0",
                                          "01001",
                                          "1001 ",
                                          "-1001",
                                          "+1001",
                                          "1001x",
                                          "80002",
                                          "99999999999999999999999",
                                          "18446744073709551616"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(topology_device_named(&t, names[i]).v, 0);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(topology_number(&t, numbers[i]).v, 0);
    }
}

static void test_topology__agents_are_found_by_place_id_and_phone(void **state)
{
    (void)state;
    make();
    struct agent_info info, same;
    assert_int_equal(topology_agents_total(&t), 6);
    for (uint32_t nth = 0; nth < 6; nth++) {
        assert_true(topology_agent(&t, nth, &info));
        assert_true(topology_agent_by_id(&t, info.id, &same));
        assert_int_equal(same.device.v, info.device.v);
        if (device_id_some(info.device)) {
            assert_true(topology_agent_by_device(&t, info.device, &same));
            assert_int_equal(same.id.v, info.id.v);
        }
    }
    assert_false(topology_agent(&t, 6, &info));
    assert_false(topology_agent_by_id(&t, (struct agent_id){7000}, &info));
    assert_false(topology_agent_by_id(&t, (struct agent_id){7005}, &info));
    assert_false(topology_agent_by_device(&t, (struct device_id){1}, &info));
    assert_false(topology_agent_by_device(&t, (struct device_id){16}, &info));
    assert_false(topology_agent_by_device(&t, (struct device_id){0}, &info));
}

static void test_topology__agents_take_the_skills_in_turn_or_have_one(void **state)
{
    (void)state;
    make();
    static const uint32_t skills[] = {1, 2, 0, 1, 2, 2};
    for (uint32_t nth = 0; nth < 6; nth++) {
        struct agent_info info;
        assert_true(topology_agent(&t, nth, &info));
        assert_int_equal(info.skill, skills[nth]);
        assert_int_equal(info.pair, nth < 4 ? 5000 : 6000);
    }
}

static void test_topology__processes_have_numbers_names_and_ranks(void **state)
{
    (void)state;
    make();
    for (uint16_t v = 1; v <= 3; v++) {
        struct proc_id id = {v};
        assert_int_equal(topology_proc_named(&t, topology_name(&t, id)).v, v);
        assert_ptr_equal(topology_proc_of(&t, id), &t.procs[v - 1]);
    }
    assert_int_equal(topology_proc_named(&t, "sub").v, 0);
    assert_null(topology_proc_of(&t, (struct proc_id){0}));
    assert_null(topology_proc_of(&t, (struct proc_id){4}));
    assert_string_equal(topology_name(&t, (struct proc_id){0}), "none");
    assert_string_equal(topology_name(&t, (struct proc_id){PROCS_MAX + 7}), "guest");
    assert_int_equal(topology_publisher(&t).v, 2);
    assert_int_equal(topology_rank(&t, 0, (struct proc_id){1}), 0);
    assert_int_equal(topology_rank(&t, 0, (struct proc_id){2}), 1);
    assert_int_equal(topology_rank(&t, 1, (struct proc_id){1}), GROUP_MEMBERS_MAX);
    t.procs[1].publisher = false;
    assert_int_equal(topology_publisher(&t).v, 0);
}

static void test_topology__profiles_are_known_by_name_and_complete(void **state)
{
    (void)state;
    static const char *const names[] = {"lab", "srnd", "slow"};
    struct topology_timers timers;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        memset(&timers, 0, sizeof timers);
        assert_int_equal(topology_profile(names[i], &timers), ERR_OK);
        assert_string_equal(timers.profile, names[i]);
        assert_true(timers.phone_keepalive.us > 0 && timers.phone_misses > 0);
        assert_true(timers.lease_grant.us > timers.lease_renew.us);
        assert_true(timers.node_down_after.us > timers.lease_grant.us);
        assert_true(timers.raft_election.us > timers.raft_heartbeat.us);
        assert_true(timers.monitors_per_s > 0 && timers.registrations_per_s > 0);
        /* A route is given up before its caller, and an offer before the route. */
        assert_true(timers.mesh_heartbeat.us * (timers.mesh_misses + 1) < timers.route_timeout.us);
    }
    struct topology_timers before = timers;
    assert_int_equal(topology_profile("fast", &timers), ERR_UNKNOWN);
    assert_int_equal(topology_profile("", &timers), ERR_UNKNOWN);
    assert_memory_equal(&before, &timers, sizeof timers);
}

static void test_topology__an_empty_one_has_nothing(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    struct device_info device;
    struct agent_info agent;
    assert_int_equal(topology_devices(&t), 0);
    assert_int_equal(topology_agents_total(&t), 0);
    assert_false(topology_device(&t, (struct device_id){1}, &device));
    assert_false(topology_agent(&t, 0, &agent));
    assert_int_equal(topology_number(&t, "1001").v, 0);
    assert_int_equal(topology_device_named(&t, "SEP000000000001").v, 0);
    assert_int_equal(topology_proc_named(&t, "pub").v, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_topology__devices_are_phones_gateways_and_route_points),
    cmocka_unit_test(test_topology__every_device_is_found_by_its_name_and_number),
    cmocka_unit_test(test_topology__what_a_device_is_stands_where_its_range_says),
    cmocka_unit_test(test_topology__what_nobody_has_is_not_found),
    cmocka_unit_test(test_topology__agents_are_found_by_place_id_and_phone),
    cmocka_unit_test(test_topology__agents_take_the_skills_in_turn_or_have_one),
    cmocka_unit_test(test_topology__processes_have_numbers_names_and_ranks),
    cmocka_unit_test(test_topology__profiles_are_known_by_name_and_complete),
    cmocka_unit_test(test_topology__an_empty_one_has_nothing),
};

UNIT_MAIN(tests);
