/* Simulates replicas over sim_raft, idle and writing, and says how much faster than real time. */
#include "tests/unit/sim_cluster.h"

#include <stdio.h>
#include <time.h>

#define VIRTUAL_MS 60000
#define EVERY_MS   5 /* a batch */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench(uint32_t n, bool writes)
{
    struct sim_cluster *c = sim_cluster_new(n, n);
    sim_cluster_start_all(c);
    double begin = seconds();
    for (int64_t ms = 0; ms < VIRTUAL_MS; ms += EVERY_MS) {
        if (writes) {
            sim_cluster_submit(c);
        }
        sim_cluster_run(c, EVERY_MS);
    }
    double took = seconds() - begin;
    printf("%u replicas, lab, %6zu batches in %d s: %8llu events, %.2f us each, %6.0f times real "
           "time\n",
           n, c->applied_n, VIRTUAL_MS / 1000, (unsigned long long)c->events,
           took / (double)c->events * 1e6, VIRTUAL_MS / 1e3 / took);
    sim_cluster_free(c);
}

int main(void)
{
    bench(3, false);
    bench(3, true);
    bench(5, true);
    return 0;
}
