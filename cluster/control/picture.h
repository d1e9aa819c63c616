/* picture: a scene as a picture of a terminal. */
#ifndef CLUSTER_CONTROL_PICTURE_H
#define CLUSTER_CONTROL_PICTURE_H

#include "cluster/control/faults.h"
#include "cluster/control/frame.h"
#include "cluster/record/scene.h"

#define PICTURE_EVENTS_MAX 64
#define PICTURE_TITLE_LEN  160

struct picture {
    const struct topology *topology;
    const char *name;
    char title[PICTURE_TITLE_LEN]; /* of what moment; at the right of the first line */
    char help[PICTURE_TITLE_LEN];  /* what the keys do; the last line */
    struct scene scene;
    struct scene_homes homes;
    struct faults faults;
    bool healthy;
    char why[SCENE_WHY_LEN];
    /* The last events that matter, a ring: the newest is at (events_n - 1) % MAX. */
    struct event events[PICTURE_EVENTS_MAX];
    uint64_t events_n;
};

void picture_event(struct picture *p, const struct event *e);
/* Fill a frame that was begun. */
void picture_draw(const struct picture *p, struct frame *f);

#endif
