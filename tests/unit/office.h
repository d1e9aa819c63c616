/* office: a contact centre in memory, of the real roles: two nodes (a CallManager and a CTI Manager
 * each, over one registry), a PG side at the second one, a controller, and a fleet, with an
 * operator who orders. Messages are delivered in order and at once; time passes when the test says
 * so. */
#ifndef TESTS_UNIT_OFFICE_H
#define TESTS_UNIT_OFFICE_H

#include "node/process/fleet.h"
#include "node/process/icm.h"
#include "node/process/pg.h"
#include "node/role/callmanager/callmanager.h"
#include "node/role/ctimanager/ctimanager.h"

#define OFFICE_SUB1   ((struct proc_id){1}) /* serves the phones */
#define OFFICE_SUB2   ((struct proc_id){2}) /* the PG's CTI Manager; the phones' backup */
#define OFFICE_PG     ((struct proc_id){3})
#define OFFICE_ICM    ((struct proc_id){4})
#define OFFICE_FLEET  ((struct proc_id){5})
#define OFFICE_GUEST  ((struct proc_id){PROCS_MAX + 1})
#define OFFICE_PROCS  5
#define OFFICE_AGENTS 3 /* 5001 .. 5003 on phones 1001 .. 1003; 1004 .. 1008 are nobody's */
#define OFFICE_PHONES 8

struct office;

/* An empty office comes up: phones registered, agents ready, nobody calls by himself and no person
 * does anything with a call: all is done by hand. */
struct office *office_new(void);
void office_free(struct office *o);
/* Let time pass, with everything that follows. */
void office_run(struct office *o, int64_t ms);
/* Let the operator's order go to the fleet and wait for its answer, at most `ms`. REASON_COUNT:
 * there was none. */
struct msg_op_done office_order(struct office *o, const struct msg_op_command *command, int64_t ms);
struct msg_op_done office_key(struct office *o, uint32_t phone, enum key key, const char *to);
struct msg_op_done office_ask(struct office *o, uint32_t agent, enum agent_request request);

/* The CallManager of a node crashes; it starts again. */
void office_crash(struct office *o, struct proc_id node);
void office_restart(struct office *o, struct proc_id node);
/* A link between two processes goes, or comes. */
void office_link(struct office *o, enum link link, struct proc_id a, struct proc_id b, bool up);
/* Whatever is sent over this link from now on is lost, until it goes down. */
void office_lose(struct office *o, enum link link);

struct fleet *office_fleet(struct office *o);
struct pg *office_pg(struct office *o);
struct callmanager *office_callmanager(struct office *o, struct proc_id node);
struct phone *office_phone(struct office *o, uint32_t number);
struct agent *office_agent(struct office *o, uint32_t id);
/* What the PG says of the agent. */
enum agent_state office_state(struct office *o, uint32_t id);
/* TCD rows that the PG made durable. */
uint32_t office_rows(const struct office *o);
const struct msg_record_tcd *office_row(const struct office *o, uint32_t nth);

#endif
