#include "cluster/sim/sim_message.h"
#include "node/base/checksum.h"
#include "tests/unit/sim_cluster.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define SOAK_SEEDS 12
#define SOAK_MS    20000
#define KILLS      10000

static struct sim_cluster *serving(uint32_t n, uint64_t seed)
{
    struct sim_cluster *c = sim_cluster_new(n, seed);
    sim_cluster_start_all(c);
    assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
    return c;
}

static void settles(struct sim_cluster *c)
{
    assert_true(sim_cluster_until(c, sim_cluster_agrees, 20000));
}

static void set_faults(struct sim_cluster *c, uint32_t i, struct sim_disk_faults faults)
{
    sim_disk_set(c->nodes[i].disk, &faults);
}

static struct sim_disk_stats disk(const struct sim_cluster *c, uint32_t i)
{
    return sim_disk_stats(c->nodes[i].disk);
}

static void test_sim_raft__nodes_elect_and_replicate(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= SIM_CLUSTER_MAX; n += 2) {
        struct sim_cluster *c = serving(n, n);
        sim_cluster_write(c, 100);
        settles(c);
        assert_int_equal(c->applied_n, 100);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(c->nodes[i].at, 100);
            assert_int_equal(disk(c, i).synced, replica_last(c->nodes[i].replica));
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
        struct sim_cluster *c = serving(3, seed);
        uint32_t old = sim_cluster_leader(c);
        sim_cluster_write(c, 10);
        set_faults(c, old, (struct sim_disk_faults){.stall_until = {c->now.us + 500000}});
        /* The followers are enough to commit; the leader's own disk has none of it. */
        sim_cluster_write(c, 10);
        uint64_t synced = disk(c, old).synced;
        assert_true(synced + 10 <= replica_committed(c->nodes[old].replica));
        sim_cluster_kill(c, old, true, true);
        assert_true(disk(c, old).synced == synced);
        lost += disk(c, old).lost;
        set_faults(c, old, (struct sim_disk_faults){0});
        assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
        assert_int_equal(c->applied_n, 20);
        sim_cluster_write(c, 10);
        assert_int_equal(sim_cluster_start(c, old), ERR_OK);
        settles(c);
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
        struct sim_cluster *c = serving(3, seed);
        uint32_t late = (sim_cluster_leader(c) + 1) % 3;
        sim_cluster_write(c, 5);
        settles(c);
        uint64_t synced = disk(c, late).synced;
        set_faults(c, late, (struct sim_disk_faults){.stall_until = {c->now.us + 500000}});
        sim_cluster_write(c, 8);
        sim_cluster_kill(c, late, true, true);
        torn += disk(c, late).torn;
        kept += disk(c, late).last - disk(c, late).torn - synced;
        set_faults(c, late, (struct sim_disk_faults){0});
        assert_int_equal(sim_cluster_start(c, late), ERR_OK);
        settles(c);
        sim_cluster_free(c);
    }
    assert_true(torn > 0);
    assert_true(kept > 0);
}

static void test_sim_raft__all_come_back_from_their_disks(void **state)
{
    (void)state;
    for (uint64_t machine = 0; machine < 2; machine++) {
        struct sim_cluster *c = serving(3, 7);
        sim_cluster_write(c, 50);
        for (uint32_t i = 0; i < 3; i++) {
            sim_cluster_kill(c, i, machine != 0, true);
        }
        sim_cluster_start_all(c);
        assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
        settles(c);
        assert_int_equal(c->applied_n, 50);
        sim_cluster_write(c, 1);
        settles(c);
        sim_cluster_free(c);
    }
}

static void test_sim_raft__a_late_node_gets_a_snapshot(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 3);
    uint32_t leader = sim_cluster_leader(c), late = (leader + 1) % 3;
    assert_int_equal(replica_snapshot(c->nodes[leader].replica), 0);
    sim_cluster_kill(c, late, true, true);
    sim_cluster_write(c, 1300);
    leader = sim_cluster_leader(c);
    assert_true(c->nodes[leader].taken > 0);
    assert_true(replica_snapshot(c->nodes[leader].replica) > 0);
    assert_int_equal(replica_snapshot(c->nodes[leader].replica), disk(c, leader).snapshot);
    assert_true(disk(c, leader).first > 1); /* the log was trimmed */
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    settles(c);
    assert_int_equal(c->nodes[late].restored, 1);
    assert_int_equal(replica_snapshot(c->nodes[late].replica), disk(c, late).snapshot);
    assert_int_equal(disk(c, late).snapshot, disk(c, leader).snapshot);
    /* And from its own disk again. */
    sim_cluster_kill(c, late, true, true);
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    assert_int_equal(c->nodes[late].restored, 2);
    settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__a_full_disk_ends_a_node_and_not_the_others(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 11);
    uint32_t late = (sim_cluster_leader(c) + 1) % 3;
    set_faults(c, late, (struct sim_disk_faults){.full = true});
    sim_cluster_write(c, 10);
    sim_cluster_run(c, 100);
    assert_null(c->nodes[late].raft);
    assert_int_equal(c->nodes[late].failure, ERR_FULL);
    set_faults(c, late, (struct sim_disk_faults){0});
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__no_room_at_a_majority_takes_no_writes(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 12);
    sim_cluster_write(c, 10);
    uint32_t leader = sim_cluster_leader(c);
    for (uint32_t i = 0; i < 3; i++) {
        /* Enough for these writes, but less than libraft wants to see free. */
        set_faults(c, i, (struct sim_disk_faults){.capacity = 2000000});
    }
    sim_cluster_run(c, 200);
    assert_true(sim_cluster_submit(c));
    sim_cluster_run(c, 500);
    assert_int_equal(c->applied_n, 10);
    assert_int_equal(sim_cluster_leader(c), leader);
    for (uint32_t i = 0; i < 3; i++) {
        set_faults(c, i, (struct sim_disk_faults){0});
    }
    settles(c);
    sim_cluster_run(c, 200);
    assert_int_equal(c->applied_n, 11);
    sim_cluster_free(c);
}

static void test_sim_raft__an_io_error_ends_a_node(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 13);
    uint32_t leader = sim_cluster_leader(c);
    set_faults(c, leader, (struct sim_disk_faults){.io_error = true});
    assert_true(sim_cluster_submit(c));
    sim_cluster_run(c, 1000);
    assert_null(c->nodes[leader].raft);
    assert_int_equal(c->nodes[leader].failure, ERR_IO);
    /* It cannot start either, as long as the disk is like that. */
    assert_int_equal(sim_cluster_start(c, leader), ERR_IO);
    set_faults(c, leader, (struct sim_disk_faults){0});
    assert_int_equal(sim_cluster_start(c, leader), ERR_OK);
    sim_cluster_write(c, 5);
    settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__damage_to_what_was_synced_refuses_to_start(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim_cluster *c = serving(3, seed);
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
        struct sim_cluster *c = serving(5, 17 + silent);
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
        settles(c);
        assert_int_equal(c->applied_n, 20);
        sim_cluster_free(c);
    }
}

static void test_sim_raft__close_works_with_everything_under_way(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 19);
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
    free(node->replica);
    free(node->registry);
    sim_cluster_free(c);
}

/* -- What libraft does wrong, and the replica mends. -- */

/* Something on the stack for those who forget to set what they put there. */
static void scribble(void)
{
    volatile uint8_t junk[16384];
    for (size_t i = 0; i < sizeof junk; i++) {
        junk[i] = 0xa5;
    }
}

/* The answer of the node after the leader to a message. */
static struct raft_append_entries_result answer_to(struct sim_cluster *c,
                                                   const struct raft_message *m)
{
    struct sim_bytes bytes = {0};
    char address[SIM_MESSAGE_ADDRESS_LEN];
    struct raft_message answer;
    uint32_t leader = sim_cluster_leader(c), at = (leader + 1) % c->n;
    struct sim_mail *mail = c->mail;
    while (mail != NULL) { /* nothing else is on its way */
        mail->to_life = 0;
        mail = mail->next;
    }
    sim_message_encode(&bytes, "node", m);
    uint64_t sent = sim_raft_stats(c->nodes[at].raft).sent;
    scribble();
    sim_raft_receive(c->nodes[at].raft, c->now, c->nodes[leader].id, bytes.base, bytes.len);
    assert_int_equal(sim_raft_stats(c->nodes[at].raft).sent, sent + 1);
    sim_bytes_free(&bytes);
    for (mail = c->mail; mail != NULL && mail->to_life == 0; mail = mail->next) {
    }
    assert_non_null(mail);
    assert_int_equal(sim_message_decode(mail->bytes, mail->len, address, &answer), ERR_OK);
    assert_int_equal(answer.type, RAFT_APPEND_ENTRIES_RESULT);
    return answer.append_entries_result;
}

/* To a message of an older term. */
static struct raft_append_entries_result refusal(struct sim_cluster *c,
                                                 const struct raft_message *m)
{
    struct raft_append_entries_result answer = answer_to(c, m);
    assert_true(answer.term > 1);
    return answer;
}

static void test_sim_raft__a_refusal_does_not_speak_of_the_log(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 29);
    sim_cluster_write(c, 10);
    struct raft_message append = {.type = RAFT_APPEND_ENTRIES, .append_entries = {.term = 1}};
    assert_int_equal(refusal(c, &append).last_log_index, 0);
    uint8_t data[8] = {0};
    struct raft_message install = {
        .type = RAFT_INSTALL_SNAPSHOT,
        .install_snapshot = {
            .term = 1, .last_index = 5, .last_term = 1, .data = {data, sizeof data}}};
    assert_int_equal(refusal(c, &install).last_log_index, 0);
    sim_cluster_free(c);
}

/* A leader that does not know how far a follower is goes back with what it sends, to the first
 * entry at last; and what it sent once may come twice, or late. */
static void test_sim_raft__entries_from_before_a_snapshot_are_skipped(void **state)
{
    (void)state;
    static uint8_t data[8];
    struct raft_entry entries[3000];
    struct sim_cluster *c = serving(3, 43);
    uint32_t leader = sim_cluster_leader(c), at = (leader + 1) % 3;
    sim_cluster_write(c, 2100);
    settles(c);
    struct replica *follower = c->nodes[at].replica;
    const struct raft_trail *trail = &follower->raft.trail;
    uint64_t snapshot = trail->snapshot.index, last = raft_last_index(&follower->raft);
    assert_true(trail->offset > 1 && last > snapshot);
    struct raft_append_entries m = {.term = replica_term(c->nodes[leader].replica),
                                    .prev_log_index = 0,
                                    .leader_commit = 1,
                                    .entries = entries};
    for (m.n_entries = 0; m.n_entries < last; m.n_entries++) {
        entries[m.n_entries] = (struct raft_entry){
            .term = m.term, .type = RAFT_COMMAND, .buf = {.base = data, .len = sizeof data}};
    }
    const struct {
        uint64_t prev, n, has;
    } cases[] = {{0, 5, snapshot},       {0, last, last},  {0, snapshot, snapshot},
                 {3, 5, snapshot},       {3, 0, snapshot}, {trail->offset - 1, 1, snapshot},
                 {0, last - 1, last - 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        m.prev_log_index = cases[i].prev;
        m.prev_log_term = cases[i].prev > 0 ? m.term : 0;
        m.n_entries = (unsigned)cases[i].n;
        struct raft_message append = {.type = RAFT_APPEND_ENTRIES, .append_entries = m};
        struct raft_append_entries_result answer = answer_to(c, &append);
        assert_int_equal(answer.rejected, 0);
        assert_int_equal(answer.last_log_index, cases[i].has);
        assert_int_equal(raft_last_index(&follower->raft), last);
    }
    settles(c);
    sim_cluster_free(c);
}

static void test_sim_raft__a_snapshot_that_changes_while_it_is_read_keeps_its_term(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 31);
    uint32_t old = sim_cluster_leader(c), leader = (old + 1) % 3, late = (old + 2) % 3;
    sim_cluster_kill(c, late, true, true);
    sim_cluster_write(c, 1100);
    uint64_t term = replica_term(c->nodes[old].replica);
    replica_yield(c->nodes[old].replica);
    sim_cluster_run(c, 1000);
    assert_int_equal(sim_cluster_leader(c), leader);
    assert_true(replica_term(c->nodes[leader].replica) > term);
    sim_cluster_write(c, 900);
    /* The leader takes its second snapshot, in another term than the first; as long as that is
     * under way, the late one comes and needs the first. */
    uint64_t taken = c->nodes[leader].taken;
    uint64_t first = replica_snapshot(c->nodes[leader].replica);
    while (c->nodes[leader].taken == taken) {
        assert_true(sim_cluster_submit(c));
        assert_true(sim_cluster_step(c, INSTANT_NEVER));
    }
    set_faults(c, leader, (struct sim_disk_faults){.stall_until = {c->now.us + 500000}});
    assert_int_equal(replica_snapshot(c->nodes[leader].replica), first);
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    settles(c);
    assert_true(disk(c, late).snapshot > first);
    sim_cluster_free(c);
}

static void test_sim_raft__three_logs_and_three_terms_still_elect_a_leader(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 41);
    sim_cluster_write(c, 10);
    settles(c);
    uint32_t leader = sim_cluster_leader(c), one = (leader + 1) % 3, other = (leader + 2) % 3;
    uint64_t term = replica_term(c->nodes[leader].replica);
    /* An entry that `other` lacks, then one that only the leader has; and elections of the two that
     * came to nothing. */
    sim_cluster_mute(c, leader, other, true);
    sim_cluster_write(c, 1);
    sim_cluster_mute(c, leader, one, true);
    assert_true(sim_cluster_submit(c));
    sim_cluster_run(c, 20);
    for (uint32_t i = 0; i < 3; i++) {
        sim_cluster_kill(c, i, true, true);
        sim_cluster_mute(c, leader, i, false);
    }
    assert_int_equal(sim_disk_set_term(c->nodes[one].disk, term + 2), 0);
    assert_int_equal(sim_disk_set_term(c->nodes[other].disk, term + 4), 0);
    sim_cluster_start_all(c);
    assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
    settles(c);
    assert_true(c->applied_n >= 11);
    sim_cluster_free(c);
}

/* Entries of a term that is not over yet come to a node whose disk just failed: it cannot store the
 * term. libraft lets the entries go by then, or has still to store them. */
static void test_sim_raft__a_disk_that_fails_while_entries_come_ends_a_node_whole(void **state)
{
    (void)state;
    for (uint32_t fits = 0; fits < 2; fits++) {
        struct sim_cluster *c = serving(3, 43);
        uint32_t leader = sim_cluster_leader(c), at = (leader + 1) % 3;
        struct sim_node *node = &c->nodes[at];
        sim_cluster_write(c, 10);
        settles(c);
        uint8_t data[8] = {0};
        uint64_t term = replica_term(node->replica), last = replica_last(node->replica);
        struct raft_entry entries[2];
        for (size_t i = 0; i < 2; i++) {
            entries[i] = (struct raft_entry){
                .term = term + 1, .type = RAFT_BARRIER, .buf = {data, sizeof data}};
        }
        struct raft_message append = {.type = RAFT_APPEND_ENTRIES,
                                      .append_entries = {.term = term + 1,
                                                         .prev_log_index = last + (fits == 0),
                                                         .prev_log_term = term,
                                                         .entries = entries,
                                                         .n_entries = 2}};
        struct sim_bytes bytes = {0};
        sim_message_encode(&bytes, "node", &append);
        set_faults(c, at, (struct sim_disk_faults){.io_error = true});
        uint64_t sent = sim_raft_stats(node->raft).sent;
        for (uint32_t i = 0; i < 3; i++) { /* what comes after it finds nobody any more */
            sim_raft_receive(node->raft, c->now, c->nodes[leader].id, bytes.base, bytes.len);
        }
        sim_bytes_free(&bytes);
        replica_poll(node->replica, c->now);
        assert_int_equal(replica_failure(node->replica), ERR_IO);
        assert_int_equal(node->replica->term, term); /* nobody was told of another */
        assert_int_equal(sim_raft_stats(node->raft).sent, sent);
        sim_cluster_run(c, 100);
        assert_null(node->raft);
        set_faults(c, at, (struct sim_disk_faults){0});
        assert_int_equal(sim_cluster_start(c, at), ERR_OK);
        settles(c);
        sim_cluster_free(c);
    }
}

static void all_disks(struct sim_cluster *c, struct sim_disk_faults faults)
{
    for (uint32_t i = 0; i < c->n; i++) {
        set_faults(c, i, faults);
    }
}

static void test_sim_raft__a_leader_elected_without_room_gives_its_requests_up(void **state)
{
    (void)state;
    struct sim_cluster *c = serving(3, 37);
    uint32_t old = sim_cluster_leader(c), one = (old + 1) % 3, other = (old + 2) % 3;
    sim_cluster_write(c, 10);
    /* The followers do not know yet that the last is committed: a new leader wants an entry. */
    all_disks(c, (struct sim_disk_faults){.capacity = 2000000});
    sim_cluster_kill(c, old, true, true);
    sim_cluster_run(c, 500);
    uint32_t leader = replica_standing(c->nodes[one].replica) == RAFT_STATE_LEADER ? one : other;
    struct sim_node *node = &c->nodes[leader];
    assert_int_equal(replica_standing(node->replica), RAFT_STATE_LEADER);
    assert_false(replica_serving(node->replica));
    /* There is room again, but nobody gets the barrier that it begins with. */
    uint64_t last = replica_last(node->replica);
    all_disks(c, (struct sim_disk_faults){0});
    while (replica_last(node->replica) == last) {
        assert_true(sim_cluster_step(c, INSTANT_NEVER));
    }
    sim_cluster_mute(c, leader, leader == one ? other : one, true);
    while (replica_standing(node->replica) == RAFT_STATE_LEADER) {
        assert_true(sim_cluster_step(c, INSTANT_NEVER));
    }
    sim_cluster_mute(c, leader, leader == one ? other : one, false);
    /* Its barrier is given up: libraft may have the request again. */
    const struct raft *raft = &node->replica->raft;
    assert_ptr_equal(raft->legacy.pending[0], raft->legacy.pending);
    assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
    assert_int_equal(sim_cluster_leader(c), leader);
    sim_cluster_write(c, 10);
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
        set_faults(c, i, (struct sim_disk_faults){0});
        assert_int_equal(sim_cluster_start(c, i), ERR_OK);
        return;
    }
    if (rand_below(&c->rand, 2) == 0) { /* so that there is something to lose */
        set_faults(c, i, (struct sim_disk_faults){.stall_until = {c->now.us + 100000}});
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
        set_faults(c, i, (struct sim_disk_faults){0});
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
    struct sim_cluster *c = serving(n, seed);
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
    settles(c);
    sim_cluster_write(c, 1);
    settles(c);
    sum.digest = c->digest;
    for (uint32_t i = 0; i < n; i++) {
        sum.lost += disk(c, i).lost;
        sum.torn += disk(c, i).torn;
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
    struct sim_cluster *c = serving(3, 23);
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
    settles(c);
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
    cmocka_unit_test(test_sim_raft__a_refusal_does_not_speak_of_the_log),
    cmocka_unit_test(test_sim_raft__entries_from_before_a_snapshot_are_skipped),
    cmocka_unit_test(test_sim_raft__a_snapshot_that_changes_while_it_is_read_keeps_its_term),
    cmocka_unit_test(test_sim_raft__a_leader_elected_without_room_gives_its_requests_up),
    cmocka_unit_test(test_sim_raft__three_logs_and_three_terms_still_elect_a_leader),
    cmocka_unit_test(test_sim_raft__a_disk_that_fails_while_entries_come_ends_a_node_whole),
    cmocka_unit_test(test_sim_raft__nothing_applied_is_lost_whatever_happens),
    cmocka_unit_test(test_sim_raft__the_same_seed_gives_the_same_run),
    cmocka_unit_test(test_sim_raft__killed_often_it_leaks_nothing),
};

UNIT_MAIN(tests);
