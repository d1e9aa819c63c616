/* machines: the machines of a cluster whose processes run elsewhere: one for each process, called
 * like it, and reached by the system's ssh.
 *
 *     clusters/NAME/ssh/config      how each is reached: what the user's own configuration says,
 * else its address on the visible network; one connection for all machines.json  the rest of what
 * `up` was told PROCESS     the socket of the connection, while it is there
 *
 * With a prefix the daemons are in PREFIX/libexec/rehome and are started as they are; without one
 * they are units of systemd, as the packages install them. In a command, each machine has one
 * shell, of root, which stays. */
#ifndef CLUSTER_CONTROL_MACHINES_H
#define CLUSTER_CONTROL_MACHINES_H

#include "cluster/control/backend.h"
#include "cluster/fault/shell.h"

#define MACHINES_ASK_MS   30000 /* for something small; a machine may be an emulated one */
#define MACHINES_START_MS 120000

/* Where things are on a machine. */
struct machines_layout {
    bool units; /* the daemons are units of systemd */
    char etc[HOME_PATH_MAX];
    char state[HOME_PATH_MAX];
    char programs[HOME_PATH_MAX];
};

/* Remember how to reach them. Says what is wrong. */
MUST_CHECK int machines_remember(const struct cluster *c, const struct backend_place *place);
/* Whether that was done. */
bool machines_known(const struct cluster *c);
/* What was told; false: nothing. */
bool machines_layout(const struct cluster *c, struct machines_layout *ret);
/* The program that cuts and gives power, and the folder in which it runs; false: there is none. */
bool machines_power(const struct cluster *c, char ret_program[HOME_PATH_MAX],
                    char ret_folder[HOME_PATH_MAX]);

/* A script for one of them. `script` is freed by machines_run. */
struct machines_job {
    struct proc_id to;
    char *script;
    enum err err; /* as shell_hear; ERR_UNKNOWN: it could not be reached a moment ago, either */
    struct shell_said said;
};

/* A job with a script as by printf. */
struct machines_job machines_job(struct proc_id to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Run all, at the same time, one for each machine; what they said is the caller's. */
void machines_run(const struct cluster *c, struct machines_job *jobs, uint32_t n,
                  uint32_t timeout_ms);
/* Run one and say what is wrong: "cannot WHAT: …". `*ret_said` may be NULL. */
MUST_CHECK int machines_do(const struct cluster *c, struct machines_job job, uint32_t timeout_ms,
                           const char *what, struct shell_said *ret_said);
/* Say what became of a job: OUTCOME_DONE, or what is wrong. */
MUST_CHECK int machines_judge(const struct cluster *c, const struct machines_job *job,
                              const char *what);
/* A program there that answers line by line. NULL: no process can be started. */
struct shell *machines_program(const struct cluster *c, struct proc_id to, const char *program);

/* Let go of a machine: its shell, and the connection that outlives the command. */
void machines_forget(const struct cluster *c, struct proc_id id);

/* Whether its power was cut, by us. */
bool machines_is_off(const struct cluster *c, const char *name);
void machines_set_off(const struct cluster *c, const char *name, bool off);

#endif
