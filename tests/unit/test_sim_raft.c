#include "node/base/checksum.h"
#include "tests/unit/sim_cluster.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define SOAK_SEEDS 12
#define SOAK_MS    20000
#define KILLS      10000

static void test_sim_raft__nodes_elect_and_replicate(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= SIM_CLUSTER_MAX; n += 2) {
        struct sim_cluster *c = sim_cluster_serving(n, n);
        sim_cluster_write(c, 100);
        sim_cluster_settles(c);
        assert_int_equal(c->applied_n, 100);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(c->nodes[i].at, 100);
            assert_int_equal(sim_cluster_disk(c, i).synced, replica_last(c->nodes[i].replica));
            assert_int_equal(sim_raft_stats(c->nodes[i].raft).dropped, 0);
        }
        sim_cluster_free(c);
    }
}

static void test_sim_raft__a_leader_crashes_and_loses_what_it_had_not_synced(void **state)
{
    (void)state;
    uint64_t lost = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim_cluster *c = sim_cluster_serving(3, seed);
        uint32_t old = sim_cluster_leader(c);
        sim_cluster_write(c, 10);
        sim_cluster_faults(c, old, (struct sim_disk_faults){.stall_until = {c->now.us + 500000}});
        /* The followers are enough to commit; the leader's own disk has none of it. */
        sim_cluster_write(c, 10);
        uint64_t synced = sim_cluster_disk(c, old).synced;
        assert_true(synced + 10 <= replica_committed(c->nodes[old].replica));
        sim_cluster_kill(c, old, true, true);
        assert_true(sim_cluster_disk(c, old).synced == synced);
        lost += sim_cluster_disk(c, old).lost;
        sim_cluster_faults(c, old, (struct sim_disk_faults){0});
        assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
        assert_int_equal(c->applied_n, 20);
        sim_cluster_write(c, 10);
        assert_int_equal(sim_cluster_start(c, old), ERR_OK);
        sim_cluster_settles(c);
        assert_int_equal(c->nodes[old].at, 30);
        sim_cluster_free(c);
    }
    assert_true(lost > 0);
}

static void test_sim_raft__a_torn_tail_is_cut_at_the_start(void **state)
{
    (void)state;
    uint64_t torn = 0, kept = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_cluster *c = sim_cluster_serving(3, seed);
        uint32_t late = (sim_cluster_leader(c) + 1) % 3;
        sim_cluster_write(c, 5);
        sim_cluster_settles(c);
        uint64_t synced = sim_cluster_disk(c, late).synced;
        sim_cluster_faults(c, late, (struct sim_disk_faults){.stall_until = {c->now.us + 500000}});
        sim_cluster_write(c, 8);
        sim_cluster_kill(c, late, true, true);
        torn += sim_cluster_disk(c, late).torn;
        kept += sim_cluster_disk(c, late).last - sim_cluster_disk(c, late).torn - synced;
        sim_cluster_faults(c, late, (struct sim_disk_faults){0});
        assert_int_equal(sim_cluster_start(c, late), ERR_OK);
        sim_cluster_settles(c);
        sim_cluster_free(c);
    }
    assert_true(torn > 0);
    assert_true(kept > 0);
}

static void test_sim_raft__all_come_back_from_their_disks(void **state)
{
    (void)state;
    for (uint64_t machine = 0; machine < 2; machine++) {
        struct sim_cluster *c = sim_cluster_serving(3, 7);
        sim_cluster_write(c, 50);
        for (uint32_t i = 0; i < 3; i++) {
            sim_cluster_kill(c, i, machine != 0, true);
        }
        sim_cluster_start_all(c);
        assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
        sim_cluster_settles(c);
        assert_int_equal(c->applied_n, 50);
        sim_cluster_write(c, 1);
        sim_cluster_settles(c);
        sim_cluster_free(c);
    }
}

static void test_sim_raft__a_late_node_gets_a_snapshot(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 3);
    uint32_t leader = sim_cluster_leader(c), late = (leader + 1) % 3;
    assert_int_equal(replica_snapshot(c->nodes[leader].replica), 0);
    sim_cluster_kill(c, late, true, true);
    sim_cluster_write(c, 1300);
    leader = sim_cluster_leader(c);
    assert_true(c->nodes[leader].taken > 0);
    assert_true(replica_snapshot(c->nodes[leader].replica) > 0);
    assert_int_equal(replica_snapshot(c->nodes[leader].replica),
                     sim_cluster_disk(c, leader).snapshot);
    assert_true(sim_cluster_disk(c, leader).first > 1); /* the log was trimmed */
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    sim_cluster_settles(c);
    assert_int_equal(c->nodes[late].restored, 1);
    assert_int_equal(replica_snapshot(c->nodes[late].replica), sim_cluster_disk(c, late).snapshot);
    assert_int_equal(sim_cluster_disk(c, late).snapshot, sim_cluster_disk(c, leader).snapshot);
    /* And from its own disk again. */
    sim_cluster_kill(c, late, true, true);
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    assert_int_equal(c->nodes[late].restored, 2);
    sim_cluster_settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__a_full_disk_ends_a_node_and_not_the_others(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 11);
    uint32_t late = (sim_cluster_leader(c) + 1) % 3;
    sim_cluster_faults(c, late, (struct sim_disk_faults){.full = true});
    sim_cluster_write(c, 10);
    sim_cluster_run(c, 100);
    assert_null(c->nodes[late].raft);
    assert_int_equal(c->nodes[late].failure, ERR_FULL);
    sim_cluster_faults(c, late, (struct sim_disk_faults){0});
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    sim_cluster_settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__no_room_at_a_majority_takes_no_writes(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 12);
    sim_cluster_write(c, 10);
    uint32_t leader = sim_cluster_leader(c);
    for (uint32_t i = 0; i < 3; i++) {
        /* Enough for these writes, but less than libraft wants to see free. */
        sim_cluster_faults(c, i, (struct sim_disk_faults){.capacity = 2000000});
    }
    sim_cluster_run(c, 200);
    assert_true(sim_cluster_submit(c));
    sim_cluster_run(c, 500);
    assert_int_equal(c->applied_n, 10);
    assert_int_equal(sim_cluster_leader(c), leader);
    for (uint32_t i = 0; i < 3; i++) {
        sim_cluster_faults(c, i, (struct sim_disk_faults){0});
    }
    sim_cluster_settles(c);
    sim_cluster_run(c, 200);
    assert_int_equal(c->applied_n, 11);
    sim_cluster_free(c);
}

static void test_sim_raft__an_io_error_ends_a_node(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 13);
    uint32_t leader = sim_cluster_leader(c);
    sim_cluster_faults(c, leader, (struct sim_disk_faults){.io_error = true});
    assert_true(sim_cluster_submit(c));
    sim_cluster_run(c, 1000);
    assert_null(c->nodes[leader].raft);
    assert_int_equal(c->nodes[leader].failure, ERR_IO);
    /* It cannot start either, as long as the disk is like that. */
    assert_int_equal(sim_cluster_start(c, leader), ERR_IO);
    sim_cluster_faults(c, leader, (struct sim_disk_faults){0});
    assert_int_equal(sim_cluster_start(c, leader), ERR_OK);
    sim_cluster_write(c, 5);
    sim_cluster_settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__damage_to_what_was_synced_refuses_to_start(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim_cluster *c = sim_cluster_serving(3, seed);
        sim_cluster_write(c, seed % 2 == 0 ? 1200 : 20);
        uint32_t who = (uint32_t)seed % 3;
        sim_cluster_kill(c, who, true, true);
        assert_true(sim_disk_damage(c->nodes[who].disk));
        assert_int_equal(sim_cluster_start(c, who), ERR_CORRUPT);
        sim_cluster_free(c);
    }
}

static void test_sim_raft__a_leader_cut_off_steps_down_and_its_tail_is_replaced(void **state)
{
    (void)state;
    for (uint32_t silent = 0; silent < 2; silent++) {
        struct sim_cluster *c = sim_cluster_serving(5, 17 + silent);
        uint32_t old = sim_cluster_leader(c), friend = (old + 1) % 5;
        sim_cluster_write(c, 10);
        for (uint32_t i = 0; i < 5; i++) {
            for (uint32_t k = 0; k < 5; k++) {
                bool apart = (i == old || i == friend) != (k == old || k == friend);
                if (apart && silent) {
                    sim_cluster_mute(c, i, k, true);
                } else if (apart) {
                    sim_cluster_cut(c, i, k, true);
                }
            }
        }
        /* Nobody of its side acknowledges these. */
        uint64_t last = replica_last(c->nodes[old].replica);
        for (uint32_t i = 0; i < 5; i++) {
            assert_true(sim_cluster_submit(c));
        }
        sim_cluster_run(c, 2000);
        assert_true(replica_last(c->nodes[friend].replica) > last);
        uint32_t leader = sim_cluster_leader(c);
        assert_true(leader != old && leader != friend && leader < 5);
        assert_int_equal(c->applied_n, 10);
        sim_cluster_write(c, 10);
        for (uint32_t i = 0; i < 5; i++) {
            for (uint32_t k = 0; k < 5; k++) {
                sim_cluster_mute(c, i, k, false);
                sim_cluster_cut(c, i, k, false);
            }
        }
        sim_cluster_settles(c);
        assert_int_equal(c->applied_n, 20);
        sim_cluster_free(c);
    }
}

static void test_sim_raft__close_works_with_everything_under_way(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 19);
    uint32_t leader = sim_cluster_leader(c);
    struct sim_node *node = &c->nodes[leader];
    assert_true(sim_cluster_submit(c));
    assert_int_equal(replica_confirm(node->replica), ERR_OK);
    replica_poll(node->replica, c->now);
    uint64_t sent = sim_raft_stats(node->raft).sent;
    replica_close(node->replica);
    assert_false(replica_closed(node->replica)); /* not from inside libraft's call */
    assert_true(instant_reached(c->now, sim_raft_deadline(node->raft)));
    sim_raft_tick(node->raft, c->now);
    assert_true(replica_closed(node->replica));
    assert_int_equal(sim_raft_deadline(node->raft).us, INSTANT_NEVER.us);
    assert_int_equal(sim_raft_stats(node->raft).sent, sent);
    assert_int_equal(node->confirmed + node->refused, 0);
    sim_raft_free(&node->raft);
    sim_cluster_free(c);
}

/* -- Chance. -- */

static void disturb_disk(struct sim_cluster *c, uint32_t i)
{
    struct sim_disk_faults f = {0};
    switch (rand_below(&c->rand, 16)) {
    case 0:
        f.full = true;
        break;
    case 1:
        f.io_error = true;
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        f.stall_until = c->now;
        f.stall_until.us += rand_between(&c->rand, 1000, 500000);
        break;
    case 6:
        break;
    default:
        f.write_min.us = 500;
        f.write_max.us = rand_between(&c->rand, 1000, 30000);
        break;
    }
    sim_disk_set(c->nodes[i].disk, &f);
}

static void kill_or_start(struct sim_cluster *c, uint32_t i)
{
    if (c->nodes[i].raft == NULL) {
        sim_cluster_faults(c, i, (struct sim_disk_faults){0});
        assert_int_equal(sim_cluster_start(c, i), ERR_OK);
        return;
    }
    if (rand_below(&c->rand, 2) == 0) { /* so that there is something to lose */
        sim_cluster_faults(c, i, (struct sim_disk_faults){.stall_until = {c->now.us + 100000}});
    }
    for (uint64_t n = rand_below(&c->rand, 10); n > 0 && sim_cluster_submit(c); n--) {
        sim_cluster_run(c, rand_between(&c->rand, 0, 2));
    }
    if (c->nodes[i].raft != NULL) {
        sim_cluster_kill(c, i, rand_below(&c->rand, 4) != 0, rand_below(&c->rand, 2) == 0);
    }
}

static void disturb(struct sim_cluster *c)
{
    uint32_t a = (uint32_t)rand_below(&c->rand, c->n), b = (uint32_t)rand_below(&c->rand, c->n);
    uint32_t leader = sim_cluster_leader(c);
    switch (rand_below(&c->rand, 10)) {
    case 8:
        if (leader < c->n) {
            replica_yield(c->nodes[leader].replica);
        }
        break;
    case 9:
        if (leader < c->n) {
            assert_int_equal(replica_confirm(c->nodes[leader].replica), ERR_OK);
        }
        break;
    case 0:
        sim_cluster_cut(c, a, b, !c->down[a][b]);
        break;
    case 1:
        sim_cluster_mute(c, a, b, !c->mute[a][b]);
        break;
    case 2:
        c->delay_min.us = rand_between(&c->rand, 50, 1000);
        c->delay_max.us = c->delay_min.us + rand_between(&c->rand, 0, 20000);
        break;
    case 3:
    case 4:
        disturb_disk(c, a);
        break;
    default:
        kill_or_start(c, a);
        break;
    }
}

static void heal(struct sim_cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        sim_cluster_faults(c, i, (struct sim_disk_faults){0});
        for (uint32_t k = 0; k < c->n; k++) {
            sim_cluster_cut(c, i, k, false);
            sim_cluster_mute(c, i, k, false);
        }
    }
    c->delay_min.us = c->delay_max.us = 200;
    sim_cluster_start_all(c);
}

struct soak {
    uint64_t digest, applied, acknowledged, lost, torn, restored, taken, events;
};

/* Faults and writes at random, then everything heals and agrees. */
static struct soak soak(uint32_t n, uint64_t seed, int64_t ms)
{
    struct sim_cluster *c = sim_cluster_serving(n, seed);
    struct instant end = instant_add(c->now, duration_ms(ms));
    struct soak sum = {0};
    while (!instant_reached(c->now, end)) {
        uint64_t burst = rand_below(&c->rand, 40);
        for (uint64_t i = 0; i < burst; i++) {
            if (!sim_cluster_submit(c)) {
                break;
            }
            sim_cluster_run(c, rand_between(&c->rand, 0, 3));
        }
        if (rand_below(&c->rand, 4) == 0) {
            disturb(c);
        }
        if (rand_below(&c->rand, 30) == 0) {
            heal(c);
        }
        sim_cluster_run(c, rand_between(&c->rand, 1, 50));
    }
    heal(c);
    sim_cluster_settles(c);
    sim_cluster_write(c, 1);
    sim_cluster_settles(c);
    sum.digest = c->digest;
    for (uint32_t i = 0; i < n; i++) {
        sum.lost += sim_cluster_disk(c, i).lost;
        sum.torn += sim_cluster_disk(c, i).torn;
        sum.restored += c->nodes[i].restored;
        sum.taken += c->nodes[i].taken;
        sum.digest = checksum_number(sum.digest, (int64_t)sim_disk_digest(c->nodes[i].disk));
    }
    sum.applied = c->applied_n;
    sum.acknowledged = c->acknowledged;
    sum.events = c->events;
    sim_cluster_free(c);
    return sum;
}

static void test_sim_raft__nothing_applied_is_lost_whatever_happens(void **state)
{
    (void)state;
    struct soak all = {0};
    for (uint64_t seed = 1; seed <= SOAK_SEEDS; seed++) {
        struct soak one = soak(seed % 2 == 0 ? 5 : 3, seed, SOAK_MS);
        all.applied += one.applied;
        all.acknowledged += one.acknowledged;
        all.lost += one.lost;
        all.torn += one.torn;
        all.restored += one.restored;
        all.taken += one.taken;
        all.events += one.events;
    }
    print_message("%d events: %d applied, %d acknowledged, %d entries lost, %d torn, %d snapshots "
                  "taken, %d restored\n",
                  (int)all.events, (int)all.applied, (int)all.acknowledged, (int)all.lost,
                  (int)all.torn, (int)all.taken, (int)all.restored);
    assert_true(all.acknowledged > 1000);
    assert_true(all.lost > 10);
    assert_true(all.torn > 5);
    assert_true(all.taken > 5);
    assert_true(all.restored > 5);
}

static void test_sim_raft__the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    struct soak first = soak(3, 4711, 5000), second = soak(3, 4711, 5000);
    assert_int_equal(first.digest, second.digest);
    assert_true(soak(3, 4712, 5000).digest != first.digest);
}

/* What they leave behind is found by the leak check at the end. */
static void test_sim_raft__killed_often_it_leaks_nothing(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 23);
    for (uint32_t kills = 0; kills < KILLS; kills++) {
        uint32_t i = (uint32_t)rand_below(&c->rand, 3);
        sim_cluster_submit(c);
        sim_cluster_run(c, rand_between(&c->rand, 0, 1));
        if (c->nodes[i].raft != NULL) {
            sim_cluster_kill(c, i, rand_below(&c->rand, 2) == 0, true);
        }
        if (rand_below(&c->rand, 3) == 0) {
            sim_cluster_run(c, rand_between(&c->rand, 0, 200));
        }
        sim_cluster_start_all(c);
    }
    sim_cluster_settles(c);
    sim_cluster_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_raft__nodes_elect_and_replicate),
    cmocka_unit_test(test_sim_raft__a_leader_crashes_and_loses_what_it_had_not_synced),
    cmocka_unit_test(test_sim_raft__a_torn_tail_is_cut_at_the_start),
    cmocka_unit_test(test_sim_raft__all_come_back_from_their_disks),
    cmocka_unit_test(test_sim_raft__a_late_node_gets_a_snapshot),
    cmocka_unit_test(test_sim_raft__a_full_disk_ends_a_node_and_not_the_others),
    cmocka_unit_test(test_sim_raft__no_room_at_a_majority_takes_no_writes),
    cmocka_unit_test(test_sim_raft__an_io_error_ends_a_node),
    cmocka_unit_test(test_sim_raft__damage_to_what_was_synced_refuses_to_start),
    cmocka_unit_test(test_sim_raft__a_leader_cut_off_steps_down_and_its_tail_is_replaced),
    cmocka_unit_test(test_sim_raft__close_works_with_everything_under_way),
    cmocka_unit_test(test_sim_raft__nothing_applied_is_lost_whatever_happens),
    cmocka_unit_test(test_sim_raft__the_same_seed_gives_the_same_run),
    cmocka_unit_test(test_sim_raft__killed_often_it_leaks_nothing),
};

UNIT_MAIN(tests);
