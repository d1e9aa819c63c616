/* sim_run: a simulated run as a folder that opens like that of a real one: topology.yaml, run.db,
 * verdict.json, report.html. */
#ifndef CLUSTER_CONTROL_SIM_RUN_H
#define CLUSTER_CONTROL_SIM_RUN_H

#include "cluster/check/history.h"
#include "cluster/record/runfile.h"

/* FOLDER is made. Says what is wrong; answers an outcome. */
MUST_CHECK int sim_run_keep(const char *folder, const struct history *history,
                            const struct runfile_rehearsal *rehearsal);

#endif
