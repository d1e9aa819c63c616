/* good_run: a small run of scenario 1 in which everything goes as it should, for tests to spoil.
 *
 * pub, sub1, sub2, pga (sub1), pgb (sub2), icma, fleet; phones 1001..1020 and two gateways, home on
 * sub1; agents 5001..5010 on 1001..1010; 80001 is their dialled number. sub1 dies at GOOD_FAULT and
 * is back at GOOD_RETURN. */
#ifndef TESTS_UNIT_GOOD_RUN_H
#define TESTS_UNIT_GOOD_RUN_H

#include "cluster/check/check.h"
#include "cluster/check/history.h"

#define GOOD_PUB      ((struct proc_id){1})
#define GOOD_SUB1     ((struct proc_id){2})
#define GOOD_SUB2     ((struct proc_id){3})
#define GOOD_PGA      ((struct proc_id){4})
#define GOOD_PGB      ((struct proc_id){5})
#define GOOD_ICMA     ((struct proc_id){6})
#define GOOD_FLEET    ((struct proc_id){7})
#define GOOD_RECORDER ((struct proc_id){8})
#define GOOD_GUEST    ((struct proc_id){PROCS_MAX + 1})

#define GOOD_PHONES      20
#define GOOD_GATEWAYS    2
#define GOOD_GATEWAY     (GOOD_PHONES + 1) /* the first one's device */
#define GOOD_ROUTE_POINT (GOOD_PHONES + GOOD_GATEWAYS + 1)
#define GOOD_MS          INT64_C(1000)
#define GOOD_FAULT       (20000 * GOOD_MS)
#define GOOD_RETURN      (35000 * GOOD_MS)
#define GOOD_END         (70000 * GOOD_MS)
#define GOOD_WALL        INT64_C(1764000000000000) /* wall clock at 0 */
#define GOOD_MAX         4096

/* The leg in progress at the fault, and one that was over before; places in good_legs. */
#define GOOD_LEG_KEPT 0
#define GOOD_LEG_DONE 2
/* Their rows. */
#define GOOD_ROW_KEPT 0
#define GOOD_ROW_DONE 1

extern struct topology good_topology;
extern struct event good_events[GOOD_MAX];
extern struct history_leg good_legs[64];
extern struct history_row good_rows[64];
extern struct history good;
extern const char *good_scenario; /* that it is judged by */

/* Make the run anew. Change events, legs and rows (and the counts in `good`) then, and finish. */
void good_run_make(void);
/* The same until the agents are ready, without any registration and call: for runs of other
 * scenarios. */
void good_run_begin(const char *scenario);
/* One event more, to be filled in. */
struct event *good_run_event(enum event_kind kind, struct proc_id proc, int64_t at_us);
/* A side is granted an epoch, and active a moment later, at `at_us`. */
void good_run_activates(struct proc_id side, struct proc_id node, int64_t epoch, int64_t at_us);
/* A fault or its end, as the command tells it. */
void good_run_fault(enum event_kind kind, struct proc_id proc, const char *what, int64_t at_us);
/* The first event of a kind by `proc` (none: by anybody) at or after `at_us`, or NULL. */
struct event *good_run_find(enum event_kind kind, struct proc_id proc, int64_t at_us);
/* Asked for, committed, acknowledged, and known to the device. */
void good_run_registers(uint32_t device, struct proc_id node, uint32_t epoch, int64_t at,
                        int64_t index);
/* All nodes, or all but sub1, tell their hash at an index. */
void good_run_hashes(int64_t at, int64_t index, bool all);
/* A side tells a state of agents first..last. */
void good_run_agents(struct proc_id side, enum agent_state to, uint32_t first, uint32_t last,
                     int64_t at);
void good_run_routed(uint32_t agent, struct proc_id side, uint64_t call, int64_t at);
/* An agent's leg; its caller's leg at the gateway is the next one. */
struct history_leg *good_run_talk(uint32_t agent, uint64_t call, int64_t begin, int64_t end);
/* A whole row of a leg, and that it was stored. */
struct history_row *good_run_row(const struct history_leg *leg, int64_t key, int64_t at);
/* Sort and prepare. Ends the test process if that fails. */
void good_run_finish(void);

/* What the check of that name says of the run, which is finished; the last answer is kept. */
const struct check_result *good_run_judged(const char *id);
/* Finish the run; the check of that name fails it, or the test does. The history is freed. */
void good_run_caught(const char *id);

#endif
