#include "node/runtime/spine.h"

#include "node/runtime/door.h"
#include "node/runtime/log.h"
#include "node/runtime/zwatch.h"
#include "proto/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define BUFFER_BYTES (256u * 1024)
#define TAP_HWM      20000
#define TAP_TURN     64 /* subscriptions taken in one turn */

struct spine {
    const struct topology *topology;
    int fd;
    void *tap; /* XPUB; NULL: none */
    struct door *door;
    struct zwatch *watch;
    unsigned subscribers;
    bool broken; /* the last write failed: said once */
    uint64_t lost, waiting, turned_away;
    size_t used;
    char buffer[BUFFER_BYTES];
};

/* -- Writing a line. -- */

struct line {
    char *text;
    size_t n;
};

static void put_bytes(struct line *l, const char *bytes, size_t len)
{
    ASSERT(l->n + len < SPINE_LINE_MAX);
    memcpy(l->text + l->n, bytes, len);
    l->n += len;
}

static void put_text(struct line *l, const char *text)
{
    put_bytes(l, text, strlen(text));
}

static void put_u64(struct line *l, uint64_t v)
{
    char digits[20];
    unsigned n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0) {
        l->text[l->n++] = digits[--n];
    }
}

static void put_i64(struct line *l, int64_t v)
{
    if (v < 0) {
        l->text[l->n++] = '-';
    }
    put_u64(l, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* `width` digits with leading zeros. */
static void put_padded(struct line *l, uint64_t v, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        l->text[l->n + i - 1] = (char)('0' + v % 10);
        v /= 10;
    }
    l->n += width;
}

static void put_hex(struct line *l, uint64_t v)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        l->text[l->n++] = "0123456789abcdef"[(v >> shift) & 15u];
    }
}

/* The length of the UTF-8 character at `c`; 0: that is none. */
static size_t character(const unsigned char *c)
{
    size_t len = c[0] < 0x80 ? 1 : c[0] >= 0xc2 && c[0] < 0xe0 ? 2 : (c[0] & 0xf0u) == 0xe0 ? 3 : 4;
    if (len == 1 || c[0] < 0xc2 || c[0] > 0xf4) {
        return len == 1 ? 1 : 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0u) != 0x80) {
            return 0;
        }
    }
    /* Overlong, half of a surrogate pair, beyond the last character. */
    bool wrong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] >= 0xa0) ||
                 (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] >= 0x90);
    return wrong ? 0 : len;
}

/* JSON's own escapes. A byte that is no UTF-8 becomes `?`: a text that was cut in the middle of a
 * character must not make the line unreadable. */
static void put_escaped(struct line *l, const char *text)
{
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c += len) {
        unsigned char byte = (unsigned char)*c;
        len = character((const unsigned char *)c);
        if (len != 1) {
            put_bytes(l, len == 0 ? "?" : c, len == 0 ? 1 : len);
            len = len == 0 ? 1 : len;
            continue;
        }
        if (byte == '"' || byte == '\\') {
            l->text[l->n++] = '\\';
            l->text[l->n++] = *c;
        } else if (byte < 0x20 || byte == 0x7f) {
            put_text(l, "\\u00");
            l->text[l->n++] = "0123456789abcdef"[byte >> 4];
            l->text[l->n++] = "0123456789abcdef"[byte & 15u];
        } else {
            l->text[l->n++] = *c;
        }
    }
}

static void put_wall(struct line *l, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    put_padded(l, (uint64_t)tm.tm_year + 1900, 4);
    put_text(l, "-");
    put_padded(l, (uint64_t)tm.tm_mon + 1, 2);
    put_text(l, "-");
    put_padded(l, (uint64_t)tm.tm_mday, 2);
    put_text(l, "T");
    put_padded(l, (uint64_t)tm.tm_hour, 2);
    put_text(l, ":");
    put_padded(l, (uint64_t)tm.tm_min, 2);
    put_text(l, ":");
    put_padded(l, (uint64_t)tm.tm_sec, 2);
    put_text(l, ".");
    put_padded(l, (uint64_t)(wall_us % 1000000), 6);
    put_text(l, "Z");
}

static void put_key(struct line *l, const char *key)
{
    put_text(l, ",\"");
    put_text(l, key);
    put_text(l, "\":");
}

static void put_word(struct line *l, const char *key, const char *word)
{
    put_key(l, key);
    put_text(l, "\"");
    put_escaped(l, word);
    put_text(l, "\"");
}

static void put_number(struct line *l, const char *key, int64_t value)
{
    if (value != 0) {
        put_key(l, key);
        put_i64(l, value);
    }
}

static void put_what(struct line *l, const struct topology *topology, const struct event *e)
{
    struct device_info device;
    if (proc_id_some(e->peer)) {
        put_word(l, "peer", topology_name(topology, e->peer));
    }
    if (device_id_some(e->device) && topology_device(topology, e->device, &device)) {
        put_word(l, "device", device.name);
    }
    if (call_id_some(e->call)) {
        put_key(l, "call");
        put_text(l, "\"");
        put_hex(l, e->call.v);
        put_text(l, "\"");
    }
    put_number(l, "epoch", (int64_t)e->epoch);
    if (e->reason != REASON_NONE) {
        put_word(l, "reason", reason_text(e->reason));
    }
    put_number(l, "value", e->value);
    put_number(l, "value2", e->value2);
    if (e->text[0] != '\0') {
        put_word(l, "text", e->text);
    }
}

size_t spine_format(const struct topology *topology, const struct event *e,
                    char ret_line[SPINE_LINE_MAX])
{
    ASSERT(e->wall_us >= 0);
    ASSERT(memchr(e->text, '\0', sizeof e->text) != NULL);
    struct line l = {.text = ret_line};
    put_text(&l, "{\"at\":\"");
    put_wall(&l, e->wall_us);
    put_text(&l, "\",\"at_us\":");
    put_i64(&l, e->at.us);
    put_key(&l, "hlc");
    put_u64(&l, e->hlc.v);
    put_word(&l, "process", topology_name(topology, e->proc));
    put_key(&l, "incarnation");
    put_u64(&l, e->incarnation.v);
    put_key(&l, "seq");
    put_u64(&l, e->seq);
    put_word(&l, "kind", event_word(e->kind));
    put_what(&l, topology, e);
    put_text(&l, "}\n");
    return l.n;
}

/* -- The file and the tap. -- */

/* Subscriptions and their ends: 1 or 0 first. */
static void on_subscription(void *context)
{
    struct spine *s = context;
    char byte = 0;
    for (unsigned i = 0; i < TAP_TURN; i++) {
        if (zmq_recv(s->tap, &byte, sizeof byte, ZMQ_DONTWAIT) < 0) {
            return;
        }
        s->subscribers += byte == 1 ? 1 : 0;
        s->subscribers -= byte == 0 && s->subscribers > 0 ? 1 : 0;
    }
}

static void on_turned_away(void *context)
{
    struct spine *s = context;
    s->turned_away++;
}

static enum err tap_open(struct spine *s, const struct link_ground *ground, const char *address)
{
    int on = 1;
    int hwm = TAP_HWM;
    s->tap = zmq_socket(ground->zmq, ZMQ_XPUB);
    if (s->tap == NULL || zmq_setsockopt(s->tap, ZMQ_SNDHWM, &hwm, sizeof hwm) != 0 ||
        zmq_setsockopt(s->tap, ZMQ_XPUB_VERBOSER, &on, sizeof on) != 0) {
        return ERR_IO;
    }
    const struct door_config door = {.loop = ground->loop,
                                     .zmq = ground->zmq,
                                     .socket = s->tap,
                                     .keys = ground->keys,
                                     .address = address,
                                     .port = TAP_PORT,
                                     .bytes_max = SPINE_LINE_MAX,
                                     .context = s,
                                     .turned_away = on_turned_away};
    enum err err = door_open(&door, &s->door);
    if (err == ERR_OK) {
        s->watch = zwatch_new(ground->loop, s->tap, on_subscription, s);
    }
    return err;
}

/* A crash may have left half a line; the next one must not be joined to it. */
static bool ends_in_line(int fd)
{
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);
    return size <= 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

enum err spine_new(const char *dir, const struct topology *topology,
                   const struct link_ground *ground, const char *address, struct spine **ret_spine)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, SPINE_FILE);
    if (n < 0 || (size_t)n >= sizeof path) {
        return ERR_TOO_BIG;
    }
    struct spine *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->topology = topology;
    enum err err = ERR_IO;
    s->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (s->fd < 0) {
        log_line(LOG_ERROR, "event=spine_unusable path=%s reason=\"%s\"", path, strerror(errno));
        goto fail_free;
    }
    if (!ends_in_line(s->fd)) {
        s->buffer[s->used++] = '\n';
    }
    if (address != NULL) {
        err = tap_open(s, ground, address);
        if (err != ERR_OK) {
            goto fail_free;
        }
    }
    *ret_spine = s;
    return ERR_OK;
fail_free:
    spine_free(&s);
    return err;
}

void spine_free(struct spine **spine)
{
    struct spine *s = *spine;
    if (s == NULL) {
        return;
    }
    spine_flush(s);
    zwatch_free(&s->watch);
    door_close(&s->door);
    if (s->tap != NULL) {
        zmq_close(s->tap);
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    free(s);
    *spine = NULL;
}

void spine_write(struct spine *s, const struct event *event)
{
    if (sizeof s->buffer - s->used < SPINE_LINE_MAX) {
        spine_flush(s);
    }
    char *line = s->buffer + s->used;
    size_t len = spine_format(s->topology, event, line);
    s->used += len;
    s->waiting++;
    if (s->subscribers > 0) {
        zwatch_used(s->watch);
        err_ignore(zmq_send(s->tap, line, len - 1, ZMQ_DONTWAIT) < 0 ? ERR_FULL : ERR_OK,
                   "observers may miss events; the numbers tell them");
    }
}

void spine_flush(struct spine *s)
{
    if (s->used == 0) {
        return;
    }
    ssize_t n = write(s->fd, s->buffer, s->used);
    bool failed = n != (ssize_t)s->used;
    if (failed) {
        s->lost += s->waiting;
        if (!s->broken) {
            log_line(LOG_ERROR, "event=spine_write_failed errno=%d carry_on=\"without events\"",
                     n < 0 ? errno : 0);
        }
    }
    s->broken = failed;
    s->used = 0;
    s->waiting = 0;
    if (n > 0 && failed) {
        s->buffer[s->used++] = '\n'; /* ends the half line */
    }
}

uint64_t spine_turned_away(const struct spine *s)
{
    return s->turned_away;
}

uint64_t spine_lost(const struct spine *s)
{
    return s->lost;
}

/* -- Reading a line. -- */

static bool read_i64(const json_t *object, const char *key, int64_t *ret)
{
    const json_t *v = json_object_get(object, key);
    if (v == NULL) {
        return true;
    }
    *ret = json_integer_value(v);
    return json_is_integer(v);
}

static const char *read_word(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The number in the `n` digits at *at, which moves behind them and behind `end`; -1: that is no
 * such thing. */
static int64_t read_digits(const char **at, unsigned n, char end)
{
    int64_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        char digit = (*at)[i];
        if (digit < '0' || digit > '9') {
            return -1;
        }
        v = v * 10 + (digit - '0');
    }
    if ((*at)[n] != end) {
        return -1;
    }
    *at += n + 1;
    return v;
}

/* "2026-11-23T20:15:00.123456Z" as microseconds since 1970. */
static bool read_wall(const char *text, int64_t *ret_us)
{
    static const struct {
        unsigned digits;
        char end;
    } parts[7] = {{4, '-'}, {2, '-'}, {2, 'T'}, {2, ':'}, {2, ':'}, {2, '.'}, {6, 'Z'}};
    int64_t v[7];
    for (unsigned i = 0; i < 7; i++) {
        v[i] = text != NULL ? read_digits(&text, parts[i].digits, parts[i].end) : -1;
        if (v[i] < 0) {
            return false;
        }
    }
    struct tm tm = {.tm_year = (int)v[0] - 1900,
                    .tm_mon = (int)v[1] - 1,
                    .tm_mday = (int)v[2],
                    .tm_hour = (int)v[3],
                    .tm_min = (int)v[4],
                    .tm_sec = (int)v[5]};
    *ret_us = (int64_t)timegm(&tm) * 1000000 + v[6];
    return *text == '\0';
}

/* 16 hexadecimal digits. */
static bool read_call(const char *text, struct call_id *ret_call)
{
    char *end = NULL;
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16) {
        return false;
    }
    ret_call->v = strtoull(text, &end, 16);
    return *end == '\0';
}

static bool read_proc(const struct topology *topology, const char *name, struct proc_id *ret_proc)
{
    if (strcmp(name, "guest") == 0) {
        ret_proc->v = PROCS_MAX + 1;
        return true;
    }
    *ret_proc = topology_proc_named(topology, name);
    return proc_id_some(*ret_proc);
}

static bool read_reason(const char *word, enum reason *ret_reason)
{
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reason_text((enum reason)i), word) == 0) {
            *ret_reason = (enum reason)i;
            return true;
        }
    }
    return false;
}

static enum err read_names(const struct topology *topology, const json_t *o, struct event *e)
{
    const char *process = read_word(o, "process");
    const char *kind = read_word(o, "kind");
    const char *peer = read_word(o, "peer");
    const char *device = read_word(o, "device");
    const char *reason = read_word(o, "reason");
    const char *call = read_word(o, "call");
    const char *text = read_word(o, "text");
    if (process == NULL || kind == NULL) {
        return ERR_INVALID;
    }
    e->kind = event_named(kind);
    bool known = e->kind != EVENT_NONE && read_proc(topology, process, &e->proc);
    known = known && (peer == NULL || read_proc(topology, peer, &e->peer));
    if (known && device != NULL) {
        e->device = topology_device_named(topology, device);
        known = device_id_some(e->device);
    }
    known = known && (reason == NULL || read_reason(reason, &e->reason));
    if (!known) {
        return ERR_UNKNOWN;
    }
    if (call != NULL && !read_call(call, &e->call)) {
        return ERR_INVALID;
    }
    if (text != NULL) {
        snprintf(e->text, sizeof e->text, "%s", text);
    }
    return ERR_OK;
}

static enum err read_numbers(const json_t *o, struct event *e)
{
    int64_t hlc = 0;
    int64_t incarnation = 0;
    int64_t seq = 0;
    int64_t epoch = 0;
    bool good = read_wall(read_word(o, "at"), &e->wall_us) && read_i64(o, "at_us", &e->at.us) &&
                read_i64(o, "hlc", &hlc) && read_i64(o, "incarnation", &incarnation) &&
                read_i64(o, "seq", &seq) && read_i64(o, "epoch", &epoch) &&
                read_i64(o, "value", &e->value) && read_i64(o, "value2", &e->value2);
    if (!good || hlc < 0 || incarnation < 0 || seq < 0 || epoch < 0 || epoch > UINT32_MAX) {
        return ERR_INVALID;
    }
    e->hlc.v = (uint64_t)hlc;
    e->incarnation.v = (uint64_t)incarnation;
    e->seq = (uint64_t)seq;
    e->epoch = (uint32_t)epoch;
    return ERR_OK;
}

enum err spine_parse_line(const struct topology *topology, const char *line, size_t len,
                          struct event *ret_event)
{
    struct event e = {0};
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return ERR_TRUNCATED;
    }
    enum err err = read_names(topology, object, &e);
    if (err == ERR_OK) {
        err = read_numbers(object, &e);
    }
    json_decref(object);
    if (err == ERR_OK) {
        *ret_event = e;
    }
    return err;
}
