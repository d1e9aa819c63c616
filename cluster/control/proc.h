/* proc: the daemons of a cluster as operating-system processes: start, look, signal.
 *
 * `proc/NAME/pid` holds the pid and its start time, so a number that the system gave to somebody
 * else is never signalled. */
#ifndef CLUSTER_CONTROL_PROC_H
#define CLUSTER_CONTROL_PROC_H

#include "cluster/control/home.h"

#include <stdint.h>
#include <sys/types.h>

enum proc_state { PROC_STATE_DEAD, PROC_STATE_ALIVE, PROC_STATE_STOPPED };

struct proc_pid {
    pid_t pid;
    uint64_t started; /* in clock ticks since boot */
};

/* Dead if there is no such process, or it is another one. PROC_STATE_STOPPED is SIGSTOP's. */
enum proc_state proc_look(const struct proc_pid *pid);
/* The pid that its file names, and how it is; dead if there is none. */
enum proc_state proc_read(const struct cluster *c, const char *name, struct proc_pid *ret);
/* Start the daemon of a process of the topology; its output goes to its log. Says what is wrong. */
MUST_CHECK int proc_start(const struct cluster *c, struct proc_id id);
/* Send a signal, if the process is still the one of the file. false: it is not there. */
bool proc_signal(const struct cluster *c, const char *name, int signal);
/* Wait until it is gone. false: it is not, after the time. */
bool proc_wait_gone(const struct cluster *c, const char *name, uint32_t timeout_ms);
/* The program of a kind of process, "rehome-node". */
const char *proc_program(enum proc_kind kind);
/* Whether it is there. */
bool proc_exists(enum proc_kind kind);
/* The daemon of `name` is gone although it should not be: show what it logged last (since its
 * start, if this program started it) and answer the exit code that goes with how it ended. */
MUST_CHECK int proc_complain(const struct cluster *c, const char *name);

#endif
