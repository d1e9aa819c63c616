#include "cluster/control/backend_local.h"

#include "cluster/control/block.h"
#include "cluster/control/proc_here.h"

#include <stdio.h>

static int permitted(const char *instead)
{
    (void)instead;
    return OUTCOME_DONE;
}

static int nothing(const struct cluster *c)
{
    (void)c;
    return OUTCOME_DONE;
}

static int nothing_left(const struct cluster *c, bool destroy)
{
    (void)c;
    (void)destroy;
    return OUTCOME_DONE;
}

static enum err stay(const struct cluster *c, struct proc_id id)
{
    (void)c;
    (void)id;
    return ERR_OK;
}

/* The old block, if this cluster was up before; a new one if it is taken by now. */
static int reserve(struct cluster *c, const struct backend_place *place, int *ret_hold)
{
    const char *wanted = place->block;
    char block[BLOCK_LEN];
    char taken[BLOCK_PORT_LEN];
    uint64_t seed = c->topology.hash;
    for (const char *p = c->folder; *p != '\0'; p++) {
        seed = seed * 31 + (unsigned char)*p;
    }
    const char *first = wanted != NULL ? wanted : c->block[0] != '\0' ? c->block : NULL;
    enum err err = block_reserve(&c->topology, first, seed, block, ret_hold, taken);
    if (err != ERR_OK && wanted == NULL && first != NULL) {
        err = block_reserve(&c->topology, NULL, seed, block, ret_hold, taken);
    }
    if (err == ERR_INVALID) {
        return outcome_error(OUTCOME_USAGE, "for example --block 127.7.3",
                             "'%s' is not a block of addresses", wanted);
    }
    if (err != ERR_OK) {
        return outcome_error(OUTCOME_EXISTS, "leave --block out, or take down who uses it",
                             "%s%s is in use", taken[0] != '\0' ? "" : "the block ",
                             taken[0] != '\0' ? taken
                             : wanted != NULL ? wanted
                                              : "127.x.y, wherever one looks,");
    }
    snprintf(c->block, sizeof c->block, "%s", block);
    snprintf(c->private_block, sizeof c->private_block, "%s", block);
    return OUTCOME_DONE;
}

const struct backend backend_local = {.word = "local",
                                      .permitted = permitted,
                                      .reserve = reserve,
                                      .make = nothing,
                                      .remove = nothing_left,
                                      .visit = nothing,
                                      .procs = &proc_here,
                                      .enter = stay};
