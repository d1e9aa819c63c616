/* config: what configuration can be written while the cluster runs.
 *
 *     fallback=graceful|auto|manual  how devices go home (docs/policies.md)
 *     recovery.NUMBER=TO             where calls to a dialled number go that no node serves
 *     note.NAME=TEXT                 read by nobody: a write that changes nothing
 *
 * Without a value the key is as if it had never been written. */
#ifndef NODE_BASE_CONFIG_H
#define NODE_BASE_CONFIG_H

#include "node/base/topology.h"

/* Why "key=value" is not written, in words for who asked; NULL: it makes sense. */
const char *config_complaint(const struct topology *t, const char *text);

#endif
