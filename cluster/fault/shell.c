#include "cluster/fault/shell.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARK_LEN   48
#define ROOM_BYTES 65536

struct shell {
    pid_t pid;
    int fd; /* its stdin, stdout and stderr */
    char mark[MARK_LEN];
    /* What it wrote and nobody took yet. */
    char *text;
    size_t n, cap;
};

void shell_said_free(struct shell_said *said)
{
    free(said->text);
    *said = (struct shell_said){0};
}

const char *shell_first_line(const struct shell_said *said, char *ret, size_t size)
{
    snprintf(ret, size, "%.*s", said->text != NULL ? (int)strcspn(said->text, "\r\n") : 0,
             said->text != NULL ? said->text : "");
    return ret;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In the child. ^C is for who asks; but nobody may be left at work when that one is gone. */
static _Noreturn void become(const char *const argv[], int fd, pid_t parent)
{
    union {
        const char *const *given;
        char *const *taken;
    } words = {.given = argv}; /* execvp changes nothing */
    (void)setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || dup2(fd, 0) < 0 ||
        dup2(fd, 1) < 0 || dup2(fd, 2) < 0) {
        _exit(127);
    }
    execvp(argv[0], words.taken);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

struct shell *shell_open(const char *const argv[])
{
    int ends[2];
    uint64_t lot[2] = {0};
    struct shell *s = calloc(1, sizeof *s);
    if (s == NULL) {
        abort();
    }
    if (getrandom(lot, sizeof lot, 0) != sizeof lot ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        free(s);
        return NULL;
    }
    snprintf(s->mark, sizeof s->mark, "\n@%016" PRIx64 "%016" PRIx64, lot[0], lot[1]);
    fflush(NULL);
    pid_t self = getpid();
    s->pid = fork();
    if (s->pid == 0) {
        become(argv, ends[1], self);
    }
    close(ends[1]);
    s->fd = ends[0];
    if (s->pid < 0) {
        close(s->fd);
        free(s);
        return NULL;
    }
    return s;
}

void shell_close(struct shell **shell)
{
    struct shell *s = *shell;
    if (s == NULL) {
        return;
    }
    close(s->fd);
    (void)kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(s->text);
    free(s);
    *shell = NULL;
}

static enum err put(struct shell *s, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = send(s->fd, bytes, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return ERR_IO;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return ERR_OK;
}

enum err shell_write(struct shell *shell, const char *text)
{
    return put(shell, text, strlen(text));
}

enum err shell_send(struct shell *shell, const char *script)
{
    static const char before[] = "{\n";
    char after[2 * MARK_LEN];
    /* The mark is told in two halves: whatever echoes the script is not its end. */
    snprintf(after, sizeof after, "\n} </dev/null 2>&1; printf '\\n@%%s %%d\\n' '%s' $?\n",
             shell->mark + 2);
    enum err err = put(shell, before, sizeof before - 1);
    err = err == ERR_OK ? put(shell, script, strlen(script)) : err;
    return err == ERR_OK ? put(shell, after, strlen(after)) : err;
}

/* More of what it writes.  Errors  ERR_TIMEOUT, ERR_IO: that was all */
static enum err get(struct shell *s, int64_t until_ms)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (s->cap - s->n < ROOM_BYTES) {
        s->cap += 2 * ROOM_BYTES + s->cap / 2;
        s->text = realloc(s->text, s->cap);
        if (s->text == NULL) {
            abort();
        }
    }
    for (;;) {
        int64_t left = until_ms - now_ms();
        int ready = poll(&p, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready == 0) {
            return ERR_TIMEOUT;
        }
        ssize_t n = recv(s->fd, s->text + s->n, ROOM_BYTES - 1, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return ERR_IO;
        }
        s->n += (size_t)n;
        s->text[s->n] = '\0';
        return ERR_OK;
    }
}

/* The first `n` bytes become the caller's, `skip` more are forgotten. */
static void take(struct shell *s, size_t n, size_t skip, struct shell_said *ret)
{
    ret->text = malloc(n + 1);
    if (ret->text == NULL) {
        abort();
    }
    memcpy(ret->text, s->text, n);
    ret->text[n] = '\0';
    ret->n = n;
    memmove(s->text, s->text + n + skip, s->n - n - skip);
    s->n -= n + skip;
}

/* The whole line with the mark; NULL: not yet. Looked for in what came since `from`. */
static char *find_mark(const struct shell *s, size_t from)
{
    size_t mark = strlen(s->mark);
    size_t begin = from > mark ? from - mark : 0;
    char *at = s->n > begin ? memmem(s->text + begin, s->n - begin, s->mark, mark) : NULL;
    return at != NULL && memchr(at + mark, '\n', s->n - (size_t)(at + mark - s->text)) != NULL
               ? at
               : NULL;
}

enum err shell_hear(struct shell *shell, uint32_t timeout_ms, struct shell_said *ret_said)
{
    struct shell *s = shell;
    int64_t until = now_ms() + timeout_ms;
    size_t seen = 0;
    char *at = NULL;
    *ret_said = (struct shell_said){.code = -1};
    while ((at = find_mark(s, seen)) == NULL) {
        seen = s->n > MARK_LEN ? s->n - MARK_LEN : 0; /* the mark may be here, its line not yet */
        enum err err = get(s, until);
        if (err == ERR_OK) {
            continue;
        }
        if (s->n > 0) {
            take(s, s->n, 0, ret_said);
        }
        return err;
    }
    char *end = NULL;
    int code = (int)strtol(at + strlen(s->mark), &end, 10);
    take(s, (size_t)(at - s->text), (size_t)(end + 1 - at), ret_said);
    ret_said->code = code;
    return code == 0 ? ERR_OK : ERR_INVALID;
}

enum err shell_line(struct shell *shell, uint32_t timeout_ms, char *ret, size_t size)
{
    struct shell *s = shell;
    int64_t until = now_ms() + timeout_ms;
    char *end = NULL;
    while ((end = s->n > 0 ? memchr(s->text, '\n', s->n) : NULL) == NULL) {
        enum err err = get(s, until);
        if (err != ERR_OK) {
            return err;
        }
    }
    struct shell_said line;
    take(s, (size_t)(end - s->text), 1, &line);
    bool fits = line.n < size;
    snprintf(ret, size, "%s", line.text);
    shell_said_free(&line);
    return fits ? ERR_OK : ERR_TRUNCATED;
}
