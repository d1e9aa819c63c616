/* store: what a process must not forget: a queue in memory, and one SQLite transaction for all of
 * it at the end of a turn (WAL, synchronous=FULL).
 *
 * Records (record_tcd, record_logout, record_state) are the business of a backend: the PG's outbox
 * or the logger. Of any other kind of message the last one is kept, one for each pair where it
 * names a pair, and given back at the next start. When the disk fails, nothing is forgotten: the
 * whole queue is tried again. */
#ifndef NODE_RUNTIME_STORE_H
#define NODE_RUNTIME_STORE_H

#include "node/base/event.h"
#include "node/base/topology.h"
#include "proto/msg.h"
#include "proto/world.h"

#include <sqlite3.h>
#include <stddef.h>

#define STORE_RETRY_MS  1000
#define STORE_QUEUE_MAX (64u << 20) /* bytes that may wait for a broken disk */

struct store;

struct store_backend {
    const char *file;   /* in the state folder */
    const char *schema; /* SQL, run at every start */
    /* Statements prepared; NULL if that failed. */
    void *(*open)(sqlite3 *db, const struct topology *topology);
    void (*close)(void *self);
    /* Inside the transaction. False: it failed, all is rolled back. */
    bool (*record)(void *self, const char *sender, const struct msg *msg, const uint8_t *item,
                   size_t len);
    bool (*trim)(void *self, uint64_t outbox);
    bool (*end)(void *self); /* before the commit */
    /* After it, or after a rollback. */
    void (*settled)(void *self, bool committed, void (*trace)(void *context, const struct event *e),
                    void *context);
    enum err (*restore)(void *self, void (*one)(void *context, const struct msg *msg),
                        void *context);
    /* How many rows are durable; NULL: it keeps none. */
    void (*rows)(const void *self, struct world_rows *ret_rows);
    /* As in struct world; NULL: it keeps none. */
    bool (*row_after)(void *self, int64_t after, const int64_t held[2], struct msg *ret_msg);
};

/* The PG's outbox: records under their outbox numbers, as bytes, until they are trimmed. */
extern const struct store_backend outbox_backend;
/* The logger of the central controller (node/runtime/logger.h). */
extern const struct store_backend logger_backend;

/* Errors  ERR_CORRUPT  the file is damaged; it stays as it is
 *         ERR_VERSION  it is another program's, or of another version of this one
 *         ERR_IO       it cannot be opened or written */
MUST_CHECK enum err store_new(const char *dir, const struct topology *topology,
                              const struct store_backend *backend, struct store **ret_store);
void store_free(struct store **store);

/* Everything from before this start, in order.
 *
 * Errors  ERR_CORRUPT  something is damaged (its checksum says so); what came before it was given
 *         ERR_IO       the file cannot be read */
MUST_CHECK enum err store_restore(struct store *store,
                                  void (*one)(void *context, const struct msg *msg), void *context);

/* Queue a message; answers its ticket. `sender` is the name of the process that it came from. */
uint64_t store_put(struct store *store, const char *sender, const struct msg *msg);
void store_trim(struct store *store, uint64_t outbox);

/* Make durable what is queued. Answers the last ticket that is (0: none yet). `trace` gets the
 * events of what was stored. */
uint64_t store_commit(struct store *store, struct instant now,
                      void (*trace)(void *context, const struct event *e), void *context);
/* The same before an end: at once, also if the disk failed a moment ago. */
uint64_t store_commit_last(struct store *store, struct instant now,
                           void (*trace)(void *context, const struct event *e), void *context);
/* When to call store_commit again although nothing was put. */
struct instant store_deadline(const struct store *store);

/* All zero if it keeps no rows. */
void store_rows(const struct store *store, struct world_rows *ret_rows);

/* As in struct world; false also if what is there cannot be read. */
bool store_row_after(struct store *store, int64_t after, const int64_t held[2],
                     struct msg *ret_msg);

/* For backends: ASSERTs that the SQL is right. */
sqlite3_stmt *store_prepare(sqlite3 *db, const char *sql);
/* Bind an item and its checksum to the parameters `first` and the next; give back all rows of a
 * SELECT of the two. */
void store_bind_item(sqlite3_stmt *statement, int first, const uint8_t *item, size_t len);
MUST_CHECK enum err store_each(sqlite3_stmt *select, struct msg *message,
                               void (*one)(void *context, const struct msg *msg), void *context);
/* Run a statement that answers no rows, and reset it. */
bool store_step(sqlite3_stmt *statement);

#endif
