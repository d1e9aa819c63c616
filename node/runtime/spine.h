/* spine: the event file of a process, one JSON object per line, and the same lines published.
 *
 * Lines are collected during a turn of the loop and written with one write(): what is in the file
 * is whole lines, but for the last one after a crash, which readers skip. A line has: `at` (RFC
 * 3339 with microseconds), `at_us` (monotonic), `hlc`, `process`, `incarnation`, `seq`, `kind`, and
 * of the other fields those that are not zero. Numbers of `seq` that are missing were not written,
 * because the disk was full: the gap says so. */
#ifndef NODE_RUNTIME_SPINE_H
#define NODE_RUNTIME_SPINE_H

#include "node/base/event.h"
#include "node/base/topology.h"
#include "node/runtime/link.h"

#include <stddef.h>

#define SPINE_LINE_MAX 1024
#define SPINE_FILE     "events.jsonl"

struct spine;

/* Append to DIR/events.jsonl and, with an address, publish on TAP_PORT (XPUB, CURVE). */
MUST_CHECK enum err spine_new(const char *dir, const struct topology *topology,
                              const struct link_ground *ground, const char *address,
                              struct spine **ret_spine);
void spine_free(struct spine **spine);

/* All fields are the caller's, `seq` too. */
void spine_write(struct spine *spine, const struct event *event);
void spine_flush(struct spine *spine);
/* Lines that could not be written. */
uint64_t spine_lost(const struct spine *spine);
/* Callers at the tap without a known key. */
uint64_t spine_turned_away(const struct spine *spine);

/* One event as a line with its newline; answers its length. */
size_t spine_format(const struct topology *topology, const struct event *event,
                    char ret_line[SPINE_LINE_MAX]);

/* Errors  ERR_TRUNCATED  no JSON object
 *         ERR_UNKNOWN    a kind, process, device or reason that is not known here
 *         ERR_INVALID    a field of the wrong type, or none of those that every line has */
MUST_CHECK enum err spine_parse_line(const struct topology *topology, const char *line, size_t len,
                                     struct event *ret_event);

#endif
