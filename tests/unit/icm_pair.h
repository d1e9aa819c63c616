/* icm_pair: two sides of a central controller in one test: links that can be cut, disks that forget
 * what was not committed, and a clock that the test moves. */
#ifndef TESTS_UNIT_ICM_PAIR_H
#define TESTS_UNIT_ICM_PAIR_H

#include "node/role/icm/mds.h"

#include <stdio.h>
#include <string.h>

#define PAIR_PGA  ((struct proc_id){1})
#define PAIR_PGB  ((struct proc_id){2})
#define PAIR_ICMA ((struct proc_id){3})
#define PAIR_ICMB ((struct proc_id){4})

#define PAIR_MAIL_MAX   512
#define PAIR_STORED_MAX 2048
#define PAIR_HEARD_MAX  512
#define PAIR_WALL_US    INT64_C(1700000000000000)
#define PAIR_EPOCH      2 /* that side A grants first */

/* A message as bytes: a struct msg is large. */
struct pair_packed {
    enum msg_kind kind;
    size_t len;
    uint8_t bytes[384];
};

/* What one side is in the test. */
struct pair_side {
    struct mds mds;
    struct world world;
    int64_t skew_us;        /* of its wall clock, from its next start on */
    bool alive, holds_disk; /* holds_disk: nothing becomes durable */
    uint32_t stored_n, durable_n;
    struct pair_packed stored[PAIR_STORED_MAX];
    uint32_t served; /* rows that were read back */
};

struct pair_mail {
    enum link link;
    struct proc_id from, to;
    struct pair_packed msg;
};

struct pair_heard {
    struct proc_id from, to;
    enum msg_kind kind;
    struct msg_route_answer answer; /* of a ROUTE_ANSWER */
    struct msg_pg_grant grant;
    bool open; /* of a PG_PATH */
    uint64_t acked;
};

struct pair {
    struct topology topology;
    struct instant now;
    struct pair_side sides[2];
    bool private_up, visible_up;
    uint32_t mail_n;
    struct pair_mail mail[PAIR_MAIL_MAX];
    uint32_t heard_n;
    struct pair_heard heard[PAIR_HEARD_MAX]; /* what PG sides were told */
};

void pair_make(struct pair *p);
struct pair_side *pair_of(struct pair *p, struct proc_id side);
/* Both sides start with all links up, and both PG sides linked to both. */
void pair_start(struct pair *p);
void pair_start_side(struct pair *p, struct proc_id side);
/* It dies: what was not durable is gone. The links of the other one go down. */
void pair_kill(struct pair *p, struct proc_id side);
void pair_private(struct pair *p, bool up);
void pair_visible(struct pair *p, bool up);
void pair_link(struct pair *p, struct proc_id pg, struct proc_id side, bool up);
/* A PG side says something to a side; everything that follows from it happens. */
void pair_says(struct pair *p, struct proc_id pg, struct proc_id side, const struct msg *msg);
/* Deliver what is on its way and commit what is stored, until nothing happens any more. */
void pair_settle(struct pair *p);
/* Time passes, in heartbeats, for all who live and are not `asleep`. */
void pair_pass(struct pair *p, uint32_t ms, struct proc_id asleep);
/* The last of a kind that `to` heard; NULL: none. */
const struct pair_heard *pair_last(const struct pair *p, struct proc_id to, enum msg_kind kind);

void pair_hello(struct pair *p, struct proc_id pg, struct proc_id side, uint32_t epoch, bool wants);
void pair_agent(struct pair *p, struct proc_id pg, struct proc_id side, uint32_t agent,
                enum agent_state state);
void pair_route(struct pair *p, struct proc_id pg, struct proc_id side, uint64_t call);
void pair_record(struct pair *p, struct proc_id pg, struct proc_id side, uint32_t key,
                 uint64_t outbox);
/* How many rows are durable at a side, and a sum of their RecoveryKeys and ICRCallKeys. */
uint32_t pair_rows(const struct pair *p, struct proc_id side, uint64_t *ret_sum);

#endif
