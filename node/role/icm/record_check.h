/* record_check: whether a record may be one of a PG pair. Records are taken under any epoch, so
 * this is all that stands between garbage and the database. */
#ifndef NODE_ROLE_ICM_RECORD_CHECK_H
#define NODE_ROLE_ICM_RECORD_CHECK_H

#include "node/base/topology.h"
#include "proto/msg.h"

/* NULL: it may; else what is wrong with it. `msg` is a RECORD_TCD, RECORD_LOGOUT or RECORD_STATE
 * that a side of `pair` sent. */
const char *record_check_wrong(const struct topology *topology, uint32_t pair,
                               const struct msg *msg);

#endif
