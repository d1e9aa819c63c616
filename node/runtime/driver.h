/* driver: the real world behind `struct world` for one process: clock, sessions, disk, media.
 *
 * A turn of the loop: frames that arrived become messages, then messages of LINK_LOCAL, deadlines,
 * what was stored (one commit), and at last everything that the roles sent leaves in batches. Roles
 * are called one event at a time; what they ask for is done after the event.
 *
 *     driver_new → driver_world → roles are made → driver_run → driver_free
 *
 * The listener of LINK_OPERATOR is open from the start. */
#ifndef NODE_RUNTIME_DRIVER_H
#define NODE_RUNTIME_DRIVER_H

#include "node/base/topology.h"
#include "node/runtime/loop.h"
#include "proto/world.h"

struct driver;
struct keys; /* node/runtime/keys.h */

struct driver_config {
    const struct topology *topology; /* borrowed */
    struct proc_id self;             /* none: an operator, a guest of the cluster */
    const char *guest;               /* operators: "PID-N" */
    const char *state_dir;           /* exists; NULL for operators */
    const char *keys_dir;
    const char *block;         /* "127.7.3": the first three numbers of every address */
    const char *private_block; /* the same on the private network; NULL: there is one network */
};

/* Count this start, load the keys, open the event file.
 *
 * Errors   ERR_IO        state or keys cannot be read or written
 *          ERR_CORRUPT   state or keys are damaged; the log names the file
 *          ERR_VERSION   a database of another program or version
 *          ERR_PERMISSION  the own secret key is open to others
 *          ERR_IN_USE    the addresses are taken: the process runs already
 *          ERR_INVALID   not a process of the topology */
MUST_CHECK enum err driver_new(const struct driver_config *config, struct driver **ret_driver);
void driver_free(struct driver **driver);

/* For the roles, valid as long as the driver. */
const struct world *driver_world(struct driver *driver);
/* For others who live in the same loop: libraft, HTTP. A turn follows whatever they do there, so
 * deadlines and messages that they cause need no more. */
uv_loop_t *driver_loop(struct driver *driver);
/* The keys of the cluster, as they were read at the start. */
const struct keys *driver_keys(const struct driver *driver);
/* How often this process has started, this start included. */
struct incarnation driver_incarnation(const struct driver *driver);
/* A seed for the roles' random numbers; logged. */
uint64_t driver_seed(const struct driver *driver);
/* "127.7.3.12", on the visible network; false if the process has no address. */
bool driver_address(const struct driver *driver, struct proc_id proc, char *ret_address,
                    size_t cap);

/* Restore what was stored, start the process, and serve it until driver_stop.
 *
 * Errors   ERR_IO, ERR_CORRUPT  what was stored cannot be read; the process did not start
 *          ERR_IN_USE           a role asked to listen where somebody else does */
MUST_CHECK enum err driver_run(struct driver *driver, const struct process *process);
void driver_stop(struct driver *driver);

/* Somebody was not let in at libraft's own port: counted and traced as what the hub rejects. */
void driver_refused(struct driver *driver, enum err why);

/* Counted since the start. */
struct driver_counts {
    uint64_t messages_in, messages_out, rejected, turns, late;
};
struct driver_counts driver_counted(const struct driver *driver);

#endif
