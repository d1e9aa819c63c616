/* pg_out: what the OPC says, carried out: messages, traces, records. */
#ifndef NODE_ROLE_PG_PG_OUT_H
#define NODE_ROLE_PG_PG_OUT_H

#include "node/role/pg/pg.h"

/* The sink of the OPC; `context` is the struct pg. */
void pg_out_sink(void *context, const struct opc_output *output);
/* A message that makes no sense is counted and traced. */
void pg_out_reject(struct pg *pg, struct proc_id peer, enum reason reason, const char *why);
/* Everything that the controller must know again: all agents, all callers who wait. */
void pg_out_tell_all(struct pg *pg);

#endif
