/* bench_sim: how much faster than real time the default cluster runs with 100 phones, under traffic
 * and faults, on one core; and how much memory that takes.
 *
 *     bench_sim [lab|srnd] [virtual seconds] [phones] [keep] */
#include "cluster/sim/sim_topology.h"
#include "cluster/sim/sim_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define S       INT64_C(1000000)
#define WARM_US (10 * S)
#define EVERY_S 20 /* a fault, for half of that */

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nodes and PG sides take turns in crashing and hanging. */
static void make_plan(struct sim_plan *plan, struct sim_fault *faults, int64_t seconds)
{
    for (int64_t at = 0; at + EVERY_S < seconds; at += EVERY_S) {
        struct sim_fault *f = &faults[plan->n];
        *f = (struct sim_fault){.at_us = WARM_US + at * S,
                                .until_us = WARM_US + at * S + EVERY_S * S / 2,
                                .kind = plan->n % 2 == 0 ? SIM_FAULT_CRASH : SIM_FAULT_HANG,
                                .aim = SIM_AIM_PROC};
        f->target.v = (uint16_t)(1 + plan->n % 5);
        plan->n++;
    }
    plan->faults = faults;
}

int main(int argc, char **argv)
{
    const char *profile = argc > 1 ? argv[1] : "lab";
    int64_t seconds = argc > 2 ? atoll(argv[2]) : 300;
    uint32_t phones = argc > 3 ? (uint32_t)atoi(argv[3]) : 100;
    bool keep = argc > 4;
    static struct topology topology;
    struct sim_topology_size size;
    sim_topology_default(phones, profile, &size);
    if (seconds <= 0 || phones == 0 || sim_topology_make(&size, &topology) != ERR_OK) {
        fprintf(stderr, "usage: bench_sim [lab|srnd] [virtual seconds] [phones] [keep]\n");
        return 64;
    }
    struct sim_fault *faults = calloc((size_t)seconds / EVERY_S + 1, sizeof faults[0]);
    struct sim_plan plan = {NULL, 0};
    make_plan(&plan, faults, seconds);
    double began = cpu_s();
    struct sim_world *w = sim_world_new(&(struct sim_world_config){
        .topology = &topology, .seed = 1, .keep = keep, .delay_min = {60}, .delay_max = {300}});
    sim_world_plan(w, &plan);
    sim_world_start(w);
    sim_world_run(w, WARM_US + seconds * S);
    double took = cpu_s() - began;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const struct sim_history *r = sim_world_record(w);
    struct sim_net_stats net = sim_net_stats(sim_world_net(w));
    double virtual_s = (double)(sim_world_now(w)) / 1e6;
    printf("%s: %u phones, %.0f virtual s in %.2f s of CPU: %.0f times real time\n", profile,
           phones, virtual_s, took, virtual_s / took);
    printf("%llu events, %llu frames (%.0f a virtual second), %llu faults, %.0f MiB at most\n",
           (unsigned long long)r->total, (unsigned long long)net.frames,
           (double)net.frames / virtual_s,
           (unsigned long long)(sim_world_fired(w, SIM_FAULT_CRASH) +
                                sim_world_fired(w, SIM_FAULT_HANG)),
           (double)usage.ru_maxrss / 1024);
    sim_world_free(&w);
    free(faults);
    return 0;
}
