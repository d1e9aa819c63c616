/* backend: where the processes of a cluster run, and what can be broken there.
 *
 *     local   one network for all, the loopback; needs nothing
 *     netns   a network namespace for each process, a switch between them; needs root
 *     ssh     a machine for each process, reached by ssh
 *     vagrant the same, as `vagrant ssh-config` says
 *
 * Functions that answer an int say what is wrong and answer an exit code. */
#ifndef CLUSTER_CONTROL_BACKEND_H
#define CLUSTER_CONTROL_BACKEND_H

#include "cluster/control/home.h"
#include "cluster/control/proc.h"
#include "cluster/fault/cut.h"

/* What the options of `rehome up` say about the place; NULL: nothing. */
struct backend_place {
    const char *block; /* the addresses on the loopback */
    const char
        *ssh_config;    /* how the machines are reached; none of it elsewhere than on machines */
    const char *prefix; /* where the daemons are there */
    const char *power;  /* the program that cuts their power */
};

/* The options that fill it in, for whoever starts a cluster. */
#define BACKEND_PLACE_ROWS(place)                                                                \
    {"ssh-config",                                                                               \
     0,                                                                                          \
     "FILE",                                                                                     \
     "how ssh reaches the machines (default: as it does for you, else by "                       \
     "their addresses)",                                                                         \
     NULL,                                                                                       \
     &(place).ssh_config},                                                                       \
        {"prefix", 0,                                                                            \
         "DIR",    "the daemons are there in DIR/libexec/rehome, and no units of systemd",       \
         NULL,     &(place).prefix},                                                             \
    {                                                                                            \
        "power", 0, "PROGRAM", "`PROGRAM off|on MACHINE` cuts and gives the power of a machine", \
            NULL, &(place).power                                                                 \
    }

struct backend {
    const char *word;
    const char *topology; /* the one that is meant if none is named; NULL: "default" */
    bool away;            /* the processes run on other machines */
    /* Whether who asks can use it here; says so if not, and what else would do. Nothing is made. */
    int (*permitted)(const char *instead);
    /* Fill in c->block and c->private_block; c->block is what it was before or "". `*ret_hold`
     * keeps others from them until it is closed; -1: nobody could. */
    int (*reserve)(struct cluster *c, const struct backend_place *place, int *ret_hold);
    /* Make what the processes need before they start; what an earlier start left goes first. */
    int (*make)(const struct cluster *c);
    /* Take it away, whatever is there of it; nothing is fine. No process runs any more. With
     * `destroy`, what processes keep outside of the cluster's folder goes, too. */
    int (*remove)(const struct cluster *c, bool destroy);
    /* Let the command be where the processes can be reached; before it opens a socket. */
    int (*visit)(const struct cluster *c);
    const struct proc_ways *procs;
    /* Bring what the processes wrote since the last time to the cluster's folder; NULL: they write
     * there themselves. `all`: logs and call records, too. */
    int (*fetch)(const struct cluster *c, bool all);
    /* In the child that becomes a process: be where it belongs. errno says why not. */
    enum err (*enter)(const struct cluster *c, struct proc_id id);
    /* From here on NULL: there are no networks that could be cut. */
    int (*plug)(const struct cluster *c, struct proc_id id, bool in);
    int (*power)(const struct cluster *c, struct proc_id id, bool on);
    int (*can_power)(const struct cluster *c); /* NULL: it can */
    const char *power_words;                   /* what that is */
    int (*cut)(const struct cluster *c, const struct cut *cuts, uint32_t n);
    uint64_t (*counted)(const struct cluster *c, const struct cut *cut);
};

/* The one that a cluster was started on. */
const struct backend *backend_of(const struct cluster *c);
/* NULL: the default. OUTCOME_USAGE with the nearest word, OUTCOME_CONFIG if it is not built yet. */
MUST_CHECK int backend_named(const char *word_or_null, const struct backend **ret);
/* Whether networks can be cut there; says so if not. `what` was asked for. */
MUST_CHECK int backend_cuts(const struct cluster *c, const char *what);
/* Have what the processes wrote in the cluster's folder. Says what is wrong. */
MUST_CHECK int backend_fetch(const struct cluster *c, bool all);
/* Take away what any of them left of this cluster. */
MUST_CHECK int backend_remove_all(const struct cluster *c, bool destroy);

#endif
