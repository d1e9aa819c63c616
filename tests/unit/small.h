/* small: a small cluster for tests: its topology, a folder, keys, and a block of addresses that no
 * other test uses. */
#ifndef TESTS_UNIT_SMALL_H
#define TESTS_UNIT_SMALL_H

#include "node/base/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void small_proc(struct topology *t, const char *name, enum proc_kind kind)
{
    struct topology_proc *p = &t->procs[t->procs_n++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kind = kind;
    p->host = 10 + t->procs_n;
    p->callmanager = kind == PROC_NODE;
    p->ctimanager = kind == PROC_NODE;
    p->pair = kind == PROC_PG ? 5000 : 0;
}

/* pub 1, sub1 2, sub2 3, pga 4, pgb 5, icma 6, fleet 7, recorder 8; 10 phones. */
static inline void small_topology(struct topology *t)
{
    memset(t, 0, sizeof *t);
    snprintf(t->name, sizeof t->name, "small");
    t->hash = 4711;
    small_proc(t, "pub", PROC_NODE);
    small_proc(t, "sub1", PROC_NODE);
    small_proc(t, "sub2", PROC_NODE);
    small_proc(t, "pga", PROC_PG);
    small_proc(t, "pgb", PROC_PG);
    small_proc(t, "icma", PROC_ICM);
    small_proc(t, "fleet", PROC_FLEET);
    small_proc(t, "recorder", PROC_RECORDER);
    t->procs[3].ctimanager_node.v = 2;
    t->procs[4].ctimanager_node.v = 3;
    t->groups_n = 1;
    t->groups[0].members_n = 1;
    t->groups[0].members[0].v = 2;
    t->phones_n = 1;
    t->phones[0] = (struct topology_phones){.first = 1001, .count = 10, .fleet = {7}};
    if (topology_profile("lab", &t->timers) != ERR_OK) {
        abort();
    }
}

/* "127.A.B" */
static inline void small_block(char *ret_block, size_t cap)
{
    unsigned pid = (unsigned)getpid();
    snprintf(ret_block, cap, "127.%u.%u", 100 + pid / 256 % 100, pid % 256);
}

/* A new folder; removed by small_remove. */
static inline void small_folder(char *ret_dir, size_t cap)
{
    snprintf(ret_dir, cap, "/tmp/rehome-test-XXXXXX");
    if (mkdtemp(ret_dir) == NULL) {
        abort();
    }
}

static inline void small_remove(const char *dir)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command) != 0) {
        fprintf(stderr, "%s stays\n", dir);
    }
}

#endif
