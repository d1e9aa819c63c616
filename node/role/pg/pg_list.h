/* pg_list: what an operator sees of a PG side. */
#ifndef NODE_ROLE_PG_PG_LIST_H
#define NODE_ROLE_PG_PG_LIST_H

#include "node/role/pg/pg.h"

void pg_list_status(const struct pg *pg, struct msg_op_pg_status *ret_status);
/* A page of agents whose id is above `after`, in their order. */
void pg_list_agents(const struct pg *pg, uint32_t after, struct msg_op_agents *ret_rows);
/* A page of live legs whose place is above `after`; answers the place to go on after. */
uint32_t pg_list_calls(const struct pg *pg, uint32_t after, struct msg_op_calls *ret_rows);

#endif
