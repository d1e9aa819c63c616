#include "node/runtime/raft_disk.h"

#include "node/runtime/raft_check.h"
#include "node/runtime/raft_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <raft/uv.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libraft counts room in an unsigned short of KiB: three segments must stay below 64 MiB. */
#define SEGMENT_BYTES    8388608
#define CONNECT_RETRY_MS 100
#define MARK_EVERY_MS    500

_Static_assert(RAFT_DISK_TEXT_LEN == RAFT_CHECK_TEXT_LEN, "one text");

struct raft_disk {
    struct raft_disk_config config;
    char folder[4096];
    struct raft_io io;    /* libraft's, with our functions in front of some */
    struct raft_io below; /* libraft's functions */
    struct raft_greeting_book book;
    struct raft_uv_transport transport;
    uv_timer_t mark_timer;
    uv_work_t mark_work;
    uv_mutex_t mark_lock; /* mark and the file */
    int mark_fd;
    uint64_t mark;         /* what the file says */
    uint64_t next, stored; /* index of the next append, and of the last that is on disk */
    bool marking, closing, free_wanted, failed;
    unsigned handles; /* of ours that libuv still knows */
};

static struct raft_disk *disk_of(struct raft_io *io)
{
    return (struct raft_disk *)(void *)((char *)io - offsetof(struct raft_disk, io));
}

static void fail(struct raft_disk *d, const char *what, int code)
{
    char text[RAFT_DISK_TEXT_LEN];
    if (d->failed || code == RAFT_CANCELED) {
        return;
    }
    d->failed = true;
    snprintf(text, sizeof text, "%s: %s %s", what, raft_strerror(code), d->io.errmsg);
    d->config.failed(d->config.context, ERR_IO, text);
}

bool raft_disk_has_vote(const char *folder)
{
    char path[4096];
    for (unsigned i = 1; i <= 2; i++) {
        snprintf(path, sizeof path, "%s/metadata%u", folder, i);
        if (access(path, F_OK) == 0 || errno != ENOENT) {
            return true;
        }
    }
    return false;
}

enum err raft_disk_check(const char *folder, char ret_text[RAFT_DISK_TEXT_LEN])
{
    return raft_check_folder(folder, ret_text);
}

/* -- The mark: written behind the log, lowered before the log is cut. -- */

static int mark_write(struct raft_disk *d, uint64_t index)
{
    uint8_t bytes[RAFT_CHECK_MARK_LEN];
    raft_check_mark_encode(index, bytes);
    if (pwrite(d->mark_fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes ||
        fdatasync(d->mark_fd) != 0) {
        return RAFT_IOERR;
    }
    d->mark = index;
    return 0;
}

static void mark_in_thread(uv_work_t *work)
{
    struct raft_disk *d = work->data;
    uv_mutex_lock(&d->mark_lock);
    if (d->stored > d->mark) {
        err_ignore(mark_write(d, d->stored) == 0 ? ERR_OK : ERR_IO,
                   "an older mark only says less; the log itself reports a broken disk");
    }
    uv_mutex_unlock(&d->mark_lock);
}

static void maybe_free(struct raft_disk *d)
{
    if (!d->free_wanted || d->handles > 0 || d->marking) {
        return;
    }
    raft_uv_close(&d->io);
    raft_tcp_deinit(&d->transport);
    uv_mutex_destroy(&d->mark_lock);
    close(d->mark_fd);
    free(d);
}

static void mark_done(uv_work_t *work, int status)
{
    struct raft_disk *d = work->data;
    (void)status;
    d->marking = false;
    maybe_free(d);
}

static void on_mark_timer(uv_timer_t *timer)
{
    struct raft_disk *d = timer->data;
    /* Only this thread raises `stored`; the lock is for lowering it meanwhile. */
    if (d->marking || d->closing || d->stored <= d->mark) {
        return;
    }
    d->mark_work.data = d;
    d->marking = uv_queue_work(d->config.loop, &d->mark_work, mark_in_thread, mark_done) == 0;
}

/* The log will not reach beyond `index`, and that is right. */
static int mark_lower(struct raft_disk *d, uint64_t index)
{
    int code = 0;
    uv_mutex_lock(&d->mark_lock);
    d->stored = index < d->stored ? index : d->stored;
    if (index < d->mark) {
        code = mark_write(d, index);
    }
    uv_mutex_unlock(&d->mark_lock);
    return code;
}

/* -- The disk. -- */

struct append {
    struct raft_io_append ours, *theirs;
    struct raft_disk *disk;
    uint64_t last;
};

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct raft_disk *d = disk_of(io);
    int code = d->below.load(io, term, voted_for, snapshot, start_index, entries, n_entries);
    if (code == 0) {
        d->next = *start_index + *n_entries;
        d->stored = d->next - 1;
    }
    return code;
}

static void on_append(struct raft_io_append *req, int status)
{
    struct append *a = req->data;
    struct raft_disk *d = a->disk;
    struct raft_io_append *theirs = a->theirs;
    /* An index that was cut off meanwhile is not there any more. */
    if (status == 0 && a->last < d->next && a->last > d->stored) {
        uv_mutex_lock(&d->mark_lock);
        d->stored = a->last;
        uv_mutex_unlock(&d->mark_lock);
    }
    raft_free(a);
    if (status != 0) {
        fail(d, "append to the log", status);
    }
    theirs->cb(theirs, status);
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct raft_disk *d = disk_of(io);
    struct append *a = raft_malloc(sizeof *a);
    if (a == NULL) {
        return RAFT_NOMEM;
    }
    *a = (struct append){.theirs = req, .disk = d, .last = d->next + n - 1};
    a->ours.data = a;
    req->cb = cb;
    d->next += n;
    int code = d->below.append(io, &a->ours, entries, n, on_append);
    if (code != 0) {
        d->next -= n;
        raft_free(a);
        fail(d, "append to the log", code);
    }
    return code;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    struct raft_disk *d = disk_of(io);
    int code = index <= d->mark || index <= d->stored ? mark_lower(d, index - 1) : 0;
    if (code == 0) {
        code = d->below.truncate(io, index);
    }
    if (code != 0) {
        fail(d, "cut the log", code);
        return code;
    }
    d->next = index;
    return 0;
}

struct put {
    struct raft_io_snapshot_put ours, *theirs;
    struct raft_disk *disk;
};

static void on_put(struct raft_io_snapshot_put *req, int status)
{
    struct put *p = req->data;
    struct raft_io_snapshot_put *theirs = p->theirs;
    if (status != 0) {
        fail(p->disk, "store a snapshot", status);
    }
    raft_free(p);
    theirs->cb(theirs, status);
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb)
{
    struct raft_disk *d = disk_of(io);
    struct put *p = raft_malloc(sizeof *p);
    if (p == NULL) {
        return RAFT_NOMEM;
    }
    *p = (struct put){.theirs = req, .disk = d};
    p->ours.data = p;
    req->cb = cb;
    int code = 0;
    if (trailing == 0) { /* installed from the leader: the log begins anew behind it */
        code = mark_lower(d, snapshot->index);
        d->next = snapshot->index + 1;
    }
    if (code == 0) {
        code = d->below.snapshot_put(io, trailing, &p->ours, snapshot, on_put);
    }
    if (code != 0) {
        raft_free(p);
        fail(d, "store a snapshot", code);
    }
    return code;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    struct raft_disk *d = disk_of(io);
    int code = d->below.set_term(io, term);
    if (code != 0) {
        fail(d, "store the term", code);
    }
    return code;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    struct raft_disk *d = disk_of(io);
    int code = d->below.set_vote(io, id);
    if (code != 0) {
        fail(d, "store the vote", code);
    }
    return code;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct raft_disk *d = handle->data;
    d->handles--;
    maybe_free(d);
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct raft_disk *d = disk_of(io);
    d->closing = true;
    uv_close((uv_handle_t *)&d->mark_timer, on_handle_closed);
    d->below.close(io, cb);
}

/* -- Life. -- */

static enum err open_mark(struct raft_disk *d)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", d->folder, RAFT_CHECK_MARK);
    enum err err = raft_check_mark_read(d->folder, &d->mark);
    if (err != ERR_OK && err != ERR_UNKNOWN) {
        return err;
    }
    d->mark_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (d->mark_fd < 0) {
        return ERR_IO;
    }
    return err == ERR_UNKNOWN && mark_write(d, 0) != 0 ? ERR_IO : ERR_OK;
}

static void wrap(struct raft_disk *d)
{
    d->below = d->io;
    d->io.load = io_load;
    d->io.append = io_append;
    d->io.truncate = io_truncate;
    d->io.snapshot_put = io_snapshot_put;
    d->io.set_term = io_set_term;
    d->io.set_vote = io_set_vote;
    d->io.close = io_close;
    raft_uv_set_segment_size(&d->io, SEGMENT_BYTES);
    raft_uv_set_auto_recovery(&d->io, false);
    raft_uv_set_connect_retry_delay(&d->io, CONNECT_RETRY_MS);
}

/* -- Memory that libraft does not set is zero: a snapshot that it did not read can be told. -- */

static void *zeroed(void *data, size_t size)
{
    (void)data;
    return calloc(1, size);
}

static void zero_memory(void)
{
    static struct raft_heap heap;
    if (raft_heap_get() != &heap) {
        heap = *raft_heap_get();
        heap.malloc = zeroed;
        raft_heap_set(&heap);
    }
}

enum err raft_disk_new(const struct raft_disk_config *config, struct raft_disk **ret)
{
    enum err err = ERR_IO;
    struct raft_disk *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return ERR_MEMORY;
    }
    d->config = *config;
    zero_memory();
    /* libuv writes to sockets whose far end is gone: that is an error code, not the end. */
    signal(SIGPIPE, SIG_IGN);
    snprintf(d->folder, sizeof d->folder, "%s", config->folder);
    if (uv_mutex_init(&d->mark_lock) != 0) {
        goto fail_memory;
    }
    err = open_mark(d);
    if (err != ERR_OK) {
        goto fail_mutex;
    }
    d->book = *config->book;
    const struct raft_tcp_config net = {.loop = config->loop,
                                        .book = &d->book,
                                        .context = config->context,
                                        .peer_lost = config->peer_lost,
                                        .refused = config->refused,
                                        .failed = config->failed};
    err = raft_tcp_init(&d->transport, &net);
    if (err != ERR_OK) {
        goto fail_mark;
    }
    err = ERR_IO;
    d->io.version = 2;
    if (raft_uv_init(&d->io, config->loop, d->folder, &d->transport) != 0) {
        goto fail_transport;
    }
    wrap(d);
    if (uv_timer_init(config->loop, &d->mark_timer) != 0) {
        goto fail_io;
    }
    d->mark_timer.data = d;
    d->handles = 1;
    if (uv_timer_start(&d->mark_timer, on_mark_timer, MARK_EVERY_MS, MARK_EVERY_MS) != 0) {
        UNREACHABLE("a timer that is not closing starts");
    }
    *ret = d;
    return ERR_OK;

fail_io:
    raft_uv_close(&d->io);
fail_transport:
    raft_tcp_deinit(&d->transport);
fail_mark:
    close(d->mark_fd);
fail_mutex:
    uv_mutex_destroy(&d->mark_lock);
fail_memory:
    free(d);
    return err;
}

struct raft_io *raft_disk_io(struct raft_disk *d)
{
    return &d->io;
}

void raft_disk_free(struct raft_disk **disk)
{
    struct raft_disk *d = *disk;
    if (d == NULL) {
        return;
    }
    *disk = NULL;
    d->free_wanted = true;
    if (!d->closing) {
        d->closing = true;
        uv_close((uv_handle_t *)&d->mark_timer, on_handle_closed);
    }
    maybe_free(d);
}
