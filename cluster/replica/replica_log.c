#include "cluster/replica/replica_log.h"

#include "cluster/replica/replica_fsm.h"
#include "proto/codec.h"

#include <stdio.h>
#include <string.h>

static struct replica_log *log_of(struct raft_io *io)
{
    struct raft *raft = io->data;
    struct replica *r = raft->data;
    return &r->log;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* -- Remembering. -- */

static enum log_entry kind_of(const struct raft_entry *e)
{
    switch (e->type) {
    case RAFT_COMMAND:
        return LOG_ENTRY_COMMANDS;
    case RAFT_BARRIER:
        return LOG_ENTRY_BARRIER;
    case RAFT_CHANGE:
        return LOG_ENTRY_MEMBERS;
    }
    return LOG_ENTRY_NONE;
}

/* In one piece: what would go over the end of the store begins at its begin. */
static uint64_t store(struct replica_log *l, const struct raft_buffer *buf)
{
    size_t left = REPLICA_LOG_BYTES - (size_t)(l->stored % REPLICA_LOG_BYTES);
    if (buf->len > REPLICA_LOG_BYTES) {
        l->stored += REPLICA_LOG_BYTES; /* nothing of it is kept: see content() */
        return l->stored;
    }
    l->stored += buf->len > left ? left : 0;
    uint64_t at = l->stored;
    if (buf->len > 0) {
        memcpy(l->store + at % REPLICA_LOG_BYTES, buf->base, buf->len);
    }
    l->stored += buf->len;
    return at;
}

static void add(struct replica_log *l, const struct raft_entry *e)
{
    struct replica_log_row *row = &l->rows[l->next % REPLICA_LOG_ROWS];
    *row = (struct replica_log_row){.term = e->term,
                                    .kind = kind_of(e),
                                    .bytes = (uint32_t)e->buf.len,
                                    .at = store(l, &e->buf)};
    l->next++;
    if (l->next - l->first > REPLICA_LOG_ROWS) {
        l->first = l->next - REPLICA_LOG_ROWS;
    }
}

static void restart_at(struct replica_log *l, uint64_t index)
{
    l->first = index;
    l->next = index;
}

static int seam_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                     struct raft_snapshot **snapshot, raft_index *start_index,
                     struct raft_entry *entries[], size_t *n_entries)
{
    struct replica_log *l = log_of(io);
    int code = l->load(io, term, voted_for, snapshot, start_index, entries, n_entries);
    if (code == 0) {
        restart_at(l, *start_index);
        for (size_t i = 0; i < *n_entries; i++) {
            add(l, &(*entries)[i]);
        }
    }
    return code;
}

static int seam_append(struct raft_io *io, struct raft_io_append *req,
                       const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct replica_log *l = log_of(io);
    int code = l->append(io, req, entries, n, cb);
    for (unsigned i = 0; code == 0 && i < n; i++) {
        add(l, &entries[i]);
    }
    return code;
}

static int seam_truncate(struct raft_io *io, raft_index index)
{
    struct replica_log *l = log_of(io);
    int code = l->truncate(io, index);
    if (code == 0 && index < l->next) {
        l->next = index;
        l->first = least(l->first, index);
    }
    return code;
}

/* Without trailing entries it is a snapshot of the leader's, which takes the place of the log. */
static int seam_snapshot_put(struct raft_io *io, unsigned trailing,
                             struct raft_io_snapshot_put *req, const struct raft_snapshot *snapshot,
                             raft_io_snapshot_put_cb cb)
{
    struct replica_log *l = log_of(io);
    uint64_t index = snapshot->index;
    int code = l->snapshot_put(io, trailing, req, snapshot, cb);
    if (code == 0 && trailing == 0) {
        restart_at(l, index + 1);
    }
    return code;
}

void replica_log_init(struct replica_log *l, struct raft_io *io)
{
    l->first = 1;
    l->next = 1;
    l->stored = 0;
    l->load = io->load;
    l->append = io->append;
    l->truncate = io->truncate;
    l->snapshot_put = io->snapshot_put;
    io->load = seam_load;
    io->append = seam_append;
    io->truncate = seam_truncate;
    io->snapshot_put = seam_snapshot_put;
}

/* -- Reading. -- */

/* NULL: newer content took its place. */
static const uint8_t *content(const struct replica_log *l, const struct replica_log_row *row)
{
    bool kept = row->at + row->bytes <= l->stored && l->stored - row->at <= REPLICA_LOG_BYTES;
    return kept ? l->store + row->at % REPLICA_LOG_BYTES : NULL;
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool batches_of(const struct replica_log_row *row, const uint8_t *bytes,
                       struct codec_batch *ret)
{
    if (row->kind != LOG_ENTRY_COMMANDS || bytes == NULL || row->bytes < REPLICA_FSM_HEAD ||
        get32(bytes) != REPLICA_FSM_FORMAT || get32(bytes + 4) > row->bytes - REPLICA_FSM_HEAD) {
        return false;
    }
    *ret =
        (struct codec_batch){bytes + REPLICA_FSM_HEAD, bytes + REPLICA_FSM_HEAD + get32(bytes + 4)};
    return true;
}

/* The next batch of an entry; false: there is none. */
static bool next_batch(struct codec_batch *batches, struct msg *scratch)
{
    const uint8_t *item = NULL;
    size_t len = 0;
    return codec_batch_next(batches, &item, &len) == ERR_OK &&
           codec_unpack_message(item, len, scratch) == ERR_OK && scratch->kind == MSG_PROPOSE;
}

static uint32_t count_commands(const struct replica_log_row *row, const uint8_t *bytes,
                               struct msg *scratch)
{
    struct codec_batch batches;
    uint32_t n = 0;
    if (batches_of(row, bytes, &batches)) {
        while (next_batch(&batches, scratch)) {
            n += scratch->propose.commands_n;
        }
    }
    return n;
}

static void copy_command(const struct msg_command *c, struct msg_op_log_row *row)
{
    row->command = c->kind;
    row->device = c->device;
    row->node = c->node;
    row->service = c->service;
    snprintf(row->number, sizeof row->number, "%s", c->number);
    snprintf(row->text, sizeof row->text, "%s", c->text);
}

static void put_commands(const struct replica_log_row *row, const uint8_t *bytes, uint32_t skip,
                         struct msg_op_log_row head, struct msg *scratch, struct msg_op_log *page)
{
    struct codec_batch batches;
    uint32_t nth = 0;
    if (!batches_of(row, bytes, &batches)) {
        return;
    }
    while (page->rows_n < MAX_op_log_row && next_batch(&batches, scratch)) {
        const struct msg_propose *p = &scratch->propose;
        for (uint32_t i = 0; i < p->commands_n; i++) {
            if (++nth <= skip || page->rows_n == MAX_op_log_row) {
                continue;
            }
            struct msg_op_log_row *to = &page->rows[page->rows_n++];
            *to = head;
            to->nth = nth;
            to->origin = p->origin;
            copy_command(&p->commands[i], to);
        }
    }
}

static void name_members(const struct replica_log_row *row, const uint8_t *bytes,
                         struct msg_op_log_row *to)
{
    struct raft_configuration conf;
    /* libraft decodes from a buffer that is not const, and changes nothing of it. */
    union {
        const uint8_t *constant;
        void *variable;
    } u = {.constant = bytes};
    struct raft_buffer buf = {.base = u.variable, .len = row->bytes};
    unsigned voters = 0;
    if (row->kind != LOG_ENTRY_MEMBERS || bytes == NULL) {
        return;
    }
    if (raft_configuration_decode(&buf, &conf) != 0) {
        return;
    }
    for (unsigned i = 0; i < conf.n; i++) {
        voters += conf.servers[i].role == RAFT_VOTER ? 1 : 0;
    }
    snprintf(to->text, sizeof to->text, "%u voters, %u others", voters, conf.n - voters);
    raft_configuration_close(&conf);
}

/* Whether the whole of what is left of the entry went in. */
static bool put_entry(const struct replica_log *l, uint64_t index, uint32_t skip,
                      struct msg *scratch, struct msg_op_log *page)
{
    const struct replica_log_row *row = &l->rows[index % REPLICA_LOG_ROWS];
    const uint8_t *bytes = content(l, row);
    uint32_t n = count_commands(row, bytes, scratch);
    struct msg_op_log_row head = {.index = index,
                                  .term = row->term,
                                  .entry = row->kind,
                                  .bytes = row->bytes,
                                  .kept = bytes != NULL,
                                  .of = n};
    if (n > 0) {
        uint32_t before = page->rows_n;
        put_commands(row, bytes, skip, head, scratch, page);
        return page->rows_n - before >= n - (skip < n ? skip : n);
    }
    if (page->rows_n == MAX_op_log_row) {
        return false;
    }
    name_members(row, bytes, &head);
    page->rows[page->rows_n++] = head;
    return true;
}

void replica_log_page(const struct replica_log *l, uint64_t after, uint32_t skip,
                      struct msg *scratch, struct msg_op_log *page)
{
    uint64_t index = after + 1 > l->first ? after + 1 : l->first;
    bool whole = true;
    page->first = l->first;
    page->last_index = l->next - 1;
    page->rows_n = 0;
    skip = index == after + 1 ? skip : 0;
    for (; whole && index < l->next && page->rows_n < MAX_op_log_row; index++) {
        whole = put_entry(l, index, skip, scratch, page);
        skip = 0;
    }
    page->last = whole && index == l->next;
}
