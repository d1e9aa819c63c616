#include "cluster/replica/replica_log.h"

#include "tests/unit/raft_cluster.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define ROWS_MAX 20000
#define VOTERS   3

static struct msg_op_log_row rows[VOTERS][ROWS_MAX];
static uint32_t rows_n[VOTERS], pages_n[VOTERS];
static struct msg_op_log page;
static uint32_t wanted, at_node, target;

static struct cluster *serving(uint32_t n, uint32_t phones)
{
    struct cluster *c = cluster_new(n, phones);
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    return c;
}

static bool answered(struct cluster *c)
{
    return c->nodes[at_node].results_n >= wanted;
}

/* Register devices first..last at a node, as they come together, and wait for the answers. */
static void settle(struct cluster *c, uint32_t node, uint32_t first, uint32_t last,
                   uint64_t counter)
{
    at_node = node;
    wanted = c->nodes[node].results_n + (last - first + 1);
    for (uint32_t d = first; d <= last; d++) {
        cluster_register(c, node, d, counter, 0);
    }
    assert_true(cluster_until(c, answered, 5000));
}

/* Read the whole log of a node, page after page, as an operator does. */
static void read_log(struct cluster *c, uint32_t node)
{
    uint64_t after = 0;
    uint32_t skip = 0;
    rows_n[node] = 0;
    pages_n[node] = 0;
    do {
        memset(&page, 0, sizeof page);
        member_read_log(c->nodes[node].member, after, skip, &page);
        for (uint32_t i = 0; i < page.rows_n; i++) {
            assert_true(rows_n[node] < ROWS_MAX);
            rows[node][rows_n[node]++] = page.rows[i];
        }
        if (page.rows_n > 0) {
            const struct msg_op_log_row *end = &page.rows[page.rows_n - 1];
            bool whole = end->nth == end->of;
            after = whole ? end->index : end->index - 1;
            skip = whole ? 0 : end->nth;
        }
        pages_n[node]++;
    } while (!page.last);
}

static const struct msg_op_log_row *row_of(uint32_t node, enum command command, uint32_t device)
{
    for (uint32_t i = rows_n[node]; i > 0; i--) {
        const struct msg_op_log_row *r = &rows[node][i - 1];
        if (r->command == command && r->device.v == device) {
            return r;
        }
    }
    return NULL;
}

/* Index, term and content are the same wherever both logs have the index. */
static void assert_same_log(uint32_t a, uint32_t b)
{
    uint32_t i = 0;
    uint32_t k = 0;
    uint32_t same = 0;
    while (i < rows_n[a] && rows[a][i].index < rows[b][0].index) {
        i++;
    }
    while (k < rows_n[b] && rows[b][k].index < rows[a][0].index) {
        k++;
    }
    for (; i < rows_n[a] && k < rows_n[b]; i++, k++, same++) {
        assert_memory_equal(&rows[a][i], &rows[b][k], sizeof rows[a][i]);
    }
    assert_true(same > 0);
    assert_int_equal(i, rows_n[a]);
    assert_int_equal(k, rows_n[b]);
}

static void test_replica_log__who_registered_where_can_be_read(void **state)
{
    (void)state;
    struct cluster *c = serving(3, 100);
    settle(c, 1, 10, 10, 1);
    settle(c, 2, 11, 11, 1);
    assert_true(cluster_until(c, cluster_agrees, 2000));
    uint32_t leader = cluster_leader(c);
    read_log(c, leader);
    /* The first entry says who the members are, then the leader's barrier. */
    assert_int_equal(rows[leader][0].index, 1);
    assert_int_equal(rows[leader][0].entry, LOG_ENTRY_MEMBERS);
    assert_string_equal(rows[leader][0].text, "3 voters, 0 others");
    assert_int_equal(rows[leader][1].entry, LOG_ENTRY_BARRIER);
    const struct msg_op_log_row *ten = row_of(leader, COMMAND_REGISTER, 10);
    const struct msg_op_log_row *eleven = row_of(leader, COMMAND_REGISTER, 11);
    assert_non_null(ten);
    assert_non_null(eleven);
    assert_int_equal(ten->origin.v, 2);
    assert_int_equal(ten->node.v, 2);
    assert_int_equal(ten->entry, LOG_ENTRY_COMMANDS);
    assert_int_equal(ten->of, 1);
    assert_true(ten->index < eleven->index);
    assert_int_equal(eleven->node.v, 3);
    assert_int_equal(page.last_index, replica_last(member_replica(c->nodes[leader].member)));
    assert_true(page.commit >= eleven->index);
    cluster_free(c);
}

static void test_replica_log__all_nodes_have_the_same(void **state)
{
    (void)state;
    struct cluster *c = serving(3, 100);
    for (uint32_t round = 1; round <= 3; round++) {
        uint32_t old = cluster_leader(c);
        settle(c, (old + 1) % 3, 1, 50, round);
        cluster_kill(c, old);
        settle(c, (old + 1) % 3, 51, 60, round);
        cluster_start(c, old);
        assert_true(cluster_until(c, cluster_services_up, 5000));
    }
    assert_true(cluster_until(c, cluster_agrees, 2000));
    for (uint32_t i = 0; i < 3; i++) {
        read_log(c, i);
    }
    assert_same_log(0, 1);
    assert_same_log(0, 2);
    /* Terms never fall, and indices have no gap. */
    for (uint32_t i = 1; i < rows_n[0]; i++) {
        assert_true(rows[0][i].term >= rows[0][i - 1].term);
        assert_true(rows[0][i].index - rows[0][i - 1].index <= 1);
    }
    assert_true(rows[0][rows_n[0] - 1].term >= rows[0][0].term + 3);
    cluster_free(c);
}

static void test_replica_log__a_large_entry_is_read_in_pages(void **state)
{
    (void)state;
    struct cluster *c = serving(1, 400);
    settle(c, 0, 1, 400, 1);
    read_log(c, 0);
    assert_true(pages_n[0] > 3);
    uint32_t seen = 0;
    uint32_t largest = 0;
    for (uint32_t i = 0; i < rows_n[0]; i++) {
        const struct msg_op_log_row *r = &rows[0][i];
        if (r->command == COMMAND_REGISTER) {
            seen++;
            assert_int_equal(r->device.v, seen);
            largest = r->of > largest ? r->of : largest;
        }
    }
    assert_int_equal(seen, 400);
    assert_true(largest > MAX_op_log_row);
    cluster_free(c);
}

static void test_replica_log__it_is_there_again_after_a_restart(void **state)
{
    (void)state;
    struct cluster *c = serving(1, 100);
    settle(c, 0, 1, 60, 1);
    read_log(c, 0);
    uint32_t before = rows_n[0];
    memcpy(rows[1], rows[0], before * sizeof rows[0][0]);
    cluster_kill(c, 0);
    cluster_start(c, 0);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    read_log(c, 0);
    assert_true(rows_n[0] > before);
    assert_memory_equal(rows[0], rows[1], before * sizeof rows[0][0]);
    cluster_free(c);
}

static void test_replica_log__a_snapshot_takes_its_place(void **state)
{
    (void)state;
    struct cluster *c = serving(3, 100);
    uint32_t leader = cluster_leader(c);
    uint32_t late = (leader + 1) % 3;
    cluster_kill(c, late);
    for (uint32_t i = 0; i < 1300; i++) {
        settle(c, leader, 1 + i % 100, 1 + i % 100, 1 + i);
    }
    cluster_start(c, late);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    assert_true(cluster_until(c, cluster_agrees, 5000));
    read_log(c, leader);
    assert_true(page.snapshot > 1000);
    assert_true(page.first > 1);
    assert_int_equal(rows[leader][0].index, page.first);
    read_log(c, late);
    assert_int_equal(page.first, page.snapshot + 1);
    assert_true(page.first > 1000);
    assert_same_log(leader, late);
    /* No more of it than there is room for. */
    assert_true(rows[leader][rows_n[leader] - 1].index - rows[leader][0].index < REPLICA_LOG_ROWS);
    cluster_free(c);
}

static void test_replica_log__old_content_gives_way(void **state)
{
    (void)state;
    struct cluster *c = serving(1, 256);
    /* About 3 KiB each: more than the store holds. */
    for (uint32_t i = 0; i < 500; i++) {
        settle(c, 0, 1, 256, 1 + i);
    }
    memset(&page, 0, sizeof page);
    member_read_log(c->nodes[0].member, 0, 0, &page);
    assert_false(page.rows[0].kept);
    assert_int_equal(page.rows[0].of, 0);
    assert_true(page.rows[0].bytes > 0);
    member_read_log(c->nodes[0].member, page.last_index - 1, 0, &page);
    assert_int_equal(page.rows[0].index, page.last_index);
    assert_true(page.rows[0].kept);
    cluster_free(c);
}

static bool led_by_target(struct cluster *c)
{
    return cluster_leader(c) == target;
}

static void test_replica_log__leadership_goes_to_whom_it_is_given(void **state)
{
    (void)state;
    struct cluster *c = serving(3, 100);
    for (uint32_t round = 1; round <= 3; round++) {
        uint32_t leader = cluster_leader(c);
        uint64_t term = replica_term(member_replica(c->nodes[leader].member));
        target = (leader + round) % 3 != leader ? (leader + round) % 3 : (leader + 1) % 3;
        const struct proc_id to = {(uint16_t)(target + 1)};
        /* A follower cannot give it away, nobody gets it who is no other voter. */
        assert_int_equal(member_transfer(c->nodes[target].member, to), ERR_STATE);
        assert_int_equal(
            member_transfer(c->nodes[leader].member, (struct proc_id){(uint16_t)(leader + 1)}),
            ERR_INVALID);
        assert_int_equal(member_transfer(c->nodes[leader].member, (struct proc_id){40}),
                         ERR_INVALID);
        assert_int_equal(member_transfer(c->nodes[leader].member, to), ERR_OK);
        assert_true(cluster_until(c, led_by_target, 3000));
        assert_true(replica_term(member_replica(c->nodes[target].member)) > term);
        settle(c, leader, 5, 5, round);
    }
    cluster_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_replica_log__who_registered_where_can_be_read),
    cmocka_unit_test(test_replica_log__all_nodes_have_the_same),
    cmocka_unit_test(test_replica_log__a_large_entry_is_read_in_pages),
    cmocka_unit_test(test_replica_log__it_is_there_again_after_a_restart),
    cmocka_unit_test(test_replica_log__a_snapshot_takes_its_place),
    cmocka_unit_test(test_replica_log__old_content_gives_way),
    cmocka_unit_test(test_replica_log__leadership_goes_to_whom_it_is_given),
};

UNIT_MAIN(tests);
