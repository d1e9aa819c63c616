#include "cluster/sim/sim_vault.h"

#include "tests/unit/unit.h"

#include <string.h>

#define SEEN_MAX 32

static struct topology topology; /* without devices */

struct bench {
    struct sim_heap heap;
    struct sim_vault *vault;
    uint32_t done; /* commits that ended */
    size_t events_n, restored_n;
    struct event events[SEEN_MAX];
    struct msg restored[SEEN_MAX];
};

static const struct proc_id PG = {3};

static void on_done(void *context, struct proc_id self)
{
    struct bench *b = context;
    (void)self;
    b->done++;
}

static void on_trace(void *context, const struct event *e)
{
    struct bench *b = context;
    assert_true(b->events_n < SEEN_MAX);
    b->events[b->events_n++] = *e;
}

static void on_restored(void *context, const struct msg *msg)
{
    struct bench *b = context;
    assert_true(b->restored_n < SEEN_MAX);
    b->restored[b->restored_n++] = *msg;
}

static void begin(struct bench *b, bool rows)
{
    memset(b, 0, sizeof *b);
    sim_heap_init(&b->heap);
    b->vault = sim_vault_new(&(struct sim_vault_config){.topology = &topology,
                                                        .heap = &b->heap,
                                                        .self = {9},
                                                        .rows = rows,
                                                        .keep = true,
                                                        .seed = 11,
                                                        .context = b,
                                                        .done = on_done});
}

static void end(struct bench *b)
{
    sim_vault_free(&b->vault);
    sim_heap_deinit(&b->heap);
}

static void run(struct bench *b, int64_t us)
{
    int64_t until = b->heap.now_us + us;
    while (sim_heap_run(&b->heap, until)) {
    }
}

static struct msg record(uint64_t outbox, uint32_t key)
{
    struct msg m = {.kind = MSG_RECORD_TCD};
    m.record_tcd.outbox = outbox;
    m.record_tcd.peripheral = 5000;
    m.record_tcd.icr_call_key = key;
    m.record_tcd.wall_us = (int64_t)key * 1000;
    return m;
}

static uint64_t put(struct bench *b, const struct msg *m)
{
    return sim_vault_put(b->vault, PG, m);
}

/* Put and wait until it is durable. */
static void keep(struct bench *b, uint64_t outbox, uint32_t key)
{
    struct msg m = record(outbox, key);
    uint64_t ticket = put(b, &m);
    sim_vault_commit(b->vault);
    run(b, 10000);
    assert_true(sim_vault_settle(b->vault, on_trace, b) == ticket);
}

static void test_sim_vault__a_ticket_comes_after_a_commit_and_its_time(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, false);
    struct msg m = record(1, 1);
    uint64_t ticket = put(&b, &m);
    sim_vault_commit(b.vault);
    assert_true(sim_vault_settle(b.vault, on_trace, &b) < ticket);
    run(&b, 10000);
    assert_int_equal(b.done, 1);
    assert_true(sim_vault_settle(b.vault, on_trace, &b) == ticket);
    end(&b);
}

static void test_sim_vault__a_crash_loses_what_was_never_committed(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, false);
    keep(&b, 1, 1);
    struct msg m = record(2, 2);
    put(&b, &m);
    sim_vault_crash(b.vault); /* no commit had begun */
    sim_vault_restore(b.vault, on_restored, &b);
    assert_int_equal(b.restored_n, 1);
    assert_true(b.restored[0].record_tcd.outbox == 1);
    end(&b);
}

static void test_sim_vault__a_crash_in_a_commit_keeps_all_of_it_or_nothing(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, false);
    uint32_t all = 0, none = 0;
    for (uint64_t i = 0; i < 40; i++) {
        struct msg first = record(2 * i + 1, 1);
        struct msg second = record(2 * i + 2, 2);
        put(&b, &first);
        put(&b, &second);
        sim_vault_commit(b.vault);
        uint32_t done = b.done;
        sim_vault_crash(b.vault);
        run(&b, 10000);
        assert_int_equal(b.done, done); /* its ticket never comes */
        b.restored_n = 0;
        sim_vault_restore(b.vault, on_restored, &b);
        assert_true(b.restored_n == 0 || b.restored_n == 2);
        all += b.restored_n == 2 ? 1 : 0;
        none += b.restored_n == 0 ? 1 : 0;
        sim_vault_trim(b.vault, UINT64_MAX >> 1);
        sim_vault_commit(b.vault);
        run(&b, 10000);
        sim_vault_settle(b.vault, on_trace, &b);
    }
    assert_true(all > 0);
    assert_true(none > 0);
    end(&b);
}

static void test_sim_vault__what_was_trimmed_is_not_restored(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, false);
    keep(&b, 1, 1);
    keep(&b, 2, 2);
    sim_vault_trim(b.vault, 1);
    keep(&b, 3, 3);
    sim_vault_restore(b.vault, on_restored, &b);
    assert_int_equal(b.restored_n, 2);
    assert_true(b.restored[0].record_tcd.outbox == 2);
    assert_true(b.restored[1].record_tcd.outbox == 3);
    end(&b);
}

static void test_sim_vault__the_first_row_of_a_key_wins(void **state)
{
    (void)state;
    struct bench b;
    size_t n = 0;
    begin(&b, true);
    keep(&b, 1, 7);
    keep(&b, 2, 7);
    keep(&b, 3, 8);
    const struct sim_vault_row *rows = sim_vault_rows(b.vault, &n);
    assert_int_equal(n, 2);
    assert_true(rows[0].outbox == 1);
    assert_true(rows[0].row.recovery_key == 1);
    assert_true(rows[1].row.recovery_key == 2);
    assert_int_equal(b.events_n, 3);
    assert_int_equal(b.events[0].kind, EVENT_TCD_STORED);
    assert_int_equal(b.events[1].kind, EVENT_TCD_DUPLICATE);
    assert_string_equal(b.events[2].text, rows[1].row.hash);
    end(&b);
}

/* Rows that came out of the order of their keys: those of side A are even, those of B odd. */
static void test_sim_vault__rows_are_read_by_recovery_key_from_what_each_side_holds(void **state)
{
    (void)state;
    static const int64_t keys[] = {22, 11, 14, 33}, all[] = {11, 14, 22, 33};
    static const struct {
        int64_t after, held[2], next;
    } cases[] = {{0, {0, 0}, 11},   {11, {0, 0}, 14}, {0, {0, 11}, 14},
                 {0, {14, 11}, 22}, {22, {0, 0}, 33}, {0, {22, 11}, 33},
                 {33, {0, 0}, 0},   {0, {22, 33}, 0}, {14, {22, 0}, 33}};
    struct bench b;
    int64_t last[2];
    struct msg m;
    begin(&b, true);
    sim_vault_last(b.vault, last);
    assert_true(last[0] == 0 && last[1] == 0);
    for (uint32_t i = 0; i < 4; i++) {
        m = record(i + 1, i + 1);
        msg_record_order(&m, PG, keys[i]);
        put(&b, &m);
    }
    assert_false(sim_vault_row_after(b.vault, 0, (const int64_t[2]){0}, &m)); /* not committed */
    sim_vault_commit(b.vault);
    run(&b, 10000);
    sim_vault_settle(b.vault, on_trace, &b);
    sim_vault_last(b.vault, last);
    assert_true(last[0] == 22 && last[1] == 33);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool found = sim_vault_row_after(b.vault, cases[i].after, cases[i].held, &m);
        assert_int_equal(found, cases[i].next != 0);
        assert_true(!found || msg_record_key(&m) == cases[i].next);
    }
    int64_t after = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_true(sim_vault_row_after(b.vault, after, (const int64_t[2]){0}, &m));
        after = msg_record_key(&m);
        assert_true(after == all[i]);
    }
    end(&b);
}

static void test_sim_vault__of_other_messages_the_last_one_of_a_pair_is_kept(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, true);
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        struct msg m = {.kind = MSG_PG_GRANT};
        m.pg_grant.pair = 5000 + epoch % 2;
        m.pg_grant.epoch = epoch;
        put(&b, &m);
    }
    sim_vault_commit(b.vault);
    run(&b, 10000);
    sim_vault_settle(b.vault, on_trace, &b);
    sim_vault_restore(b.vault, on_restored, &b);
    assert_int_equal(b.restored_n, 2);
    assert_int_equal(b.restored[0].pg_grant.epoch, 2);
    assert_int_equal(b.restored[1].pg_grant.epoch, 3);
    end(&b);
}

static void test_sim_vault__a_full_disk_keeps_trying_and_forgets_nothing(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, false);
    const struct sim_vault_faults full = {.fails = true}, none = {0};
    sim_vault_set(b.vault, &full);
    struct msg m = record(1, 1);
    uint64_t ticket = put(&b, &m);
    sim_vault_commit(b.vault);
    run(&b, 10000);
    assert_true(sim_vault_settle(b.vault, on_trace, &b) < ticket);
    sim_vault_set(b.vault, &none);
    run(&b, 2000000);
    assert_true(sim_vault_settle(b.vault, on_trace, &b) == ticket);
    end(&b);
}

static void test_sim_vault__who_ends_tries_once_more_at_once(void **state)
{
    (void)state;
    for (unsigned fails = 0; fails < 2; fails++) {
        struct bench b;
        begin(&b, false);
        sim_vault_stop(b.vault, on_trace, &b); /* with nothing to do */
        const struct sim_vault_faults full = {.fails = true}, none = {0};
        sim_vault_set(b.vault, &full);
        struct msg m = record(1, 1);
        put(&b, &m);
        sim_vault_commit(b.vault);
        run(&b, 10000);
        sim_vault_settle(b.vault, on_trace, &b);
        sim_vault_set(b.vault, fails == 1 ? &full : &none);
        sim_vault_stop(b.vault, on_trace, &b);
        sim_vault_restore(b.vault, on_restored, &b);
        assert_int_equal(b.restored_n, 1 - fails);
        end(&b);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_vault__a_ticket_comes_after_a_commit_and_its_time),
    cmocka_unit_test(test_sim_vault__a_crash_loses_what_was_never_committed),
    cmocka_unit_test(test_sim_vault__a_crash_in_a_commit_keeps_all_of_it_or_nothing),
    cmocka_unit_test(test_sim_vault__what_was_trimmed_is_not_restored),
    cmocka_unit_test(test_sim_vault__the_first_row_of_a_key_wins),
    cmocka_unit_test(test_sim_vault__rows_are_read_by_recovery_key_from_what_each_side_holds),
    cmocka_unit_test(test_sim_vault__of_other_messages_the_last_one_of_a_pair_is_kept),
    cmocka_unit_test(test_sim_vault__a_full_disk_keeps_trying_and_forgets_nothing),
    cmocka_unit_test(test_sim_vault__who_ends_tries_once_more_at_once),
};

UNIT_MAIN(tests);
