<<<<<<< HEAD
#include "node/runtime/outbox.h"

#include "tests/unit/folder.h"
#include "tests/unit/sample.h"
=======
#include "node/runtime/store.h"

#include "node/runtime/log.h"
#include "node/runtime/loop.h"
#include "tests/unit/sample.h"
#include "tests/unit/small.h"
>>>>>>> wire
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/resource.h>
<<<<<<< HEAD

static struct msg seen[64];
static unsigned seen_n;
static struct msg scratch;

static void see(void *context, const struct msg *msg)
{
    (void)context;
    assert_true(seen_n < 64);
    seen[seen_n++] = *msg;
}

static struct outbox_db *open_in(const struct folder *f)
{
    struct outbox_db *o = NULL;
    struct db_why why = {""};
    assert_int_equal(outbox_open(folder_file(f, OUTBOX_FILE), &o, &why), ERR_OK);
    return o;
}

static const struct msg *record(enum msg_kind kind, uint64_t number)
{
    sample_msg(kind, &scratch);
    if (kind == MSG_RECORD_TCD) {
        scratch.record_tcd.outbox = number;
    } else if (kind == MSG_RECORD_LOGOUT) {
        scratch.record_logout.outbox = number;
    } else if (kind == MSG_RECORD_STATE) {
        scratch.record_state.outbox = number;
    }
    return &scratch;
}

static void execute(const struct folder *f, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(folder_file(f, OUTBOX_FILE), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void restore(const struct folder *f)
{
    struct outbox_db *o = open_in(f);
    seen_n = 0;
    assert_int_equal(outbox_restore(o, see, NULL), ERR_OK);
    outbox_close(&o);
=======
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
>>>>>>> wire
}

static void test_outbox__what_was_committed_comes_back_in_order(void **state)
{
    (void)state;
<<<<<<< HEAD
    struct folder f = folder_make();
    struct outbox_db *o = open_in(&f);
    uint64_t ticket = 99;
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    assert_int_equal(ticket, 0);
    assert_int_equal(outbox_put(o, record(MSG_RECORD_LOGOUT, 2)), 1);
    assert_int_equal(outbox_put(o, record(MSG_RECORD_TCD, 1)), 2);
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    assert_int_equal(ticket, 2);
    assert_int_equal(outbox_put(o, record(MSG_RECORD_STATE, 3)), 3);
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    assert_int_equal(ticket, 3);
    outbox_put(o, record(MSG_RECORD_STATE, 4)); /* never committed */
    outbox_close(&o);
    assert_null(o);

    restore(&f);

    assert_int_equal(seen_n, 3);
    assert_memory_equal(&seen[0], record(MSG_RECORD_TCD, 1), sizeof scratch);
    assert_memory_equal(&seen[1], record(MSG_RECORD_LOGOUT, 2), sizeof scratch);
    assert_memory_equal(&seen[2], record(MSG_RECORD_STATE, 3), sizeof scratch);
    folder_remove(&f);
}

static void test_outbox__an_acknowledged_record_is_gone(void **state)
{
    (void)state;
    struct folder f = folder_make();
    struct outbox_db *o = open_in(&f);
    uint64_t ticket = 0;
    for (uint64_t i = 1; i <= 5; i++) {
        outbox_put(o, record(MSG_RECORD_TCD, i));
    }
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    outbox_trim(o, 3);
    outbox_trim(o, 2); /* an old acknowledgement changes nothing */
    outbox_put(o, record(MSG_RECORD_TCD, 6));
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    outbox_trim(o, 4); /* done at the end, for want of a commit */
    outbox_close(&o);

    restore(&f);

    assert_int_equal(seen_n, 2);
    assert_int_equal(seen[0].record_tcd.outbox, 5);
    assert_int_equal(seen[1].record_tcd.outbox, 6);
    folder_remove(&f);
}

static void test_outbox__many_acknowledgements_ask_for_a_commit(void **state)
{
    (void)state;
    struct folder f = folder_make();
    struct outbox_db *o = open_in(&f);
    uint64_t ticket = 0;
    outbox_put(o, record(MSG_RECORD_TCD, 1));
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    outbox_trim(o, OUTBOX_TRIM_LAZY);
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    seen_n = 0;
    assert_int_equal(outbox_restore(o, see, NULL), ERR_OK);
    assert_int_equal(seen_n, 0);
    outbox_close(&o);
    folder_remove(&f);
}

static void test_outbox__state_is_one_row_for_each_subject(void **state)
{
    (void)state;
    struct folder f = folder_make();
    struct outbox_db *o = open_in(&f);
    uint64_t ticket = 0;
    struct msg grant = {.kind = MSG_PG_GRANT};
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        grant.pg_grant.pair = 5000;
        grant.pg_grant.epoch = epoch;
        outbox_put(o, &grant);
        grant.pg_grant.pair = 5001;
        grant.pg_grant.epoch = 10 * epoch;
        outbox_put(o, &grant);
    }
    outbox_put(o, record(MSG_RECORD_TCD, 1));
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    assert_int_equal(ticket, 7);
    outbox_close(&o);

    restore(&f);

    assert_int_equal(seen_n, 3);
    assert_int_equal(seen[0].pg_grant.epoch, 3);
    assert_int_equal(seen[1].pg_grant.epoch, 30);
    assert_int_equal(seen[2].kind, MSG_RECORD_TCD);
    folder_remove(&f);
}

static void test_outbox__a_changed_row_is_refused(void **state)
{
    (void)state;
    struct folder f = folder_make();
    struct outbox_db *o = open_in(&f);
    uint64_t ticket = 0;
    outbox_put(o, record(MSG_RECORD_TCD, 1));
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    outbox_close(&o);
    execute(&f, "UPDATE Record SET Bytes = substr(Bytes, 1, length(Bytes) - 1) || x'00'");
    o = open_in(&f);
    seen_n = 0;
    struct db_why why = {""};
    assert_int_equal(outbox_restore(o, see, NULL), ERR_CORRUPT);
    outbox_explain(o, &why);
    assert_non_null(strstr(why.text, OUTBOX_FILE));
    assert_int_equal(seen_n, 0);
    outbox_close(&o);
    folder_remove(&f);
}

static void refused(const struct folder *f, enum err want)
{
    struct outbox_db *o = NULL;
    struct db_why why = {""};
    assert_int_equal(outbox_open(folder_file(f, OUTBOX_FILE), &o, &why), want);
    assert_null(o);
    assert_non_null(strstr(why.text, OUTBOX_FILE));
}

static void test_outbox__what_is_no_outbox_is_refused_by_name(void **state)
{
    (void)state;
    struct folder f = folder_make();
    FILE *file = fopen(folder_file(&f, OUTBOX_FILE), "w");
    for (unsigned i = 0; i < 4096; i++) {
        fputc('x', file);
    }
    fclose(file);
    refused(&f, ERR_CORRUPT);
    unlink(folder_file(&f, OUTBOX_FILE));
    execute(&f, "CREATE TABLE Other (a)");
    refused(&f, ERR_VERSION);
    folder_remove(&f);

    struct folder nowhere = {"/nonexistent-rehome"};
    refused(&nowhere, ERR_IO);
}

static void test_outbox__a_damaged_page_is_refused(void **state)
{
    (void)state;
    struct folder f = folder_make();
    struct outbox_db *o = open_in(&f);
    uint64_t ticket = 0;
    for (uint64_t i = 1; i <= 500; i++) {
        outbox_put(o, record(MSG_RECORD_TCD, i));
    }
    assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
    outbox_close(&o);
    FILE *file = fopen(folder_file(&f, OUTBOX_FILE), "r+");
    assert_non_null(file);
    fseek(file, 4L * 4096, SEEK_SET);
    for (unsigned i = 0; i < 3 * 4096; i++) {
        fputc(0xa5, file);
    }
    fclose(file);
    refused(&f, ERR_CORRUPT);
    folder_remove(&f);
}

/* The disk is full at every byte from the present size on, until it is large enough. */
static void test_outbox__a_full_disk_breaks_the_commit_and_nothing_else(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    bool done = false;
    for (rlim_t limit = 16384; !done; limit += 1024) {
        struct folder f = folder_make();
        struct outbox_db *o = open_in(&f);
        uint64_t ticket = 0;
        outbox_put(o, record(MSG_RECORD_TCD, 1));
        assert_int_equal(outbox_commit(o, &ticket), ERR_OK);
        struct rlimit old;
        getrlimit(RLIMIT_FSIZE, &old);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, old.rlim_max});
        for (uint64_t i = 2; i <= 60; i++) {
            outbox_put(o, record(MSG_RECORD_TCD, i));
        }
        done = outbox_commit(o, &ticket) == ERR_OK;
        if (!done) {
            struct db_why why = {""};
            outbox_explain(o, &why);
            assert_non_null(strstr(why.text, OUTBOX_FILE));
            assert_int_equal(ticket, 1);
            setrlimit(RLIMIT_FSIZE, &old);
            outbox_put(o, record(MSG_RECORD_TCD, 61));
            assert_int_equal(outbox_commit(o, &ticket),
                             ERR_IO); /* the promise is broken for good */
        }
        setrlimit(RLIMIT_FSIZE, &old);
        outbox_close(&o);
        restore(&f);
        assert_int_equal(seen_n, done ? 60 : 1);
        folder_remove(&f);
        assert_true(limit < 1024 * 1024);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_outbox__what_was_committed_comes_back_in_order),
    cmocka_unit_test(test_outbox__an_acknowledged_record_is_gone),
    cmocka_unit_test(test_outbox__many_acknowledgements_ask_for_a_commit),
    cmocka_unit_test(test_outbox__state_is_one_row_for_each_subject),
    cmocka_unit_test(test_outbox__a_changed_row_is_refused),
    cmocka_unit_test(test_outbox__what_is_no_outbox_is_refused_by_name),
    cmocka_unit_test(test_outbox__a_damaged_page_is_refused),
    cmocka_unit_test(test_outbox__a_full_disk_breaks_the_commit_and_nothing_else),
=======
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

static void test_outbox__a_full_disk_is_tried_again(void **state)
{
    (void)state;
    struct store *s = open_outbox();
    struct rlimit old;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit none = {.rlim_cur = 4096, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    struct instant now = loop_now();
    log_setup("test", LOG_ERROR);
    for (uint64_t i = 1; i <= 100; i++) {
        put(s, i);
    }
    assert_true(store_commit(s, now, no_trace, NULL) == 0);
    assert_true(store_deadline(s).us == instant_add(now, duration_ms(STORE_RETRY_MS)).us);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(store_commit(s, now, no_trace, NULL) == 0); /* not before its time */
    now = instant_add(now, duration_ms(STORE_RETRY_MS));
    assert_true(store_commit(s, now, no_trace, NULL) == 100);
    store_free(&s);
    restore();
    assert_int_equal(numbers_n, 100);
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
        usleep(60000);
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
    OUTBOX_TEST(test_outbox__a_kill_loses_nothing_that_was_acknowledged),
>>>>>>> wire
};

UNIT_MAIN(tests);
