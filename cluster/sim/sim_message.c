#include "cluster/sim/sim_message.h"

#include <limits.h>
#include <raft.h>
#include <string.h>

#define ALIGN 8 /* of an entry's data */

/* -- Out. -- */

/* libraft leaves what is in a barrier to chance (raft_barrier, src/legacy.c): nobody reads it. */
static void put_data(struct sim_bytes *b, const struct raft_entry *e)
{
    if (e->type != RAFT_BARRIER) {
        sim_bytes_put_raw(b, e->buf.base, e->buf.len);
        return;
    }
    static const uint8_t zero = 0;
    for (size_t i = 0; i < e->buf.len; i++) {
        sim_bytes_put_raw(b, &zero, 1);
    }
}

static void put_append(struct sim_bytes *b, const struct raft_append_entries *m)
{
    sim_bytes_put(b, m->version);
    sim_bytes_put(b, m->term);
    sim_bytes_put(b, m->prev_log_index);
    sim_bytes_put(b, m->prev_log_term);
    sim_bytes_put(b, m->leader_commit);
    sim_bytes_put(b, m->n_entries);
    for (unsigned i = 0; i < m->n_entries; i++) {
        sim_bytes_put(b, m->entries[i].term);
        sim_bytes_put(b, m->entries[i].type);
        sim_bytes_put(b, m->entries[i].buf.len);
    }
    for (unsigned i = 0; i < m->n_entries; i++) {
        put_data(b, &m->entries[i]);
    }
}

static void put_append_result(struct sim_bytes *b, const struct raft_append_entries_result *m)
{
    sim_bytes_put(b, m->version);
    sim_bytes_put(b, m->term);
    sim_bytes_put(b, m->rejected);
    sim_bytes_put(b, m->last_log_index);
    sim_bytes_put(b, m->features);
    sim_bytes_put(b, m->capacity);
}

static void put_vote(struct sim_bytes *b, const struct raft_request_vote *m)
{
    sim_bytes_put(b, m->version);
    sim_bytes_put(b, m->term);
    sim_bytes_put(b, m->candidate_id);
    sim_bytes_put(b, m->last_log_index);
    sim_bytes_put(b, m->last_log_term);
    sim_bytes_put(b, m->disrupt_leader);
    sim_bytes_put(b, m->pre_vote);
}

static void put_vote_result(struct sim_bytes *b, const struct raft_request_vote_result *m)
{
    sim_bytes_put(b, m->version);
    sim_bytes_put(b, m->term);
    sim_bytes_put(b, m->vote_granted);
    sim_bytes_put(b, m->pre_vote);
    sim_bytes_put(b, m->features);
    sim_bytes_put(b, m->capacity);
}

static void put_install(struct sim_bytes *b, const struct raft_install_snapshot *m)
{
    sim_bytes_put(b, m->version);
    sim_bytes_put(b, m->term);
    sim_bytes_put(b, m->last_index);
    sim_bytes_put(b, m->last_term);
    sim_bytes_put_configuration(b, &m->conf);
    sim_bytes_put(b, m->conf_index);
    sim_bytes_put(b, m->data.len);
    sim_bytes_put_raw(b, m->data.base, m->data.len);
}

static void put_timeout_now(struct sim_bytes *b, const struct raft_timeout_now *m)
{
    sim_bytes_put(b, m->version);
    sim_bytes_put(b, m->term);
    sim_bytes_put(b, m->last_log_index);
    sim_bytes_put(b, m->last_log_term);
}

void sim_message_encode(struct sim_bytes *b, const char *address,
                        const struct raft_message *message)
{
    b->len = 0;
    sim_bytes_put(b, message->type);
    sim_bytes_put_text(b, address);
    switch (message->type) {
    case RAFT_APPEND_ENTRIES:
        put_append(b, &message->append_entries);
        return;
    case RAFT_APPEND_ENTRIES_RESULT:
        put_append_result(b, &message->append_entries_result);
        return;
    case RAFT_REQUEST_VOTE:
        put_vote(b, &message->request_vote);
        return;
    case RAFT_REQUEST_VOTE_RESULT:
        put_vote_result(b, &message->request_vote_result);
        return;
    case RAFT_INSTALL_SNAPSHOT:
        put_install(b, &message->install_snapshot);
        return;
    case RAFT_TIMEOUT_NOW:
        put_timeout_now(b, &message->timeout_now);
        return;
    }
    UNREACHABLE("libraft 0.22.1 has six messages");
}

/* -- In. -- */

static size_t aligned(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

/* What comes after the head: all entries in one batch, as libraft wants them. */
static void get_entries(struct sim_bytes_reader *r, struct raft_append_entries *m)
{
    struct sim_bytes_reader heads = *r;
    size_t total = 0;
    for (unsigned i = 0; i < m->n_entries; i++) {
        sim_bytes_get(r);
        sim_bytes_get(r);
        total += aligned((size_t)sim_bytes_get_max(r, (uint64_t)(r->end - r->at)));
    }
    if (r->bad || m->n_entries == 0) {
        m->n_entries = 0;
        return;
    }
    uint8_t *batch = raft_calloc(1, total > 0 ? total : 1);
    m->entries = raft_calloc(m->n_entries, sizeof *m->entries);
    ASSERT(batch != NULL && m->entries != NULL);
    m->entries[0].batch = batch;
    size_t at = 0;
    for (unsigned i = 0; i < m->n_entries; i++) {
        struct raft_entry *e = &m->entries[i];
        e->term = sim_bytes_get(&heads);
        e->type = (enum raft_entry_type)sim_bytes_get_max(&heads, RAFT_CHANGE);
        e->buf.len = (size_t)sim_bytes_get(&heads);
        e->buf.base = batch + at;
        e->batch = batch;
        const uint8_t *bytes = sim_bytes_get_raw(r, e->buf.len);
        if (bytes == NULL || heads.bad || e->type < RAFT_COMMAND || e->term == 0) {
            r->bad = true;
            return;
        }
        memcpy(e->buf.base, bytes, e->buf.len);
        at += aligned(e->buf.len);
    }
}

static void get_append(struct sim_bytes_reader *r, struct raft_append_entries *m)
{
    m->version = (unsigned char)sim_bytes_get_max(r, UCHAR_MAX);
    m->term = sim_bytes_get(r);
    m->prev_log_index = sim_bytes_get(r);
    m->prev_log_term = sim_bytes_get(r);
    m->leader_commit = sim_bytes_get(r);
    /* Each entry has three numbers at least: more cannot be. */
    m->n_entries = (unsigned)sim_bytes_get_max(r, (uint64_t)(r->end - r->at) / 3);
    get_entries(r, m);
}

static void get_append_result(struct sim_bytes_reader *r, struct raft_append_entries_result *m)
{
    m->version = (unsigned char)sim_bytes_get_max(r, UCHAR_MAX);
    m->term = sim_bytes_get(r);
    m->rejected = sim_bytes_get(r);
    m->last_log_index = sim_bytes_get(r);
    m->features = (unsigned short)sim_bytes_get_max(r, USHRT_MAX);
    m->capacity = (unsigned short)sim_bytes_get_max(r, USHRT_MAX);
}

static void get_vote(struct sim_bytes_reader *r, struct raft_request_vote *m)
{
    m->version = (unsigned char)sim_bytes_get_max(r, UCHAR_MAX);
    m->term = sim_bytes_get(r);
    m->candidate_id = sim_bytes_get(r);
    m->last_log_index = sim_bytes_get(r);
    m->last_log_term = sim_bytes_get(r);
    m->disrupt_leader = sim_bytes_get_max(r, 1) != 0;
    m->pre_vote = sim_bytes_get_max(r, 1) != 0;
}

static void get_vote_result(struct sim_bytes_reader *r, struct raft_request_vote_result *m)
{
    m->version = (unsigned char)sim_bytes_get_max(r, UCHAR_MAX);
    m->term = sim_bytes_get(r);
    m->vote_granted = sim_bytes_get_max(r, 1) != 0;
    m->pre_vote = sim_bytes_get_max(r, 1) != 0;
    m->features = (unsigned short)sim_bytes_get_max(r, USHRT_MAX);
    m->capacity = (unsigned short)sim_bytes_get_max(r, USHRT_MAX);
}

static void get_install(struct sim_bytes_reader *r, struct raft_install_snapshot *m)
{
    m->version = (unsigned char)sim_bytes_get_max(r, UCHAR_MAX);
    m->term = sim_bytes_get(r);
    m->last_index = sim_bytes_get(r);
    m->last_term = sim_bytes_get(r);
    sim_bytes_get_configuration(r, &m->conf);
    m->conf_index = sim_bytes_get(r);
    m->data.len = (size_t)sim_bytes_get(r);
    const uint8_t *bytes = sim_bytes_get_raw(r, m->data.len);
    if (bytes == NULL || m->data.len == 0) {
        r->bad = true;
        return;
    }
    m->data.base = raft_malloc(m->data.len);
    ASSERT(m->data.base != NULL);
    memcpy(m->data.base, bytes, m->data.len);
}

static void get_timeout_now(struct sim_bytes_reader *r, struct raft_timeout_now *m)
{
    m->version = (unsigned char)sim_bytes_get_max(r, UCHAR_MAX);
    m->term = sim_bytes_get(r);
    m->last_log_index = sim_bytes_get(r);
    m->last_log_term = sim_bytes_get(r);
}

static void release(struct raft_message *m)
{
    if (m->type == RAFT_APPEND_ENTRIES && m->append_entries.n_entries > 0) {
        raft_free(m->append_entries.entries[0].batch);
        raft_free(m->append_entries.entries);
    } else if (m->type == RAFT_INSTALL_SNAPSHOT) {
        raft_configuration_close(&m->install_snapshot.conf);
        raft_free(m->install_snapshot.data.base);
    }
}

enum err sim_message_decode(const uint8_t *bytes, size_t len,
                            char ret_address[SIM_MESSAGE_ADDRESS_LEN],
                            struct raft_message *ret_message)
{
    struct sim_bytes_reader r = {.at = bytes, .end = bytes + len};
    memset(ret_message, 0, sizeof *ret_message);
    uint64_t type = sim_bytes_get_max(&r, RAFT_TIMEOUT_NOW);
    sim_bytes_get_text(&r, ret_address, SIM_MESSAGE_ADDRESS_LEN);
    if (r.bad || type < RAFT_APPEND_ENTRIES) {
        return ERR_CORRUPT;
    }
    ret_message->type = (enum raft_message_type)type;
    ret_message->server_address = ret_address;
    switch (ret_message->type) {
    case RAFT_APPEND_ENTRIES:
        get_append(&r, &ret_message->append_entries);
        break;
    case RAFT_APPEND_ENTRIES_RESULT:
        get_append_result(&r, &ret_message->append_entries_result);
        break;
    case RAFT_REQUEST_VOTE:
        get_vote(&r, &ret_message->request_vote);
        break;
    case RAFT_REQUEST_VOTE_RESULT:
        get_vote_result(&r, &ret_message->request_vote_result);
        break;
    case RAFT_INSTALL_SNAPSHOT:
        get_install(&r, &ret_message->install_snapshot);
        break;
    case RAFT_TIMEOUT_NOW:
        get_timeout_now(&r, &ret_message->timeout_now);
        break;
    }
    if (r.bad || r.at != r.end) {
        release(ret_message);
        return ERR_CORRUPT;
    }
    return ERR_OK;
}
