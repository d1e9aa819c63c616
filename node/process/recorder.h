/* recorder: the recorder as its cluster sees it: it takes orders, and looks devices up if it is
 * told to. What it records it reads from files, which is its driver's business. */
#ifndef NODE_PROCESS_RECORDER_H
#define NODE_PROCESS_RECORDER_H

#include "node/process/probe.h"

struct recorder {
    const struct world *world;
    struct probe probe;
    bool ended; /* SHUTDOWN was asked for; the driver looks at it after each event */
};

/* `topology` and `world` are borrowed for good. */
void recorder_init(struct recorder *r, const struct topology *topology, const struct world *world);
/* Entry points for a driver; `r` must outlive them. */
struct process recorder_entries(struct recorder *r);

#endif
