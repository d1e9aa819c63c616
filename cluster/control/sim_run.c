#include "cluster/control/sim_run.h"

#include "cluster/control/home.h"
#include "cluster/control/outcome.h"
#include "cluster/control/topology_text.h"
#include "cluster/record/keep.h"
#include "cluster/record/record.h"
#include "cluster/record/runfile.h"
#include "cluster/sim/sim_clock.h"
#include "node/runtime/topology_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_topology(const char *path, const struct topology *t)
{
    FILE *f = fopen(path, "we");
    if (f != NULL) {
        topology_text_write(f, t);
    }
    if (f == NULL || fclose(f) != 0) {
        return outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
    }
    return OUTCOME_DONE;
}

/* By the topology as its file says it, so that nobody can tell the run from a recorded one. */
static int judge(const char *folder, const char *topology_file)
{
    static struct topology t;
    enum verdict verdict = VERDICT_INCONCLUSIVE;
    enum err err = topology_file_load(topology_file, stderr, &t);
    if (err == ERR_OK) {
        err = record_judge(folder, &t, NULL, &verdict, NULL);
    }
    return err == ERR_OK ? OUTCOME_DONE
                         : outcome_error(OUTCOME_IO, NULL, "%s: it cannot be judged: %s", folder,
                                         err_text(err));
}

int sim_run_keep(const char *folder, const struct history *h,
                 const struct runfile_rehearsal *rehearsal)
{
    char path[HOME_PATH_MAX];
    char run[HOME_PATH_MAX];
    int code = home_make_folder(folder);
    if (code != OUTCOME_DONE) {
        return code;
    }
    snprintf(run, sizeof run, "%.*s/" RUNFILE_NAME, HOME_PATH_MAX - 16, folder);
    if (unlink(run) != 0 && errno != ENOENT) {
        return outcome_error(OUTCOME_IO, NULL, "cannot replace %s: %s", run, strerror(errno));
    }
    snprintf(path, sizeof path, "%.*s/topology.yaml", HOME_PATH_MAX - 16, folder);
    code = write_topology(path, h->topology);
    if (code != OUTCOME_DONE) {
        return code;
    }
    const struct keep_run what = {
        .topology_file = path, .rehearsal = *rehearsal, .wall_us = SIM_CLOCK_WALL_US};
    enum err err = keep_history(folder, h, &what);
    return err == ERR_OK
               ? judge(folder, path)
               : outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", run, err_text(err));
}
