/* outbox: the records of a PG side that the central controller has not acknowledged, on disk.
 *
 * Put, commit, send, acknowledge, trim: a record leaves the file only after the other side has it
 * on disk, so it may arrive twice and is never lost. Other messages are kept as state
 * (node/runtime/db.h) and restored, too. */
#ifndef NODE_RUNTIME_OUTBOX_H
#define NODE_RUNTIME_OUTBOX_H

#include "node/base/err.h"
#include "node/runtime/db.h"
#include "proto/msg.h"

#define OUTBOX_FILE      "outbox.db"
#define OUTBOX_TRIM_LAZY 1024 /* acknowledged numbers that do not ask for a commit of their own */

/* `struct outbox` is a part of the controller's role. */
struct outbox_db;

/* Errors as of db_open. */
MUST_CHECK enum err outbox_open(const char *path, struct outbox_db **ret_outbox,
                                struct db_why *ret_why);
/* Trims what may be trimmed, drops what was not committed. NULL is fine. */
void outbox_close(struct outbox_db **outbox);

/* Take a message; answers its ticket, from 1. A record must have an outbox number; one with the
 * same number is replaced. */
uint64_t outbox_put(struct outbox_db *outbox, const struct msg *msg);

/* Make all that was put durable, in one transaction.
 *
 * ret_ticket  the highest durable ticket; 0: none yet
 * Errors      ERR_IO  the disk failed; what was put since the last commit is gone, and with it the
 *                     promise of its tickets: end the process. outbox_explain says what it was */
MUST_CHECK enum err outbox_commit(struct outbox_db *outbox, uint64_t *ret_ticket);
void outbox_explain(const struct outbox_db *outbox, struct db_why *ret_why);

/* Records up to `number` are on the other side's disk. Deleted in a later commit. */
void outbox_trim(struct outbox_db *outbox, uint64_t number);

/* Every message of earlier lives: state first, then records in the order of their numbers.
 *
 * Errors   ERR_CORRUPT  a row is damaged: refuse to start
 *          ERR_IO       the file cannot be read */
MUST_CHECK enum err outbox_restore(struct outbox_db *outbox,
                                   void (*each)(void *context, const struct msg *msg),
                                   void *context);

#endif
