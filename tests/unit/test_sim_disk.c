#include "cluster/sim/sim_disk.h"
#include "tests/unit/unit.h"

#include <raft.h>
#include <string.h>

#define SNAPSHOT_TERM 1 /* of the entries that most tests write */

/* One disk, and what it told. */
struct bench {
    struct sim_disk *disk;
    struct instant now;
    int tags[16]; /* tag i is &tags[i]; the code that came for it */
    uint32_t ends;
    uint32_t order[16];
};

static struct bench bench_make(uint64_t seed)
{
    struct bench b = {.disk = sim_disk_new(seed), .now = {1000}};
    struct raft_configuration c;
    raft_configuration_init(&c);
    assert_int_equal(raft_configuration_add(&c, 1, "one", RAFT_VOTER), 0);
    assert_int_equal(raft_configuration_add(&c, 2, "two", RAFT_STANDBY), 0);
    assert_int_equal(sim_disk_bootstrap(b.disk, &c), 0);
    assert_int_equal(sim_disk_bootstrap(b.disk, &c), RAFT_CANTBOOTSTRAP);
    raft_configuration_close(&c);
    for (uint32_t i = 0; i < 16; i++) {
        b.tags[i] = -1;
    }
    return b;
}

/* Entries whose bytes say their index. */
static void append(struct bench *b, uint32_t tag, uint64_t term, uint64_t index, unsigned n)
{
    struct raft_entry entries[64];
    uint64_t data[64];
    assert_true(n <= 64);
    for (unsigned i = 0; i < n; i++) {
        data[i] = index + i;
        entries[i] = (struct raft_entry){
            .term = term, .type = RAFT_COMMAND, .buf = {&data[i], sizeof data[i]}};
    }
    sim_disk_append(b->disk, b->now, &b->tags[tag], entries, n);
}

static void put(struct bench *b, uint32_t tag, uint64_t index, unsigned trailing)
{
    char text[2][9] = {"snap", "shot1234"};
    struct raft_buffer bufs[2] = {{text[0], 4}, {text[1], 8}};
    struct raft_snapshot s = {
        .index = index, .term = SNAPSHOT_TERM, .configuration_index = 1, .bufs = bufs, .n_bufs = 2};
    raft_configuration_init(&s.configuration);
    assert_int_equal(raft_configuration_add(&s.configuration, 1, "one", RAFT_VOTER), 0);
    sim_disk_put(b->disk, b->now, &b->tags[tag], trailing, &s);
    raft_configuration_close(&s.configuration);
}

static void close_snapshot(struct raft_snapshot *s)
{
    if (s != NULL) {
        raft_configuration_close(&s->configuration);
        raft_free(s->bufs[0].base);
        raft_free(s->bufs);
        raft_free(s);
    }
}

/* All that ends within `us`; the snapshot of the last get, to be closed. */
static struct raft_snapshot *run(struct bench *b, int64_t us)
{
    struct sim_disk_end end;
    struct raft_snapshot *got = NULL;
    b->now.us += us;
    while (sim_disk_pop(b->disk, b->now, &end)) {
        if (end.tag != NULL) {
            uint32_t tag = (uint32_t)((int *)end.tag - b->tags);
            assert_int_equal(b->tags[tag], -1);
            b->tags[tag] = end.code;
            b->order[b->ends++] = tag;
        }
        if (end.snapshot != NULL) {
            close_snapshot(got);
            got = end.snapshot;
        }
    }
    return got;
}

struct loaded {
    int code;
    uint64_t term, vote, first, last, snapshot;
    uint64_t last_term;
    bool good; /* the entries are what append wrote */
};

static struct loaded load(struct bench *b)
{
    struct loaded l = {.good = true};
    struct raft_snapshot *snapshot = NULL;
    struct raft_entry *entries = NULL;
    size_t n = 0;
    l.code = sim_disk_load(b->disk, &l.term, &l.vote, &snapshot, &l.first, &entries, &n);
    if (l.code != 0) {
        return l;
    }
    l.last = l.first + n - 1;
    l.snapshot = snapshot != NULL ? snapshot->index : 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 0;
        l.last_term = entries[i].term;
        assert_ptr_equal(entries[i].batch, entries[0].batch);
        assert_int_equal((uintptr_t)entries[i].buf.base % 8, 0);
        if (entries[i].type == RAFT_COMMAND) {
            assert_int_equal(entries[i].buf.len, sizeof value);
            memcpy(&value, entries[i].buf.base, sizeof value);
            l.good = l.good && value == l.first + i;
        }
    }
    if (n > 0) {
        raft_free(entries[0].batch);
        raft_free(entries);
    }
    close_snapshot(snapshot);
    return l;
}

static void bench_end(struct bench *b)
{
    sim_disk_free(&b->disk);
    assert_null(b->disk);
}

static void test_sim_disk__term_and_vote_are_safe_at_once(void **state)
{
    (void)state;
    struct bench b = bench_make(1);
    assert_int_equal(sim_disk_set_term(b.disk, 5), 0);
    assert_int_equal(sim_disk_set_vote(b.disk, 2), 0);
    sim_disk_crash(b.disk);
    struct loaded l = load(&b);
    assert_int_equal(l.term, 5);
    assert_int_equal(l.vote, 2);
    assert_int_equal(sim_disk_set_term(b.disk, 6), 0);
    assert_int_equal(load(&b).vote, 0); /* a new term has no vote */
    bench_end(&b);
}

static void test_sim_disk__a_write_takes_its_time_and_then_stays(void **state)
{
    (void)state;
    struct bench b = bench_make(2);
    struct sim_disk_faults slow = {.write_min = {1000}, .write_max = {1000}};
    sim_disk_set(b.disk, &slow);
    append(&b, 0, 1, 2, 3);
    assert_int_equal(sim_disk_deadline(b.disk).us, 2000);
    run(&b, 999);
    assert_int_equal(b.ends, 0);
    assert_int_equal(sim_disk_stats(b.disk).synced, 1);
    run(&b, 1);
    assert_int_equal(b.tags[0], 0);
    assert_int_equal(sim_disk_deadline(b.disk).us, INSTANT_NEVER.us);
    sim_disk_crash(b.disk);
    struct loaded l = load(&b);
    assert_int_equal(l.last, 4);
    assert_true(l.good);
    bench_end(&b);
}

static void test_sim_disk__writes_that_come_meanwhile_share_the_next_one(void **state)
{
    (void)state;
    struct bench b = bench_make(3);
    struct sim_disk_faults slow = {.write_min = {1000}, .write_max = {1000}};
    sim_disk_set(b.disk, &slow);
    append(&b, 0, 1, 2, 1); /* ends at 2000 */
    run(&b, 500);
    append(&b, 1, 1, 3, 1);
    append(&b, 2, 1, 4, 1); /* both end at 3000 */
    run(&b, 1499);
    assert_int_equal(b.ends, 1);
    run(&b, 1);
    assert_int_equal(b.ends, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(b.order[i], i);
    }
    bench_end(&b);
}

static void test_sim_disk__a_crash_leaves_a_prefix_of_what_was_not_synced(void **state)
{
    (void)state;
    uint32_t none = 0, some = 0, all = 0, torn = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct bench b = bench_make(seed);
        append(&b, 0, 1, 2, 4);
        run(&b, 10000);
        append(&b, 1, 1, 6, 2);
        append(&b, 2, 1, 8, 2);
        sim_disk_crash(b.disk);
        struct sim_disk_stats stats = sim_disk_stats(b.disk);
        assert_int_equal(stats.synced, 5);
        struct loaded l = load(&b);
        assert_int_equal(l.code, 0);
        assert_true(l.good);
        assert_in_range(l.last, 5, 9);
        assert_int_equal(l.last + stats.torn + stats.lost, 9);
        none += l.last == 5;
        all += l.last == 9;
        some += l.last > 5 && l.last < 9;
        torn += stats.torn > 0;
        /* What a new life has seen stays. */
        sim_disk_crash(b.disk);
        assert_int_equal(load(&b).last, l.last);
        bench_end(&b);
    }
    assert_true(none > 20 && some > 60 && all > 20 && torn > 60);
}

static void test_sim_disk__a_process_that_dies_alone_leaves_what_it_wrote(void **state)
{
    (void)state;
    struct bench b = bench_make(5);
    append(&b, 0, 1, 2, 4);
    put(&b, 1, 3, 1);
    sim_disk_leave(b.disk);
    struct loaded l = load(&b);
    assert_int_equal(l.last, 5);
    assert_int_equal(l.snapshot, 3);
    assert_true(l.good);
    run(&b, 10000);
    assert_int_equal(b.ends, 0);
    bench_end(&b);
}

static void test_sim_disk__damage_to_what_was_synced_is_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct bench b = bench_make(seed);
        append(&b, 0, 1, 2, 10);
        if (seed % 2 == 0) {
            put(&b, 1, 11, 3);
        }
        run(&b, 10000);
        assert_int_equal(load(&b).code, 0);
        assert_true(sim_disk_damage(b.disk));
        assert_int_equal(load(&b).code, RAFT_CORRUPT);
        bench_end(&b);
    }
    struct sim_disk *empty = sim_disk_new(1);
    assert_false(sim_disk_damage(empty));
    sim_disk_free(&empty);
}

static void test_sim_disk__a_cut_takes_what_follows_in_order_with_appends(void **state)
{
    (void)state;
    struct bench b = bench_make(6);
    append(&b, 0, 1, 2, 9); /* 2..10 */
    run(&b, 10000);
    sim_disk_truncate(b.disk, b.now, 11); /* nothing to cut */
    append(&b, 1, 1, 11, 2);              /* 11, 12 */
    sim_disk_truncate(b.disk, b.now, 6);
    append(&b, 2, 2, 6, 2); /* 6, 7 of term 2 */
    run(&b, 10000);
    assert_int_equal(b.ends, 3); /* the cut itself is not told */
    struct loaded l = load(&b);
    assert_int_equal(l.last, 7);
    assert_int_equal(l.last_term, 2);
    assert_true(l.good);
    bench_end(&b);
}

static void test_sim_disk__a_crash_in_the_middle_of_a_cut_leaves_the_old_or_the_new(void **state)
{
    (void)state;
    uint32_t old = 0, cut = 0, new = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct bench b = bench_make(seed);
        append(&b, 0, 1, 2, 9);
        run(&b, 10000);
        sim_disk_truncate(b.disk, b.now, 6);
        append(&b, 1, 2, 6, 1);
        sim_disk_crash(b.disk);
        struct loaded l = load(&b);
        assert_int_equal(l.code, 0);
        assert_true(l.good);
        old += l.last == 10 && l.last_term == 1;
        cut += l.last == 5 && l.last_term == 1;
        new += l.last == 6 && l.last_term == 2;
        bench_end(&b);
    }
    assert_int_equal(old + cut + new, 100);
    assert_true(old > 10 && cut > 10 && new > 10);
}

static void test_sim_disk__a_snapshot_keeps_what_trails(void **state)
{
    (void)state;
    struct bench b = bench_make(7);
    append(&b, 0, 1, 2, 19);
    run(&b, 10000);
    put(&b, 1, 15, 4);
    append(&b, 2, 1, 21, 1); /* goes on meanwhile */
    run(&b, 10000);
    struct sim_disk_stats s = sim_disk_stats(b.disk);
    assert_int_equal(s.snapshot, 15);
    assert_int_equal(s.first, 12);
    assert_int_equal(s.last, 21);
    struct loaded l = load(&b);
    assert_int_equal(l.first, 12);
    assert_int_equal(l.last, 21);
    assert_true(l.good);
    /* All of it comes back from a read. */
    sim_disk_get(b.disk, b.now, &b.tags[3]);
    struct raft_snapshot *got = run(&b, 10000);
    assert_non_null(got);
    assert_int_equal(got->index, 15);
    assert_int_equal(got->term, SNAPSHOT_TERM);
    assert_int_equal(got->configuration_index, 1);
    assert_int_equal(got->configuration.n, 1);
    assert_string_equal(got->configuration.servers[0].address, "one");
    assert_int_equal(got->bufs[0].len, 12);
    assert_memory_equal(got->bufs[0].base, "snapshot1234", 12);
    close_snapshot(got);
    bench_end(&b);
}

static void test_sim_disk__a_snapshot_ahead_of_the_log_replaces_it_at_the_load(void **state)
{
    (void)state;
    struct bench b = bench_make(8);
    append(&b, 0, 1, 2, 4); /* to 5 */
    run(&b, 10000);
    put(&b, 1, 30, 64); /* what is committed elsewhere: this disk is late */
    run(&b, 10000);
    sim_disk_crash(b.disk);
    struct loaded l = load(&b);
    assert_int_equal(l.snapshot, 30);
    assert_int_equal(l.first, 31);
    assert_int_equal(l.last, 30);
    bench_end(&b);
}

/* A follower told what is committed snapshots it before its own disk has it: libraft's order. */
static void test_sim_disk__a_snapshot_may_end_before_a_cut_below_it(void **state)
{
    (void)state;
    uint32_t old = 0, between = 0, new = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct bench b = bench_make(seed);
        append(&b, 0, 2, 2, 29); /* to 30: of a leader that was alone */
        run(&b, 10000);
        put(&b, 1, 28, 2);
        sim_disk_truncate(b.disk, b.now, 10);
        append(&b, 2, SNAPSHOT_TERM, 10, 20); /* to 29 */
        for (struct sim_disk_end e; b.tags[1] < 0;) {
            b.now = sim_disk_deadline(b.disk);
            while (sim_disk_pop(b.disk, b.now, &e)) {
                *(int *)e.tag = e.code;
            }
        }
        assert_int_equal(b.tags[1], 0);
        sim_disk_crash(b.disk);
        struct loaded l = load(&b);
        assert_int_equal(l.code, 0);
        assert_true(l.good);
        assert_int_equal(l.snapshot, 28);
        old += l.last == 28 && l.first == 29;
        between += l.last == 28 && l.first < 29 && l.last_term == SNAPSHOT_TERM;
        new += l.last == 29 && l.last_term == SNAPSHOT_TERM;
        bench_end(&b);
    }
    assert_int_equal(old + between + new, 100);
    assert_true(old > 10 && new > 10);
}

static void test_sim_disk__an_installed_snapshot_replaces_the_log(void **state)
{
    (void)state;
    struct bench b = bench_make(9);
    append(&b, 0, 1, 2, 4);
    run(&b, 10000);
    put(&b, 1, 100, 0);
    append(&b, 2, 7, 101, 2);
    run(&b, 10000);
    assert_int_equal(b.order[1], 1);
    assert_int_equal(b.order[2], 2);
    struct loaded l = load(&b);
    assert_int_equal(l.snapshot, 100);
    assert_int_equal(l.first, 101);
    assert_int_equal(l.last, 102);
    assert_true(l.good);
    bench_end(&b);
}

static void test_sim_disk__a_crash_leaves_the_old_snapshot_or_the_new(void **state)
{
    (void)state;
    uint32_t old = 0, new = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct bench b = bench_make(seed);
        append(&b, 0, 1, 2, 19);
        run(&b, 10000);
        put(&b, 1, 10, 4);
        run(&b, 10000);
        put(&b, 2, 18, 4);
        sim_disk_crash(b.disk);
        struct loaded l = load(&b);
        assert_int_equal(l.code, 0);
        assert_int_equal(l.last, 20);
        assert_true(l.good);
        old += l.snapshot == 10 && l.first == 7;
        new += l.snapshot == 18 && l.first == 15;
        bench_end(&b);
    }
    assert_int_equal(old + new, 100);
    assert_true(old > 20 && new > 20);
}

static void test_sim_disk__nothing_ends_in_a_stall(void **state)
{
    (void)state;
    struct bench b = bench_make(10);
    append(&b, 0, 1, 2, 1);
    struct sim_disk_faults stall = {.stall_until = {500000}};
    sim_disk_set(b.disk, &stall);
    append(&b, 1, 1, 3, 1);
    assert_int_equal(sim_disk_deadline(b.disk).us, 500000);
    run(&b, 400000);
    assert_int_equal(b.ends, 0);
    assert_int_equal(sim_disk_set_term(b.disk, 9), 0);
    run(&b, 99000);
    assert_int_equal(b.ends, 2);
    bench_end(&b);
}

static void test_sim_disk__a_full_disk_takes_no_more(void **state)
{
    (void)state;
    struct bench b = bench_make(11);
    uint64_t used = sim_disk_stats(b.disk).bytes;
    struct sim_disk_faults small = {.capacity = used + 100};
    sim_disk_set(b.disk, &small);
    append(&b, 0, 1, 2, 2);
    run(&b, 10000);
    assert_int_equal(b.tags[0], 0);
    append(&b, 1, 1, 4, 1);
    append(&b, 2, 1, 5, 1);
    run(&b, 10000);
    assert_int_equal(b.tags[1], RAFT_NOSPACE);
    assert_int_equal(b.tags[2], RAFT_NOSPACE);
    assert_int_equal(sim_disk_room(b.disk), 0);
    /* Room comes back too late for this process. */
    sim_disk_set(b.disk, &(struct sim_disk_faults){0});
    append(&b, 3, 1, 6, 1);
    run(&b, 10000);
    assert_int_equal(b.tags[3], RAFT_NOSPACE);
    assert_int_equal(sim_disk_set_vote(b.disk, 2), RAFT_NOSPACE);
    sim_disk_leave(b.disk);
    assert_int_equal(load(&b).last, 3);
    append(&b, 4, 1, 4, 1);
    run(&b, 10000);
    assert_int_equal(b.tags[4], 0);
    bench_end(&b);
}

static void test_sim_disk__an_io_error_fails_everything(void **state)
{
    (void)state;
    struct bench b = bench_make(12);
    append(&b, 0, 1, 2, 1);
    put(&b, 1, 2, 1);
    sim_disk_set(b.disk, &(struct sim_disk_faults){.io_error = true});
    run(&b, 10000);
    assert_int_equal(b.tags[0], RAFT_IOERR);
    assert_int_equal(b.tags[1], RAFT_IOERR);
    assert_int_equal(sim_disk_set_term(b.disk, 3), RAFT_IOERR);
    assert_int_equal(sim_disk_set_vote(b.disk, 3), RAFT_IOERR);
    sim_disk_leave(b.disk);
    assert_int_equal(load(&b).code, RAFT_IOERR);
    sim_disk_leave(b.disk);
    sim_disk_set(b.disk, &(struct sim_disk_faults){0});
    struct loaded l = load(&b);
    assert_int_equal(l.code, 0);
    assert_int_equal(l.last, 1);
    assert_int_equal(l.term, 1);
    bench_end(&b);
}

static void test_sim_disk__equal_histories_make_equal_disks(void **state)
{
    (void)state;
    uint64_t sums[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct bench b = bench_make(i == 2 ? 14 : 13);
        append(&b, 0, 1, 2, 40);
        sim_disk_crash(b.disk);
        assert_int_equal(load(&b).code, 0);
        append(&b, 1, 1, sim_disk_stats(b.disk).last + 1, 1);
        run(&b, 10000);
        sums[i] = sim_disk_digest(b.disk);
        bench_end(&b);
    }
    assert_int_equal(sums[0], sums[1]);
    assert_int_not_equal(sums[0], sums[2]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_disk__term_and_vote_are_safe_at_once),
    cmocka_unit_test(test_sim_disk__a_write_takes_its_time_and_then_stays),
    cmocka_unit_test(test_sim_disk__writes_that_come_meanwhile_share_the_next_one),
    cmocka_unit_test(test_sim_disk__a_crash_leaves_a_prefix_of_what_was_not_synced),
    cmocka_unit_test(test_sim_disk__a_process_that_dies_alone_leaves_what_it_wrote),
    cmocka_unit_test(test_sim_disk__damage_to_what_was_synced_is_found),
    cmocka_unit_test(test_sim_disk__a_cut_takes_what_follows_in_order_with_appends),
    cmocka_unit_test(test_sim_disk__a_crash_in_the_middle_of_a_cut_leaves_the_old_or_the_new),
    cmocka_unit_test(test_sim_disk__a_snapshot_keeps_what_trails),
    cmocka_unit_test(test_sim_disk__a_snapshot_ahead_of_the_log_replaces_it_at_the_load),
    cmocka_unit_test(test_sim_disk__a_snapshot_may_end_before_a_cut_below_it),
    cmocka_unit_test(test_sim_disk__an_installed_snapshot_replaces_the_log),
    cmocka_unit_test(test_sim_disk__a_crash_leaves_the_old_snapshot_or_the_new),
    cmocka_unit_test(test_sim_disk__nothing_ends_in_a_stall),
    cmocka_unit_test(test_sim_disk__a_full_disk_takes_no_more),
    cmocka_unit_test(test_sim_disk__an_io_error_fails_everything),
    cmocka_unit_test(test_sim_disk__equal_histories_make_equal_disks),
};

UNIT_MAIN(tests);
