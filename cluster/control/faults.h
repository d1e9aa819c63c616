/* faults: what is broken on purpose at the moment, and the spine of the one who breaks it. */
#ifndef CLUSTER_CONTROL_FAULTS_H
#define CLUSTER_CONTROL_FAULTS_H

#include "cluster/control/home.h"
#include "node/base/event.h"

#include <jansson.h>

#define FAULTS_MAX      32
#define FAULTS_TEXT_LEN 64

struct fault {
    char target[NAME_LEN];
    char service[NAME_LEN]; /* empty: the whole process */
    char how[NAME_LEN];     /* stop, crash, hang */
    int64_t at_us;          /* monotonic */
    int64_t wall_us;
};

struct faults {
    uint32_t n;
    struct fault at[FAULTS_MAX];
};

void faults_read(const struct cluster *c, struct faults *ret);
/* Note a fault in the cluster's folder, and EVENT_FAULT in proc/operator/events.jsonl. The moment
 * is that of `fault`. Says what is wrong. */
MUST_CHECK int faults_begin(const struct cluster *c, const struct fault *fault);
/* Forget the faults of a target (and service, unless it is empty), and write EVENT_HEAL. */
MUST_CHECK int faults_end(const struct cluster *c, const char *target, const char *service);
/* As the contract's `faults` array. */
json_t *faults_json(const struct faults *f);

#endif
