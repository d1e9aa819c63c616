/* sim_fault: what can be broken, as plain data: a plan is a list of faults with times, so that a
 * shrinker can take entries away and run the rest again.
 *
 * A fault may aim at a role instead of a process; who plays it is found out when the time has come.
 * A fault that makes no sense then (a dead process cannot hang) does not happen and is not counted.
 */
#ifndef CLUSTER_SIM_SIM_FAULT_H
#define CLUSTER_SIM_SIM_FAULT_H

#include "node/base/id.h"
#include "node/base/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(NAME, word): the word is the beginning of the text of FAULT and HEAL events, as the `rehome`
 * command traces them; the judges know these words. */
#define SIM_FAULT_MAP(X)                                                             \
    X(CRASH, crash)                 /* of a process; started again */                \
    X(POWER, power)                 /* the same, and nobody is told */               \
    X(STOP, stop)                   /* politely */                                   \
    X(HANG, hang)                   /* it goes on afterwards */                      \
    X(SERVICE_CRASH, service_crash) /* of a node; the process lives */               \
    X(SERVICE_STOP, service_stop)   /* politely */                                   \
    X(UNPLUG, unplug)               /* all networks of a process */                  \
    X(PARTITION, partition)         /* a group from all others, visible network */   \
    X(ONE_WAY, one_way)             /* what the group sends to the others is lost */ \
    X(PRIVATE, private)             /* the private network of the target's pair */   \
    X(SLOW, slow)                   /* latency, jitter and loss around the target */ \
    X(DISK_SLOW, disk_slow)         /* every write takes `amount` us more */         \
    X(DISK_STALL, disk_stall)       /* no write ends until it heals */               \
    X(DISK_FULL, disk_full)         /* the process may end; started when it heals */ \
    X(DISK_ERROR, disk_error)       /* the same */                                   \
    X(CLOCK, clock)                 /* the wall clock jumps by `amount` us and back */

#define SIM_FAULT_ENUM(NAME, word) SIM_FAULT_##NAME,
enum sim_fault_kind { SIM_FAULT_MAP(SIM_FAULT_ENUM) SIM_FAULT_KINDS };
#undef SIM_FAULT_ENUM

enum sim_aim {
    SIM_AIM_PROC,
    SIM_AIM_LEADER,   /* of Raft */
    SIM_AIM_FOLLOWER, /* some other node */
    SIM_AIM_ACTIVE,   /* PG side of the target's pair */
    SIM_AIM_STANDBY,
};

struct sim_fault {
    int64_t at_us, until_us; /* true time */
    enum sim_fault_kind kind;
    enum sim_aim aim;
    struct proc_id target; /* SIM_AIM_PROC: it; else, who it is until somebody plays the role */
    enum service service;  /* SERVICE_* */
    uint64_t group;  /* PARTITION, ONE_WAY, PRIVATE: processes besides the target, 1 << proc.v */
    uint64_t others; /* from whom they are cut; none: from all others */
    bool reject;     /* PARTITION, PRIVATE: who sends is told at once */
    int64_t amount;
};

struct sim_plan {
    const struct sim_fault *faults; /* in the order of at_us */
    size_t n;
};

/* "crash", "disk_slow" */
const char *sim_fault_word(enum sim_fault_kind kind);

#endif
