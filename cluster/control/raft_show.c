#include "cluster/control/raft_show.h"

#include <stdio.h>

const char *raft_show_word(const struct scene_proc *p)
{
    return p->state == SCENE_UP ? raft_standing_text((enum raft_standing)p->node.raft)
                                : "unavailable";
}

uint64_t raft_show_trails(const struct scene *s, const struct scene_proc *p)
{
    return scene_trails(s, (struct proc_id){(uint16_t)(p - s->procs + 1)});
}

const char *raft_show_hash(const struct scene *s, const struct scene_proc *p,
                           char hash[RAFT_SHOW_HASH_LEN])
{
    if (s->recorded && p->node.hash == 0) {
        return NULL;
    }
    snprintf(hash, RAFT_SHOW_HASH_LEN, "%016llx", (unsigned long long)p->node.hash);
    return hash;
}

json_t *raft_show_json(const struct scene *s, const struct scene_proc *p)
{
    char hash[RAFT_SHOW_HASH_LEN];
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:s?, s:b}", "state", raft_show_word(p),
                     "term", (json_int_t)p->node.term, "commit", (json_int_t)p->node.commit,
                     "applied", (json_int_t)p->node.applied, "trails",
                     (json_int_t)raft_show_trails(s, p), "snapshot", (json_int_t)p->node.snapshot,
                     "hash", raft_show_hash(s, p, hash), "lease", p->node.lease ? 1 : 0);
}
