#include "node/role/icm/majority.h"

void majority_init(struct majority *m, const struct topology *topology, enum side side)
{
    *m = (struct majority){.topology = topology, .side = side};
    for (uint32_t i = 0; i < topology->procs_n; i++) {
        m->devices_all += topology->procs[i].kind == PROC_PG ? 1 : 0;
    }
}

void majority_wait(struct majority *m, struct instant now)
{
    const struct topology_timers *timers = &m->topology->timers;
    struct duration patience = {timers->mesh_heartbeat.us * (int64_t)timers->mesh_misses};
    m->not_before = instant_add(now, patience);
}

void majority_met(struct majority *m, struct instant now)
{
    m->not_before = now;
}

void majority_test(struct majority *m, const struct msg_mds_status *other)
{
    m->tested = other != NULL;
    if (other != NULL) {
        m->other = *other;
    }
}

bool majority_reached(const struct majority *m)
{
    return m->side == SIDE_B ? 2 * m->devices > m->devices_all : 2 * m->devices >= m->devices_all;
}

bool majority_may_go_on(const struct majority *m, struct instant now)
{
    if (!majority_reached(m) || !instant_reached(now, m->not_before)) {
        return false;
    }
    if (!m->tested) {
        return true;
    }
    bool serves = m->other.state == MDS_STATE_ISOLATED_ENABLED;
    return !serves && !(m->side == SIDE_B && m->other.majority);
}

bool majority_may_begin(const struct majority *m, struct instant now)
{
    bool orders = m->tested && m->other.state == MDS_STATE_PAIRED_ENABLED;
    return !orders && majority_may_go_on(m, now);
}

bool majority_must_end(const struct majority *m)
{
    return m->side == SIDE_B && m->tested && m->other.state == MDS_STATE_ISOLATED_ENABLED;
}
