/* history: one recorded run as plain structs: the events in merged time order, the fleet's legs,
 * the call records, and what follows from them at once: who was down when, where each device lived.
 *
 * The loader (cluster/record, or the simulator) fills the first part and calls history_prepare.
 * Times are microseconds on one clock; a run on several machines is brought to one by the loader.
 */
#ifndef CLUSTER_CHECK_HISTORY_H
#define CLUSTER_CHECK_HISTORY_H

#include "node/base/err.h"
#include "node/base/event.h"
#include "node/base/topology.h"

#include <stddef.h>

#define HISTORY_OUTAGES_MAX 1024
#define HISTORY_WINDOWS_MAX 64
#define HISTORY_FOREVER     INT64_MAX

/* One line of the fleet's calls.log. */
struct history_leg {
    struct device_id device;
    struct agent_id agent; /* none: no agent's phone */
    struct call_id call;
    struct call_id moved_from; /* the call that it was in before it was transferred or joined */
    bool incoming, preserved, transferred, open;
    char number[NUMBER_LEN], from[NUMBER_LEN], to[NUMBER_LEN];
    char wrapup[40];
    int64_t begin_us, answer_us, end_us; /* answer 0: never connected */
    int64_t held_us;
    enum reason reason;
    uint64_t received;
    int64_t gap_us;
};

/* One row of Termination_Call_Detail, as it stands at the end of the run. */
struct history_row {
    int64_t recovery_key;
    int64_t key;   /* ICRCallKey * 2^16 + leg * 2^8 + segment, as in TCD_WRITTEN */
    int64_t at_us; /* DateTime on the clock of the events */
    uint32_t pair; /* PeripheralID */
    uint32_t day, router_key;
    struct call_id call;         /* CallReferenceID */
    struct agent_id agent;       /* AgentPeripheralNumber; none: a route point's row */
    char instrument[NUMBER_LEN]; /* InstrumentPortNumber */
    char digits[NUMBER_LEN];
    char wrapup[40];
    char hash[EVENT_TEXT_LEN]; /* of the content, as in TCD_STORED */
    uint32_t disposition, call_type, segment;
    uint32_t duration_s, talk_s, work_s;
    bool partial;
    char fail_cause[24];
    struct proc_id logger; /* in whose database; none: there is one */
    bool copy;             /* another logger's row of that key comes first */
};

/* For qsort over pointers to rows: the rows of one key together, the one that was ordered first in
 * front. */
int history_row_by_key(const void *a, const void *b);
/* Mark the copies among the rows of all loggers. Errors ERR_MEMORY; nothing is marked then. */
MUST_CHECK enum err history_row_mark_copies(struct history_row *rows, size_t n);

/* The checksum over the content of a row in a run file, and of a simulated record store: over
 * what is in `struct history_row` but times of the wall and the sum itself. */
uint64_t history_row_sum(const struct history_row *row);

/* A time in which a process or one service of it was not there or not well. */
struct history_outage {
    struct proc_id proc;
    enum service service; /* NONE: the process */
    int64_t from, until;
    bool network; /* it ran, but something was wrong around it */
    bool injected;
    char what[EVENT_TEXT_LEN];
};

/* A time in which a PG pair had no active side. A side that only paused, and went on as before, is
 * no such time. */
struct history_window {
    uint32_t pair;
    struct proc_id before, after;
    int64_t from, until;
    int64_t
        seen_from; /* the new side was granted: from here on it learns of calls, phone by phone */
    int64_t
        told_until; /* the old side, or its CTI Manager's node, woke up from a pause before it
                       let go: what had piled up may have been told to it by then; else `from` */
    bool injected;
    bool unwritten; /* the side died, and no other held its state: nobody wrote what it had in view
                     */
};

/* A time in which both sides of a pair acted: one had been granted, and the other one, which was
 * awake and had not heard of it, not let go yet. */
struct history_both {
    uint32_t pair;
    int64_t from, until;
};

struct history_move {
    int64_t at;
    struct proc_id node; /* none: lost */
    uint32_t epoch;
    bool in_call;
};

struct history_span {
    uint32_t first, n;
};

struct history {
    const struct topology *topology;
    const struct event *events;
    size_t events_n;
    const struct history_leg *legs;
    size_t legs_n;
    const struct history_row *rows;
    size_t rows_n;
    bool rows_known; /* the record database was read */
    uint32_t gaps;   /* events missing between two of one process: the record is torn */
    /* When the rehearsal began, in a cluster that had been up, and maybe broken, before; 0: it is
     * all there is. */
    int64_t rehearsed_us;

    /* What history_prepare adds. */
    int64_t begin_us, end_us;
    uint32_t devices_n, outages_n, windows_n, both_n;
    struct history_outage outages[HISTORY_OUTAGES_MAX];
    struct history_window windows[HISTORY_WINDOWS_MAX];
    struct history_both both[HISTORY_WINDOWS_MAX];
    struct history_move *moves; /* device after device, each in order of time */
    struct history_span *moves_of;
    uint32_t *leg_index; /* device after device, each by begin */
    struct history_span *legs_of;
    uint32_t *owner_index; /* events owner_changed, device after device, each in order of time */
    struct history_span *owners_of;
};

/* Errors ERR_MEMORY; nothing is kept then. */
MUST_CHECK enum err history_prepare(struct history *h);
void history_free(struct history *h);

/* The first event at or after `at`; events_n: there is none. */
size_t history_from(const struct history *h, int64_t at);

/* The fault that is rehearsed: the first injected one since the rehearsal began, by its place among
 * the outages; outages_n if there was none. */
uint32_t history_first(const struct history *h);
/* The same, or NULL. Timings count from its `from`. */
const struct history_outage *history_fault(const struct history *h);
/* When the last fault began or ended; begin_us if there was none. */
int64_t history_calm_since(const struct history *h);
/* Whether the process (and the service, unless NONE) was there at `at`. */
bool history_up(const struct history *h, struct proc_id proc, enum service service, int64_t at);
/* Whether anything was wrong with `proc`, a service of it, its network, disk or clock, within
 * from..until. */
bool history_disturbed(const struct history *h, struct proc_id proc, int64_t from, int64_t until);
/* Whether the CallManager of `node` may have said nothing within from..until: dead, stopped, or cut
 * off. */
bool history_mute(const struct history *h, struct proc_id node, int64_t from, int64_t until);
/* Nothing was wrong with the process in from..until, nor so shortly before that it may still be on
 * its way back. */
bool history_sound(const struct history *h, struct proc_id proc, int64_t from, int64_t until);
/* A majority of the voters was sound: the registry could change. */
bool history_majority(const struct history *h, int64_t from, int64_t until);
/* Whether a majority of the voters runs at `at`. */
bool history_quorum(const struct history *h, int64_t at);
/* The CallManager that the device knew as its own at `at`; none: lost or never registered. */
struct proc_id history_home(const struct history *h, struct device_id device, int64_t at);
/* The nth word of any node, from 0 and in the order of time, about who owns the device by its
 * registry (an event owner_changed), or NULL. */
const struct event *history_owner_change(const struct history *h, struct device_id device,
                                         uint32_t nth);
/* The node that owns the device at `at` by the newest word of the registry, which knows it before
 * the device does; none: it was lost, or nobody ever did. */
struct proc_id history_owner(const struct history *h, struct device_id device, int64_t at);
/* The first registration of the device at or after `at`, or NULL. */
const struct history_move *history_rehomed(const struct history *h, struct device_id device,
                                           int64_t at);
/* At `at` the registry had given the device to a node that the device itself never heard from: the
 * answer to its request was lost. What rings there rings nowhere. */
bool history_astray(const struct history *h, struct device_id device, int64_t at);
/* The end of the legs that the device has at `at` (HISTORY_FOREVER: open); `at` if it is idle. */
int64_t history_busy_until(const struct history *h, struct device_id device, int64_t at);
/* The first member of the device's group with a living CallManager at `at`, or none. */
struct proc_id history_first_living(const struct history *h, uint32_t group, int64_t at);
/* A fault, by its text, that leaves the process running: network, disk, clock. */
bool history_spares(const char *what);
/* A fault, by its text, after which the process may go on with what it knew: stopped, or without a
 * network, but not ended. */
bool history_survives(const char *what);
/* The same of an outage. */
bool history_hangs(const struct history_outage *outage);
/* Whether it kept news back, or may have, of processes that went on. */
bool history_silences(const struct history_outage *outage);
/* Whether it is of a network, which it cuts or slows: not of the disk, nor of the clock. */
bool history_parts(const struct history_outage *outage);
enum proc_kind history_kind(const struct history *h, struct proc_id proc);

#endif
