/* outbox: the backend of a PG side's store: records as bytes under their outbox numbers, until the
 * central controller has them. */
#include "node/runtime/store.h"

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
    o->put = store_prepare(db, "INSERT OR REPLACE INTO Outbox VALUES (?, ?, ?)");
    o->trim = store_prepare(db, "DELETE FROM Outbox WHERE Number <= ?");
    o->all = store_prepare(db, "SELECT Item, Checksum FROM Outbox ORDER BY Number");
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
    store_bind_item(o->put, 2, item, len);
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

static enum err outbox_restore(void *self, void (*one)(void *context, const struct msg *msg),
                               void *context)
{
    struct outbox *o = self;
    return store_each(o->all, &o->message, one, context);
}

const struct store_backend outbox_backend = {
    .file = "outbox.db",
    .schema = "CREATE TABLE IF NOT EXISTS Outbox (Number INTEGER PRIMARY KEY, Item BLOB NOT NULL,"
              " Checksum INTEGER NOT NULL);",
    .open = outbox_open,
    .close = outbox_close,
    .record = outbox_record,
    .trim = outbox_trim,
    .end = outbox_end,
    .settled = outbox_settled,
    .restore = outbox_restore,
};
