#include "node/runtime/call_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES (256u * 1024u)
#define TIME_LEN     40

struct call_log {
    const struct topology *topology;
    int64_t wall_minus_now_us;
    int file;
    bool torn;           /* the last write left a part of a line */
    uint64_t lost, held; /* lines: dropped; in the buffer */
    size_t used;
    char buffer[BUFFER_BYTES];
};

enum err call_log_new(const char *dir, const struct topology *topology, struct instant now,
                      int64_t wall_us, struct call_log **ret_log)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/" CALL_LOG_FILE, dir);
    if (length < 0 || (size_t)length >= sizeof path) {
        return ERR_IO;
    }
    int file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        return ERR_IO;
    }
    struct call_log *log = calloc(1, sizeof *log);
    ASSERT(log != NULL);
    log->topology = topology;
    log->wall_minus_now_us = wall_us - now.us;
    log->file = file;
    /* A crash may have left half a line: what follows begins on one of its own. */
    char last = '\n';
    off_t size = lseek(file, 0, SEEK_END);
    log->torn = size > 0 && pread(file, &last, 1, size - 1) == 1 && last != '\n';
    *ret_log = log;
    return ERR_OK;
}

void call_log_free(struct call_log **log)
{
    if (*log == NULL) {
        return;
    }
    err_ignore(call_log_flush(*log), "counted as lost, and nobody is left to tell");
    close((*log)->file);
    free(*log);
    *log = NULL;
}

/* RFC 3339 with microseconds; null for NEVER. */
static json_t *time_json(const struct call_log *log, struct instant at)
{
    char text[TIME_LEN];
    if (at.us == INSTANT_NEVER.us) {
        return json_null();
    }
    int64_t us = at.us + log->wall_minus_now_us;
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%06" PRId64 "Z", us % 1000000);
    return json_string(text);
}

static json_t *record_json(const struct call_log *log, const struct leg_record *r)
{
    struct device_info device = {0};
    char call[20];
    bool known = topology_device(log->topology, r->device, &device);
    ASSERT(known);
    snprintf(call, sizeof call, "%016" PRIx64, r->call.v);
    bool answered = r->answer.us != INSTANT_NEVER.us;
    json_t *o = json_object();
    json_object_set_new(o, "device", json_string(device.name));
    json_object_set_new(o, "number", json_string(device.number));
    json_object_set_new(o, "agent", json_integer(r->agent.v));
    json_object_set_new(o, "call", json_string(call));
    if (call_id_some(r->moved_from)) {
        snprintf(call, sizeof call, "%016" PRIx64, r->moved_from.v);
        json_object_set_new(o, "moved_from", json_string(call));
    }
    json_object_set_new(o, "direction", json_string(r->incoming ? "in" : "out"));
    if (device.kind == DEVICE_KIND_GATEWAY) {
        json_object_set_new(o, "line", json_integer(r->line));
    }
    json_object_set_new(o, "from", json_string(r->from));
    json_object_set_new(o, "to", json_string(r->to));
    json_object_set_new(o, "begin", time_json(log, r->begin));
    json_object_set_new(o, "answer", time_json(log, r->answer));
    json_object_set_new(o, "end", time_json(log, r->end));
    json_object_set_new(o, "begin_us", json_integer(r->begin.us));
    json_object_set_new(o, "answer_us", json_integer(answered ? r->answer.us : 0));
    json_object_set_new(o, "end_us", json_integer(r->end.us));
    json_object_set_new(o, "reason", json_string(reason_text(r->reason)));
    json_object_set_new(o, "preserved", json_boolean(r->preserved));
    json_object_set_new(o, "held_us", json_integer(r->held_us));
    json_object_set_new(o, "transferred", json_boolean(r->transferred));
    json_object_set_new(o, "wrapup", json_string(r->wrapup));
    if (r->open) {
        json_object_set_new(o, "open", json_true());
    }
    json_t *media = json_object();
    json_object_set_new(media, "received", json_integer((json_int_t)r->received));
    json_object_set_new(media, "gap_ms", json_integer(r->gap_us / 1000));
    json_object_set_new(o, "media", media);
    return o;
}

void call_log_write(void *log, const struct leg_record *record)
{
    struct call_log *l = log;
    if (l->used + CALL_LOG_LINE_MAX > BUFFER_BYTES) {
        err_ignore(call_log_flush(l), "counted as lost");
    }
    if (l->torn) {
        l->buffer[l->used++] = '\n';
        l->torn = false;
    }
    json_t *o = record_json(l, record);
    size_t n = json_dumpb(o, l->buffer + l->used, BUFFER_BYTES - l->used - 1, JSON_COMPACT);
    json_decref(o);
    ASSERT(n > 0);
    ASSERT(n < CALL_LOG_LINE_MAX - 1);
    l->used += n;
    l->buffer[l->used++] = '\n';
    l->held++;
}

enum err call_log_flush(struct call_log *log)
{
    size_t done = 0;
    while (done < log->used) {
        ssize_t n = write(log->file, log->buffer + done, log->used - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            log->lost += log->held;
            log->torn = true;
            log->held = 0;
            log->used = 0;
            return ERR_IO;
        }
        done += (size_t)n;
    }
    log->held = 0;
    log->used = 0;
    return ERR_OK;
}

uint64_t call_log_lost(const struct call_log *log)
{
    return log->lost;
}
