/* cluster_run: start and stop a whole cluster, and wait until it is healthy. */
#ifndef CLUSTER_CONTROL_CLUSTER_RUN_H
#define CLUSTER_CONTROL_CLUSTER_RUN_H

#include "cluster/control/backend.h"
#include "cluster/control/survey.h"
#include "node/runtime/topology_file.h"

struct cluster_run_options {
    const char *topology; /* a file, or the name of a delivered one; NULL: default */
    const char *backend;  /* NULL: local */
    struct backend_place place;
    const char *cluster; /* name; NULL: the topology's */
    const char *again;   /* the command that starts it so again; NULL: nobody will */
    const char *instead; /* the command for who may not use the backend; NULL: `up` on local */
    struct topology_change change;
    bool wait;
    bool quiet;
};

/* Make the folder, the effective topology and the keys, reserve addresses and make the network;
 * start everything in order; wait until it is healthy. What is wrong is said, and then nothing is
 * left running. */
MUST_CHECK int cluster_run_up(const struct home *h, const struct cluster_run_options *options,
                              struct cluster *ret);
/* Stop everything politely, and what does not go, at once. Clears the faults. */
MUST_CHECK int cluster_run_down(const struct cluster *c, bool destroy);
/* Wait until healthy, for a minute, or as long as phones of the profile need that found another
 * node first and go home; progress lines as in the contract unless quiet, with the time since
 * `began_us`. */
MUST_CHECK int cluster_run_wait_healthy(struct operator_desk *o, const struct cluster *c,
                                        int64_t began_us, bool quiet);
/* The path of a topology: a file, or one of those that are delivered with the program. Says what is
 * wrong (OUTCOME_CONFIG). */
MUST_CHECK int cluster_run_topology(const char *name, char *ret_path, size_t size);

#endif
