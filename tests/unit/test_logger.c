#include "node/runtime/logger.h"

#include "node/runtime/log.h"
#include "node/runtime/loop.h"
#include "tests/unit/sample.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

static struct topology topology;
static char dir[64];
static struct store *store;
static struct event events[64];
static unsigned events_n;
static struct msg msg;
static sqlite3 *reader;

static void on_event(void *context, const struct event *e)
{
    (void)context;
    if (events_n < 64) {
        events[events_n++] = *e;
    }
}

static int set_up(void **state)
{
    (void)state;
    char path[128];
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    events_n = 0;
    assert_int_equal(store_new(dir, &topology, &logger_backend, &store), ERR_OK);
    snprintf(path, sizeof path, "%s/%s", dir, LOGGER_FILE);
    assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_free(&store);
    sqlite3_close(reader);
    small_remove(dir);
    return 0;
}

static int64_t ask(const char *sql)
{
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_prepare_v2(reader, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return v;
}

/* A record as a controller with one side gives it: in no order yet. */
static void a_record(enum msg_kind kind)
{
    sample_msg(kind, &msg);
    msg_record_order(&msg, (struct proc_id){0}, 0);
}

static void put_tcd(const char *sender, uint64_t outbox, uint32_t call_key, uint32_t disposition)
{
    a_record(MSG_RECORD_TCD);
    struct msg_record_tcd *t = &msg.record_tcd;
    t->outbox = outbox;
    t->peripheral = 5000;
    t->icr_call_key = call_key;
    t->icr_call_key_parent = 70;
    t->icr_call_key_child = 80;
    t->leg = 2;
    t->segment = 1;
    t->disposition = disposition;
    t->wall_us = INT64_C(1795464900123456);
    t->queue_ms = 1500;
    t->ring_ms = 700;
    t->delay_ms = 900;
    t->talk_ms = 10600;
    t->hold_ms = 500;
    t->work_ms = 4900;
    t->duration_ms = 1500 + 700 + 900 + 10600 + 500 + 4900;
    store_put(store, sender, &msg);
}

static void put_ordered(uint32_t call_key, int64_t recovery_key)
{
    a_record(MSG_RECORD_TCD);
    msg.record_tcd.outbox = call_key;
    msg.record_tcd.icr_call_key = call_key;
    msg.record_tcd.wall_us = INT64_C(1795464900123456);
    msg_record_order(&msg, (struct proc_id){4}, recovery_key);
    store_put(store, "pga", &msg);
}

static void commit(void)
{
    uint64_t before = store_commit(store, loop_now(), on_event, NULL);
    assert_true(before > 0);
}

static void test_logger__a_record_is_a_row_with_the_columns_of_the_schema(void **state)
{
    (void)state;
    put_tcd("pga", 1, 77, 13);
    commit();
    assert_int_equal(
        ask("SELECT count(*) FROM Termination_Call_Detail WHERE PeripheralID = 5000"
            " AND ICRCallKey = 77 AND ICRCallKeyParent = 70"
            " AND ICRCallKeyChild = 80 AND Leg = 2 AND Segment = 1 AND CallDisposition = 13"
            " AND DateTime = '2026-11-23 20:15:00.123' AND Partial = 'Y'"
            " AND typeof(RecoveryKey) = 'real' AND RecoveryKey = 1.0"
            " AND Variable1 IS NULL AND WrapupData IS NOT NULL"),
        1);
    assert_int_equal(ask("SELECT Duration = LocalQTime + RingTime + TalkTime + WorkTime + HoldTime"
                         " + DelayTime FROM Termination_Call_Detail"),
                     1);
    assert_int_equal(ask("SELECT Duration FROM Termination_Call_Detail"), 19);
    assert_int_equal(events_n, 1);
    assert_int_equal(events[0].kind, EVENT_TCD_STORED);
    assert_true(events[0].value == 77 * 65536 + 2 * 256 + 1 && events[0].value2 == 1);
    assert_int_equal(strlen(events[0].text), 16);
}

static uint64_t rows(void)
{
    struct world_rows n;
    store_rows(store, &n);
    assert_int_equal(n.logout + n.state, 0);
    return n.tcd;
}

static void test_logger__it_knows_how_many_rows_it_has(void **state)
{
    (void)state;
    assert_int_equal(rows(), 0);
    put_tcd("pga", 1, 77, 13);
    assert_int_equal(rows(), 0); /* nothing is durable yet */
    commit();
    put_tcd("pgb", 9, 77, 27); /* known already */
    put_tcd("pgb", 10, 78, 13);
    commit();
    assert_int_equal(rows(), 2);
    store_free(&store);
    assert_int_equal(store_new(dir, &topology, &logger_backend, &store), ERR_OK);
    assert_int_equal(rows(), 2);
}

static void test_logger__the_first_row_of_a_key_wins(void **state)
{
    (void)state;
    put_tcd("pga", 1, 77, 13);
    commit();
    put_tcd("pgb", 9, 77, 27); /* the other side tells it again, otherwise */
    put_tcd("pgb", 10, 78, 13);
    commit();
    assert_int_equal(ask("SELECT count(*) FROM Termination_Call_Detail"), 2);
    assert_int_equal(ask("SELECT CallDisposition FROM Termination_Call_Detail"
                         " WHERE ICRCallKey = 77"),
                     13);
    assert_int_equal(events_n, 3);
    assert_int_equal(events[1].kind, EVENT_TCD_DUPLICATE);
    assert_int_equal(events[2].kind, EVENT_TCD_STORED);
    assert_true(events[2].value2 == 2); /* a duplicate takes no key */
    assert_int_equal(ask("SELECT Outbox FROM Cursor WHERE Sender = 'pga'"), 1);
    assert_int_equal(ask("SELECT Outbox FROM Cursor WHERE Sender = 'pgb'"), 10);
}

static void test_logger__recovery_keys_go_on_after_a_restart(void **state)
{
    (void)state;
    put_tcd("pga", 1, 77, 13);
    put_tcd("pga", 2, 78, 13);
    commit();
    store_free(&store);
    assert_int_equal(store_new(dir, &topology, &logger_backend, &store), ERR_OK);
    put_tcd("pga", 3, 79, 13);
    commit();
    assert_int_equal(ask("SELECT RecoveryKey FROM Termination_Call_Detail WHERE ICRCallKey = 79"),
                     3);
}

static void test_logger__a_record_that_was_ordered_keeps_its_key_and_can_be_had_back(void **state)
{
    (void)state;
    static const int64_t keys[] = {1000, 1003, 1004}; /* of side A, B and A */
    struct world_rows rows;
    static struct msg back;
    for (uint32_t i = 0; i < 3; i++) {
        put_ordered(i + 1, keys[i]);
    }
    put_ordered(1, 2000); /* the first row of a key wins: */
    put_ordered(4, 3000);
    put_ordered(4, 998); /* that is the one that was ordered first, not that came first */
    commit();
    assert_int_equal(ask("SELECT RecoveryKey FROM Termination_Call_Detail WHERE ICRCallKey = 4"),
                     998);
    assert_int_equal(ask("SELECT count(*) FROM Termination_Call_Detail"), 4);
    assert_int_equal(ask("SELECT max(RecoveryKey) FROM Termination_Call_Detail"), 1004);
    assert_int_equal(ask("SELECT Outbox FROM Cursor WHERE Sender = 'pga'"), 4);
    store_rows(store, &rows);
    assert_int_equal(rows.tcd, 4);
    store_free(&store); /* what is the last of each side is known at the next start */
    assert_int_equal(store_new(dir, &topology, &logger_backend, &store), ERR_OK);
    store_rows(store, &rows);
    assert_int_equal(rows.last[0], 3000);
    assert_int_equal(rows.last[1], 1003);
    assert_true(store_row_after(store, 0, (const int64_t[2]){0, 0}, &back));
    assert_int_equal(msg_record_key(&back), 998);
    assert_true(store_row_after(store, 0, (const int64_t[2]){1000, 0}, &back));
    assert_int_equal(back.record_tcd.icr_call_key, 2);
    assert_true(store_row_after(store, 1003, (const int64_t[2]){0, 0}, &back));
    assert_int_equal(msg_record_key(&back), 1004);
    assert_false(store_row_after(store, 0, (const int64_t[2]){3000, 1003}, &back));
}

static void test_logger__agent_records_are_rows_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        a_record(MSG_RECORD_LOGOUT);
        msg.record_logout.wall_us = INT64_C(1795464900000000);
        msg.record_logout.reason_code = (uint32_t)-2;
        store_put(store, "pga", &msg);
        a_record(MSG_RECORD_STATE);
        msg.record_state.wall_us = INT64_C(1795464900000000);
        store_put(store, "pga", &msg);
    }
    commit();
    assert_int_equal(ask("SELECT count(*) FROM Agent_Logout WHERE ReasonCode = -2"), 1);
    assert_int_equal(ask("SELECT count(*) FROM Agent_State_Trace"), 1);
    assert_int_equal(ask("SELECT Value FROM Counter"), 2);
}

static void test_logger__every_row_has_its_checksum(void **state)
{
    (void)state;
    static const char *const tables[] = {"Termination_Call_Detail", "Agent_Logout",
                                         "Agent_State_Trace"};
    put_tcd("pga", 1, 77, 13);
    a_record(MSG_RECORD_TCD);
    memset(&msg.record_tcd, 0, sizeof msg.record_tcd); /* a row of as much NULL as there can be */
    store_put(store, "pga", &msg);
    a_record(MSG_RECORD_LOGOUT);
    msg.record_logout.wall_us = 1;
    store_put(store, "pga", &msg);
    a_record(MSG_RECORD_STATE);
    msg.record_state.wall_us = 1;
    store_put(store, "pga", &msg);
    commit();
    unsigned rows = 0;
    for (unsigned i = 0; i < 3; i++) {
        char sql[64];
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT * FROM %s", tables[i]);
        assert_int_equal(sqlite3_prepare_v2(reader, sql, -1, &s, NULL), SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            int columns = sqlite3_column_count(s);
            assert_string_equal(sqlite3_column_name(s, columns - 1), "RowChecksum");
            assert_true(logger_checksum(s, columns - 1) == sqlite3_column_int64(s, columns - 1));
            rows++;
        }
        sqlite3_finalize(s);
    }
    assert_int_equal(rows, 4);
}

static void test_logger__a_reader_does_not_stop_it(void **state)
{
    (void)state;
    sqlite3_stmt *s = NULL;
    put_tcd("pga", 1, 77, 13);
    put_tcd("pga", 2, 78, 13);
    commit();
    const char *sql = "SELECT * FROM Termination_Call_Detail";
    assert_int_equal(sqlite3_prepare_v2(reader, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW); /* and holds its snapshot */
    put_tcd("pga", 3, 79, 13);
    struct instant begin = loop_now();
    assert_true(store_commit(store, begin, on_event, NULL) == 3);
    print_message("a commit took %d us\n", (int)instant_since(loop_now(), begin).us);
    sqlite3_finalize(s);
}

#define LOGGER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    LOGGER_TEST(test_logger__a_record_is_a_row_with_the_columns_of_the_schema),
    LOGGER_TEST(test_logger__it_knows_how_many_rows_it_has),
    LOGGER_TEST(test_logger__the_first_row_of_a_key_wins),
    LOGGER_TEST(test_logger__recovery_keys_go_on_after_a_restart),
    LOGGER_TEST(test_logger__a_record_that_was_ordered_keeps_its_key_and_can_be_had_back),
    LOGGER_TEST(test_logger__agent_records_are_rows_once),
    LOGGER_TEST(test_logger__every_row_has_its_checksum),
    LOGGER_TEST(test_logger__a_reader_does_not_stop_it),
};

UNIT_MAIN(tests);
