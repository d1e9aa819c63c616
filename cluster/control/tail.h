/* tail: the event files of all processes of a cluster, read as they grow. */
#ifndef CLUSTER_CONTROL_TAIL_H
#define CLUSTER_CONTROL_TAIL_H

#include "cluster/control/home.h"
#include "node/base/event.h"

struct tail;

/* `from_us`: only events of this monotonic moment and later are handed out; 0: all. */
struct tail *tail_new(const struct cluster *c, int64_t from_us);
void tail_free(struct tail **t);
/* Read what is new in all files; hand it out in the order of time (within what is new now). `line`
 * is the event as it stands in its file. */
typedef void tail_event(void *context, const struct event *e, const char *line);
void tail_read(struct tail *t, tail_event *each, void *context);

#endif
