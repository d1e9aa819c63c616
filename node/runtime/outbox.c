<<<<<<< HEAD
#include "node/runtime/outbox.h"

#include <stdlib.h>

#define SCHEMA_VERSION 1

struct outbox_db {
    struct db *db;
    sqlite3_stmt *insert, *trim, *all;
    uint64_t given, durable;   /* tickets */
    uint64_t trimmed, to_trim; /* numbers */
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS Record (Number INTEGER PRIMARY KEY, Kind TEXT NOT NULL,"
    " Bytes BLOB NOT NULL, Checksum INTEGER NOT NULL);";

enum err outbox_open(const char *path, struct outbox_db **ret_outbox, struct db_why *ret_why)
{
    struct db *db = NULL;
    enum err err = db_open(path, schema, SCHEMA_VERSION, &db, ret_why);
    if (err != ERR_OK) {
        return err;
    }
    struct outbox_db *o = calloc(1, sizeof *o);
    ASSERT(o != NULL);
    o->db = db;
    o->insert = db_prepare(db, "INSERT OR REPLACE INTO Record VALUES (?1, ?2, ?3, ?4)");
    o->trim = db_prepare(db, "DELETE FROM Record WHERE Number <= ?1");
    o->all = db_prepare(db, "SELECT Bytes, Checksum FROM Record ORDER BY Number");
    *ret_outbox = o;
    return ERR_OK;
}

static void trim(struct outbox_db *o)
{
    sqlite3_bind_int64(o->trim, 1, (int64_t)o->to_trim);
    db_run(o->db, o->trim);
    o->trimmed = o->to_trim;
}

void outbox_close(struct outbox_db **outbox)
{
    struct outbox_db *o = *outbox;
    if (o == NULL) {
        return;
    }
    if (o->to_trim > o->trimmed && !db_dirty(o->db)) {
        trim(o);
        err_ignore(db_commit(o->db), "what stays is sent again, and known there");
    }
    db_close(&o->db);
    free(o);
    *outbox = NULL;
}

/* The outbox number of a record; 0: it is none. */
static uint64_t number_of(const struct msg *msg)
{
    uint64_t number = 0;
    if (msg->kind == MSG_RECORD_TCD) {
        number = msg->record_tcd.outbox;
    } else if (msg->kind == MSG_RECORD_LOGOUT) {
        number = msg->record_logout.outbox;
    } else if (msg->kind == MSG_RECORD_STATE) {
        number = msg->record_state.outbox;
    } else {
        return 0;
    }
    ASSERT(number > 0);
    ASSERT(number <= INT64_MAX);
    return number;
}

uint64_t outbox_put(struct outbox_db *outbox, const struct msg *msg)
{
    uint64_t number = number_of(msg);
    if (number == 0) {
        db_keep(outbox->db, msg);
    } else {
        sqlite3_bind_int64(outbox->insert, 1, (int64_t)number);
        sqlite3_bind_text(outbox->insert, 2, msg_name(msg->kind), -1, SQLITE_STATIC);
        db_bind_item(outbox->db, outbox->insert, 3, msg);
        db_run(outbox->db, outbox->insert);
    }
    return ++outbox->given;
}

enum err outbox_commit(struct outbox_db *outbox, uint64_t *ret_ticket)
{
    uint64_t waiting = outbox->to_trim - outbox->trimmed;
    if (waiting >= OUTBOX_TRIM_LAZY || (waiting > 0 && db_dirty(outbox->db))) {
        trim(outbox);
    }
    enum err err = db_commit(outbox->db);
    if (err == ERR_OK) {
        outbox->durable = outbox->given;
        *ret_ticket = outbox->durable;
    }
    return err;
}

void outbox_explain(const struct outbox_db *outbox, struct db_why *ret_why)
{
    db_explain(outbox->db, ret_why);
}

void outbox_trim(struct outbox_db *outbox, uint64_t number)
{
    ASSERT(number <= INT64_MAX);
    if (number > outbox->to_trim) {
        outbox->to_trim = number;
    }
}

enum err outbox_restore(struct outbox_db *outbox,
                        void (*each)(void *context, const struct msg *msg), void *context)
{
    enum err err = db_each_kept(outbox->db, each, context);
    return err != ERR_OK ? err : db_each(outbox->db, outbox->all, each, context);
}
=======
/* outbox: the backend of a PG side's store: records as bytes under their outbox numbers, until the
 * central controller has them. */
#include "node/runtime/store.h"
#include "proto/codec.h"

#include <stdlib.h>

struct outbox {
    sqlite3_stmt *put, *trim, *all;
    struct msg message;
};

static void outbox_close(void *self)
{
    struct outbox *o = self;
    sqlite3_finalize(o->put);
    sqlite3_finalize(o->trim);
    sqlite3_finalize(o->all);
    free(o);
}

static void *outbox_open(sqlite3 *db, const struct topology *topology)
{
    (void)topology;
    struct outbox *o = calloc(1, sizeof *o);
    ASSERT(o != NULL);
    o->put = store_prepare(db, "INSERT OR REPLACE INTO Outbox VALUES (?, ?)");
    o->trim = store_prepare(db, "DELETE FROM Outbox WHERE Number <= ?");
    o->all = store_prepare(db, "SELECT Item FROM Outbox ORDER BY Number");
    if (o->put == NULL || o->trim == NULL || o->all == NULL) {
        outbox_close(o);
        return NULL;
    }
    return o;
}

static uint64_t number_of(const struct msg *msg)
{
    return msg->kind == MSG_RECORD_TCD      ? msg->record_tcd.outbox
           : msg->kind == MSG_RECORD_LOGOUT ? msg->record_logout.outbox
                                            : msg->record_state.outbox;
}

static bool outbox_record(void *self, const char *sender, const struct msg *msg,
                          const uint8_t *item, size_t len)
{
    struct outbox *o = self;
    (void)sender;
    sqlite3_bind_int64(o->put, 1, (sqlite3_int64)number_of(msg));
    sqlite3_bind_blob(o->put, 2, item, (int)len, SQLITE_STATIC);
    return store_step(o->put);
}

static bool outbox_trim(void *self, uint64_t outbox)
{
    struct outbox *o = self;
    sqlite3_bind_int64(o->trim, 1, (sqlite3_int64)outbox);
    return store_step(o->trim);
}

static bool outbox_end(void *self)
{
    (void)self;
    return true;
}

static void outbox_settled(void *self, bool committed,
                           void (*trace)(void *context, const struct event *e), void *context)
{
    (void)self;
    (void)committed;
    (void)trace;
    (void)context;
}

static bool outbox_restore(void *self, void (*one)(void *context, const struct msg *msg),
                           void *context)
{
    struct outbox *o = self;
    int rc;
    while ((rc = sqlite3_step(o->all)) == SQLITE_ROW) {
        if (codec_unpack_message(sqlite3_column_blob(o->all, 0),
                                 (size_t)sqlite3_column_bytes(o->all, 0), &o->message) != ERR_OK) {
            break;
        }
        one(context, &o->message);
    }
    sqlite3_reset(o->all);
    return rc == SQLITE_DONE;
}

const struct store_backend outbox_backend = {
    .file = "outbox.db",
    .schema = "CREATE TABLE IF NOT EXISTS Outbox (Number INTEGER PRIMARY KEY, Item BLOB NOT NULL);",
    .open = outbox_open,
    .close = outbox_close,
    .record = outbox_record,
    .trim = outbox_trim,
    .end = outbox_end,
    .settled = outbox_settled,
    .restore = outbox_restore,
};
>>>>>>> wire
