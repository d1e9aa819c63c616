#include "node/runtime/store.h"

#include "node/base/checksum.h"
#include "node/runtime/log.h"
#include "proto/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROW_BYTES  (256u << 10)
#define BUSY_MS     2000 /* a reader that holds the file back for longer is a failed disk */
#define NO_SENDER   ""
#define APPLICATION 0x7265686f /* "reho" */
#define VERSION     1
#define STATE_TABLE                                                            \
    "CREATE TABLE IF NOT EXISTS State (Kind INTEGER, Pair INTEGER, Item BLOB," \
    " Checksum INTEGER, PRIMARY KEY (Kind, Pair)) WITHOUT ROWID;"

enum op { OP_PUT, OP_TRIM };

/* What waits: an entry, then `len` bytes of an item. */
struct entry {
    enum op op;
    uint32_t len;
    uint64_t number; /* PUT: the ticket; TRIM: up to where */
    char sender[NAME_LEN];
};

struct store {
    const struct store_backend *backend;
    void *self;
    sqlite3 *db;
    sqlite3_stmt *put_state, *get_state;
    uint8_t *queue;
    size_t used, cap;
    uint64_t ticket, durable;
    bool broken;
    struct instant retry_at;
    struct msg message;
};

sqlite3_stmt *store_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (rc != SQLITE_OK) {
        log_line(LOG_ERROR, "event=sql_failed reason=\"%s\"", sqlite3_errmsg(db));
    }
    return rc == SQLITE_OK ? statement : NULL;
}

bool store_step(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE;
}

static bool run(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The number that a PRAGMA or a SELECT answers; -1: none. */
static int64_t ask(struct store *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        answer = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return answer;
}

/* Look before anything is written: a file that is damaged or not ours stays as it is. */
static enum err check_file(struct store *s, const char *path)
{
    int64_t tables = ask(s, "SELECT count(*) FROM sqlite_schema");
    if (tables == 0) {
        return ERR_OK;
    }
    if (tables < 0) {
        log_line(LOG_ERROR, "event=store_damaged path=%s reason=\"%s\"", path,
                 sqlite3_errmsg(s->db));
        return ERR_CORRUPT;
    }
    if (ask(s, "SELECT quick_check = 'ok' FROM pragma_quick_check(1)") != 1) {
        log_line(LOG_ERROR,
                 "event=store_damaged path=%s reason=\"its pages contradict each other\"", path);
        return ERR_CORRUPT;
    }
    if (ask(s, "PRAGMA application_id") != APPLICATION ||
        ask(s, "PRAGMA user_version") != VERSION) {
        log_line(LOG_ERROR, "event=store_foreign path=%s reason=\"another program or version\"",
                 path);
        return ERR_VERSION;
    }
    return ERR_OK;
}

static bool name_file(struct store *s)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION,
             VERSION);
    return run(s, sql);
}

static enum err open_db(struct store *s, const char *dir, const struct topology *topology)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, s->backend->file);
    if (n < 0 || (size_t)n >= sizeof path || sqlite3_open(path, &s->db) != SQLITE_OK) {
        log_line(LOG_ERROR, "event=store_open_failed path=%s reason=\"%s\"", path,
                 s->db != NULL ? sqlite3_errmsg(s->db) : "no memory");
        return ERR_IO;
    }
    sqlite3_busy_timeout(s->db, BUSY_MS);
    enum err err = check_file(s, path);
    if (err != ERR_OK) {
        return err;
    }
    if (!run(s, "PRAGMA journal_mode=WAL") || !run(s, "PRAGMA synchronous=FULL") ||
        !run(s, "BEGIN IMMEDIATE") || !run(s, STATE_TABLE) || !run(s, s->backend->schema) ||
        !name_file(s) || !run(s, "COMMIT")) {
        log_line(LOG_ERROR, "event=store_open_failed path=%s reason=\"%s\"", path,
                 sqlite3_errmsg(s->db));
        return ERR_IO;
    }
    s->put_state = store_prepare(s->db, "INSERT OR REPLACE INTO State VALUES (?, ?, ?, ?)");
    s->get_state = store_prepare(s->db, "SELECT Item, Checksum FROM State ORDER BY Kind, Pair");
    s->self = s->backend->open(s->db, topology);
    return s->put_state != NULL && s->get_state != NULL && s->self != NULL ? ERR_OK : ERR_IO;
}

enum err store_new(const char *dir, const struct topology *topology,
                   const struct store_backend *backend, struct store **ret_store)
{
    struct store *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->backend = backend;
    s->retry_at = INSTANT_NEVER;
    enum err err = open_db(s, dir, topology);
    if (err != ERR_OK) {
        store_free(&s);
        return err;
    }
    *ret_store = s;
    return ERR_OK;
}

void store_free(struct store **store)
{
    struct store *s = *store;
    if (s == NULL) {
        return;
    }
    if (s->self != NULL) {
        s->backend->close(s->self);
    }
    sqlite3_finalize(s->put_state);
    sqlite3_finalize(s->get_state);
    sqlite3_close(s->db);
    free(s->queue);
    free(s);
    *store = NULL;
}

void store_bind_item(sqlite3_stmt *statement, int first, const uint8_t *item, size_t len)
{
    sqlite3_bind_blob(statement, first, item, (int)len, SQLITE_STATIC);
    sqlite3_bind_int64(statement, first + 1, (int64_t)checksum_bytes(CHECKSUM_BEGIN, item, len));
}

enum err store_each(sqlite3_stmt *select, struct msg *message,
                    void (*one)(void *context, const struct msg *msg), void *context)
{
    enum err err = ERR_OK;
    int rc = SQLITE_ROW;
    while (err == ERR_OK && (rc = sqlite3_step(select)) == SQLITE_ROW) {
        const void *item = sqlite3_column_blob(select, 0);
        size_t len = (size_t)sqlite3_column_bytes(select, 0);
        bool whole =
            sqlite3_column_int64(select, 1) == (int64_t)checksum_bytes(CHECKSUM_BEGIN, item, len);
        if (!whole || codec_unpack_message(item, len, message) != ERR_OK) {
            err = ERR_CORRUPT;
        } else {
            one(context, message);
        }
    }
    sqlite3_reset(select);
    return err == ERR_OK && rc != SQLITE_DONE ? ERR_IO : err;
}

enum err store_restore(struct store *s, void (*one)(void *context, const struct msg *msg),
                       void *context)
{
    enum err err = store_each(s->get_state, &s->message, one, context);
    return err == ERR_OK ? s->backend->restore(s->self, one, context) : err;
}

/* Room for one more entry. A queue that a broken disk filled up is the end: going on would forget
 * what was promised. */
static uint8_t *reserve(struct store *s, size_t more)
{
    if (s->cap - s->used < more) {
        ASSERT(s->used + more < STORE_QUEUE_MAX);
        s->cap += more > GROW_BYTES ? more : GROW_BYTES;
        s->queue = realloc(s->queue, s->cap);
        ASSERT(s->queue != NULL);
    }
    return s->queue + s->used;
}

static void push(struct store *s, const struct entry *entry)
{
    memcpy(s->queue + s->used, entry, sizeof *entry);
    s->used += sizeof *entry + entry->len;
}

uint64_t store_put(struct store *s, const char *sender, const struct msg *msg)
{
    struct entry entry = {.op = OP_PUT, .number = ++s->ticket};
    size_t len = 0;
    snprintf(entry.sender, sizeof entry.sender, "%s", sender);
    uint8_t *at = reserve(s, sizeof entry + CODEC_ITEM_MAX);
    enum err err = codec_pack_message(msg, at + sizeof entry, CODEC_ITEM_MAX, &len);
    ASSERT(err == ERR_OK);
    entry.len = (uint32_t)len;
    push(s, &entry);
    return entry.number;
}

void store_trim(struct store *s, uint64_t outbox)
{
    struct entry entry = {.op = OP_TRIM, .number = outbox};
    reserve(s, sizeof entry);
    push(s, &entry);
}

static uint32_t pair_of(const struct msg *msg)
{
    return msg->kind == MSG_PG_GRANT   ? msg->pg_grant.pair
           : msg->kind == MSG_PG_HELLO ? msg->pg_hello.pair
                                       : 0;
}

static bool keep_last(struct store *s, const uint8_t *item, size_t len)
{
    sqlite3_bind_int64(s->put_state, 1, (sqlite3_int64)s->message.kind);
    sqlite3_bind_int64(s->put_state, 2, pair_of(&s->message));
    store_bind_item(s->put_state, 3, item, len);
    return store_step(s->put_state);
}

static bool apply(struct store *s, const struct entry *entry, const uint8_t *item)
{
    if (entry->op == OP_TRIM) {
        return s->backend->trim(s->self, entry->number);
    }
    enum err err = codec_unpack_message(item, entry->len, &s->message);
    ASSERT(err == ERR_OK); /* packed by store_put */
    if (msg_is_record(s->message.kind)) {
        return s->backend->record(s->self, entry->sender, &s->message, item, entry->len);
    }
    return keep_last(s, item, entry->len);
}

static bool apply_all(struct store *s)
{
    for (size_t at = 0; at < s->used;) {
        struct entry entry;
        memcpy(&entry, s->queue + at, sizeof entry);
        if (!apply(s, &entry, s->queue + at + sizeof entry)) {
            return false;
        }
        at += sizeof entry + entry.len;
    }
    return s->backend->end(s->self);
}

uint64_t store_commit(struct store *s, struct instant now,
                      void (*trace)(void *context, const struct event *e), void *context)
{
    bool waits = s->broken && !instant_reached(now, s->retry_at);
    if (s->used == 0 || waits) {
        return s->durable;
    }
    bool done = run(s, "BEGIN IMMEDIATE") && apply_all(s) && run(s, "COMMIT");
    if (!done) {
        if (!s->broken) {
            log_line(LOG_ERROR, "event=store_failed reason=\"%s\" carry_on=\"again in %d ms\"",
                     sqlite3_errmsg(s->db), STORE_RETRY_MS);
        }
        if (sqlite3_get_autocommit(s->db) == 0) {
            bool rolled_back = run(s, "ROLLBACK");
            ASSERT(rolled_back);
        }
    }
    s->broken = !done;
    s->retry_at = done ? INSTANT_NEVER : instant_add(now, duration_ms(STORE_RETRY_MS));
    s->backend->settled(s->self, done, trace, context);
    if (done) {
        s->used = 0;
        s->durable = s->ticket;
    }
    return s->durable;
}

uint64_t store_commit_last(struct store *s, struct instant now,
                           void (*trace)(void *context, const struct event *e), void *context)
{
    s->retry_at = instant_min(s->retry_at, now);
    return store_commit(s, now, trace, context);
}

void store_rows(const struct store *s, struct world_rows *ret_rows)
{
    *ret_rows = (struct world_rows){0};
    if (s->backend->rows != NULL) {
        s->backend->rows(s->self, ret_rows);
    }
}

bool store_row_after(struct store *s, int64_t after, const int64_t held[2], struct msg *ret_msg)
{
    return s->backend->row_after != NULL && s->backend->row_after(s->self, after, held, ret_msg);
}

struct instant store_deadline(const struct store *s)
{
    const struct instant at_once = {0};
    return s->used > 0 && !s->broken ? at_once : s->retry_at;
}
