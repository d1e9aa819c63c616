/* story: what happened to one call, over all processes, a sentence for each thing that happened.
 *
 *   all events --story_link--> which calls it came from and went on in (transfers, conferences)
 *   all events --story_take--> what is about these calls, their devices and agents, and meanwhile
 *                              about the cluster
 *   records    --story_row---> what the logger holds of them
 *              --story_tell--> sentences, in the order of time */
#ifndef CLUSTER_CONTROL_STORY_H
#define CLUSTER_CONTROL_STORY_H

#include "node/base/event.h"
#include "node/base/topology.h"

#define STORY_CALLS_MAX 32
#define STORY_TEXT_LEN  320

struct story;

/* The topology is borrowed. */
struct story *story_new(const struct topology *topology, struct call_id call);
void story_free(struct story **s);

/* Every event once, in the order of time; then every event once more with story_take. */
void story_link(struct story *s, const struct event *e);
void story_take(struct story *s, const struct event *e);
/* Whether a call belongs to the story, once its events were taken. */
bool story_has(const struct story *s, struct call_id call);
/* What the logger has in a row of it: "2 s (talk 2)". */
void story_row(struct story *s, int64_t recovery_key, const char *text);
/* Whether anything was taken. */
bool story_known(const struct story *s);

/* `e` is what the sentence is about; NULL: a row that no event tells of. */
typedef void story_each(void *context, const struct event *e, const char *sentence);
void story_tell(struct story *s, story_each *each, void *context);

#endif
