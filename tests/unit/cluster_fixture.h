/* cluster_fixture: a small topology of three nodes, for tests of the registry and what is above. */
#ifndef TESTS_UNIT_CLUSTER_FIXTURE_H
#define TESTS_UNIT_CLUSTER_FIXTURE_H

#include "node/base/topology.h"

#include <stdio.h>
#include <string.h>

#define FIXTURE_NODES 3

/* Nodes 1 (publisher), 2, 3; one group of all three; `phones` phones from 1001; one gateway; one
 * route point, 8000. Devices: phones, gateway, route point. */
static inline void fixture_topology(struct topology *t, uint32_t phones)
{
    static const char *const names[] = {"pub", "sub1", "sub2"};
    memset(t, 0, sizeof *t);
    snprintf(t->name, sizeof t->name, "fixture");
    t->hash = 0x1234567890abcdefu;
    t->procs_n = FIXTURE_NODES + 1;
    for (uint32_t i = 0; i < FIXTURE_NODES; i++) {
        struct topology_proc *p = &t->procs[i];
        snprintf(p->name, sizeof p->name, "%s", names[i]);
        p->kind = PROC_NODE;
        p->publisher = i == 0;
        p->callmanager = true;
        p->ctimanager = true;
        t->groups[0].members[i].v = (uint16_t)(i + 1);
    }
    snprintf(t->procs[FIXTURE_NODES].name, NAME_LEN, "fleet");
    t->procs[FIXTURE_NODES].kind = PROC_FLEET;
    t->groups_n = 1;
    t->groups[0].members_n = FIXTURE_NODES;
    t->phones_n = 1;
    t->phones[0].first = 1001;
    t->phones[0].count = phones;
    t->gateways_n = 1;
    snprintf(t->gateways[0].name, NAME_LEN, "gw1");
    t->dialled_n = 1;
    snprintf(t->dialled[0].number, NUMBER_LEN, "8000");
    enum err err = topology_profile("lab", &t->timers);
    ASSERT(err == ERR_OK);
}

#endif
