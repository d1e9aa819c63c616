#include "cluster/control/proc_here.h"

#include "cluster/control/backend.h"
#include "cluster/control/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAT_MAX  1024
#define BY_SIGNAL 128

/* The daemons that this program started: where their logs began, and how they ended. */
static struct {
    uint32_t n;
    struct {
        pid_t pid;
        long log_from;
        int code; /* -1: it lives */
    } at[PROCS_MAX];
} children;

static void remember(pid_t pid, long log_from)
{
    uint32_t i = children.n++ % PROCS_MAX;
    children.at[i].pid = pid;
    children.at[i].log_from = log_from;
    children.at[i].code = -1;
}

/* Perhaps a child of ours, which has to be waited for. */
static void reap(pid_t pid)
{
    int status = 0;
    if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid) {
        return;
    }
    for (uint32_t i = 0; i < children.n && i < PROCS_MAX; i++) {
        if (children.at[i].pid == pid) {
            children.at[i].code =
                WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
        }
    }
}

static bool read_stat(pid_t pid, struct proc_stat *ret)
{
    char path[64];
    char text[STAT_MAX];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    return proc_stat_parse(text, ret);
}

enum proc_state proc_here_look(const struct proc_pid *pid)
{
    struct proc_stat s = {.state = PROC_STATE_DEAD};
    reap(pid->pid);
    return pid->pid > 0 && read_stat(pid->pid, &s) && s.started == pid->started ? s.state
                                                                                : PROC_STATE_DEAD;
}

static enum proc_state read_pid(const struct cluster *c, const char *name, struct proc_pid *ret)
{
    char path[HOME_PATH_MAX];
    char text[64] = "";
    home_proc_path(c, name, "pid", path, sizeof path);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return PROC_STATE_DEAD;
    }
    bool read = fgets(text, sizeof text, in) != NULL;
    fclose(in);
    char *end = NULL;
    long pid = strtol(text, &end, 10);
    if (!read || *end != ' ' || pid <= 0 || pid > INT32_MAX) {
        return PROC_STATE_DEAD;
    }
    ret->pid = (pid_t)pid;
    ret->started = strtoull(end, NULL, 10);
    return proc_here_look(ret);
}

/* How far the child came, if it did not become the daemon. */
enum step { STEP_ENTER = 1, STEP_LOG, STEP_PID, STEP_PROGRAM };

struct failure {
    enum step step;
    int error;
};

static _Noreturn void give_up(int report, enum step step)
{
    struct failure f = {step, errno};
    ssize_t ignored = write(report, &f, sizeof f);
    (void)ignored;
    _exit(OUTCOME_BUG);
}

/* The file that says which process this is. */
static bool write_pid(const char *path)
{
    char text[64];
    struct proc_stat s = {0};
    (void)read_stat(getpid(), &s);
    int n = snprintf(text, sizeof text, "%d %" PRIu64 "\n", (int)getpid(), s.started);
    return home_write(path, text, (size_t)n) == ERR_OK;
}

/* In the child. Its pid is on disk before it is a daemon: whoever ends this program in between
 * leaves none that nobody knows. */
static _Noreturn void become(const char *program, const char *log, const char *pid_path,
                             char *const argv[], int report)
{
    (void)setsid();
    int in = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        give_up(report, STEP_LOG);
    }
    if (!write_pid(pid_path)) {
        give_up(report, STEP_PID);
    }
    /* Everything else goes, `report` with the exec. */
    if (dup3(report, 3, O_CLOEXEC) < 0 || close_range(4, ~0u, 0) != 0) {
        _exit(OUTCOME_BUG);
    }
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    execv(program, argv);
    give_up(3, STEP_PROGRAM);
}

/* What the child tells before it is a daemon; nothing, if all is well. */
static int hear(int report, const char *name, const char *log, const char *pid_path)
{
    struct failure f = {0};
    ssize_t n = read(report, &f, sizeof f);
    while (n < 0 && errno == EINTR) {
        n = read(report, &f, sizeof f);
    }
    if (n != (ssize_t)sizeof f) {
        return OUTCOME_DONE;
    }
    if (f.step == STEP_ENTER) {
        return outcome_error(f.error == EPERM ? OUTCOME_PRIVILEGES : OUTCOME_IO, "rehome down",
                             "cannot enter the network of %s: %s", name, strerror(f.error));
    }
    return outcome_error(f.step == STEP_PROGRAM ? OUTCOME_UNREACHABLE : OUTCOME_EXISTS, NULL,
                         "cannot %s of %s%s%s: %s",
                         f.step == STEP_PROGRAM ? "run the program" : "write the file", name,
                         f.step == STEP_PROGRAM ? "" : ", ",
                         f.step == STEP_LOG   ? log
                         : f.step == STEP_PID ? pid_path
                                              : "",
                         strerror(f.error));
}

static int start(const struct cluster *c, struct proc_id id)
{
    const struct topology_proc *p = topology_proc_of(&c->topology, id);
    ASSERT(p != NULL);
    char program[HOME_PATH_MAX];
    char topology[HOME_PATH_MAX];
    char state[HOME_PATH_MAX];
    char keys[HOME_PATH_MAX];
    char log[HOME_PATH_MAX];
    char name[NAME_LEN];
    char block[HOME_BLOCK_LEN];
    char private_block[HOME_BLOCK_LEN];
    if (!proc_find(proc_program(p->kind), program, sizeof program)) {
        return outcome_error(OUTCOME_UNREACHABLE, "build it, or say where it is in REHOME_BIN",
                             "the program %s is not beside this one", proc_program(p->kind));
    }
    home_path(c, topology, sizeof topology, "topology.yaml");
    home_path(c, keys, sizeof keys, "keys");
    home_proc_path(c, p->name, "", state, sizeof state);
    home_proc_path(c, p->name, "log", log, sizeof log);
    snprintf(name, sizeof name, "%s", p->name);
    snprintf(block, sizeof block, "%s", c->block);
    snprintf(private_block, sizeof private_block, "%s", c->private_block);
    int code = home_make_folder(state);
    if (code != OUTCOME_DONE) {
        return code;
    }
    char words[][16] = {"--topology", "--name", "--state", "--keys", "--block", "--private-block"};
    char *const argv[] = {program,  words[0], topology, words[1], name,     words[2],      state,
                          words[3], keys,     words[4], block,    words[5], private_block, NULL};
    char pid_path[HOME_PATH_MAX];
    int report[2];
    home_proc_path(c, p->name, "pid", pid_path, sizeof pid_path);
    long log_from = proc_log_size(log);
    fflush(NULL);
    if (pipe2(report, O_CLOEXEC) != 0) {
        return outcome_error(OUTCOME_IO, NULL, "cannot start %s: %s", p->name, strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        if (backend_of(c)->enter(c, id) != ERR_OK) {
            give_up(report[1], STEP_ENTER);
        }
        become(program, log, pid_path, argv, report[1]);
    }
    int error = errno;
    close(report[1]);
    if (pid > 0) {
        remember(pid, log_from);
        code = hear(report[0], p->name, log, pid_path);
    } else {
        code = outcome_error(OUTCOME_IO, NULL, "cannot start %s: %s", p->name, strerror(error));
    }
    close(report[0]);
    return code;
}

static bool send(const struct cluster *c, const char *name, int number, int64_t *ret_at_us)
{
    struct proc_pid pid;
    if (read_pid(c, name, &pid) == PROC_STATE_DEAD) {
        return false;
    }
    *ret_at_us = tick_now_us();
    return kill(pid.pid, number) == 0;
}

bool proc_here_ended(const struct proc_pid *pid, long *ret_log_from, int *ret_code)
{
    for (uint32_t i = 0; i < children.n && i < PROCS_MAX; i++) {
        if (children.at[i].pid == pid->pid) {
            *ret_log_from = children.at[i].log_from;
            *ret_code = children.at[i].code;
            return true;
        }
    }
    return false;
}

const struct proc_ways proc_here = {.start = start, .read = read_pid, .signal = send};
