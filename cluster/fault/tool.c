#include "cluster/fault/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_PROGRAM   127
#define NO_NAMESPACE 126
#define PATH_MORE    ":/usr/sbin:/sbin:/usr/bin:/bin"
#define PATH_LEN     4096

enum err tool_enter(const char *netns)
{
    int fd = open(netns, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_UNKNOWN : errno == EACCES ? ERR_PERMISSION : ERR_IO;
    }
    enum err err = setns(fd, CLONE_NEWNET) == 0 ? ERR_OK : errno == EPERM ? ERR_PERMISSION : ERR_IO;
    close(fd);
    return err;
}

/* Its stdin: a file in memory, so that nobody waits for anybody. -1: none. */
static int text_file(const char *text)
{
    size_t left = strlen(text);
    int fd = memfd_create("tool", MFD_CLOEXEC);
    while (fd >= 0 && left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The system's programs are not in everybody's PATH. */
static void widen_path(void)
{
    char path[PATH_LEN];
    const char *old = getenv("PATH");
    int n = snprintf(path, sizeof path, "%s" PATH_MORE, old != NULL ? old : "");
    if (n > 0 && (size_t)n < sizeof path) {
        (void)setenv("PATH", path, 1);
    }
}

/* In the child. */
static _Noreturn void become(const char *const argv[], const char *netns, int in, int out,
                             pid_t parent)
{
    union {
        const char *const *given;
        char *const *taken;
    } words = {.given = argv}; /* execvp changes nothing */

    /* ^C is for who waits for it; but whoever cleans up after that one must not meet it at work. */
    (void)setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(NO_NAMESPACE);
    }
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(NO_NAMESPACE);
    }
    if (netns != NULL && tool_enter(netns) != ERR_OK) {
        _exit(NO_NAMESPACE);
    }
    widen_path();
    execvp(argv[0], words.taken);
    _exit(NO_PROGRAM);
}

/* Until it has closed its output. */
static void listen_to(int fd, struct tool_said *ret)
{
    char rest[512] = "";
    for (;;) {
        bool full = ret->n + 1 >= sizeof ret->text;
        ssize_t n = read(fd, full ? rest : ret->text + ret->n,
                         full ? sizeof rest : sizeof ret->text - 1 - ret->n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        ret->n += full ? 0 : (size_t)n;
    }
    ret->text[ret->n] = '\0';
}

/* How it ended: its exit code, or 128 and more. */
static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return NO_NAMESPACE;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

enum err tool_run(const char *const argv[], const char *netns, const char *text,
                  struct tool_said *ret_said)
{
    int report[2];
    int in = text_file(text);
    *ret_said = (struct tool_said){0};
    if (in < 0) {
        return ERR_IO;
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        close(in);
        return ERR_IO;
    }
    fflush(NULL);
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become(argv, netns, in, report[1], self);
    }
    close(in);
    close(report[1]);
    int code = NO_NAMESPACE;
    if (pid > 0) {
        listen_to(report[0], ret_said);
        code = wait_for(pid);
    }
    close(report[0]);
    if (code == NO_PROGRAM || code == NO_NAMESPACE) {
        snprintf(ret_said->text, sizeof ret_said->text, "%s cannot be run", argv[0]);
        return code == NO_PROGRAM ? ERR_UNKNOWN : ERR_PERMISSION;
    }
    return code == 0 ? ERR_OK : ERR_IO;
}
