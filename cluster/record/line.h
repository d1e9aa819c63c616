/* line: one line of a process's event file or of the fleet's call log as a plain struct.
 *
 * The writers are node/runtime's; the reader is ours, because a judge's eyes must not depend on the
 * hand of the one who is judged. Unknown keys are passed over, so that writers may add some. */
#ifndef CLUSTER_RECORD_LINE_H
#define CLUSTER_RECORD_LINE_H

#include "cluster/check/history.h"

/* Errors   ERR_TRUNCATED  no whole JSON object: the torn end of a file
 *          ERR_UNKNOWN    a kind or a name that this topology does not have
 *          ERR_INVALID    a field is missing or of the wrong type */
MUST_CHECK enum err line_event(const struct topology *topology, const char *text, size_t n,
                               struct event *ret_event);
MUST_CHECK enum err line_leg(const struct topology *topology, const char *text, size_t n,
                             struct history_leg *ret_leg);
/* A time of the wall since 1900: RFC 3339, or the same with a blank for the T, with or without
 * fractions; what follows is the caller's.
 * Errors   ERR_INVALID  another form, or no date of the calendar */
MUST_CHECK enum err line_wall(const char *text, int64_t *ret_wall_us);
/* "2026-11-23T20:15:00.123456Z" */
#define LINE_STAMP_LEN 40
const char *line_stamp(int64_t wall_us, char ret_text[LINE_STAMP_LEN]);
/* Also for what the run file holds. */
struct device_id line_device(const struct topology *topology, const char *name);
struct proc_id line_proc(const struct topology *topology, const char *name);
enum reason line_reason(const char *word);

#endif
