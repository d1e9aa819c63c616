/* tool: runs a program of the system (ip, nft), feeds it a text, and keeps what it says. */
#ifndef CLUSTER_FAULT_TOOL_H
#define CLUSTER_FAULT_TOOL_H

#include "node/base/err.h"

#include <stddef.h>

#define TOOL_SAID_LEN 4096

/* What a program wrote to stdout and stderr; cut off at the end. */
struct tool_said {
    size_t n;
    char text[TOOL_SAID_LEN];
};

/* Run argv[0], looked for in the PATH and where the system has its own, with `text` as its stdin.
 *
 * netns    the path of a network namespace to run it in; NULL: this one
 * Errors   ERR_UNKNOWN     there is no such program; `ret_said` names it
 *          ERR_PERMISSION  the namespace cannot be entered
 *          ERR_IO          it failed; `ret_said` has its words */
MUST_CHECK enum err tool_run(const char *const argv[], const char *netns, const char *text,
                             struct tool_said *ret_said);
/* Let this thread, and all that it starts from now on, be in a network namespace.
 * Errors  ERR_UNKNOWN     there is no such
 *         ERR_PERMISSION  it takes privileges
 *         ERR_IO          anything else */
MUST_CHECK enum err tool_enter(const char *netns);

#endif
