/* run_clock: what a run file says of the clocks of the machines that the record is from. Events and
 * legs were brought to one clock before they were recorded; call records keep the stamps of the
 * machine that wrote them, under their checksum, and are brought to it when they are read. */
#ifndef CLUSTER_RECORD_RUN_CLOCK_H
#define CLUSTER_RECORD_RUN_CLOCK_H

#include "cluster/record/runfile.h"

#define RUN_CLOCKS_MAX 128

/* One boot of a machine, called like its process. */
struct run_clock {
    char name[NAME_LEN];
    int64_t shift_us; /* what its monotonic clock lacked to be that of the record */
    int64_t wall_shift_us;
    int64_t known_to_us; /* half of the quickest round trip */
    uint32_t samples;
};

struct run_clocks {
    uint32_t n; /* 0: all was recorded on one machine */
    struct run_clock at[RUN_CLOCKS_MAX];
};

/* Keep them with RUN_DIR/run.db.  Errors  ERR_IO, ERR_VERSION */
MUST_CHECK enum err run_clock_keep(const char *run_dir, const struct topology *topology,
                                   const struct run_clocks *clocks);
void run_clock_read(struct runfile *runfile, struct run_clocks *ret);
/* What the stamps of a machine lack; 0 for one that is not known. */
int64_t run_clock_wall_shift(const struct run_clocks *clocks, const char *name);

#endif
