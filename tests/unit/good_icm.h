/* good_icm: a good run (good_run.h) of a cluster whose central controller is a pair: icma orders.
 */
#ifndef TESTS_UNIT_GOOD_ICM_H
#define TESTS_UNIT_GOOD_ICM_H

#include "tests/unit/good_run.h"

#define GOOD_ICMB ((struct proc_id){9})

/* The run until all devices are registered and both sides are a pair. */
void good_icm_begin(const char *scenario);
/* What a side becomes to the other one. */
struct event *good_icm_becomes(struct proc_id side, enum mds_state state, int64_t at_us);
/* A logger has got what it lacked from the other one. */
void good_icm_recovers(struct proc_id side, struct proc_id peer, int64_t rows, int64_t at_us);
/* A row of a leg in both databases. */
void good_icm_row(const struct history_leg *leg, int64_t key, int64_t at_us);
/* Each of these checks passes the run; it is finished, and freed then. */
void good_icm_all_pass(const char *const *ids, size_t n);

#endif
