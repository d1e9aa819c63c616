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
