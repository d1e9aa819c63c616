/* registry_row: rows of the registry: what each adds to the hash, and the two tables of text.
 *
 * For registry.c and registry_snapshot.c only. The hash of the whole is the XOR of its rows', so a
 * change costs two rows, and neither order nor history matter. A row in its first state adds 0. */
#ifndef CLUSTER_REGISTRY_REGISTRY_ROW_H
#define CLUSTER_REGISTRY_REGISTRY_ROW_H

#include "cluster/registry/registry.h"

uint64_t registry_row_device(struct device_id id, const struct registry_device *d);
uint64_t registry_row_node(struct proc_id id, const struct registry_node *n);
uint64_t registry_row_batch(struct proc_id id, const struct registry_batch *b);
/* Of all rows, the slow way. */
uint64_t registry_row_hash(const struct registry *r);

/* FORWARD and CONFIG. ret_change gets kind and device; it is set if the answer is NONE. */
enum reason registry_row_text(struct registry *r, struct proc_id origin,
                              const struct msg_command *c, struct registry_change *ret_change);

/* NULL: there is none. */
const char *registry_row_forward(const struct registry *r, const char *number);
const char *registry_row_setting(const struct registry *r, const char *key);

#endif
