#include "cluster/control/proc.h"

#include "cluster/control/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAT_MAX     1024
#define LOG_END_MAX  2000
#define PROGRAM_LEN  32
#define THREADS_NTH  18 /* of the fields of stat after the name: how many threads there are, */
#define STARTED_NTH  20 /* and when it started */
#define WAIT_STEP_MS 5

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
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return false;
    }
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
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
    (void)waitpid(pid->pid, NULL, WNOHANG); /* perhaps a child of ours */
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
    static const char *const places[] = {"", "/../../node/main", "/../node/main", "/../bin"};
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

static _Noreturn void become(const char *program, const char *log, char *const argv[])
{
    (void)setsid();
    int in = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(OUTCOME_IO);
    }
    if (close_range(3, ~0u, 0) != 0) {
        _exit(OUTCOME_BUG);
    }
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    execv(program, argv);
    _exit(OUTCOME_BUG);
}

static int write_pid(const struct cluster *c, const char *name, pid_t pid)
{
    char path[HOME_PATH_MAX];
    char text[64];
    struct stat_line s = {0};
    (void)read_stat(pid, &s);
    int n = snprintf(text, sizeof text, "%d %llu\n", (int)pid, s.started);
    home_proc_path(c, name, "pid", path, sizeof path);
    if (home_write(path, text, (size_t)n) != ERR_OK) {
        (void)kill(pid, SIGKILL);
        return outcome_error(OUTCOME_EXISTS, NULL, "cannot write %s: %s", path, strerror(errno));
    }
    return OUTCOME_DONE;
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
    int code = home_make_folder(state);
    if (code != OUTCOME_DONE) {
        return code;
    }
    char words[][12] = {"--topology", "--name", "--state", "--keys", "--block"};
    char *const argv[] = {program, words[0], topology, words[1], name,  words[2],
                          state,   words[3], keys,     words[4], block, NULL};
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return outcome_error(OUTCOME_IO, NULL, "cannot start %s: %s", p->name, strerror(errno));
    }
    if (pid == 0) {
        become(program, log, argv);
    }
    return write_pid(c, p->name, pid);
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

void proc_show_log_end(const struct cluster *c, const char *name)
{
    char path[HOME_PATH_MAX];
    char text[LOG_END_MAX + 1];
    home_proc_path(c, name, "log", path, sizeof path);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return;
    }
    if (fseek(in, -LOG_END_MAX, SEEK_END) != 0) {
        rewind(in);
    }
    size_t n = fread(text, 1, LOG_END_MAX, in);
    fclose(in);
    text[n] = '\0';
    fprintf(stderr, "the end of %s:\n%s%s", path, text, n > 0 && text[n - 1] != '\n' ? "\n" : "");
}
