#include "node/runtime/db.h"

#include "proto/codec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 16
#define BUSY_MS        5000 /* for a reader that is in the way of a checkpoint or of a recovery */
#define APPLICATION_ID 0x7265686f /* "reho" */
#define HASH_PRIME     UINT64_C(0x100000001b3)

static const char kept_schema[] =
    "CREATE TABLE IF NOT EXISTS State (Kind TEXT NOT NULL, Subject INTEGER NOT NULL,"
    " Bytes BLOB NOT NULL, Checksum INTEGER NOT NULL, PRIMARY KEY (Kind, Subject)) WITHOUT ROWID;";

struct db {
    sqlite3 *sqlite;
    char *path;
    bool dirty;  /* a transaction is open */
    bool failed; /* a write failed: what it promised can never be kept */
    struct db_why why;
    sqlite3_stmt *begin, *commit, *keep, *kept;
    uint32_t statements_n;
    sqlite3_stmt *statements[STATEMENTS_MAX];
    struct msg msg;
    uint8_t bytes[CODEC_ITEM_MAX];
};

uint64_t db_hash(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ b[i]) * HASH_PRIME;
    }
    return hash;
}

static enum err translate(int rc)
{
    int primary = rc & 0xff;
    if (primary == SQLITE_OK) {
        return ERR_OK;
    }
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
        return ERR_CORRUPT;
    }
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
        return ERR_IN_USE;
    }
    return ERR_IO;
}

static void explain(struct db_why *why, const char *path, const char *what)
{
    snprintf(why->text, sizeof why->text, "%s: %s", path, what);
}

/* -- Opening. -- */

static enum err run_sql(struct db *db, const char *sql)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        explain(&db->why, db->path, sqlite3_errmsg(db->sqlite));
    }
    return translate(rc);
}

/* Column 0 of the first row of a statement, as text. */
static enum err ask(struct db *db, const char *sql, char *ret_text, size_t cap)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(statement, 0);
        snprintf(ret_text, cap, "%s", text != NULL ? (const char *)text : "");
        rc = SQLITE_OK;
    } else {
        explain(&db->why, db->path, sqlite3_errmsg(db->sqlite));
        rc = rc == SQLITE_DONE || rc == SQLITE_OK ? SQLITE_IOERR : rc;
    }
    sqlite3_finalize(statement);
    return translate(rc);
}

/* ERR_UNKNOWN: the file is new. */
static enum err check_version(struct db *db, int version)
{
    char text[32] = "";
    char tables[32] = "";
    enum err err = ask(db, "PRAGMA user_version", text, sizeof text);
    if (err != ERR_OK) {
        return err;
    }
    err = ask(db, "SELECT count(*) FROM sqlite_schema", tables, sizeof tables);
    if (err != ERR_OK) {
        return err;
    }
    if (strcmp(text, "0") == 0 && strcmp(tables, "0") == 0) {
        return ERR_UNKNOWN;
    }
    char app[32] = "";
    err = ask(db, "PRAGMA application_id", app, sizeof app);
    if (err != ERR_OK) {
        return err;
    }
    if (strtol(app, NULL, 10) != APPLICATION_ID || strtol(text, NULL, 10) != version) {
        snprintf(db->why.text, sizeof db->why.text,
                 "%s: made by another program or version (schema %s, not %d)", db->path, text,
                 version);
        return ERR_VERSION;
    }
    return ERR_OK;
}

static enum err check_damage(struct db *db)
{
    char text[160] = "";
    enum err err = ask(db, "PRAGMA quick_check(1)", text, sizeof text);
    if (err == ERR_OK && strcmp(text, "ok") != 0) {
        snprintf(db->why.text, sizeof db->why.text, "%s: the database is damaged: %s", db->path,
                 text);
        return ERR_CORRUPT;
    }
    return err;
}

static enum err create(struct db *db, const char *schema, int version)
{
    char pragma[96];
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION_ID, version);
    enum err err = run_sql(db, "BEGIN IMMEDIATE");
    if (err == ERR_OK) {
        err = run_sql(db, kept_schema);
    }
    if (err == ERR_OK) {
        err = run_sql(db, schema);
    }
    if (err == ERR_OK) {
        err = run_sql(db, pragma);
    }
    return err != ERR_OK ? err : run_sql(db, "COMMIT");
}

static enum err open_checked(struct db *db, const char *schema, int version)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
    if (rc != SQLITE_OK) {
        explain(&db->why, db->path,
                db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(rc));
        return translate(rc);
    }
    sqlite3_busy_timeout(db->sqlite, BUSY_MS);
    /* Look before anything is changed: a file that is not ours stays as it is. */
    enum err err = check_version(db, version);
    bool is_new = err == ERR_UNKNOWN;
    if (err == ERR_OK) {
        err = check_damage(db);
    }
    if (err != ERR_OK && !is_new) {
        return err;
    }
    char mode[16] = "";
    err = ask(db, "PRAGMA journal_mode = WAL", mode, sizeof mode);
    if (err == ERR_OK && strcmp(mode, "wal") != 0) {
        explain(&db->why, db->path, "this file system cannot do write-ahead logs");
        err = ERR_IO;
    }
    if (err == ERR_OK) {
        err = run_sql(db, "PRAGMA synchronous = FULL");
    }
    return err == ERR_OK && is_new ? create(db, schema, version) : err;
}

enum err db_open(const char *path, const char *schema, int version, struct db **ret_db,
                 struct db_why *ret_why)
{
    ASSERT(version > 0);
    struct db *db = calloc(1, sizeof *db);
    ASSERT(db != NULL);
    db->path = strdup(path);
    ASSERT(db->path != NULL);
    enum err err = open_checked(db, schema, version);
    if (err != ERR_OK) {
        *ret_why = db->why;
        db_close(&db);
        return err;
    }
    db->begin = db_prepare(db, "BEGIN IMMEDIATE");
    db->commit = db_prepare(db, "COMMIT");
    db->keep = db_prepare(db, "INSERT OR REPLACE INTO State VALUES (?1, ?2, ?3, ?4)");
    db->kept = db_prepare(db, "SELECT Bytes, Checksum FROM State ORDER BY Kind, Subject");
    *ret_db = db;
    return ERR_OK;
}

void db_close(struct db **db)
{
    struct db *d = *db;
    if (d == NULL) {
        return;
    }
    for (uint32_t i = 0; i < d->statements_n; i++) {
        sqlite3_finalize(d->statements[i]);
    }
    int rc = sqlite3_close(d->sqlite);
    ASSERT(rc == SQLITE_OK);
    free(d->path);
    free(d);
    *db = NULL;
}

/* -- Writing. -- */

sqlite3_stmt *db_prepare(struct db *db, const char *sql)
{
    ASSERT(db->statements_n < STATEMENTS_MAX);
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    /* The schema is ours and was checked, so nothing but a mistake in `sql` is left. */
    ASSERT(rc == SQLITE_OK);
    db->statements[db->statements_n++] = statement;
    return statement;
}

static void fail(struct db *db)
{
    if (!db->failed) {
        explain(&db->why, db->path, sqlite3_errmsg(db->sqlite));
    }
    db->failed = true;
}

/* One statement without rows; after a failure there are no more. */
static bool step(struct db *db, sqlite3_stmt *statement)
{
    if (!db->failed && sqlite3_step(statement) != SQLITE_DONE) {
        fail(db);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return !db->failed;
}

int db_run(struct db *db, sqlite3_stmt *statement)
{
    if (!db->dirty) {
        db->dirty = true;
        step(db, db->begin);
    }
    return step(db, statement) ? sqlite3_changes(db->sqlite) : 0;
}

enum err db_commit(struct db *db)
{
    if (!db->dirty) {
        return db->failed ? ERR_IO : ERR_OK;
    }
    db->dirty = false;
    if (step(db, db->commit)) {
        return ERR_OK;
    }
    if (sqlite3_get_autocommit(db->sqlite) == 0) {
        /* If not even this works, closing does it. */
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
    return ERR_IO;
}

bool db_dirty(const struct db *db)
{
    return db->dirty;
}

void db_explain(const struct db *db, struct db_why *ret_why)
{
    *ret_why = db->why;
}

/* -- Messages. -- */

void db_bind_item(struct db *db, sqlite3_stmt *statement, int first, const struct msg *msg)
{
    size_t len = 0;
    enum err err = codec_pack_message(msg, db->bytes, sizeof db->bytes, &len);
    ASSERT(err == ERR_OK);
    sqlite3_bind_blob(statement, first, db->bytes, (int)len, SQLITE_STATIC);
    sqlite3_bind_int64(statement, first + 1, (int64_t)db_hash(DB_HASH_BEGIN, db->bytes, len));
}

static int64_t subject(const struct msg *msg)
{
    if (msg->kind == MSG_PG_GRANT) {
        return msg->pg_grant.pair;
    }
    return msg->kind == MSG_PG_HELLO ? msg->pg_hello.pair : 0;
}

void db_keep(struct db *db, const struct msg *msg)
{
    sqlite3_bind_text(db->keep, 1, msg_name(msg->kind), -1, SQLITE_STATIC);
    sqlite3_bind_int64(db->keep, 2, subject(msg));
    db_bind_item(db, db->keep, 3, msg);
    db_run(db, db->keep);
}

static enum err take(struct db *db, sqlite3_stmt *select)
{
    size_t len = (size_t)sqlite3_column_bytes(select, 0);
    const void *bytes = sqlite3_column_blob(select, 0);
    if (len == 0 ||
        sqlite3_column_int64(select, 1) != (int64_t)db_hash(DB_HASH_BEGIN, bytes, len)) {
        explain(&db->why, db->path, "the checksum of a message does not match");
        return ERR_CORRUPT;
    }
    enum err err = codec_unpack_message(bytes, len, &db->msg);
    if (err != ERR_OK) {
        char what[96];
        snprintf(what, sizeof what, "a message cannot be read: %s", err_text(err));
        explain(&db->why, db->path, what);
        return ERR_CORRUPT;
    }
    return ERR_OK;
}

enum err db_each(struct db *db, sqlite3_stmt *select,
                 void (*each)(void *context, const struct msg *msg), void *context)
{
    enum err err = ERR_OK;
    int rc = SQLITE_ROW;
    while (err == ERR_OK && (rc = sqlite3_step(select)) == SQLITE_ROW) {
        memset(&db->msg, 0, sizeof db->msg);
        err = take(db, select);
        if (err == ERR_OK) {
            each(context, &db->msg);
        }
    }
    if (err == ERR_OK && rc != SQLITE_DONE) {
        explain(&db->why, db->path, sqlite3_errmsg(db->sqlite));
        err = translate(rc) == ERR_CORRUPT ? ERR_CORRUPT : ERR_IO;
    }
    sqlite3_reset(select);
    return err;
}

enum err db_each_kept(struct db *db, void (*each)(void *context, const struct msg *msg),
                      void *context)
{
    return db_each(db, db->kept, each, context);
}
