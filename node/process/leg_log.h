/* leg_log: legs that are over, held back until their last media reports and their wrap-up data are
 * in, and then handed to the fleet's log.
 *
 * Nothing is held for longer than its deadline: what has not come by then is not in the line. */
#ifndef NODE_PROCESS_LEG_LOG_H
#define NODE_PROCESS_LEG_LOG_H

#include "node/station/site.h"

#define LEG_LOG_MAX 4096 /* one more pushes the oldest out as it is */

struct leg_log_wait {
    struct leg_record record;
    struct instant until;
    bool used, wrapup; /* wrap-up data may still come */
};

struct leg_log {
    struct leg_log_wait *waits; /* LEG_LOG_MAX */
    uint32_t high;              /* no slot from here on is used */
    uint64_t written;
    void *context;
    void (*write)(void *context, const struct leg_record *record); /* may be NULL */
};

void leg_log_init(struct leg_log *l, struct leg_log_wait *waits);
/* Hold a record until `until`, for its media and, if `wrapup`, its wrap-up data. */
void leg_log_add(struct leg_log *l, const struct leg_record *record, struct instant until,
                 bool wrapup);
void leg_log_media(struct leg_log *l, const struct media_report *report);
void leg_log_wrapup(struct leg_log *l, struct device_id device, struct call_id call,
                    const char *text);
/* Let go what is due at `now`; INSTANT_NEVER: everything. */
void leg_log_flush(struct leg_log *l, struct instant now);
/* Lines that wait for media or wrap-up. */
uint32_t leg_log_waiting(const struct leg_log *l);

#endif
