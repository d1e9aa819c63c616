/* pg_out: what the OPC says, carried out: messages, traces, records. */
#ifndef NODE_ROLE_PG_PG_OUT_H
#define NODE_ROLE_PG_PG_OUT_H

#include "node/role/pg/pg.h"

/* The sink of the OPC; `context` is the struct pg. */
void pg_out_sink(void *context, const struct opc_output *output);
/* A message that makes no sense is counted and traced. */
void pg_out_reject(struct pg *pg, struct proc_id peer, enum reason reason, const char *why);
/* The rows that a peer, who is gone, may not have stored. */
void pg_out_late(struct pg *pg);
/* Everything that the controller must know again: all agents, all callers who wait. */
void pg_out_tell_all(struct pg *pg);

#endif
