/* story_parts: what the two files of a story share: what was collected (story), and the words for
 * it (story_words). Nobody else includes this. */
#ifndef CLUSTER_CONTROL_STORY_PARTS_H
#define CLUSTER_CONTROL_STORY_PARTS_H

#include "cluster/control/story.h"

#define STORY_DEVICES_MAX 64

struct story_link_of_calls {
    struct call_id to, from;
};

struct story_row_text {
    int64_t recovery_key;
    bool told;
    char text[STORY_TEXT_LEN];
};

/* What is known of a device at a point of the story. */
struct story_part {
    struct device_id device;
    struct call_id call;
    bool incoming;
    enum leg state;
    bool followed; /* its agent's states belong to the story: until its record is written */
    bool lost;     /* it has no CallManager */
};

struct story {
    const struct topology *topology;
    struct call_id calls[STORY_CALLS_MAX];
    uint32_t calls_n;
    struct story_link_of_calls *links;
    size_t links_n, links_cap;
    struct event *events;
    size_t events_n, events_cap;
    struct story_row_text *rows;
    size_t rows_n, rows_cap;
    struct story_part parts[STORY_DEVICES_MAX];
    uint32_t parts_n;
    char text[STORY_TEXT_LEN];
};

struct story_part *story_part_of(struct story *s, struct device_id device);
/* NULL: there are too many. */
struct story_part *story_need_part(struct story *s, struct device_id device);

/* story_words: the sentence of an event of the story in s->text; false: it needs none. To be asked
 * about one after the other, in their order. */
bool story_words(struct story *s, const struct event *e);

#endif
