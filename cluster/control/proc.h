/* proc: the daemons of a cluster as operating-system processes: start, look, signal.
 *
 * A pid goes with its start time, so a number that the system gave to somebody else is never
 * signalled. Whether they are processes of this machine or of others is the backend's business. */
#ifndef CLUSTER_CONTROL_PROC_H
#define CLUSTER_CONTROL_PROC_H

#include "cluster/control/home.h"

#include <stdint.h>
#include <sys/types.h>

enum proc_state { PROC_STATE_DEAD, PROC_STATE_ALIVE, PROC_STATE_STOPPED /* SIGSTOP's */ };

struct proc_pid {
    pid_t pid;
    uint64_t started; /* in clock ticks since boot */
};

/* What /proc/PID/stat says of it. */
struct proc_stat {
    enum proc_state state;
    uint64_t started;
};

/* false: this is no such line. */
bool proc_stat_parse(const char *text, struct proc_stat *ret);

/* How a backend does the first three of them. */
struct proc_ways {
    int (*start)(const struct cluster *c, struct proc_id id);
    enum proc_state (*read)(const struct cluster *c, const char *name, struct proc_pid *ret);
    bool (*signal)(const struct cluster *c, const char *name, int signal, int64_t *ret_at_us);
};

/* The pid of a process, and how it is; dead if there is none. */
enum proc_state proc_read(const struct cluster *c, const char *name, struct proc_pid *ret);
/* Start the daemon of a process of the topology; its output goes to its log. Says what is wrong. */
MUST_CHECK int proc_start(const struct cluster *c, struct proc_id id);
/* Send a signal, if the process is still the one that was started. `*ret_at_us`, which may be NULL:
 * when it went, by our clock, as far as the machine's is known. false: it is not there. */
bool proc_signal(const struct cluster *c, const char *name, int signal, int64_t *ret_at_us);
/* Wait until it is gone. false: it is not, after the time. */
bool proc_wait_gone(const struct cluster *c, const char *name, uint32_t timeout_ms);
/* The program of a kind of process, "rehome-node". */
const char *proc_program(enum proc_kind kind);
/* Where it is on this machine: beside this program (installed), or where the build puts the
 * daemons. false: nowhere. */
bool proc_find(const char *program, char *ret, size_t size);
/* Whether it is there. */
bool proc_exists(enum proc_kind kind);
/* How long a log is; 0 if there is none. */
long proc_log_size(const char *path);
/* The daemon of `name` is gone although it should not be: show what it logged last (since its
 * start, if this program started it) and answer the exit code that goes with how it ended. */
MUST_CHECK int proc_complain(const struct cluster *c, const char *name);

#endif
