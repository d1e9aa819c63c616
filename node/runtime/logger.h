/* logger: the central controller's database: Termination_Call_Detail, Agent_Logout and
 * Agent_State_Trace, with the column names of the ICM schema and a few columns of our own at the
 * end.
 *
 * The first row of a key wins: (PeripheralID, ICRCallKey, Leg, Segment) for a call record; a second
 * delivery changes nothing. RecoveryKey is given here, in the order of arrival, and is never given
 * twice; a record that was ordered by a duplexed controller has one, and is kept as it came for the
 * other logger. Of two that were ordered the first is the one with the smaller key, whichever
 * comes. The row, the sender's cursor and the counter of keys are one transaction. Times in the
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

#endif
