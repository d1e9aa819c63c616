/* call_log: the fleet's calls.log: one JSON object a line for each leg that is over.
 *
 * The fields are in docs/protocol.md, "The fleet's call log". Lines are collected and written with
 * one write() by call_log_flush, once a turn of the loop; what is in the file is whole lines, but
 * for the last one after a crash. */
#ifndef NODE_RUNTIME_CALL_LOG_H
#define NODE_RUNTIME_CALL_LOG_H

#include "node/station/site.h"

#define CALL_LOG_FILE     "calls.log"
#define CALL_LOG_LINE_MAX 1024

struct call_log;

/* Append to DIR/calls.log. `wall_us` is the wall clock at the monotonic instant `now`: times in the
 * file keep that relation.
 * Errors   ERR_IO  the file cannot be opened */
MUST_CHECK enum err call_log_new(const char *dir, const struct topology *topology,
                                 struct instant now, int64_t wall_us, struct call_log **ret_log);
/* Flushes. */
void call_log_free(struct call_log **log);
/* Add a line. `log` is a struct call_log: the signature is that of fleet_set_log. */
void call_log_write(void *log, const struct leg_record *record);
/* Errors   ERR_IO  not written; the lines are dropped and counted */
MUST_CHECK enum err call_log_flush(struct call_log *log);
uint64_t call_log_lost(const struct call_log *log);

#endif
