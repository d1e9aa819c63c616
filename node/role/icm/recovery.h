/* recovery: two loggers that were apart give each other the rows that the other one lacks.
 *
 * Each row has a RecoveryKey, given when its record was ordered: the time, made unique; even from
 * side A, odd from side B. The rows of one side reach a database in the order of their keys, so
 * "held up to this key of A and that one of B" says what a database lacks. As long as the sides are
 * paired and nothing is missing it holds all up to its last rows (complete). When they part, and at
 * each start, the bounds are noted before anything newer is stored; when they meet again each side
 * asks for what is behind its bounds, page by page, and is complete when there is no more. A row
 * that comes twice changes nothing.
 *
 * Keys of a side must not go back, or its bound would hide rows, whatever its clock did and its
 * disk lost; so they are reserved ahead (stored as a RECOVERY_END), and the next life begins
 * behind. */
#ifndef NODE_ROLE_ICM_RECOVERY_H
#define NODE_ROLE_ICM_RECOVERY_H

#include "node/base/topology.h"
#include "proto/world.h"

#define RECOVERY_PAGE     64 /* rows between two questions */
#define RECOVERY_AHEAD_US INT64_C(60000000)

struct recovery {
    const struct topology *topology;
    const struct world *world;
    struct proc_id peer;
    int64_t held[2]; /* of side A, of side B */
    int64_t last[2]; /* the last key of each that was given to the store */
    int64_t given;   /* the last one that was made */
    int64_t reserved;
    bool complete;
    bool asking;
    uint64_t came;      /* rows, since it asked */
    uint64_t put;       /* the ticket of the last row that was given to the store */
    uint64_t stored;    /* the last ticket that is on disk */
    bool asked;         /* the other side waits for an answer: */
    uint64_t asked_put; /* what was put before is to be on disk first */
    struct msg_recovery_ask question;
};

void recovery_init(struct recovery *r, const struct topology *topology, struct proc_id peer,
                   const struct world *world);
/* RECOVERY_HELD or RECOVERY_END of an earlier life. */
void recovery_restore(struct recovery *r, const struct msg *msg);
void recovery_start(struct recovery *r);

/* A key for a record that is ordered by `side` at `wall_us`. */
int64_t recovery_key(struct recovery *r, enum side side, int64_t wall_us);
/* Give a record, which has its key, to the store; answers its ticket. */
uint64_t recovery_store(struct recovery *r, const struct msg *record);
void recovery_stored(struct recovery *r, uint64_t ticket);

/* The sides serve as a pair from now on, or something changed: they do not, or not as before. */
void recovery_paired(struct recovery *r);
void recovery_parted(struct recovery *r);
/* RECOVERY_ASK, RECOVERY_END and records of the other logger. False: of another kind. */
bool recovery_message(struct recovery *r, const struct msg *msg);

#endif
