/* watch: a scene as a picture of a terminal. */
#ifndef CLUSTER_CONTROL_WATCH_H
#define CLUSTER_CONTROL_WATCH_H

#include "cluster/control/faults.h"
#include "cluster/control/frame.h"
#include "cluster/record/scene.h"

#define WATCH_EVENTS_MAX 64
#define WATCH_TITLE_LEN  160

struct watch_picture {
    const struct topology *topology;
    const char *name;
    char title[WATCH_TITLE_LEN]; /* of what moment; at the right of the first line */
    char help[WATCH_TITLE_LEN];  /* what the keys do; the last line */
    struct scene scene;
    struct scene_homes homes;
    struct faults faults;
    bool healthy;
    char why[SCENE_WHY_LEN];
    /* The last events that matter, a ring: the newest is at (events_n - 1) % MAX. */
    struct event events[WATCH_EVENTS_MAX];
    uint64_t events_n;
};

void watch_event(struct watch_picture *p, const struct event *e);
/* Fill a frame that was begun. */
void watch_draw(const struct watch_picture *p, struct frame *f);

#endif
