/* What libraft does wrong, and the replica mends. */
#include "cluster/sim/sim_message.h"
#include "tests/unit/sim_cluster.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

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

static void test_replica_seam__a_refusal_does_not_speak_of_the_log(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 29);
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
static void test_replica_seam__entries_from_before_a_snapshot_are_skipped(void **state)
{
    (void)state;
    static uint8_t data[8];
    struct raft_entry entries[3000];
    struct sim_cluster *c = sim_cluster_serving(3, 43);
    uint32_t leader = sim_cluster_leader(c), at = (leader + 1) % 3;
    sim_cluster_write(c, 2100);
    sim_cluster_settles(c);
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
    sim_cluster_settles(c);
    sim_cluster_free(c);
}

static void test_replica_seam__a_snapshot_that_changes_while_it_is_read_keeps_its_term(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 31);
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
    sim_cluster_faults(c, leader, (struct sim_disk_faults){.stall_until = {c->now.us + 500000}});
    assert_int_equal(replica_snapshot(c->nodes[leader].replica), first);
    assert_int_equal(sim_cluster_start(c, late), ERR_OK);
    sim_cluster_settles(c);
    assert_true(sim_cluster_disk(c, late).snapshot > first);
    sim_cluster_free(c);
}

static void test_replica_seam__three_logs_and_three_terms_still_elect_a_leader(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 41);
    sim_cluster_write(c, 10);
    sim_cluster_settles(c);
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
    sim_cluster_settles(c);
    assert_true(c->applied_n >= 11);
    sim_cluster_free(c);
}

/* Of five, the leader and one more end; of the three that are left, all of whom it takes, only the
 * last has the whole log. The first hears that the leader is gone and campaigns as if it had handed
 * over: in vain, and the second, which votes for it, has then no leader any more. */
static void test_replica_seam__a_campaign_in_vain_keeps_nobody_from_being_elected(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_cluster *c = sim_cluster_serving(5, seed);
        sim_cluster_write(c, 10);
        sim_cluster_settles(c);
        uint32_t leader = sim_cluster_leader(c), rest[4], n = 0;
        for (uint32_t i = 0; i < 5; i++) {
            if (i != leader) {
                rest[n++] = i;
            }
        }
        sim_cluster_mute(c, leader, rest[0], true);
        sim_cluster_mute(c, leader, rest[1], true);
        sim_cluster_write(c, 1);
        uint64_t term = replica_term(c->nodes[leader].replica);
        sim_cluster_kill(c, rest[3], true, true);
        sim_cluster_kill(c, leader, true, true);
        sim_cluster_run(c, 20);
        assert_true(replica_term(c->nodes[rest[1]].replica) > term);
        assert_false(proc_id_some(replica_leader(c->nodes[rest[1]].replica)));
        assert_true(sim_cluster_until(c, sim_cluster_has_leader, 400));
        assert_int_equal(sim_cluster_leader(c), rest[2]);
        sim_cluster_free(c);
    }
}

/* Entries of a term that is not over yet come to a node whose disk just failed: it cannot store the
 * term. libraft lets the entries go by then, or has still to store them. */
static void test_replica_seam__a_disk_that_fails_while_entries_come_ends_a_node_whole(void **state)
{
    (void)state;
    for (uint32_t fits = 0; fits < 2; fits++) {
        struct sim_cluster *c = sim_cluster_serving(3, 43);
        uint32_t leader = sim_cluster_leader(c), at = (leader + 1) % 3;
        struct sim_node *node = &c->nodes[at];
        sim_cluster_write(c, 10);
        sim_cluster_settles(c);
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
        sim_cluster_faults(c, at, (struct sim_disk_faults){.io_error = true});
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
        sim_cluster_faults(c, at, (struct sim_disk_faults){0});
        assert_int_equal(sim_cluster_start(c, at), ERR_OK);
        sim_cluster_settles(c);
        sim_cluster_free(c);
    }
}

static void all_disks(struct sim_cluster *c, struct sim_disk_faults faults)
{
    for (uint32_t i = 0; i < c->n; i++) {
        sim_cluster_faults(c, i, faults);
    }
}

static void test_replica_seam__a_leader_elected_without_room_gives_its_requests_up(void **state)
{
    (void)state;
    struct sim_cluster *c = sim_cluster_serving(3, 37);
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_replica_seam__a_refusal_does_not_speak_of_the_log),
    cmocka_unit_test(test_replica_seam__entries_from_before_a_snapshot_are_skipped),
    cmocka_unit_test(test_replica_seam__a_snapshot_that_changes_while_it_is_read_keeps_its_term),
    cmocka_unit_test(test_replica_seam__three_logs_and_three_terms_still_elect_a_leader),
    cmocka_unit_test(test_replica_seam__a_campaign_in_vain_keeps_nobody_from_being_elected),
    cmocka_unit_test(test_replica_seam__a_disk_that_fails_while_entries_come_ends_a_node_whole),
    cmocka_unit_test(test_replica_seam__a_leader_elected_without_room_gives_its_requests_up),
};

UNIT_MAIN(tests);
