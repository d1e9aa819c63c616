/* home: where the command keeps everything that it knows ($REHOME_HOME), and which cluster is
 * meant.
 *
 *     clusters/NAME/cluster.json      backend, addresses, state; written by up and down
 *                  topology.yaml      the effective one
 *                  faults.json        what is broken on purpose at the moment; faults.lock
 *                  keys/              CURVE keys, 0600
 *                  proc/PROCESS/      what it keeps, events.jsonl, log, pid; or what was fetched of
 * it ssh/               how its machines are reached, if it has some runs/ID/ a recorded run;
 * runs/latest points to the newest */
#ifndef CLUSTER_CONTROL_HOME_H
#define CLUSTER_CONTROL_HOME_H

#include "cluster/control/outcome.h"
#include "node/base/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOME_PATH_MAX  1024
#define HOME_BLOCK_LEN 16
#define HOME_NAMES_MAX 64

struct home {
    char root[HOME_PATH_MAX];
};

struct cluster {
    struct home home;
    char name[NAME_LEN];
    char folder[HOME_PATH_MAX];
    char backend[NAME_LEN];             /* "local", "netns", "ssh", "vagrant" */
    char block[HOME_BLOCK_LEN];         /* "127.x.y": the first three numbers of every address */
    char private_block[HOME_BLOCK_LEN]; /* the same on the private network */
    bool changed;                       /* it runs, and not with the topology that lies there now */
    char again[HOME_PATH_MAX];          /* the command that starts it as it was started */
    int64_t began_us;                   /* monotonic: when it was started last; 0: not known */
    struct topology topology;
};

/* Where state lives; nothing is created. An error is said and its exit code answered. */
MUST_CHECK int home_find(struct home *ret);
/* A folder with all above it, mode 0700. */
MUST_CHECK int home_make_folder(const char *path);
/* That there is room for so much where `path`, which exists, lies. */
MUST_CHECK int home_room(const char *path, uint32_t need_mib);
/* A whole file at once, by rename; mode 0600. */
MUST_CHECK enum err home_write(const char *path, const char *text, size_t length);

/* The path of something in a cluster's folder. */
void home_path(const struct cluster *c, char *ret, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for `proc/NAME/rest`. */
void home_proc_path(const struct cluster *c, const char *proc, const char *rest, char *ret,
                    size_t size);

/* The names of the processes that have a folder in a cluster's. */
uint32_t home_procs(const struct cluster *c, char (*ret_names)[NAME_LEN]);
/* The names of all clusters that have a folder. */
uint32_t home_clusters(const struct home *h, char (*ret_names)[NAME_LEN]);
/* Whether any process of it lives; on other machines: whether it was not taken down. */
bool home_running(const struct home *h, const char *name);
/* The name of one that runs, in ret_name; false if none does. */
bool home_running_one(const struct home *h, char ret_name[NAME_LEN]);

/* Load the cluster that a command means: the one named, else the one that runs, else the one that
 * was used last. Says what is wrong and answers an exit code. */
MUST_CHECK int home_cluster(const char *name_or_null, struct cluster *ret);
/* The same for a name; OUTCOME_USAGE with the nearest name if there is none. Where files of it are
 * damaged (OUTCOME_DATA, OUTCOME_CONFIG), ret->folder is right all the same. */
MUST_CHECK int home_load(const struct home *h, const char *name, struct cluster *ret);
MUST_CHECK int home_save(const struct cluster *c, bool up);

/* How long ago a file was written; INT64_MAX if it is not there. */
int64_t home_age_ms(const char *path);
/* Remove a folder and all in it. */
void home_remove(const char *path);

#endif
