#include "node/runtime/outbox.h"

#include "tests/unit/folder.h"
#include "tests/unit/sample.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/resource.h>

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
}

static void test_outbox__what_was_committed_comes_back_in_order(void **state)
{
    (void)state;
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
};

UNIT_MAIN(tests);
