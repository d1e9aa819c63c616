/* clocks: by how much the clocks of other machines differ from those of this one.
 *
 * A program there answers each line with its two clocks; of many round trips the quickest counts,
 * and half of it is what the offset is known to. An offset that is smaller than that is none. The
 * monotonic clock begins anew with each boot of a machine: each gets an entry of its own, and an
 * entry is known by the time of its boot. */
#ifndef CLUSTER_CONTROL_CLOCKS_H
#define CLUSTER_CONTROL_CLOCKS_H

#include "cluster/control/home.h"

#define CLOCKS_MAX     128
#define CLOCKS_SAMPLES 15

struct clocks_one {
    char name[NAME_LEN];
    int64_t boot_us;  /* there: its wall clock when its monotonic one was 0 */
    int64_t shift_us; /* what its monotonic clock lacks to be ours */
    int64_t wall_shift_us;
    int64_t known_to_us;
    uint32_t samples;
};

struct clocks {
    uint32_t n;
    struct clocks_one at[CLOCKS_MAX];
};

/* What was measured of a cluster's machines so far. */
void clocks_read(const struct cluster *c, struct clocks *ret);
/* Measure those of all machines, or of one (none: all), and keep it. Says which could not be
 * measured, and who is far from the others: OUTCOME_DONE all the same. */
MUST_CHECK int clocks_measure(const struct cluster *c, struct proc_id one_or_none, bool quiet);
/* The entry for something that was written there when its clocks differed so much; NULL: none. */
const struct clocks_one *clocks_of(const struct clocks *clocks, const char *name, int64_t boot_us);

/* When it was, by our clock, that a machine was up for so many seconds, "81387.43", which must have
 * been between these two: if it is not known to be, the first of them. */
int64_t clocks_moment(const struct clocks *clocks, const char *name, const char *uptime,
                      int64_t since_us, int64_t until_us);
/* From the two clocks there between two readings of ours: an entry with one sample. `boot_us` is
 * ours: the wall clock when the monotonic one was 0. */
struct clocks_one clocks_sample(int64_t before_us, int64_t after_us, int64_t there_us,
                                int64_t there_wall_us, int64_t boot_us);
/* Keep the better of the two. */
void clocks_better(struct clocks_one *best, const struct clocks_one *sample);
/* A line of events.jsonl or calls.log as it were if it had been written by our clocks; freed by the
 * caller. NULL: it is to be left as it is. */
char *clocks_line(const struct clocks *clocks, const char *name, const char *line, size_t length);

#endif
