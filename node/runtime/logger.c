#include "node/runtime/logger.h"

#include "node/base/checksum.h"
#include "node/runtime/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OUTCOMES_MAX 4096 /* events of one transaction; more are not traced one by one */

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS Termination_Call_Detail ("
    " RecoveryKey REAL NOT NULL PRIMARY KEY, DateTime TEXT NOT NULL, PeripheralID INTEGER NOT NULL,"
    " RouterCallKeyDay INTEGER, RouterCallKey INTEGER, RouterCallKeySequenceNumber INTEGER,"
    " PeripheralCallType INTEGER, PeripheralCallKey INTEGER, CallDisposition INTEGER NOT NULL,"
    " CallDispositionFlag INTEGER, DigitsDialed TEXT, ANI TEXT, AgentSkillTargetID INTEGER,"
    " SkillGroupSkillTargetID INTEGER, ServiceSkillTargetID INTEGER, RouteID INTEGER,"
    " NetworkTargetID INTEGER, NetworkTime INTEGER, Duration INTEGER, RingTime INTEGER,"
    " DelayTime INTEGER, TimeToAband INTEGER, HoldTime INTEGER, TalkTime INTEGER, WorkTime INTEGER,"
    " LocalQTime INTEGER, NewTransaction TEXT, AnsweredWithinServiceLevel TEXT, BadCallTag TEXT,"
    " ICRCallKey INTEGER, ICRCallKeyParent INTEGER, ICRCallKeyChild INTEGER, MRDomainID INTEGER,"
    " Variable1 TEXT, Variable2 TEXT, Variable3 TEXT, Variable4 TEXT, Variable5 TEXT,"
    " Variable6 TEXT, Variable7 TEXT, Variable8 TEXT, Variable9 TEXT, Variable10 TEXT,"
    " WrapupData TEXT, CallTypeID INTEGER, CallGUID TEXT, CallReferenceID TEXT,"
    " AgentPeripheralNumber TEXT, InstrumentPortNumber TEXT, TimeZone INTEGER, DbDateTime TEXT,"
    " Leg INTEGER, Segment INTEGER, Partial TEXT, FailCause TEXT, WallUs INTEGER,"
    " DurationMs INTEGER, TalkMs INTEGER, RowChecksum INTEGER,"
    " UNIQUE (PeripheralID, ICRCallKey, Leg, Segment));"
    "CREATE TABLE IF NOT EXISTS Agent_Logout ("
    " RecoveryKey REAL NOT NULL PRIMARY KEY, LogoutDateTime TEXT NOT NULL, LoginDuration INTEGER,"
    " NetworkTargetID INTEGER, ReasonCode INTEGER, SkillTargetID INTEGER NOT NULL,"
    " MRDomainID INTEGER, TimeZone INTEGER, PeripheralID INTEGER NOT NULL,"
    " SkillGroupSkillTargetID INTEGER, WallUs INTEGER, RowChecksum INTEGER,"
    " UNIQUE (PeripheralID, SkillTargetID, WallUs));"
    "CREATE TABLE IF NOT EXISTS Agent_State_Trace ("
    " RecoveryKey REAL NOT NULL PRIMARY KEY, DateTime TEXT NOT NULL,"
    " SkillTargetID INTEGER NOT NULL, MRDomainID INTEGER, SkillGroupSkillTargetID INTEGER,"
    " EventName INTEGER, AgentState INTEGER, ReasonCode INTEGER, Direction INTEGER,"
    " ICRCallKey INTEGER, PeripheralCallKey INTEGER, RouterCallKeyDay INTEGER,"
    " RouterCallKey INTEGER, RouterCallKeySequenceNumber INTEGER, TimeZone INTEGER,"
    " PeripheralID INTEGER NOT NULL, WallUs INTEGER, RowChecksum INTEGER,"
    " UNIQUE (PeripheralID, SkillTargetID, WallUs, EventName, AgentState, ReasonCode));"
    "CREATE TABLE IF NOT EXISTS Cursor (Sender TEXT PRIMARY KEY, Outbox INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS Counter (Name TEXT PRIMARY KEY, Value INTEGER) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO Counter VALUES ('RecoveryKey', 0);"
    /* The records of a duplexed controller, for the other logger. */
    "CREATE TABLE IF NOT EXISTS Recovery (RecoveryKey INTEGER PRIMARY KEY, Item BLOB NOT NULL,"
    " Checksum INTEGER NOT NULL);";

struct outcome {
    bool stored;
    int64_t recovery_key, checksum;
    int64_t key;
    struct call_id call;
    struct device_id device;
    enum reason fail_cause;
};

struct logger {
    sqlite3 *db;
    const struct topology *topology;
    sqlite3_stmt *tcd, *logout, *state, *cursor, *counter, *keep, *after;
    sqlite3_stmt *later[3]; /* take away a row of a key that was ordered later */
    int64_t recovery_key, recovery_key_durable; /* the last that was given here */
    int64_t next_key;                           /* of the record at hand */
    struct world_rows rows, rows_new;           /* durable; of this transaction */
    struct msg message;                         /* that is read back */
    uint32_t outcomes_n;
    struct outcome outcomes[OUTCOMES_MAX];
};

/* -- A row that is bound and summed column by column. -- */

struct row {
    sqlite3_stmt *statement;
    int column;
    uint64_t sum;
};

int64_t logger_checksum(sqlite3_stmt *row, int columns)
{
    uint64_t sum = CHECKSUM_BEGIN;
    for (int i = 0; i < columns; i++) {
        int type = sqlite3_column_type(row, i);
        if (type == SQLITE_INTEGER) {
            sum = checksum_number(sum, sqlite3_column_int64(row, i));
        } else if (type == SQLITE_FLOAT) {
            sum = checksum_number(sum, (int64_t)sqlite3_column_double(row, i));
        } else {
            sum = checksum_bytes(sum, sqlite3_column_blob(row, i),
                                 (size_t)sqlite3_column_bytes(row, i));
        }
    }
    return (int64_t)sum;
}

static struct row row_begin(sqlite3_stmt *statement, int64_t recovery_key)
{
    struct row r = {.statement = statement, .sum = checksum_number(CHECKSUM_BEGIN, recovery_key)};
    sqlite3_bind_double(statement, ++r.column, (double)recovery_key);
    return r;
}

static void put_null(struct row *r)
{
    r->sum = checksum_bytes(r->sum, "", 0);
    sqlite3_bind_null(r->statement, ++r->column);
}

static void put_nulls(struct row *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        put_null(r);
    }
}

static void put_int(struct row *r, int64_t v)
{
    r->sum = checksum_number(r->sum, v);
    sqlite3_bind_int64(r->statement, ++r->column, v);
}

/* Zero is what a message has for nothing. */
static void put_some(struct row *r, int64_t v)
{
    if (v != 0) {
        put_int(r, v);
    } else {
        put_null(r);
    }
}

static void put_word(struct row *r, const char *text)
{
    if (text[0] == '\0') {
        put_null(r);
        return;
    }
    r->sum = checksum_bytes(r->sum, text, strlen(text));
    sqlite3_bind_text(r->statement, ++r->column, text, -1, SQLITE_TRANSIENT);
}

/* "2026-11-23 20:15:00.123", UTC. */
static void put_time(struct row *r, int64_t wall_us)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(wall_us / 1000000);
    gmtime_r(&seconds, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03d", (int)(wall_us / 1000 % 1000));
    put_word(r, text);
}

static int64_t row_end(struct row *r)
{
    int64_t sum = (int64_t)r->sum;
    sqlite3_bind_int64(r->statement, ++r->column, sum);
    ASSERT(r->column == sqlite3_bind_parameter_count(r->statement));
    return sum;
}

/* Whole seconds of consecutive parts, so that their sum is the whole seconds of the sum. */
static int64_t part_s(int64_t *at_ms, uint32_t part_ms)
{
    int64_t begin = *at_ms / 1000;
    *at_ms += part_ms;
    return *at_ms / 1000 - begin;
}

/* -- Rows. -- */

static void tcd_times(struct row *r, const struct msg_record_tcd *t)
{
    int64_t at = 0;
    int64_t queue = part_s(&at, t->queue_ms);
    int64_t ring = part_s(&at, t->ring_ms);
    int64_t delay = part_s(&at, t->delay_ms);
    int64_t talk = part_s(&at, t->talk_ms);
    int64_t hold = part_s(&at, t->hold_ms);
    int64_t work = part_s(&at, t->work_ms);
    put_null(r); /* NetworkTime */
    put_int(r, at == t->duration_ms ? at / 1000 : t->duration_ms / 1000);
    put_int(r, ring);
    put_int(r, delay);
    put_int(r, t->abandon_ms / 1000);
    put_int(r, hold);
    put_int(r, talk);
    put_int(r, work);
    put_int(r, queue);
}

static void tcd_who(struct row *r, const struct logger *l, const struct msg_record_tcd *t)
{
    char text[24] = "";
    struct device_info device = {.number = ""};
    put_word(r, t->wrapup);
    put_null(r); /* CallTypeID */
    put_null(r); /* CallGUID */
    snprintf(text, sizeof text, "%016" PRIx64, t->call.v);
    put_word(r, t->call.v != 0 ? text : "");
    snprintf(text, sizeof text, "%u", t->agent.v);
    put_word(r, t->agent.v != 0 ? text : "");
    if (device_id_some(t->device) && !topology_device(l->topology, t->device, &device)) {
        device.number[0] = '\0';
    }
    put_word(r, device.number);
    put_int(r, 0); /* TimeZone: UTC */
    put_time(r, loop_wall_us());
}

static bool tcd_row(struct logger *l, const struct msg_record_tcd *t, struct outcome *ret_outcome)
{
    struct row r = row_begin(l->tcd, l->next_key);
    put_time(&r, t->wall_us);
    put_int(&r, t->peripheral);
    put_some(&r, t->key != 0 ? t->day : 0);
    put_some(&r, t->key);
    put_some(&r, t->key_seq);
    put_some(&r, t->call_type);
    put_some(&r, t->peripheral_call_key);
    put_int(&r, t->disposition);
    put_int(&r, 0); /* CallDispositionFlag: always 0 in the old releases */
    put_word(&r, t->digits);
    put_word(&r, t->ani);
    put_some(&r, t->agent.v);
    put_some(&r, t->skill);
    put_nulls(&r, 3); /* ServiceSkillTargetID, RouteID, NetworkTargetID */
    tcd_times(&r, t);
    put_word(&r, t->partial ? "Y" : "N"); /* NewTransaction: more rows may come */
    put_null(&r);                         /* AnsweredWithinServiceLevel */
    put_word(&r, "N");                    /* BadCallTag */
    put_int(&r, t->icr_call_key);
    put_some(&r, t->icr_call_key_parent);
    put_some(&r, t->icr_call_key_child);
    put_int(&r, 1);    /* MRDomainID: voice */
    put_nulls(&r, 10); /* Variable1 to Variable10 */
    tcd_who(&r, l, t);
    put_int(&r, t->leg);
    put_int(&r, t->segment);
    put_word(&r, t->partial ? "Y" : "N");
    put_word(&r, t->fail_cause != REASON_NONE ? reason_text((enum reason)t->fail_cause) : "");
    put_int(&r, t->wall_us);
    put_int(&r, t->duration_ms);
    put_int(&r, t->talk_ms);
    *ret_outcome = (struct outcome){.checksum = row_end(&r),
                                    .key = (int64_t)t->icr_call_key * 65536 +
                                           (int64_t)t->leg * 256 + t->segment,
                                    .call = t->call,
                                    .device = t->device,
                                    .fail_cause = (enum reason)t->fail_cause};
    return store_step(l->tcd);
}

static bool logout_row(struct logger *l, const struct msg_record_logout *o)
{
    struct row r = row_begin(l->logout, l->next_key);
    put_time(&r, o->wall_us);
    put_int(&r, o->login_ms / 1000);
    put_null(&r);
    put_int(&r, (int32_t)o->reason_code); /* -1 and -2 exist */
    put_int(&r, o->agent.v);
    put_int(&r, 1);
    put_int(&r, 0);
    put_int(&r, o->peripheral);
    put_some(&r, o->skill);
    put_int(&r, o->wall_us);
    row_end(&r);
    return store_step(l->logout);
}

static bool state_row(struct logger *l, const struct msg_record_state *s)
{
    struct row r = row_begin(l->state, l->next_key);
    put_time(&r, s->wall_us);
    put_int(&r, s->agent.v);
    put_int(&r, 1);
    put_some(&r, s->skill);
    put_int(&r, s->event);
    put_int(&r, s->state);
    put_int(&r, (int32_t)s->reason_code);
    put_null(&r); /* Direction */
    put_some(&r, s->icr_call_key);
    put_some(&r, s->peripheral_call_key);
    put_nulls(&r, 3); /* RouterCallKey and its parts: of tasks that are not voice */
    put_int(&r, 0);
    put_int(&r, s->peripheral);
    put_int(&r, s->wall_us);
    row_end(&r);
    return store_step(l->state);
}

/* -- The backend. -- */

static void logger_close(void *self)
{
    struct logger *l = self;
    sqlite3_finalize(l->tcd);
    sqlite3_finalize(l->logout);
    sqlite3_finalize(l->state);
    sqlite3_finalize(l->cursor);
    sqlite3_finalize(l->counter);
    sqlite3_finalize(l->keep);
    sqlite3_finalize(l->after);
    for (unsigned i = 0; i < 3; i++) {
        sqlite3_finalize(l->later[i]);
    }
    free(l);
}

/* INSERT OR IGNORE into all columns of a table. */
static sqlite3_stmt *insert_all(sqlite3 *db, const char *table, unsigned columns)
{
    char sql[512];
    int n = snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO %s VALUES (?", table);
    for (unsigned i = 1; i < columns; i++) {
        n += snprintf(sql + n, sizeof sql - (size_t)n, ",?");
    }
    snprintf(sql + n, sizeof sql - (size_t)n, ")");
    return store_prepare(db, sql);
}

static bool read_counter(sqlite3 *db, int64_t *ret_value)
{
    sqlite3_stmt *get = store_prepare(db, "SELECT Value FROM Counter WHERE Name = 'RecoveryKey'");
    bool got = get != NULL && sqlite3_step(get) == SQLITE_ROW;
    *ret_value = got ? sqlite3_column_int64(get, 0) : 0;
    sqlite3_finalize(get);
    return got;
}

static bool last_keys(sqlite3 *db, int64_t ret_last[2])
{
    sqlite3_stmt *get =
        store_prepare(db, "SELECT max(RecoveryKey) FROM Recovery WHERE RecoveryKey & 1 = ?");
    bool got = get != NULL;
    for (int side = 0; got && side < 2; side++) {
        sqlite3_bind_int(get, 1, side);
        got = sqlite3_step(get) == SQLITE_ROW;
        ret_last[side] = got ? sqlite3_column_int64(get, 0) : 0;
        sqlite3_reset(get);
    }
    sqlite3_finalize(get);
    return got;
}

static bool count_rows(sqlite3 *db, struct world_rows *ret_rows)
{
    sqlite3_stmt *get = store_prepare(db, "SELECT (SELECT count(*) FROM Termination_Call_Detail),"
                                          " (SELECT count(*) FROM Agent_Logout),"
                                          " (SELECT count(*) FROM Agent_State_Trace)");
    bool got = get != NULL && sqlite3_step(get) == SQLITE_ROW;
    if (got) {
        *ret_rows = (struct world_rows){.tcd = (uint64_t)sqlite3_column_int64(get, 0),
                                        .logout = (uint64_t)sqlite3_column_int64(get, 1),
                                        .state = (uint64_t)sqlite3_column_int64(get, 2)};
    }
    sqlite3_finalize(get);
    return got;
}

static const char *const later_sql[3] = {
    "DELETE FROM Termination_Call_Detail WHERE RecoveryKey > ?1 AND PeripheralID = ?2"
    " AND ICRCallKey = ?3 AND Leg = ?4 AND Segment = ?5",
    "DELETE FROM Agent_Logout WHERE RecoveryKey > ?1 AND PeripheralID = ?2 AND SkillTargetID = ?3"
    " AND WallUs = ?4",
    "DELETE FROM Agent_State_Trace WHERE RecoveryKey > ?1 AND PeripheralID = ?2"
    " AND SkillTargetID = ?3 AND WallUs = ?4 AND EventName = ?5 AND AgentState = ?6"
    " AND ReasonCode = ?7"};

static void *logger_open(sqlite3 *db, const struct topology *topology)
{
    struct logger *l = calloc(1, sizeof *l);
    ASSERT(l != NULL);
    l->db = db;
    l->topology = topology;
    l->tcd = insert_all(db, "Termination_Call_Detail", 59);
    l->logout = insert_all(db, "Agent_Logout", 12);
    l->state = insert_all(db, "Agent_State_Trace", 18);
    l->cursor = store_prepare(db, "INSERT INTO Cursor VALUES (?, ?) ON CONFLICT (Sender) DO UPDATE"
                                  " SET Outbox = max(Outbox, excluded.Outbox)");
    l->counter = store_prepare(db, "UPDATE Counter SET Value = ? WHERE Name = 'RecoveryKey'");
    l->keep = store_prepare(db, "INSERT OR IGNORE INTO Recovery VALUES (?, ?, ?)");
    l->after = store_prepare(db, "SELECT Item, Checksum FROM Recovery WHERE RecoveryKey > ?1 AND"
                                 " RecoveryKey > iif(RecoveryKey & 1, ?3, ?2)"
                                 " ORDER BY RecoveryKey LIMIT 1");
    for (unsigned i = 0; i < 3; i++) {
        l->later[i] = store_prepare(db, later_sql[i]);
    }
    if (l->later[0] == NULL || l->later[1] == NULL || l->later[2] == NULL || l->tcd == NULL ||
        l->logout == NULL || l->state == NULL || l->cursor == NULL || l->counter == NULL ||
        l->keep == NULL || l->after == NULL || !read_counter(db, &l->recovery_key_durable) ||
        !count_rows(db, &l->rows) || !last_keys(db, l->rows.last)) {
        logger_close(l);
        return NULL;
    }
    l->recovery_key = l->recovery_key_durable;
    return l;
}

static bool move_cursor(struct logger *l, const char *sender, uint64_t outbox)
{
    sqlite3_bind_text(l->cursor, 1, sender, -1, SQLITE_STATIC);
    sqlite3_bind_int64(l->cursor, 2, (sqlite3_int64)outbox);
    return store_step(l->cursor);
}

/* Two sides of a PG may both write the row of a failure. Which came first is said by the order of
 * the controller, not by what this database heard of first: a row that comes late from the other
 * logger takes the place of one that was ordered later. */
static bool take_away_later(struct logger *l, const struct msg *msg, uint64_t *rows)
{
    const struct msg_record_tcd *t = &msg->record_tcd;
    const struct msg_record_logout *o = &msg->record_logout;
    const struct msg_record_state *a = &msg->record_state;
    bool tcd = msg->kind == MSG_RECORD_TCD, logout = msg->kind == MSG_RECORD_LOGOUT;
    sqlite3_stmt *s = l->later[tcd ? 0 : logout ? 1 : 2];
    const int64_t of_tcd[] = {t->peripheral, t->icr_call_key, t->leg, t->segment};
    const int64_t of_logout[] = {o->peripheral, o->agent.v, o->wall_us};
    const int64_t of_state[] = {a->peripheral, a->agent.v, a->wall_us,
                                a->event,      a->state,   (int32_t)a->reason_code};
    const int64_t *key = tcd ? of_tcd : logout ? of_logout : of_state;
    sqlite3_bind_int64(s, 1, l->next_key);
    for (int i = 2; i <= sqlite3_bind_parameter_count(s); i++) {
        sqlite3_bind_int64(s, i, key[i - 2]);
    }
    bool done = store_step(s);
    *rows -= done ? (uint64_t)sqlite3_changes(l->db) : 0;
    return done;
}

static bool logger_record(void *self, const char *sender, const struct msg *msg,
                          const uint8_t *item, size_t len)
{
    struct logger *l = self;
    struct outcome outcome = {0};
    bool done = false;
    uint64_t outbox = 0;
    bool ordered = msg_record_key(msg) != 0;
    l->next_key = ordered ? msg_record_key(msg) : l->recovery_key + 1;
    uint64_t *rows = msg->kind == MSG_RECORD_TCD      ? &l->rows_new.tcd
                     : msg->kind == MSG_RECORD_LOGOUT ? &l->rows_new.logout
                                                      : &l->rows_new.state;
    if (ordered && !take_away_later(l, msg, rows)) {
        return false;
    }
    if (msg->kind == MSG_RECORD_TCD) {
        done = tcd_row(l, &msg->record_tcd, &outcome);
        outbox = msg->record_tcd.outbox;
    } else if (msg->kind == MSG_RECORD_LOGOUT) {
        done = logout_row(l, &msg->record_logout);
        outbox = msg->record_logout.outbox;
    } else {
        done = state_row(l, &msg->record_state);
        outbox = msg->record_state.outbox;
    }
    outcome.stored = done && sqlite3_changes(l->db) == 1;
    if (outcome.stored) {
        outcome.recovery_key = l->next_key;
        l->recovery_key += ordered ? 0 : 1;
        ++*rows;
    }
    if (outcome.stored && ordered) {
        sqlite3_bind_int64(l->keep, 1, l->next_key);
        store_bind_item(l->keep, 2, item, len);
        done = store_step(l->keep);
    }
    if (msg->kind == MSG_RECORD_TCD && l->outcomes_n < OUTCOMES_MAX) {
        l->outcomes[l->outcomes_n++] = outcome;
    }
    return done && move_cursor(l, sender, outbox);
}

static bool logger_trim(void *self, uint64_t outbox)
{
    (void)self;
    (void)outbox;
    return true;
}

static bool logger_end(void *self)
{
    struct logger *l = self;
    sqlite3_bind_int64(l->counter, 1, l->recovery_key);
    return l->recovery_key == l->recovery_key_durable || store_step(l->counter);
}

static void logger_settled(void *self, bool committed,
                           void (*trace)(void *context, const struct event *e), void *context)
{
    struct logger *l = self;
    if (committed) {
        l->recovery_key_durable = l->recovery_key;
        l->rows.tcd += l->rows_new.tcd;
        l->rows.logout += l->rows_new.logout;
        l->rows.state += l->rows_new.state;
        for (uint32_t i = 0; i < l->outcomes_n; i++) {
            const struct outcome *o = &l->outcomes[i];
            struct event e = {.kind = o->stored ? EVENT_TCD_STORED : EVENT_TCD_DUPLICATE,
                              .device = o->device,
                              .call = o->call,
                              .reason = o->fail_cause,
                              .value = o->key,
                              .value2 = o->recovery_key};
            if (o->stored) {
                snprintf(e.text, sizeof e.text, "%016" PRIx64, (uint64_t)o->checksum);
            }
            trace(context, &e);
        }
    }
    l->recovery_key = l->recovery_key_durable;
    l->rows_new = (struct world_rows){0};
    l->outcomes_n = 0;
}

static void logger_rows(const void *self, struct world_rows *ret_rows)
{
    const struct logger *l = self;
    *ret_rows = l->rows;
}

static void take_one(void *context, const struct msg *msg)
{
    struct msg *ret = context;
    *ret = *msg;
}

static bool logger_row_after(void *self, int64_t after, const int64_t held[2], struct msg *ret_msg)
{
    struct logger *l = self;
    sqlite3_bind_int64(l->after, 1, after);
    sqlite3_bind_int64(l->after, 2, held[0]);
    sqlite3_bind_int64(l->after, 3, held[1]);
    ret_msg->kind = MSG_NONE;
    enum err err = store_each(l->after, &l->message, take_one, ret_msg);
    return err == ERR_OK && ret_msg->kind != MSG_NONE;
}

static enum err logger_restore(void *self, void (*one)(void *context, const struct msg *msg),
                               void *context)
{
    (void)self;
    (void)one;
    (void)context;
    return ERR_OK; /* what the router needs is in the State table */
}

const struct store_backend logger_backend = {
    .file = LOGGER_FILE,
    .schema = schema,
    .open = logger_open,
    .close = logger_close,
    .record = logger_record,
    .trim = logger_trim,
    .end = logger_end,
    .settled = logger_settled,
    .restore = logger_restore,
    .rows = logger_rows,
    .row_after = logger_row_after,
};
