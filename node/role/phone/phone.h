/* phone: one phone: its registration, one line and one consultation, and the person behind it.
 *
 * Sans-I/O: events in, effects through the site's world. What an idle phone does when its
 * CallManager is lost, and what a phone in a call does, is in docs/protocol.md, "Registration". */
#ifndef NODE_ROLE_PHONE_PHONE_H
#define NODE_ROLE_PHONE_PHONE_H

#include "node/role/phone/person.h"
#include "node/station/call_leg.h"
#include "node/station/station.h"

#define PHONE_LEGS 2

struct phone {
    struct station station;
    struct call_leg legs[PHONE_LEGS];
    struct person person;
    struct agent_id agent; /* some: the agent role is the person, until the call is preserved */
    uint32_t lines;        /* how many legs this phone has named */
    char number[NUMBER_LEN];
};

void phone_init(struct phone *p, const struct site *site, struct device_id device);
void phone_start(struct phone *p, struct site *site, struct instant now);
void phone_link_up(struct phone *p, struct site *site, struct instant now, struct proc_id node);
void phone_link_down(struct phone *p, struct site *site, struct instant now, struct proc_id node);
void phone_message(struct phone *p, struct site *site, struct instant now, struct proc_id peer,
                   const struct msg *msg);
void phone_keepalive(struct phone *p, struct site *site, struct instant now, bool standby,
                     bool forgive);
/* false: no leg of this phone has this call. */
bool phone_media(struct phone *p, struct site *site, struct instant now,
                 const struct media_report *report);
struct instant phone_deadline(const struct phone *p);
void phone_tick(struct phone *p, struct site *site, struct instant now);

bool phone_idle(const struct phone *p);
/* The leg that a person would look at: the consultation if there is one, else the call; NULL. */
const struct call_leg *phone_leg(const struct phone *p);
/* Dial. Refused (and nothing has changed) with OUT_OF_SERVICE, BUSY or BAD_REQUEST. */
enum reason phone_dial(struct phone *p, struct site *site, struct instant now, const char *number);
/* Press a key. NONE: it is on its way to the CallManager (HANGUP has its effect at once); a notice
 * KEY or LEG follows. Else it is refused, by this phone. */
enum reason phone_key(struct phone *p, struct site *site, struct instant now, enum key key,
                      const char *number);

#endif
