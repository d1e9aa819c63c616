/* faults: what is broken on purpose at the moment, and the spine of the one who breaks it.
 *
 * Cuts of the network are made here, because all that are active are one set of rules; whatever
 * else is broken is broken by who notes it (break). */
#ifndef CLUSTER_CONTROL_FAULTS_H
#define CLUSTER_CONTROL_FAULTS_H

#include "cluster/control/home.h"
#include "cluster/fault/cut.h"
#include "node/base/event.h"

#include <jansson.h>

#define FAULTS_MAX      32
#define FAULTS_TEXT_LEN 200

struct fault {
    uint32_t id; /* from 1 on; no two faults of a cluster's life have the same */
    char target[NAME_LEN];
    char service[NAME_LEN]; /* empty: the whole process */
    char how[NAME_LEN];     /* stop, crash, hang, power, unplug; "partition" */
    struct cut cut;         /* a partition that lasts; else both sides are empty */
    int64_t at_us;          /* monotonic */
    int64_t wall_us;
};

struct faults {
    uint32_t n;
    uint32_t last_id;
    struct fault at[FAULTS_MAX];
};

/* Whether networks are cut by it. */
bool faults_is_cut(const struct fault *f);
void faults_read(const struct cluster *c, struct faults *ret);
/* Note a fault in the cluster's folder, and EVENT_FAULT in proc/operator/events.jsonl: of a cut,
 * for everybody who is on a side of it, when it is made. The moment is that of `fault`; its id is
 * filled in. Says what is wrong. */
MUST_CHECK int faults_begin(const struct cluster *c, struct fault *fault);
/* Forget the faults of a target (and service, unless it is empty), and write EVENT_HEAL. */
MUST_CHECK int faults_end(const struct cluster *c, const char *target, const char *service);
/* Let the network be cut as the list says: a machine that had no power has forgotten it. */
MUST_CHECK int faults_apply(const struct cluster *c);
/* Heal one cut; it may be healed already. */
MUST_CHECK int faults_end_cut(const struct cluster *c, uint32_t id);
/* As the contract's `faults` array. */
json_t *faults_json(const struct topology *t, const struct faults *f);

/* "kill sub1 --service callmanager", "partition sub1 / pub,sub2" */
void faults_text(const struct topology *t, const struct fault *f, char ret[FAULTS_TEXT_LEN]);
/* "crash", "one-way, drop, private" */
void faults_how(const struct fault *f, char ret[FAULTS_TEXT_LEN]);
/* The command that undoes it. */
void faults_undo(const struct fault *f, char ret[FAULTS_TEXT_LEN]);

#endif
