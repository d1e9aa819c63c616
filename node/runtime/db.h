/* db: one SQLite file that keeps what it was told: opened with care, written in transactions.
 *
 * Write-ahead log and synchronous=FULL: what db_commit answered for survives a power cut, and
 * readers may look at any time. Messages that are the state of a role are kept here, too: one row
 * for each kind and subject, the last one wins.
 *
 * A failed write is remembered and answered by db_commit, which undoes everything since the last
 * one; tickets that were promised then never come, so its caller has to end. */
#ifndef NODE_RUNTIME_DB_H
#define NODE_RUNTIME_DB_H

#include "node/base/err.h"
#include "proto/msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#define DB_WHY_LEN 320

/* One sentence that names the file, for the log. */
struct db_why {
    char text[DB_WHY_LEN];
};

struct db;

/* Open or create `path`, check it, and run `schema` (CREATE … IF NOT EXISTS).
 *
 * version  of the schema; a file of another one is refused
 * ret_why  filled in on errors only
 * Errors   ERR_CORRUPT  the file is damaged or no database; it is left as it is
 *          ERR_VERSION  made by another version of rehome
 *          ERR_IN_USE   another process has it
 *          ERR_IO       anything else */
MUST_CHECK enum err db_open(const char *path, const char *schema, int version, struct db **ret_db,
                            struct db_why *ret_why);
/* Undo what was not committed. NULL is fine. */
void db_close(struct db **db);

/* A statement that lives as long as the database; a mistake in it is a bug. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql);
/* Run a statement that answers no rows, and make it ready for the next time; begins a transaction
 * if there is none. Answers how many rows it changed; 0 after an error, too. */
int db_run(struct db *db, sqlite3_stmt *statement);
/* Make all since the last commit durable. Nothing to do is no work.
 *
 * Errors   ERR_IO  of this or of an earlier write; all since the last commit is undone */
MUST_CHECK enum err db_commit(struct db *db);
/* Something was written since the last commit. */
bool db_dirty(const struct db *db);
/* What SQLite said last, and the file's name. */
void db_explain(const struct db *db, struct db_why *ret_why);

/* Keep a message; one of the same kind and subject is replaced. The subject is the PG pair of the
 * kinds that have one, else there is one row for the kind. */
void db_keep(struct db *db, const struct msg *msg);

/* Every message of `select`, whose column 0 holds items of proto/codec and whose column 1 their
 * checksums; db_bind_item binds both.
 *
 * Errors   ERR_CORRUPT  an item is damaged; those before it were given
 *          ERR_IO       the file cannot be read */
MUST_CHECK enum err db_each(struct db *db, sqlite3_stmt *select,
                            void (*each)(void *context, const struct msg *msg), void *context);
/* The same for what db_keep kept, in the order of kind and subject. */
MUST_CHECK enum err db_each_kept(struct db *db, void (*each)(void *context, const struct msg *msg),
                                 void *context);
/* Bind the bytes of a message and their checksum to the parameters `first` and `first + 1`. */
void db_bind_item(struct db *db, sqlite3_stmt *statement, int first, const struct msg *msg);

#define DB_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
/* FNV-1a of 64 bits, continued from `hash`. */
uint64_t db_hash(uint64_t hash, const void *bytes, size_t len);

#endif
