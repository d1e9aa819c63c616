#include "node/runtime/store.h"

#include "node/runtime/log.h"
#include "node/runtime/loop.h"
#include "tests/unit/sample.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct topology topology;
static char dir[64];
static uint64_t numbers[4096];
static unsigned numbers_n, others_n;
static struct msg msg;
static struct msg_pg_grant grants[4];

static int set_up(void **state)
{
    (void)state;
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    numbers_n = 0;
    others_n = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_remove(dir);
    return 0;
}

static void on_one(void *context, const struct msg *m)
{
    (void)context;
    if (m->kind == MSG_RECORD_TCD) {
        numbers[numbers_n++] = m->record_tcd.outbox;
    } else if (m->kind == MSG_PG_GRANT) {
        grants[others_n++] = m->pg_grant;
    } else {
        others_n++;
    }
}

static void no_trace(void *context, const struct event *e)
{
    (void)context;
    (void)e;
}

static struct store *open_outbox(void)
{
    struct store *s = NULL;
    assert_int_equal(store_new(dir, &topology, &outbox_backend, &s), ERR_OK);
    return s;
}

static uint64_t put(struct store *s, uint64_t number)
{
    sample_msg(MSG_RECORD_TCD, &msg);
    msg.record_tcd.outbox = number;
    return store_put(s, "pga", &msg);
}

static void restore(void)
{
    struct store *s = open_outbox();
    numbers_n = 0;
    others_n = 0;
    assert_int_equal(store_restore(s, on_one, NULL), ERR_OK);
    store_free(&s);
}

static void test_outbox__what_was_committed_comes_back_in_order(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    for (uint64_t i = 1; i <= 100; i++) {
        assert_true(put(s, i) == i);
    }
    assert_true(store_deadline(s).us == 0);
    assert_true(store_commit(s, loop_now(), no_trace, NULL) == 100);
    assert_true(store_deadline(s).us == INSTANT_NEVER.us);
    store_free(&s);
    restore();
    assert_int_equal(numbers_n, 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(numbers[i] == i + 1);
    }
}

static void test_outbox__what_was_trimmed_is_gone(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    for (uint64_t i = 1; i <= 10; i++) {
        put(s, i);
    }
    store_trim(s, 7);
    assert_true(store_commit(s, loop_now(), no_trace, NULL) == 10);
    store_free(&s);
    restore();
    assert_int_equal(numbers_n, 3);
    assert_true(numbers[0] == 8);
}

static void test_outbox__what_was_not_committed_is_not_there(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    put(s, 1);
    store_free(&s);
    restore();
    assert_int_equal(numbers_n, 0);
}

static void test_outbox__of_other_kinds_the_last_is_kept(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        for (uint32_t pair = 5000; pair < 5002; pair++) {
            memset(&msg, 0, sizeof msg);
            msg.kind = MSG_PG_GRANT;
            msg.pg_grant = (struct msg_pg_grant){.pair = pair, .epoch = epoch + pair};
            store_put(s, "pga", &msg);
        }
    }
    assert_true(store_commit(s, loop_now(), no_trace, NULL) == 6);
    store_free(&s);
    restore();
    assert_int_equal(others_n, 2);
    assert_int_equal(grants[0].epoch, 5003);
    assert_int_equal(grants[1].epoch, 5004);
}

/* No file can grow, until it is off again. */
static void full_disk(bool on)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = on ? 4096 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    log_setup("test", LOG_ERROR);
}

static void test_outbox__a_full_disk_is_tried_again(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    struct instant now = loop_now();
    full_disk(true);
    for (uint64_t i = 1; i <= 100; i++) {
        put(s, i);
    }
    assert_true(store_commit(s, now, no_trace, NULL) == 0);
    assert_true(store_deadline(s).us == instant_add(now, duration_ms(STORE_RETRY_MS)).us);
    full_disk(false);
    assert_true(store_commit(s, now, no_trace, NULL) == 0); /* not before its time */
    now = instant_add(now, duration_ms(STORE_RETRY_MS));
    assert_true(store_commit(s, now, no_trace, NULL) == 100);
    store_free(&s);
    restore();
    assert_int_equal(numbers_n, 100);
}

static void test_outbox__who_ends_tries_once_more_at_once(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    struct instant now = loop_now();
    full_disk(true);
    put(s, 1);
    assert_true(store_commit(s, now, no_trace, NULL) == 0);
    full_disk(false);
    assert_true(store_commit_last(s, now, no_trace, NULL) == 1);
    store_free(&s);
    restore();
    assert_int_equal(numbers_n, 1);
}

static void change(const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/outbox.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_outbox__a_changed_byte_is_noticed(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    put(s, 1);
    assert_true(store_commit(s, loop_now(), no_trace, NULL) == 1);
    store_free(&s);
    change("UPDATE Outbox SET Item = substr(Item, 1, length(Item) - 1) || x'21'");
    s = open_outbox();
    assert_int_equal(store_restore(s, on_one, NULL), ERR_CORRUPT);
    assert_int_equal(numbers_n, 0);
    store_free(&s);
}

static void test_outbox__a_file_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    char path[128];
    struct store *s = NULL;
    change("CREATE TABLE Theirs (Something TEXT)");
    assert_int_equal(store_new(dir, &topology, &outbox_backend, &s), ERR_VERSION);
    snprintf(path, sizeof path, "%s/outbox.db", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 1000; i++) {
        fputs("this is no database ", file);
    }
    fclose(file);
    assert_int_equal(store_new(dir, &topology, &outbox_backend, &s), ERR_CORRUPT);
}

/* A process that is killed while it stores: what it said was durable is. */
static void test_outbox__a_kill_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    uint64_t base = 0;
    for (unsigned round = 0; round < 5; round++) {
        int fds[2];
        uint64_t last = 0;
        uint64_t said = 0;
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) {
            struct store *s = open_outbox();
            for (uint64_t i = base + 1;; i++) {
                put(s, i);
                uint64_t ticket = base + store_commit(s, loop_now(), no_trace, NULL);
                if (write(fds[1], &ticket, sizeof ticket) != sizeof ticket) {
                    _exit(1);
                }
            }
        }
        close(fds[1]);
        /* It dies at any moment after its first word. */
        assert_int_equal(read(fds[0], &last, sizeof last), sizeof last);
        usleep(10000 * (round + 1));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(fds[0], &said, sizeof said) == sizeof said) {
            last = said;
        }
        close(fds[0]);
        restore();
        assert_true(last > base);
        assert_true(numbers_n >= last);
        base = numbers_n;
    }
    print_message("%u records\n", numbers_n);
}

#define OUTBOX_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    OUTBOX_TEST(test_outbox__what_was_committed_comes_back_in_order),
    OUTBOX_TEST(test_outbox__what_was_trimmed_is_gone),
    OUTBOX_TEST(test_outbox__what_was_not_committed_is_not_there),
    OUTBOX_TEST(test_outbox__of_other_kinds_the_last_is_kept),
    OUTBOX_TEST(test_outbox__a_full_disk_is_tried_again),
    OUTBOX_TEST(test_outbox__who_ends_tries_once_more_at_once),
    OUTBOX_TEST(test_outbox__a_changed_byte_is_noticed),
    OUTBOX_TEST(test_outbox__a_file_that_is_not_ours_is_refused),
    OUTBOX_TEST(test_outbox__a_kill_loses_nothing_that_was_acknowledged),
};

UNIT_MAIN(tests);
