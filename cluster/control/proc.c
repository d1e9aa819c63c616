#include "cluster/control/proc.h"

#include "cluster/control/backend.h"
#include "cluster/control/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAT_MAX     1024
#define LOG_END_MAX  2000
#define BY_SIGNAL    128
#define PROGRAM_LEN  32
#define THREADS_NTH  18 /* of the fields of stat after the name: how many threads there are, */
#define STARTED_NTH  20 /* and when it started */
#define WAIT_STEP_MS 5

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

struct stat_line {
    char state;
    unsigned long long threads, started;
};

/* The fields after the name of /proc/PID/stat: state, …, number of threads, …, start time. */
static bool read_stat(pid_t pid, struct stat_line *ret)
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
    const char *p = strrchr(text, ')');
    if (p == NULL || p[1] != ' ') {
        return false;
    }
    p += 2;
    ret->state = *p;
    for (int field = 1; field < STARTED_NTH; field++) {
        p = strchr(p, ' ');
        if (p == NULL) {
            return false;
        }
        p++;
        if (field + 1 == THREADS_NTH) {
            ret->threads = strtoull(p, NULL, 10);
        }
    }
    ret->started = strtoull(p, NULL, 10);
    return true;
}

enum proc_state proc_look(const struct proc_pid *pid)
{
    struct stat_line s = {0};
    reap(pid->pid);
    if (pid->pid <= 0 || !read_stat(pid->pid, &s) || s.started != pid->started || s.state == 'X') {
        return PROC_STATE_DEAD;
    }
    /* A zombie with other threads still has its sockets and files: they are on their way out. */
    if (s.state == 'Z' && s.threads <= 1) {
        return PROC_STATE_DEAD;
    }
    return s.state == 'T' ? PROC_STATE_STOPPED : PROC_STATE_ALIVE;
}

enum proc_state proc_read(const struct cluster *c, const char *name, struct proc_pid *ret)
{
    char path[HOME_PATH_MAX];
    char text[64] = "";
    *ret = (struct proc_pid){0};
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
    return proc_look(ret);
}

const char *proc_program(enum proc_kind kind)
{
    static const char *const programs[] = {[PROC_NONE] = "",
                                           [PROC_NODE] = "rehome-node",
                                           [PROC_PG] = "rehome-pg",
                                           [PROC_ICM] = "rehome-icm",
                                           [PROC_FLEET] = "rehome-fleet",
                                           [PROC_RECORDER] = "rehome-recorder"};
    return programs[kind];
}

/* Beside this program (installed), or where the build puts the daemons. */
static bool find_program(const char *name, char *ret, size_t size)
{
    static const char *const places[] = {"", "/../../node/main", "/../node/main",
                                         "/../libexec/rehome"};
    char self[HOME_PATH_MAX];
    const char *folder = getenv("REHOME_BIN");
    if (folder == NULL) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n < 0) {
            return false;
        }
        self[n] = '\0';
        folder = dirname(self);
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int n = snprintf(ret, size, "%s%s/%s", folder, places[i], name);
        if (n > 0 && (size_t)n < size && access(ret, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool proc_exists(enum proc_kind kind)
{
    char path[HOME_PATH_MAX];
    return find_program(proc_program(kind), path, sizeof path);
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
    struct stat_line s = {0};
    (void)read_stat(getpid(), &s);
    int n = snprintf(text, sizeof text, "%d %llu\n", (int)getpid(), s.started);
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

static long size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

int proc_start(const struct cluster *c, struct proc_id id)
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
    if (!find_program(proc_program(p->kind), program, sizeof program)) {
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
    long log_from = size_of(log);
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

bool proc_signal(const struct cluster *c, const char *name, int signal)
{
    struct proc_pid pid;
    if (proc_read(c, name, &pid) == PROC_STATE_DEAD) {
        return false;
    }
    return kill(pid.pid, signal) == 0;
}

bool proc_wait_gone(const struct cluster *c, const char *name, uint32_t timeout_ms)
{
    struct proc_pid pid;
    int64_t until = tick_now_us() + (int64_t)timeout_ms * 1000;
    while (proc_read(c, name, &pid) != PROC_STATE_DEAD) {
        if (tick_now_us() > until) {
            return false;
        }
        tick_sleep_ms(WAIT_STEP_MS);
    }
    return true;
}

static void show_log(const struct cluster *c, const char *name, long from)
{
    char path[HOME_PATH_MAX];
    char text[LOG_END_MAX + 1];
    home_proc_path(c, name, "log", path, sizeof path);
    long size = size_of(path);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return;
    }
    from = size - from > LOG_END_MAX ? size - LOG_END_MAX : from;
    size_t n = fseek(in, from, SEEK_SET) == 0 ? fread(text, 1, LOG_END_MAX, in) : 0;
    fclose(in);
    text[n] = '\0';
    fprintf(stderr, "%s:\n%s%s", path, text, n > 0 && text[n - 1] != '\n' ? "\n" : "");
}

/* How a daemon ended, as this command's exit code (node/main/main_common.h has the daemon's). */
static int outcome_of_exit(int code)
{
    switch (code) {
    case OUTCOME_DATA:
    case OUTCOME_EXISTS:
    case OUTCOME_IO:
    case OUTCOME_CONFIG:
        return code;
    case BY_SIGNAL + SIGABRT:
    case BY_SIGNAL + SIGSEGV:
    case BY_SIGNAL + SIGBUS:
        return OUTCOME_BUG;
    default:
        return OUTCOME_UNREACHABLE; /* somebody ended it, or nobody knows */
    }
}

int proc_complain(const struct cluster *c, const char *name)
{
    struct proc_pid pid;
    long log_from = 0;
    int code = -1;
    (void)proc_read(c, name, &pid);
    for (uint32_t i = 0; i < children.n && i < PROCS_MAX; i++) {
        if (children.at[i].pid == pid.pid) {
            log_from = children.at[i].log_from;
            code = children.at[i].code;
        }
    }
    show_log(c, name, log_from);
    int outcome = outcome_of_exit(code);
    return outcome_error((enum outcome)outcome,
                         outcome == OUTCOME_DATA || outcome == OUTCOME_IO
                             ? "mend the file that it names; or begin anew: rehome down --destroy"
                             : "look at its log above",
                         "%s ended: %s", name,
                         outcome == OUTCOME_UNREACHABLE ? "it cannot be reached any more"
                                                        : outcome_meaning(outcome));
}
