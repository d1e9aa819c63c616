/* shell: a shell that stays, here or wherever the program that opens it leads ("ssh sub1 sh"):
 * scripts are run in it one after the other, each for the price of a round trip.
 *
 *     shell_open → shell_send → shell_hear → shell_send → … → shell_close
 *
 * Many can be at work at once: send to all, then hear all. */
#ifndef CLUSTER_FAULT_SHELL_H
#define CLUSTER_FAULT_SHELL_H

#include "node/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct shell;

/* What a script wrote to stdout and stderr; `text` ends with a NUL that is not counted. */
struct shell_said {
    char *text; /* freed by shell_said_free; NULL: nothing */
    size_t n;
    int code; /* of its last command */
};

void shell_said_free(struct shell_said *said);
/* Its first line, without the newline; cut off where the caller's room ends. */
const char *shell_first_line(const struct shell_said *said, char *ret, size_t size);

/* Start argv[0], looked for in the PATH: a shell that reads its stdin. NULL: no process can be
 * started. Whether it leads anywhere shows when it is heard. */
struct shell *shell_open(const char *const argv[]);
/* The program gets a SIGKILL; NULL is fine. */
void shell_close(struct shell **shell);

/* Give it a script of whole commands; what they read from stdin is empty.
 * Errors  ERR_IO  the shell has ended; shell_hear has its last words */
MUST_CHECK enum err shell_send(struct shell *shell, const char *script);
/* Wait for the end of what was sent last.
 *
 * Errors  ERR_INVALID  its last command failed: `ret_said->code`; the shell is as good as before
 *         ERR_TIMEOUT  it did not end in time; the shell is of no use any more
 *         ERR_IO       the shell has ended; `ret_said` has its last words */
MUST_CHECK enum err shell_hear(struct shell *shell, uint32_t timeout_ms,
                               struct shell_said *ret_said);

/* For a program that is no shell, and answers lines with lines. ERR_IO: it has ended. */
MUST_CHECK enum err shell_write(struct shell *shell, const char *text);
/* A line without its newline.  Errors  ERR_IO, ERR_TIMEOUT, ERR_TRUNCATED: it is too long */
MUST_CHECK enum err shell_line(struct shell *shell, uint32_t timeout_ms, char *ret, size_t size);

#endif
