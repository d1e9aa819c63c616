/* run_folder: the folder of a new recorded run below $REHOME_HOME, and the link to the newest. */
#ifndef CLUSTER_CONTROL_RUN_FOLDER_H
#define CLUSTER_CONTROL_RUN_FOLDER_H

#include "cluster/control/home.h"

/* Make runs/STAMP-WHAT-PID. Says what is wrong. */
MUST_CHECK int run_folder_make(const struct home *h, const char *what,
                               char ret_folder[HOME_PATH_MAX]);
/* Let runs/latest point to it: it has its verdict. */
void run_folder_point(const struct home *h, const char *folder);

#endif
