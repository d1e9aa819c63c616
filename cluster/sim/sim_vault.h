/* sim_vault: what a PG side or a controller side must not forget, on a simulated disk: the outbox
 * and the record store, with the rules of node/runtime/{store,outbox,logger}.
 *
 * What is put waits for a commit; one commit takes all that waits, and simulated time. A crash
 * loses what waits; of a commit that is under way either all or nothing stays, and its ticket never
 * comes. Records of a PG are kept under their outbox numbers until they are trimmed; the
 * controller's are rows: the first one of a key wins, and RecoveryKey is given in the order of
 * arrival, or came with the record (a duplexed controller; then the record is kept too, for the
 * other logger). Of any other kind of message the last one of a pair is kept. */
#ifndef CLUSTER_SIM_SIM_VAULT_H
#define CLUSTER_SIM_SIM_VAULT_H

#include "cluster/check/history.h"
#include "cluster/sim/sim_heap.h"
#include "node/base/rand.h"
#include "proto/msg.h"

/* What is wrong with the disk of a store; all zero: nothing. */
struct sim_vault_faults {
    int64_t slow_us;  /* more for each commit */
    int64_t stall_us; /* true time before which no commit ends */
    bool fails;       /* full, or input/output errors: a commit fails, and is tried again */
};

struct sim_vault_config {
    const struct topology *topology;
    struct sim_heap *heap;
    struct proc_id self;
    bool rows; /* the controller's record store; else a PG's outbox */
    bool keep; /* keep the rows for the judges */
    uint64_t seed;
    void *context;
    /* A commit has ended, well or not. To be answered by sim_vault_settle, at once or (the process
     * hangs) later. */
    void (*done)(void *context, struct proc_id self);
};

struct sim_vault;

struct sim_vault *sim_vault_new(const struct sim_vault_config *config);
void sim_vault_free(struct sim_vault **store);

/* -- The process. -- */

/* sender  the process that the message came from */
uint64_t sim_vault_put(struct sim_vault *s, struct proc_id sender, const struct msg *msg);
void sim_vault_trim(struct sim_vault *s, uint64_t outbox);
/* At the end of each turn: begin a commit if something waits and none is under way. */
void sim_vault_commit(struct sim_vault *s);
/* The last ticket that is durable. `trace` gets the events of what was stored. */
uint64_t sim_vault_settle(struct sim_vault *s, void (*trace)(void *context, const struct event *e),
                          void *context);
/* The last commit before an end: all that waits is durable, unless the disk fails. */
void sim_vault_stop(struct sim_vault *s, void (*trace)(void *context, const struct event *e),
                    void *context);
void sim_vault_restore(struct sim_vault *s, void (*one)(void *context, const struct msg *msg),
                       void *context);

/* As rows and row_after of struct world, for the record store of a pair. */
void sim_vault_last(const struct sim_vault *s, int64_t ret_last[2]);
bool sim_vault_row_after(struct sim_vault *s, int64_t after, const int64_t held[2],
                         struct msg *ret_msg);

/* -- The world. -- */

void sim_vault_crash(struct sim_vault *s);
void sim_vault_set(struct sim_vault *s, const struct sim_vault_faults *faults);
struct sim_vault_row {
    struct history_row row; /* at_us is the wall clock of the PG side that wrote it */
    struct proc_id sender;
    uint64_t outbox; /* begins with the incarnation of the sender's process */
};
/* The rows, in the order of RecoveryKey. */
const struct sim_vault_row *sim_vault_rows(const struct sim_vault *s, size_t *ret_n);

#endif
