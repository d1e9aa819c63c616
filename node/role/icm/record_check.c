#include "node/role/icm/record_check.h"

#define YEAR_2000_US    INT64_C(946684800000000)
#define YEAR_2200_US    INT64_C(7258118400000000)
#define DISPOSITION_MAX 52 /* the last one that the schema knows */

static bool of_pair(const struct topology *t, uint32_t pair, struct agent_id agent)
{
    struct agent_info info;
    return topology_agent_by_id(t, agent, &info) && info.pair == pair;
}

static bool of_cluster(const struct topology *t, struct call_id call)
{
    const struct topology_proc *p = topology_proc_of(t, call_id_owner(call));
    return p != NULL && p->kind == PROC_NODE;
}

static const char *common(const struct topology *t, uint32_t pair, uint32_t peripheral,
                          struct agent_id agent, int64_t wall_us)
{
    return peripheral != pair                                  ? "a record of another pair"
           : agent_id_some(agent) && !of_pair(t, pair, agent)  ? "a record of no agent"
           : wall_us < YEAR_2000_US || wall_us >= YEAR_2200_US ? "a record of no time"
                                                               : NULL;
}

static const char *check_tcd(const struct topology *t, uint32_t pair,
                             const struct msg_record_tcd *m)
{
    struct device_info device;
    const char *wrong = common(t, pair, m->peripheral, m->agent, m->wall_us);
    return wrong != NULL                                             ? wrong
           : m->icr_call_key == 0 || m->leg == 0                     ? "a record without a key"
           : m->disposition == 0 || m->disposition > DISPOSITION_MAX ? "a record of no end"
           : !topology_device(t, m->device, &device)                 ? "a record of no device"
           : !of_cluster(t, m->call)                                 ? "a record of no call"
                                                                     : NULL;
}

const char *record_check_wrong(const struct topology *t, uint32_t pair, const struct msg *msg)
{
    if (msg->kind == MSG_RECORD_TCD) {
        return check_tcd(t, pair, &msg->record_tcd);
    }
    if (msg->kind == MSG_RECORD_LOGOUT) {
        const struct msg_record_logout *m = &msg->record_logout;
        return !agent_id_some(m->agent) ? "a record of no agent"
                                        : common(t, pair, m->peripheral, m->agent, m->wall_us);
    }
    ASSERT(msg->kind == MSG_RECORD_STATE);
    const struct msg_record_state *m = &msg->record_state;
    return !agent_id_some(m->agent) ? "a record of no agent"
                                    : common(t, pair, m->peripheral, m->agent, m->wall_us);
}
