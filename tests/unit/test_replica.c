#include "tests/unit/raft_cluster.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdlib.h>

#define PHONES 100

static struct cluster *serving(uint32_t n)
{
    struct cluster *c = cluster_new(n, PHONES);
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    return c;
}

static uint32_t wanted, at_node;

static bool answered(struct cluster *c)
{
    return c->nodes[at_node].results_n >= wanted;
}

/* Register a device at a node, and wait for the answer. */
static struct msg_command_result settle(struct cluster *c, uint32_t node, uint32_t device,
                                        uint64_t counter)
{
    at_node = node;
    wanted = c->nodes[node].results_n + 1;
    cluster_register(c, node, device, counter, 0);
    assert_true(cluster_until(c, answered, 5000));
    return c->nodes[node].results[0];
}

/* On a busy machine the leader may change meanwhile: then it is unknown, and asked for again. */
static void settle_surely(struct cluster *c, uint32_t node, uint32_t device, uint64_t counter)
{
    enum reason reason = (enum reason)settle(c, node, device, counter).reason;
    for (uint32_t tries = 1; reason == REASON_ROLLED_BACK && tries < 20; tries++) {
        reason = (enum reason)settle(c, node, device, counter).reason;
        reason = reason == REASON_OLD_COUNTER ? REASON_NONE : reason; /* it was done */
    }
    assert_int_equal(reason, REASON_NONE);
}

static void test_replica__three_nodes_elect_and_agree(void **state)
{
    (void)state;
    struct cluster *c = serving(3);
    for (uint32_t i = 0; i < 3; i++) {
        struct msg_command_result r = settle(c, i, 10 + i, 1);
        assert_int_equal(r.reason, REASON_NONE);
        assert_int_equal(r.epoch, 1);
    }
    assert_true(cluster_until(c, cluster_agrees, 1000));
    uint32_t serves = 0;
    for (uint32_t i = 0; i < 3; i++) {
        serves += replica_serving(member_replica(c->nodes[i].member));
        assert_int_equal(registry_owner(c->nodes[0].registry, (struct device_id){10 + i}).v, i + 1);
        assert_true(c->nodes[i].events[EVENT_STATE_HASH] > 0 ||
                    registry_applied(c->nodes[i].registry) < 8);
    }
    assert_int_equal(serves, 1);
    cluster_free(c);
}

static void test_replica__a_killed_leader_is_replaced_at_once(void **state)
{
    (void)state;
    struct cluster *c = serving(3);
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t old = cluster_leader(c);
        settle_surely(c, old, 5, 10 * round + 1);
        cluster_kill(c, old);
        struct instant killed = cluster_now();
        assert_int_equal(settle(c, (old + 1) % 3, 5, 10 * round + 2).reason, REASON_NONE);
        int64_t ms = duration_to_ms(instant_since(cluster_now(), killed));
        print_message("leader killed until a registration was answered: %d ms\n", (int)ms);
        assert_true(ms < 3000); /* one loop for all: the dying node holds the others up */
        cluster_start(c, old);
        assert_true(cluster_until(c, cluster_services_up, 5000));
    }
    assert_true(cluster_until(c, cluster_agrees, 2000));
    cluster_free(c);
}

static void test_replica__everything_survives_a_restart_of_all(void **state)
{
    (void)state;
    struct cluster *c = serving(3);
    for (uint32_t d = 1; d <= 50; d++) {
        settle_surely(c, d % 3, d, 7);
    }
    assert_true(cluster_until(c, cluster_agrees, 1000));
    for (uint32_t i = 0; i < 3; i++) {
        cluster_kill(c, i);
    }
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    assert_true(cluster_until(c, cluster_agrees, 2000));
    const struct registry *r = c->nodes[cluster_leader(c)].registry;
    for (uint32_t d = 1; d <= 50; d++) {
        const struct registry_device *row = registry_device(r, (struct device_id){d});
        assert_int_equal(row->counter, 7);
        /* Its CallManager is a new one: it owns nothing from before. */
        assert_int_equal(row->epoch, 2);
        assert_int_equal(row->state, DEVICE_STATE_UNREGISTERED);
    }
    cluster_free(c);
}

static uint32_t snapshots_of(const struct cluster_node *node)
{
    uint32_t n = 0;
    DIR *dir = opendir(node->folder);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        n += strncmp(e->d_name, "snapshot-", 9) == 0;
    }
    closedir(dir);
    return n;
}

static void test_replica__a_late_node_gets_a_snapshot(void **state)
{
    (void)state;
    struct cluster *c = serving(3);
    uint32_t leader = cluster_leader(c), late = (leader + 1) % 3;
    cluster_kill(c, late);
    for (uint32_t i = 0; i < 1300; i++) {
        settle_surely(c, leader, 1 + i % PHONES, 1 + i);
    }
    assert_true(snapshots_of(&c->nodes[leader]) > 0);
    cluster_start(c, late);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    assert_true(cluster_until(c, cluster_agrees, 5000));
    assert_true(c->nodes[late].events[EVENT_RAFT_SNAPSHOT] > 0);
    /* And from its own disk again. */
    cluster_kill(c, late);
    cluster_start(c, late);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    assert_true(cluster_until(c, cluster_agrees, 5000));
    cluster_free(c);
}

enum spoilt { SPOILT_META, SPOILT_DATA_GONE, SPOILT_DATA_EMPTY, SPOILTS };

static void spoil(const char *path, enum spoilt how)
{
    if (how == SPOILT_DATA_GONE) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    assert_int_equal(truncate(path, 0), 0);
    if (how == SPOILT_META) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fprintf(f, "%080d", 7);
        fclose(f);
    }
}

/* All snapshots of a node. */
static void spoil_snapshots(const struct cluster_node *node, enum spoilt how)
{
    uint32_t n = 0;
    DIR *dir = opendir(node->folder);
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[sizeof node->folder + sizeof e->d_name + 2];
        bool meta = strstr(e->d_name, ".meta") != NULL;
        snprintf(path, sizeof path, "%s/%s", node->folder, e->d_name);
        if (strncmp(e->d_name, "snapshot-", 9) == 0 && meta == (how == SPOILT_META)) {
            spoil(path, how);
            n++;
        }
    }
    closedir(dir);
    assert_true(n > 0);
}

static void test_replica__a_snapshot_that_cannot_be_read_hurts_nobody(void **state)
{
    (void)state;
    struct cluster *c = serving(3);
    uint32_t leader = cluster_leader(c), tag = 0;
    for (enum spoilt how = 0; how < SPOILTS; how++) {
        uint32_t late = (leader + 1) % 3;
        cluster_kill(c, late);
        for (uint32_t i = 0; i < 1300; i++) {
            tag++;
            settle_surely(c, leader, 1 + tag % PHONES, tag);
        }
        for (uint32_t i = 0; i < 3; i++) { /* on a starved machine another one may come to lead */
            if (i != late) {
                spoil_snapshots(&c->nodes[i], how);
            }
        }
        uint32_t had = c->nodes[late].events[EVENT_RAFT_SNAPSHOT];
        cluster_start(c, late);
        assert_false(cluster_until(c, cluster_agrees, 500));
        assert_true(cluster_until(c, cluster_has_leader, 5000));
        leader = cluster_leader(c);
        assert_int_not_equal(leader, late);
        for (uint32_t i = 0; i < 1300; i++) { /* until there is another one */
            tag++;
            settle_surely(c, leader, 1 + tag % PHONES, tag);
        }
        assert_true(cluster_until(c, cluster_agrees, 5000));
        assert_true(c->nodes[late].events[EVENT_RAFT_SNAPSHOT] > had);
    }
    cluster_free(c);
}

static void test_replica__one_node_alone_serves(void **state)
{
    (void)state;
    struct cluster *c = serving(1);
    assert_int_equal(settle(c, 0, 5, 1).reason, REASON_NONE);
    cluster_kill(c, 0);
    cluster_start(c, 0);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    assert_int_equal(settle(c, 0, 5, 2).epoch, 3);
    cluster_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_replica__three_nodes_elect_and_agree),
    cmocka_unit_test(test_replica__a_killed_leader_is_replaced_at_once),
    cmocka_unit_test(test_replica__everything_survives_a_restart_of_all),
    cmocka_unit_test(test_replica__a_late_node_gets_a_snapshot),
    cmocka_unit_test(test_replica__a_snapshot_that_cannot_be_read_hurts_nobody),
    cmocka_unit_test(test_replica__one_node_alone_serves),
};

UNIT_MAIN(tests);
