<<<<<<< HEAD
/* logger: the tables of the central controller, in the words of the ICM schema.
 *
 * Termination_Call_Detail, Agent_Logout and Agent_State_Trace have the schema's columns, then our
 * own. The first row of a key wins, a second delivery changes nothing. RecoveryKey counts rows in
 * the order of arrival, over all tables, and never repeats. Other messages are kept as state
 * (node/runtime/db.h). Whoever wants to read opens the file itself, at any time. */
#ifndef NODE_RUNTIME_LOGGER_H
#define NODE_RUNTIME_LOGGER_H

#include "node/base/err.h"
#include "node/base/topology.h"
#include "node/runtime/db.h"
#include "proto/msg.h"

#define LOGGER_FILE        "icm.db"
#define LOGGER_PENDING_MAX 65536 /* call records of one transaction */

struct logger;

/* What became of one call record, told when it is durable. */
struct logger_tcd {
    uint32_t peripheral;
    int64_t key;          /* ICRCallKey * 2^16 + leg * 2^8 + segment, as in EVENT_TCD_STORED */
    int64_t recovery_key; /* 0: a duplicate */
    uint64_t hash;        /* of the content that was delivered: the column ContentHash, as hex */
    bool duplicate;       /* another record had the key; nothing was changed */
    struct call_id call;
    struct device_id device;
};

struct logger_counts {
    uint64_t tcd_rows, logout_rows, state_rows;
};

/* Errors as of db_open. The topology has to outlive the logger. */
MUST_CHECK enum err logger_open(const char *path, const struct topology *topology,
                                struct logger **ret_logger, struct db_why *ret_why);
/* Drops what was not committed. NULL is fine. */
void logger_close(struct logger **logger);

/* Take a message of `sender` (a process name; the column Sender of records); answers its ticket,
 * from 1. Records become rows, anything else is state. */
uint64_t logger_put(struct logger *logger, const char *sender, const struct msg *msg);

/* Make all that was put durable, in one transaction, then tell of each call record in the order in
 * which they were put.
 *
 * tcd         may be NULL
 * ret_ticket  the highest durable ticket; 0: none yet
 * Errors      ERR_IO  the disk failed; what was put since the last commit is gone, and with it the
 *                     promise of its tickets: end the process. logger_explain says what it was */
MUST_CHECK enum err logger_commit(struct logger *logger,
                                  void (*tcd)(void *context, const struct logger_tcd *tcd),
                                  void *context, uint64_t *ret_ticket);
void logger_explain(const struct logger *logger, struct db_why *ret_why);

/* Every message that is state, of earlier lives; records are not given.
 *
 * Errors   ERR_CORRUPT  a row is damaged: refuse to start
 *          ERR_IO       the file cannot be read */
MUST_CHECK enum err logger_restore(struct logger *logger,
                                   void (*each)(void *context, const struct msg *msg),
                                   void *context);

/* Durable rows. Kept in memory: asking is free. */
struct logger_counts logger_counts(const struct logger *logger);

/* Look at every row: how many there are whose RowChecksum does not match.
 *
 * Errors   ERR_IO  the file cannot be read */
MUST_CHECK enum err logger_verify(struct logger *logger, uint64_t *ret_bad);
=======
/* logger: the central controller's database: Termination_Call_Detail, Agent_Logout and
 * Agent_State_Trace, with the column names of the ICM schema and a few columns of our own at the
 * end.
 *
 * The first row of a key wins: (PeripheralID, ICRCallKey, Leg, Segment) for a call record; a second
 * delivery changes nothing. RecoveryKey is given here, in the order of arrival, and is never given
 * twice. The row, the sender's cursor and the counter of keys are one transaction. Times in the
 * standard columns are whole seconds and keep the rule Duration = LocalQTime + RingTime + TalkTime
 * + WorkTime + HoldTime + DelayTime; the milliseconds are in columns of ours.
 *
 * SQLite does not see what a disk changed silently, so each row has a checksum over its other
 * columns (logger_checksum). */
#ifndef NODE_RUNTIME_LOGGER_H
#define NODE_RUNTIME_LOGGER_H

#include "node/runtime/store.h"

#define LOGGER_FILE "icm.db"

/* FNV-1a, 64 bits, over the first `columns` columns of a row: NULL as nothing, numbers in decimal
 * (REAL as a whole number), text as it is, each followed by the byte 0x1f. RowChecksum, the last
 * column of each table, is this over all columns before it. */
int64_t logger_checksum(sqlite3_stmt *row, int columns);
>>>>>>> wire

#endif
