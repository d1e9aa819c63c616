#include "node/role/callmanager/dialplan.h"

#include "node/role/callmanager/callmanager.h"

#include <stdio.h>
#include <string.h>

const char *dialplan_recovery(const struct callmanager *cm, const char *number)
{
    char key[NAME_LEN];
    int n = snprintf(key, sizeof key, "recovery.%s", number);
    ASSERT(n > 0);
    if ((size_t)n >= sizeof key) {
        return NULL;
    }
    const char *to = registry_config(cm->registry, key);
    return to != NULL && to[0] != '\0' ? to : NULL;
}

enum reason dialplan_resolve(const struct callmanager *cm, const char *number,
                             struct dialplan_target *ret_target)
{
    struct dialplan_target t = {.kind = DEVICE_KIND_NONE};
    snprintf(t.number, sizeof t.number, "%s", number);
    for (uint32_t hop = 0; hop <= DIALPLAN_HOPS_MAX; hop++) {
        const char *to = registry_forward(cm->registry, t.number);
        if (to == NULL || to[0] == '\0') {
            t.device = topology_number(cm->topology, t.number);
            if (!device_id_some(t.device)) {
                return REASON_UNKNOWN_NUMBER;
            }
            t.kind = registry_device(cm->registry, t.device)->kind;
            t.owner = registry_owner(cm->registry, t.device);
            if (proc_id_some(t.owner)) {
                *ret_target = t;
                return REASON_NONE;
            }
            to = t.kind == DEVICE_KIND_ROUTE_POINT ? dialplan_recovery(cm, t.number) : NULL;
            if (to == NULL) {
                return REASON_UNREGISTERED;
            }
        }
        char next[NUMBER_LEN];
        snprintf(next, sizeof next, "%.*s", NUMBER_LEN - 1, to);
        memcpy(t.number, next, sizeof t.number);
    }
    return REASON_BUSY;
}
