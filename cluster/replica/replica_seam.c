#include "cluster/replica/replica_seam.h"

#include <string.h>

static struct replica *replica_of(struct raft_io *io)
{
    struct raft *raft = io->data;
    return raft->data;
}

/* The term of the entry at `index`; 0: it is not known any more. */
static uint64_t term_at(const struct raft_trail *trail, uint64_t index)
{
    if (index == trail->snapshot.index) {
        return trail->snapshot.term;
    }
    if (index <= trail->offset || trail->size == 0) {
        return 0;
    }
    for (unsigned i = trail->front; i != trail->back; i = (i + 1) % trail->size) {
        if (index <= trail->records[i].index) {
            return trail->records[i].term;
        }
    }
    return 0;
}

static void drop_snapshot(struct raft_message *message)
{
    raft_configuration_close(&message->install_snapshot.conf);
    raft_free(message->install_snapshot.data.base);
}

/* A message of an earlier term: libraft refuses it. */
static bool is_stale(const struct replica *r, const struct raft_message *message)
{
    raft_term term = raft_current_term(&r->raft);
    return (message->type == RAFT_APPEND_ENTRIES && message->append_entries.term < term) ||
           (message->type == RAFT_INSTALL_SNAPSHOT && message->install_snapshot.term < term) ||
           (message->type == RAFT_REQUEST_VOTE && message->request_vote.term < term);
}

uint64_t replica_seam_last_term(const struct replica *r)
{
    const struct raft_trail *trail = &r->raft.trail;
    bool empty = trail->size == 0 || trail->front == trail->back;
    return empty ? trail->snapshot.term
                 : trail->records[(trail->back + trail->size - 1) % trail->size].term;
}

static void pass_on(struct replica *r, struct raft_message *message)
{
    r->refusing = is_stale(r, message);
    r->receiving = message;
    r->last_index = raft_last_index(&r->raft);
    r->last_term = replica_seam_last_term(r);
    r->io_recv(r->config.io, message);
    r->receiving = NULL;
    r->refusing = false;
}

static void drop(struct raft_message *message)
{
    if (message->type == RAFT_INSTALL_SNAPSHOT) {
        drop_snapshot(message);
    } else if (message->type == RAFT_APPEND_ENTRIES && message->append_entries.n_entries > 0) {
        raft_free(message->append_entries.entries[0].batch);
        raft_free(message->append_entries.entries);
    }
}

/* Entries from before the log begins are all in the snapshot, and are skipped. libraft 0.22.1 takes
 * those of a leader that goes back to the very first one for new ones, writes them behind its last,
 * and reads through NULL; of any other it denies to have the one before, until the leader has gone
 * back to the first (checkConflictingEntries, recvAppendEntries). */
static void skip_compacted(const struct replica *r, struct raft_append_entries *m)
{
    const struct raft_trail *trail = &r->raft.trail;
    if (m->prev_log_index >= trail->offset || r->raft.snapshot.installing) {
        return;
    }
    ASSERT(trail->offset <= trail->snapshot.index);
    uint64_t have = trail->snapshot.index - m->prev_log_index;
    unsigned n = have < m->n_entries ? (unsigned)have : m->n_entries;
    m->prev_log_index = trail->snapshot.index;
    m->prev_log_term = trail->snapshot.term;
    if (n > 0 && n == m->n_entries) {
        raft_free(m->entries[0].batch);
        raft_free(m->entries);
        m->entries = NULL;
    } else if (n > 0) { /* each of them knows the batch */
        memmove(m->entries, m->entries + n, (m->n_entries - n) * sizeof m->entries[0]);
    }
    m->n_entries -= n;
}

static void seam_recv(struct raft_io *io, struct raft_message *message)
{
    struct replica *r = replica_of(io);
    if (r->failure != ERR_OK && !r->raft.legacy.closing) {
        drop(message); /* what libraft holds and what is on disk are no longer the same */
        return;
    }
    if (message->type == RAFT_APPEND_ENTRIES && !is_stale(r, message)) {
        skip_compacted(r, &message->append_entries);
    }
    if (message->type != RAFT_INSTALL_SNAPSHOT || r->raft.legacy.closing) {
        pass_on(r, message);
        return;
    }
    /* libraft 0.22.1 reads through NULL when a snapshot arrives while it takes one itself
     * (takeSnapshotCb, src/legacy.c): the leader shall send it again. */
    if (r->raft.legacy.snapshot_taking) {
        drop_snapshot(message);
        return;
    }
    /* And it forgets to free one that arrives while it installs another
     * (replicationInstallSnapshot, src/replication.c), unless it refuses it for its term. */
    bool forgotten = r->raft.snapshot.installing &&
                     message->install_snapshot.term >= raft_current_term(&r->raft);
    pass_on(r, message);
    if (forgotten) {
        drop_snapshot(message);
    }
}

static int seam_send(struct raft_io *io, struct raft_io_send *req,
                     const struct raft_message *message, raft_io_send_cb cb)
{
    struct replica *r = replica_of(io);
    struct raft_message mended = *message;
    if (r->failure != ERR_OK) {
        return RAFT_IOERR; /* what it would say may not be on disk */
    }
    if (message->type == RAFT_INSTALL_SNAPSHOT && message->install_snapshot.data.base == NULL) {
        return RAFT_IOERR; /* it could not be read */
    }
    /* libraft 0.22.1 does not set the index in a refusal (recvAppendEntries, recvInstallSnapshot).
     * The one that it refuses may lead again by then, in the very term of the answer, and would
     * take what was on the stack for the length of our log. */
    if (message->type == RAFT_APPEND_ENTRIES_RESULT && r->refusing) {
        mended.append_entries_result.last_log_index = 0;
    }
    /* It refuses a pre-vote with the term that was asked for, not with its own. Who asks would
     * never hear of a later term; if that one has the longest log, nobody is ever elected. */
    if (message->type == RAFT_REQUEST_VOTE_RESULT && r->refusing) {
        mended.request_vote_result.term = raft_current_term(&r->raft);
    }
    /* And if a newer snapshot than it asked for was read, it sends the newer index with the older
     * term (legacyLoadSnapshotCb, src/legacy.c): who installs that never follows again. */
    if (message->type == RAFT_INSTALL_SNAPSHOT) {
        uint64_t term = term_at(&r->raft.trail, message->install_snapshot.last_index);
        mended.install_snapshot.last_term = term != 0 ? term : message->install_snapshot.last_term;
    }
    return r->io_send(io, req, &mended, cb);
}

/* -- A snapshot is read, to be sent. -- */

struct reading {
    struct raft_io_snapshot_get get;
    struct raft_io_snapshot_get *asked;
    raft_io_snapshot_get_cb cb;
    uint64_t index; /* that it has to be of, or of a later one */
};

/* Of no length, and no older than what libraft asks for, which it asserts. */
static struct raft_snapshot *no_snapshot(void)
{
    struct raft_snapshot *s = raft_calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->index = UINT64_MAX;
    s->bufs = raft_calloc(1, sizeof *s->bufs);
    ASSERT(s->bufs != NULL);
    s->n_bufs = 1;
    return s;
}

static void drop_read(struct raft_snapshot *s)
{
    for (unsigned i = 0; s != NULL && s->bufs != NULL && i < s->n_bufs; i++) {
        raft_free(s->bufs[i].base);
    }
    if (s != NULL) {
        raft_configuration_close(&s->configuration);
        raft_free(s->bufs);
    }
    raft_free(s);
}

/* libraft 0.22.1 frees what it never set when it hears that a read went badly
 * (legacyLoadSnapshotCb, src/legacy.c). It gets an empty snapshot instead, which seam_send refuses;
 * that it cleans up, and asks again later. If files of the snapshot are gone, its disk reads an
 * older one, or none, and says that all is well (uvSnapshotGetWorkCb, src/uv_snapshot.c); what it
 * did not read is zero (raft_disk.c). */
static void seam_got(struct raft_io_snapshot_get *get, struct raft_snapshot *snapshot, int status)
{
    struct reading done = *(struct reading *)get->data;
    raft_free(get->data);
    if (status != 0 || snapshot->n_bufs == 0 || snapshot->index < done.index) {
        drop_read(snapshot);
        snapshot = no_snapshot();
    }
    done.cb(done.asked, snapshot, 0);
}

static int seam_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                             raft_io_snapshot_get_cb cb)
{
    struct replica *r = replica_of(io);
    struct reading *reading = raft_malloc(sizeof *reading);
    if (reading == NULL) {
        return RAFT_NOMEM;
    }
    *reading = (struct reading){
        .get = {.data = reading}, .asked = req, .cb = cb, .index = r->raft.trail.snapshot.index};
    int code = r->io_snapshot_get(io, &reading->get, seam_got);
    if (code != 0) {
        raft_free(reading);
    }
    return code;
}

/* The disk failed in the middle of a step: the process must end.
 *
 * libraft 0.22.1 frees the entries that it was about to store, or that it did not want, and, when
 * the disk fails after that, frees them again (recvCb, src/legacy.c). `gone`: they are freed. */
static int checked(struct replica *r, int code, bool gone)
{
    struct raft_message *m = r->receiving;
    if (code == 0) {
        return 0;
    }
    if (r->failure == ERR_OK) {
        r->failure = code == RAFT_NOSPACE ? ERR_FULL : ERR_IO;
    }
    if (gone && m != NULL && m->type == RAFT_APPEND_ENTRIES && m->append_entries.n_entries > 0) {
        m->append_entries.entries[0].batch = NULL;
    }
    return code;
}

/* It took none of the entries: its log is what it was before. */
static bool took_none(struct replica *r)
{
    return raft_last_index(&r->raft) == r->last_index && replica_seam_last_term(r) == r->last_term;
}

/* Whether what is being received tells who leads: it comes from the leader of its term. */
static bool tells_leader(const struct raft_message *m)
{
    return m != NULL && (m->type == RAFT_APPEND_ENTRIES || m->type == RAFT_INSTALL_SNAPSHOT ||
                         m->type == RAFT_TIMEOUT_NOW);
}

/* libraft 0.22.1 goes to a later term and still believes in the leader of the one before
 * (recvBumpCurrentTerm, src/recv.c): it names a leader that the term does not have, and refuses its
 * vote for its sake. */
static void forget_leader(struct raft *raft)
{
    if (raft->state == RAFT_FOLLOWER) {
        raft->follower_state.current_leader.id = 0;
        raft_free(raft->follower_state.current_leader.address);
        raft->follower_state.current_leader.address = NULL;
    }
}

static int seam_set_term(struct raft_io *io, raft_term term)
{
    struct replica *r = replica_of(io);
    if (term > r->kept_term && !tells_leader(r->receiving)) {
        forget_leader(&r->raft);
    }
    r->kept_term = term;
    return checked(r, r->io_set_term(io, term), took_none(r));
}

static int seam_set_vote(struct raft_io *io, raft_id id)
{
    struct replica *r = replica_of(io);
    return checked(r, r->io_set_vote(io, id), took_none(r));
}

static int seam_truncate(struct raft_io *io, raft_index index)
{
    struct replica *r = replica_of(io);
    return checked(r, r->io_truncate(io, index), true);
}

static int seam_append(struct raft_io *io, struct raft_io_append *req,
                       const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct replica *r = replica_of(io);
    return checked(r, r->io_append(io, req, entries, n, cb), true);
}

/* libraft 0.22.1 begins the next campaign of a candidate that was not elected as it was in the
 * last (timeoutCandidate, src/timeout.c): without a pre-vote if that was over, and as if the leader
 * had handed over if it did then. Who cannot be elected raises the term of all, again and again. */
static void seam_tick(struct raft_io *io)
{
    struct replica *r = replica_of(io);
    if (raft_state(&r->raft) == RAFT_CANDIDATE && io->time(io) >= raft_timeout(&r->raft)) {
        r->raft.candidate_state.in_pre_vote = r->raft.pre_vote;
        r->raft.candidate_state.disrupt_leader = false;
    }
    r->io_tick(io);
}

static int seam_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                      raft_io_recv_cb recv)
{
    struct replica *r = replica_of(io);
    r->io_tick = tick;
    r->io_recv = recv;
    return r->io_start(io, msecs, seam_tick, seam_recv);
}

void replica_seam_join(struct replica *r)
{
    struct raft_io *io = r->config.io;
    r->io_start = io->start;
    r->io_send = io->send;
    r->io_snapshot_get = io->snapshot_get;
    r->io_set_term = io->set_term;
    r->io_set_vote = io->set_vote;
    r->io_truncate = io->truncate;
    r->io_append = io->append;
    io->snapshot_get = seam_snapshot_get;
    io->set_term = seam_set_term;
    io->set_vote = seam_set_vote;
    io->truncate = seam_truncate;
    io->append = seam_append;
    io->start = seam_start;
    io->send = seam_send;
}
