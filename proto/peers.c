#include "proto/peers.h"

static bool both(const struct topology_proc *a, const struct topology_proc *b, enum proc_kind kind)
{
    return a->kind == kind && b->kind == kind;
}

bool peers_may_dial(const struct topology *t, enum link link, struct proc_id dialler,
                    struct proc_id listener)
{
    const struct topology_proc *d = topology_proc_of(t, dialler);
    const struct topology_proc *l = topology_proc_of(t, listener);
    if (d == NULL || l == NULL || proc_id_eq(dialler, listener)) {
        return false;
    }
    switch (link) {
    case LINK_STATION:
        return d->kind == PROC_FLEET && l->kind == PROC_NODE && l->callmanager;
    case LINK_SDL:
        return both(d, l, PROC_NODE) && d->callmanager && l->callmanager;
    case LINK_JTAPI:
        return d->kind == PROC_PG && l->kind == PROC_NODE && l->ctimanager &&
               proc_id_eq(d->ctimanager_node, listener);
    case LINK_MEMBER:
        return both(d, l, PROC_NODE);
    case LINK_DESKTOP:
        return d->kind == PROC_FLEET && l->kind == PROC_PG;
    case LINK_PRIVATE:
        return (both(d, l, PROC_PG) && d->pair == l->pair) || both(d, l, PROC_ICM);
    case LINK_CONTROLLER:
        return (d->kind == PROC_PG && l->kind == PROC_ICM) || both(d, l, PROC_ICM);
    case LINK_OPERATOR:
        return d->kind == PROC_RECORDER;
    case LINK_LOCAL:
    case LINK_COUNT:
        return false;
    }
    UNREACHABLE("all links are above");
}
