/* event_text: an event as a line for people. */
#ifndef CLUSTER_CONTROL_EVENT_TEXT_H
#define CLUSTER_CONTROL_EVENT_TEXT_H

#include "node/base/event.h"
#include "node/base/topology.h"

#include <stddef.h>

/* "fault              peer=sub1 crash": without the time and the process. */
const char *event_text_line(const struct topology *t, const struct event *e, char *ret,
                            size_t size);
/* Whether it is about the cluster, rather than about one of its thousand phones. */
bool event_text_matters(const struct topology *t, const struct event *e);

#endif
