/* tcd: one leg as a row of Termination_Call_Detail. */
#ifndef NODE_ROLE_PG_TCD_H
#define NODE_ROLE_PG_TCD_H

#include "node/role/pg/opc.h"

/* CallDisposition (docs/protocol.md, "Agents and records"). */
enum tcd_disposition {
    TCD_NONE = 0,
    TCD_ABANDONED_IN_NETWORK = 1, /* routed to an agent, never arrived */
    TCD_ABANDONED_IN_QUEUE = 2,
    TCD_ABANDONED_RING = 3,
    TCD_DROP_NO_ANSWER = 10,
    TCD_HANDLED = 13,
    TCD_HANDLED_OTHER = 14,
    TCD_RING_NO_ANSWER = 19,
    TCD_ABORTED = 26,
    TCD_FAILED = 27,
    TCD_BLIND_TRANSFER = 28,
    TCD_ANNOUNCED_TRANSFER = 29,
    TCD_CONFERENCED = 30,
    TCD_PARTIAL = 53
};

/* PeripheralCallType. */
enum tcd_call_type {
    TCD_TYPE_ROUTED = 2,
    TCD_TYPE_TRANSFER_IN = 4,
    TCD_TYPE_OTHER_IN = 6, /* from somebody whom the PG does not watch */
    TCD_TYPE_OUT = 9,      /* to somebody whom it does not watch */
    TCD_TYPE_INSIDE = 10,
    TCD_TYPE_CONSULT = 12,
    TCD_TYPE_CONSULT_OFFERED = 13,
    TCD_TYPE_CONSULT_CONFERENCE = 14, /* a consultation that became a conference */
    TCD_TYPE_CONFERENCE = 15          /* of whom was asked to join one */
};

/* The row of a leg now: of an ended one with its wrap-up so far, of a live one as it stands.
 * `cut`: the reason of a failure, or NONE; a row cut by a failure is partial and has the
 * disposition of the policy. wall_us and outbox are whoever's who keeps it. */
void tcd_of_leg(const struct opc *o, const struct opc_leg *leg, enum reason cut,
                struct msg_record_tcd *ret_row);

#endif
