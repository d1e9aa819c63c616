/* main_common: what the main() of every daemon does: options, folders, signals, the driver. */
#ifndef NODE_MAIN_MAIN_COMMON_H
#define NODE_MAIN_MAIN_COMMON_H

#include "node/base/topology.h"
#include "node/runtime/driver.h"

struct main_options {
    const char *topology_file;
    const char *name;
    const char *state_dir;
    const char *keys_dir;
    const char *block;         /* "127.7.3" */
    const char *private_block; /* NULL: the private network is the same one */
};

/* argv: --topology FILE --name NAME --state DIR --keys DIR --block 127.x.y [--private-block x.y.z].
 * Wrong ones end the process with 64; `--clock` alone is another task (there.h), and ends it, too.
 */
void main_options_parse(int argc, char **argv, struct main_options *ret_options);

/* Make the driver of the process NAME and let SIGTERM and SIGINT stop it. An error is said on
 * stderr; the exit code is answered: 0, 65 (state or keys are damaged), 73 (addresses in use), 74
 * (state or keys cannot be read or written), 78 (unknown name, or a key that is open to others). */
MUST_CHECK int main_driver(const struct main_options *options, const struct topology *topology,
                           struct driver **ret_driver);

/* Stop the driver at the end of the turn in which *ended became true. `ended` outlives the driver.
 */
void main_end_when(struct driver *driver, const bool *ended);

/* The exit code for an error, as above. */
int main_exit_code(enum err err);

/* Serve until it is stopped; the service manager, if there is one, is told when it serves, that it
 * lives, and when it stops. The exit code is answered: 0; 65 or 74 if what was stored cannot be
 * read; 73 if a port is in use. */
MUST_CHECK int main_serve(struct driver *driver, const struct process *process);

#endif
