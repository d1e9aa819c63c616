#include "cluster/control/patience.h"

uint32_t patience_of(const struct topology *t)
{
    struct topology_timers lab = {0};
    bool known = topology_profile("lab", &lab) == ERR_OK;
    ASSERT(known);
    int64_t times = t->timers.raft_election.us / lab.raft_election.us;
    return times > 1 ? (uint32_t)times : 1;
}
