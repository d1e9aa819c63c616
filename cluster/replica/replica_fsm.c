#include "cluster/replica/replica_fsm.h"

#include "cluster/registry/registry_snapshot.h"
#include "node/base/plant.h"
#include "proto/codec.h"

#define HASH_EVERY     8       /* log entries */
#define SNAPSHOT_BYTES 4194304 /* the log is all in memory */

static void trace(const struct replica *r, const struct event *event)
{
    world_trace(r->config.world, event);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void trace_hash(struct replica *r, uint64_t index)
{
    if (index / HASH_EVERY == r->hashed / HASH_EVERY) {
        return;
    }
    r->hashed = index;
    struct event event = {.kind = EVENT_STATE_HASH, .value = (int64_t)index};
    event.value2 = (int64_t)registry_hash(r->config.registry);
    trace(r, &event);
}

static enum err apply_entry(struct replica *r, uint64_t index, const uint8_t *bytes, size_t len)
{
    if (len < REPLICA_FSM_HEAD || get32(bytes) != REPLICA_FSM_FORMAT ||
        get32(bytes + 4) > len - REPLICA_FSM_HEAD) {
        return ERR_CORRUPT;
    }
    const uint8_t *item = NULL;
    size_t item_len = 0;
    struct codec_batch batch = {bytes + REPLICA_FSM_HEAD,
                                bytes + REPLICA_FSM_HEAD + get32(bytes + 4)};
    enum err err = ERR_OK;
    while ((err = codec_batch_next(&batch, &item, &item_len)) == ERR_OK) {
        err = codec_unpack_message(item, item_len, &r->decoded);
        if (err != ERR_OK || r->decoded.kind != MSG_PROPOSE) {
            return ERR_CORRUPT;
        }
        if (PLANTED(SKIP_COMMAND) && r->config.self.v == 2 && r->decoded.propose.commands_n > 1) {
            r->decoded.propose.commands_n--;
        }
        registry_apply(r->config.registry, index, &r->decoded.propose, &r->answer.proposed);
        r->config.hooks.applied(r->config.hooks.context, index, &r->decoded.propose,
                                &r->answer.proposed);
    }
    return err == ERR_UNKNOWN ? ERR_OK : ERR_CORRUPT;
}

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
    struct replica *r = fsm->data;
    uint64_t index = raft_last_applied(&r->raft) + 1;
    *result = NULL;
    enum err err = apply_entry(r, index, buf->base, buf->len);
    if (err != ERR_OK) {
        r->failure = err;
        return RAFT_CORRUPT;
    }
    trace_hash(r, index);
    r->log_bytes += buf->len;
    if (r->log_bytes > SNAPSHOT_BYTES) {
        raft_set_snapshot_threshold(&r->raft, 1);
    }
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct replica *r = fsm->data;
    size_t room = registry_snapshot_room(r->config.registry);
    struct raft_buffer *buf = raft_malloc(sizeof *buf);
    uint8_t *bytes = raft_malloc(room);
    if (buf == NULL || bytes == NULL) {
        raft_free(buf);
        raft_free(bytes);
        return RAFT_NOMEM;
    }
    enum err err = registry_snapshot_encode(r->config.registry, &r->answer, bytes, room, &buf->len);
    ASSERT(err == ERR_OK);
    buf->base = bytes;
    *bufs = buf;
    *n_bufs = 1;
    r->log_bytes = 0;
    raft_set_snapshot_threshold(&r->raft, r->config.snapshot_every);
    struct event event = {.kind = EVENT_RAFT_SNAPSHOT, .text = "taken"};
    event.value = (int64_t)raft_last_applied(&r->raft);
    trace(r, &event);
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct replica *r = fsm->data;
    enum err err = registry_snapshot_decode(r->config.registry, &r->decoded, buf->base, buf->len);
    if (err != ERR_OK) {
        r->failure = ERR_CORRUPT;
        return RAFT_CORRUPT;
    }
    raft_free(buf->base);
    r->hashed = registry_applied(r->config.registry);
    struct event event = {.kind = EVENT_RAFT_SNAPSHOT, .text = "installed"};
    event.value = (int64_t)registry_applied(r->config.registry);
    trace(r, &event);
    return 0;
}

struct raft_fsm replica_fsm_make(struct replica *r)
{
    return (struct raft_fsm){.version = 1,
                             .data = r,
                             .apply = fsm_apply,
                             .snapshot = fsm_snapshot,
                             .restore = fsm_restore};
}
