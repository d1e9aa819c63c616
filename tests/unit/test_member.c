#include "tests/unit/raft_cluster.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define PHONES 10000

static struct cluster *serving(void)
{
    struct cluster *c = cluster_new(3, PHONES);
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    return c;
}

static uint32_t wanted, at_node;

static bool answered(struct cluster *c)
{
    return c->nodes[at_node].results_n >= wanted;
}

static bool has_read(struct cluster *c)
{
    return c->nodes[at_node].reads_n > 0;
}

static void register_all(struct cluster *c, uint32_t node, uint64_t counter)
{
    struct instant begin = cluster_now();
    at_node = node;
    wanted = c->nodes[node].results_n + PHONES;
    for (uint32_t d = 1; d <= PHONES; d++) {
        cluster_register(c, node, d, counter, d);
    }
    assert_true(cluster_until(c, answered, 20000));
    print_message("%d registrations at a %s: %d ms\n", PHONES,
                  node == cluster_leader(c) ? "leader" : "follower",
                  (int)duration_to_ms(instant_since(cluster_now(), begin)));
}

static void test_member__a_flood_of_registrations_is_answered_once_each(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t leader = cluster_leader(c), other = (leader + 1) % 3;
    register_all(c, leader, 1);
    register_all(c, other, 2);
    for (uint32_t d = 1; d <= PHONES; d++) {
        assert_int_equal(c->nodes[leader].told[d], 1);
        assert_int_equal(c->nodes[leader].results[d].epoch, 1);
        assert_int_equal(c->nodes[other].told[d], 1);
        assert_int_equal(c->nodes[other].results[d].reason, REASON_NONE);
        assert_int_equal(c->nodes[other].results[d].epoch, 2);
    }
    assert_false(c->nodes[leader].early);
    assert_false(c->nodes[other].early);
    assert_true(cluster_until(c, cluster_agrees, 1000));
    cluster_free(c);
}

static void test_member__a_flood_survives_the_death_of_the_leader(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t leader = cluster_leader(c), other = (leader + 1) % 3;
    at_node = other;
    wanted = PHONES / 3;
    for (uint32_t d = 1; d <= PHONES; d++) {
        cluster_register(c, other, d, 1, d);
    }
    assert_true(cluster_until(c, answered, 5000));
    cluster_kill(c, leader);
    wanted = PHONES;
    assert_true(cluster_until(c, answered, 5000));
    for (uint32_t d = 1; d <= PHONES; d++) {
        assert_int_equal(c->nodes[other].told[d], 1);
        assert_int_equal(c->nodes[other].results[d].reason, REASON_NONE);
        assert_int_equal(c->nodes[other].results[d].epoch, 1);
    }
    assert_true(cluster_until(c, cluster_agrees, 1000));
    cluster_free(c);
}

static bool all_leased(struct cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->nodes[i].running && !member_has_lease(c->nodes[i].member, cluster_now())) {
            return false;
        }
    }
    return true;
}

static bool none_leased(struct cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->nodes[i].running && member_has_lease(c->nodes[i].member, cluster_now())) {
            return false;
        }
    }
    return true;
}

static void test_member__without_a_majority_nobody_has_a_lease(void **state)
{
    (void)state;
    struct cluster *c = serving();
    assert_true(cluster_until(c, all_leased, 1000));
    assert_false(cluster_until(c, none_leased, 1000));
    cluster_kill(c, 0);
    cluster_kill(c, 1);
    assert_true(cluster_until(c, none_leased, 1000));
    assert_true(c->nodes[2].events[EVENT_LEASE_LOST] > 0);
    at_node = 2;
    wanted = c->nodes[2].results_n + 1;
    cluster_register(c, 2, 5, 1, 1);
    assert_true(cluster_until(c, answered, 5000));
    assert_true(c->nodes[2].results[1].reason == REASON_NO_QUORUM ||
                c->nodes[2].results[1].reason == REASON_ROLLED_BACK);
    cluster_start(c, 0);
    assert_true(cluster_until(c, all_leased, 2000));
    cluster_free(c);
}

static struct proc_id down_node;

static bool node_is_down(struct cluster *c)
{
    uint32_t leader = cluster_leader(c);
    return leader < c->n && !registry_node(c->nodes[leader].registry, down_node)->up;
}

static void test_member__a_silent_node_is_taken_for_dead(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t victim = (cluster_leader(c) + 1) % 3;
    at_node = victim;
    wanted = c->nodes[victim].results_n + 1;
    cluster_register(c, victim, 5, 1, 1);
    assert_true(cluster_until(c, answered, 2000));
    cluster_kill(c, victim);
    struct instant killed = cluster_now();
    down_node = c->nodes[victim].id;
    assert_true(cluster_until(c, node_is_down, 3000));
    int64_t ms = duration_to_ms(instant_since(cluster_now(), killed));
    assert_true(ms >= 500);
    assert_true(ms < 1200);
    const struct registry *r = c->nodes[cluster_leader(c)].registry;
    assert_int_equal(registry_owner(r, (struct device_id){5}).v, 0);
    assert_int_equal(registry_device(r, (struct device_id){5})->epoch, 2);
    cluster_free(c);
}

static void cut_off(struct cluster *c, uint32_t victim, bool cut)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (i != victim) {
            cluster_cut(c, victim, i, cut);
        }
    }
}

static bool another_leads(struct cluster *c)
{
    return cluster_has_leader(c) && !proc_id_eq(c->nodes[cluster_leader(c)].id, down_node);
}

static void test_member__a_leader_that_nobody_reaches_hands_over(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t leader = cluster_leader(c);
    cut_off(c, leader, true);
    down_node = c->nodes[leader].id;
    assert_true(cluster_until(c, another_leads, 3000));
    assert_true(cluster_until(c, node_is_down, 3000));
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(registry_node(c->nodes[cluster_leader(c)].registry, c->nodes[i].id)->up,
                         i != leader);
    }
    cluster_free(c);
}

/* What others said long ago arrives late: a process that was stopped finds it when it goes on, a
 * network that was cut brings it when it heals. */
static void test_member__an_old_sign_of_life_is_no_ground_for_a_lease(void **state)
{
    (void)state;
    struct cluster *c = serving();
    assert_true(cluster_until(c, all_leased, 1000));
    uint32_t leader = cluster_leader(c);
    struct member *m = c->nodes[leader].member;
    struct msg *msg = calloc(1, sizeof *msg);
    struct instant late = instant_add(cluster_now(), m->config.topology->timers.lease_grant);
    for (uint32_t i = 0; i < c->n; i++) {
        if (i != leader) {
            msg->kind = MSG_LEASE_RENEW;
            msg->lease_renew.seq = c->nodes[i].member->renew_seq;
            msg->lease_renew.stamp_us = (uint64_t)c->nodes[i].member->stamp.us;
            assert_true(msg->lease_renew.stamp_us > 0);
            member_message(m, late, c->nodes[i].id, msg);
        }
    }
    member_poll(m, late);
    assert_true(replica_serving(&m->replica));
    assert_false(member_has_lease(m, late));
    assert_true(cluster_until(c, all_leased, 1000));
    free(msg);
    cluster_free(c);
}

static void test_member__a_node_that_was_cut_off_announces_itself_again(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t leader = cluster_leader(c), victim = (leader + 1) % 3;
    cut_off(c, victim, true);
    down_node = c->nodes[victim].id;
    assert_true(cluster_until(c, node_is_down, 3000));
    assert_false(member_has_lease(c->nodes[victim].member, cluster_now()));
    cut_off(c, victim, false);
    assert_true(cluster_until(c, cluster_services_up, 3000));
    assert_true(cluster_until(c, all_leased, 1000));
    cluster_free(c);
}

static bool said_down(struct cluster *c)
{
    const struct registry *r = c->nodes[at_node].registry;
    return !registry_service_up(r, c->nodes[at_node].id, SERVICE_CALLMANAGER) &&
           registry_owner(r, (struct device_id){5}).v == 0;
}

static void test_member__a_crashed_service_is_said_to_be_down(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t node = (cluster_leader(c) + 1) % 3;
    at_node = node;
    wanted = c->nodes[node].results_n + 1;
    cluster_register(c, node, 5, 1, 1);
    assert_true(cluster_until(c, answered, 2000));
    member_service(c->nodes[node].member, cluster_now(), SERVICE_CALLMANAGER,
                   cluster_callmanager(c, node), false);
    assert_true(cluster_until(c, said_down, 2000));
    cluster_free(c);
}

static void test_member__a_linearizable_read_sees_what_was_answered(void **state)
{
    (void)state;
    struct cluster *c = serving();
    uint32_t writer = cluster_leader(c);
    for (uint32_t reader = 0; reader < 3; reader++) {
        at_node = writer;
        wanted = c->nodes[writer].results_n + 1;
        cluster_register(c, writer, 5, 1 + reader, 1);
        assert_true(cluster_until(c, answered, 2000));
        at_node = reader;
        c->nodes[reader].reads_n = 0;
        assert_int_equal(member_read(c->nodes[reader].member, cluster_now(), 9), ERR_OK);
        assert_true(cluster_until(c, has_read, 2000));
        assert_int_equal(c->nodes[reader].read_reason, REASON_NONE);
        assert_true(c->nodes[reader].read_index > 0);
        const struct registry_device *d =
            registry_device(c->nodes[reader].registry, (struct device_id){5});
        assert_int_equal(d->counter, 1 + reader);
    }
    cluster_free(c);
}

static void test_member__what_makes_no_sense_is_dropped(void **state)
{
    (void)state;
    struct cluster *c = serving();
    struct member *m = c->nodes[0].member;
    struct msg *msg = calloc(1, sizeof *msg);
    uint64_t before = m->dropped;
    struct proc_id strangers[] = {{0}, {1}, {4}, {48}, {999}};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        msg->kind = MSG_LEASE_RENEW;
        member_message(m, cluster_now(), strangers[i], msg);
    }
    assert_int_equal(m->dropped, before + 5);
    msg->kind = MSG_PROPOSE; /* in the name of another */
    msg->propose.origin.v = 3;
    member_message(m, cluster_now(), (struct proc_id){2}, msg);
    msg->kind = MSG_STATION_DIAL;
    member_message(m, cluster_now(), (struct proc_id){2}, msg);
    msg->kind = MSG_LEASE_GRANTED;
    msg->lease_granted.seq = UINT64_MAX;
    member_message(m, cluster_now(), (struct proc_id){2}, msg);
    assert_int_equal(m->dropped, before + 8);
    free(msg);
    cluster_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_member__a_flood_of_registrations_is_answered_once_each),
    cmocka_unit_test(test_member__a_flood_survives_the_death_of_the_leader),
    cmocka_unit_test(test_member__without_a_majority_nobody_has_a_lease),
    cmocka_unit_test(test_member__a_silent_node_is_taken_for_dead),
    cmocka_unit_test(test_member__a_leader_that_nobody_reaches_hands_over),
    cmocka_unit_test(test_member__an_old_sign_of_life_is_no_ground_for_a_lease),
    cmocka_unit_test(test_member__a_node_that_was_cut_off_announces_itself_again),
    cmocka_unit_test(test_member__a_crashed_service_is_said_to_be_down),
    cmocka_unit_test(test_member__a_linearizable_read_sees_what_was_answered),
    cmocka_unit_test(test_member__what_makes_no_sense_is_dropped),
};

UNIT_MAIN(tests);
