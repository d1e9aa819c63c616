/* raft_show: what a node is to Raft, for the commands that show it. */
#ifndef CLUSTER_CONTROL_RAFT_SHOW_H
#define CLUSTER_CONTROL_RAFT_SHOW_H

#include "cluster/record/scene.h"

#include <jansson.h>

#define RAFT_SHOW_HASH_LEN 17

const char *raft_show_word(const struct scene_proc *p);
uint64_t raft_show_trails(const struct scene *s, const struct scene_proc *p);
/* Of the state at the applied index; NULL: a record does not know it of that index. */
const char *raft_show_hash(const struct scene *s, const struct scene_proc *p,
                           char ret_hash[RAFT_SHOW_HASH_LEN]);
/* The contract's `raft` of a node. */
json_t *raft_show_json(const struct scene *s, const struct scene_proc *p);

#endif
