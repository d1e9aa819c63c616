#include "node/runtime/raft_check.h"

#include "cluster/registry/registry_snapshot.h"
#include "node/runtime/raft_metadata.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_FORMAT        1
#define NAME_MAX_LEN       64
#define BATCH_ENTRIES_MAX  65536
#define META_HEAD          32
#define CONFIGURATION_MAX  1048576
#define FILE_MAX           (1u << 30)
#define BATCH_PREAMBLE     16 /* two checksums and the number of entries */
#define BATCH_ENTRY_HEADER 16

static const uint8_t mark_magic[8] = {'R', 'H', 'M', 'A', 'R', 'K', '0', '1'};

struct segment {
    char name[NAME_MAX_LEN];
    bool open;
    unsigned long long first, end; /* closed */
    unsigned long long counter;    /* open */
};

struct snapshot {
    char name[NAME_MAX_LEN];
    unsigned long long term, index, time;
};

struct check {
    const char *folder;
    char *text;
    struct segment *segments;
    size_t segments_n;
    struct snapshot newest; /* name empty: there is none */
    uint64_t last;          /* index of the last entry read so far, */
    const char *last_name;  /* and where it was */
    uint64_t term;          /* the highest of an entry or the snapshot */
};

struct content {
    uint8_t *bytes;
    size_t len;
};

static enum err say(const struct check *c, enum err err, const char *name, const char *what)
{
    snprintf(c->text, RAFT_CHECK_TEXT_LEN, "%s/%s: %s", c->folder, name, what);
    return err;
}

/* -- Bytes. -- */

/* libraft's checksum: CRC-32 with the polynomial 04c11db7, not reflected, from 0. */
static uint32_t crc32_of(const uint8_t *bytes, size_t len, uint32_t crc)
{
    static uint32_t table[256];
    if (table[1] == 0) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t v = i << 24;
            for (unsigned bit = 0; bit < 8; bit++) {
                v = (v & 0x80000000u) != 0 ? v << 1 ^ 0x04c11db7u : v << 1;
            }
            table[i] = v;
        }
    }
    for (size_t i = 0; i < len; i++) {
        crc = crc << 8 ^ table[(crc >> 24 ^ bytes[i]) & 255];
    }
    return crc;
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static void put64(uint8_t *at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

static bool only_zeros(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static enum err read_all(int fd, size_t len, uint8_t *bytes)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = read(fd, bytes + at, len - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return ERR_IO;
        }
        at += (size_t)n;
    }
    return ERR_OK;
}

static enum err read_file(const struct check *c, const char *name, struct content *ret)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", c->folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < 0 || st.st_size > FILE_MAX) {
        if (fd >= 0) {
            close(fd);
        }
        return say(c, ERR_IO, name, "cannot be opened");
    }
    ret->len = (size_t)st.st_size;
    ret->bytes = malloc(ret->len + 1);
    enum err err = ret->bytes == NULL ? ERR_MEMORY : read_all(fd, ret->len, ret->bytes);
    close(fd);
    if (err != ERR_OK) {
        free(ret->bytes);
        ret->bytes = NULL;
        return say(c, err, name, "cannot be read");
    }
    return ERR_OK;
}

/* -- Segments. -- */

struct batch {
    size_t end;
    uint64_t entries, term; /* the term of its last entry */
};

/* Is there a whole and sound batch at `at`? */
static bool batch_at(const struct content *f, size_t at, struct batch *ret)
{
    if (f->len < BATCH_PREAMBLE || at > f->len - BATCH_PREAMBLE) {
        return false;
    }
    const uint8_t *b = f->bytes + at;
    uint64_t n = get64(b + 8);
    if (n == 0 || n > BATCH_ENTRIES_MAX) {
        return false;
    }
    size_t header = 8 + (size_t)n * BATCH_ENTRY_HEADER;
    size_t left = f->len - at - 8;
    if (header > left || crc32_of(b + 8, header, 0) != get32(b)) {
        return false;
    }
    size_t data = 0;
    for (uint64_t i = 0; i < n; i++) {
        data += get32(b + 16 + i * BATCH_ENTRY_HEADER + 12);
    }
    if (data > left - header || crc32_of(b + 8 + header, data, 0) != get32(b + 4)) {
        return false;
    }
    *ret = (struct batch){.end = at + 8 + header + data,
                          .entries = n,
                          .term = get64(b + 16 + (n - 1) * BATCH_ENTRY_HEADER)};
    return true;
}

/* Sound batches from the start; *ret_at is where the first one that is none begins. */
static uint64_t read_batches(struct check *c, const struct content *f, size_t *ret_at)
{
    uint64_t entries = 0;
    struct batch batch = {.end = 8};
    size_t at = 8;
    while (batch_at(f, at, &batch)) {
        entries += batch.entries;
        c->term = batch.term > c->term ? batch.term : c->term;
        at = batch.end;
    }
    *ret_at = at;
    return entries;
}

static enum err check_closed(struct check *c, const struct segment *s)
{
    struct content f = {0};
    enum err err = read_file(c, s->name, &f);
    if (err != ERR_OK) {
        return err;
    }
    size_t at = 0;
    uint64_t expected = s->end - s->first + 1;
    if (f.len < 8 || get64(f.bytes) != DISK_FORMAT) {
        err = say(c, ERR_CORRUPT, s->name, "is no segment: its format number is wrong");
    } else if (read_batches(c, &f, &at) != expected || at != f.len) {
        char what[128];
        snprintf(what, sizeof what, "is damaged or truncated at byte %zu of %zu", at, f.len);
        err = say(c, ERR_CORRUPT, s->name, what);
    }
    c->last = s->end;
    c->last_name = s->name;
    free(f.bytes);
    return err;
}

/* A sound batch behind a damaged one: what lies between was lost on disk, not in a torn write. */
static bool goes_on(const struct content *f, size_t from)
{
    struct batch batch;
    for (size_t at = from + 8; at + BATCH_PREAMBLE <= f->len; at += 8) {
        if (get64(f->bytes + at + 8) != 0 && batch_at(f, at, &batch)) {
            return true;
        }
    }
    return false;
}

static enum err check_open(struct check *c, const struct segment *s, bool *torn)
{
    struct content f = {0};
    enum err err = read_file(c, s->name, &f);
    if (err != ERR_OK) {
        return err;
    }
    size_t at = 8;
    uint64_t entries = 0;
    bool blank = only_zeros(f.bytes, f.len);
    if (blank) {
        goto done; /* made in advance, never written */
    }
    if (f.len < 8 || get64(f.bytes) != DISK_FORMAT) {
        err = say(c, ERR_CORRUPT, s->name, "is no segment: its format number is wrong");
        goto done;
    }
    entries = read_batches(c, &f, &at);
    if (*torn) {
        err = say(c, ERR_CORRUPT, s->name, "follows a segment that is damaged");
        goto done;
    }
    if (!only_zeros(f.bytes + at, f.len - at)) {
        char what[160];
        *torn = true;
        if (goes_on(&f, at)) {
            snprintf(what, sizeof what, "is damaged at byte %zu and goes on with sound data", at);
            err = say(c, ERR_CORRUPT, s->name, what);
            goto done;
        }
        snprintf(what, sizeof what, "ends with a torn write at byte %zu; it will be cut there", at);
        err_ignore(say(c, ERR_OK, s->name, what), "a warning");
    }
    c->last += entries;
    c->last_name = s->name;
done:
    free(f.bytes);
    return err;
}

/* -- Snapshots. -- */

static enum err check_meta(const struct check *c, const char *name)
{
    struct content f = {0};
    enum err err = read_file(c, name, &f);
    if (err != ERR_OK) {
        return err;
    }
    uint64_t len = f.len >= META_HEAD ? get64(f.bytes + 24) : 0;
    if (f.len < META_HEAD || get64(f.bytes) != DISK_FORMAT || len == 0 || len > CONFIGURATION_MAX ||
        len > f.len - META_HEAD ||
        crc32_of(f.bytes + META_HEAD, (size_t)len, crc32_of(f.bytes + 16, 16, 0)) !=
            (uint32_t)get64(f.bytes + 8)) {
        err = say(c, ERR_CORRUPT, name, "is damaged");
    }
    free(f.bytes);
    return err;
}

static enum err check_snapshot(struct check *c)
{
    if (c->newest.name[0] == '\0') {
        return ERR_OK;
    }
    char meta[NAME_MAX_LEN + 8];
    snprintf(meta, sizeof meta, "%s.meta", c->newest.name);
    enum err err = check_meta(c, meta);
    if (err != ERR_OK) {
        return err;
    }
    struct content f = {0};
    err = read_file(c, c->newest.name, &f);
    if (err != ERR_OK) {
        return err;
    }
    err = registry_snapshot_check(f.bytes, f.len);
    free(f.bytes);
    if (err != ERR_OK) {
        char what[128];
        snprintf(what, sizeof what, "is no sound snapshot: %s", err_text(err));
        return say(c, ERR_CORRUPT, c->newest.name, what);
    }
    c->last = c->newest.index;
    c->term = c->newest.term;
    return ERR_OK;
}

/* -- The folder. -- */

/* A decimal number at *at, which moves behind it; false: there is none. */
static bool take_number(const char **at, unsigned long long *ret)
{
    char *end = NULL;
    if (**at < '0' || **at > '9') {
        return false;
    }
    errno = 0;
    *ret = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0;
}

static bool take_text(const char **at, const char *text)
{
    if (strncmp(*at, text, strlen(text)) != 0) {
        return false;
    }
    *at += strlen(text);
    return true;
}

static void note_snapshot(struct check *c, const char *name)
{
    struct snapshot s = {0};
    const char *at = name;
    if (!take_text(&at, "snapshot-") || !take_number(&at, &s.term) || !take_text(&at, "-") ||
        !take_number(&at, &s.index) || !take_text(&at, "-") || !take_number(&at, &s.time) ||
        !take_text(&at, ".meta") || *at != '\0') {
        return;
    }
    snprintf(s.name, sizeof s.name, "snapshot-%llu-%llu-%llu", s.term, s.index, s.time);
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", c->folder, s.name);
    if (stat(path, &st) != 0) {
        return; /* its data was never finished: libraft passes it over, and so do we */
    }
    bool newer = s.term != c->newest.term     ? s.term > c->newest.term
                 : s.index != c->newest.index ? s.index > c->newest.index
                                              : s.time > c->newest.time;
    if (c->newest.name[0] == '\0' || newer) {
        c->newest = s;
    }
}

static bool segment_named(const char *name, struct segment *ret)
{
    const char *at = name;
    memset(ret, 0, sizeof *ret);
    size_t len = strlen(name);
    if (len >= sizeof ret->name) {
        return false;
    }
    memcpy(ret->name, name, len + 1);
    ret->open = take_text(&at, "open-");
    if (ret->open) {
        return take_number(&at, &ret->counter) && *at == '\0';
    }
    return take_number(&at, &ret->first) && take_text(&at, "-") && take_number(&at, &ret->end) &&
           *at == '\0' && ret->first >= 1 && ret->end >= ret->first;
}

static int by_age(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    if (x->open != y->open) {
        return x->open ? 1 : -1;
    }
    unsigned long long i = x->open ? x->counter : x->first, j = x->open ? y->counter : y->first;
    return i < j ? -1 : i > j;
}

static enum err list(struct check *c)
{
    DIR *dir = opendir(c->folder);
    if (dir == NULL) {
        return say(c, ERR_IO, "", "cannot be listed");
    }
    enum err err = ERR_OK;
    for (const struct dirent *e = readdir(dir); e != NULL && err == ERR_OK; e = readdir(dir)) {
        struct segment s;
        note_snapshot(c, e->d_name);
        if (!segment_named(e->d_name, &s)) {
            continue;
        }
        if (c->segments_n == RAFT_CHECK_FILES_MAX) {
            err = say(c, ERR_FULL, "", "has too many segments");
            break;
        }
        c->segments[c->segments_n++] = s;
    }
    closedir(dir);
    qsort(c->segments, c->segments_n, sizeof c->segments[0], by_age);
    return err;
}

/* Where the segments that count begin: the last row without a gap. */
static size_t first_that_counts(const struct check *c, size_t closed)
{
    size_t i = closed > 0 ? closed - 1 : 0;
    while (i > 0 && c->segments[i - 1].end + 1 == c->segments[i].first) {
        i--;
    }
    return i;
}

static enum err check_segments(struct check *c)
{
    size_t closed = 0;
    while (closed < c->segments_n && !c->segments[closed].open) {
        closed++;
    }
    uint64_t base = c->last; /* of the snapshot */
    size_t begin = first_that_counts(c, closed);
    if (closed > 0 && c->segments[begin].first > base + 1) {
        return say(c, ERR_CORRUPT, c->segments[begin].name, "has a gap before it");
    }
    for (size_t i = begin; i < closed; i++) {
        enum err err = check_closed(c, &c->segments[i]);
        if (err != ERR_OK) {
            return err;
        }
    }
    bool torn = false;
    for (size_t i = closed; i < c->segments_n; i++) {
        enum err err = check_open(c, &c->segments[i], &torn);
        if (err != ERR_OK) {
            return err;
        }
    }
    c->last = c->last > base ? c->last : base;
    return ERR_OK;
}

static enum err check_mark(const struct check *c)
{
    uint64_t mark = 0;
    enum err err = raft_check_mark_read(c->folder, &mark);
    if (err == ERR_UNKNOWN) {
        return ERR_OK;
    }
    if (err != ERR_OK) {
        return say(c, err, RAFT_CHECK_MARK, "is damaged");
    }
    if (c->last >= mark) {
        return ERR_OK;
    }
    char what[160];
    const char *name = c->last_name != NULL ? c->last_name : RAFT_CHECK_MARK;
    snprintf(what, sizeof what,
             "the log ends at %" PRIu64 ", but it reached %" PRIu64 " before: entries are lost",
             c->last, mark);
    return say(c, ERR_CORRUPT, name, what);
}

enum err raft_check_folder(const char *folder, char ret_text[RAFT_CHECK_TEXT_LEN])
{
    struct check c = {.folder = folder, .text = ret_text};
    ret_text[0] = '\0';
    c.segments = calloc(RAFT_CHECK_FILES_MAX, sizeof c.segments[0]);
    if (c.segments == NULL) {
        return ERR_MEMORY;
    }
    enum err err = list(&c);
    if (err == ERR_OK) {
        err = check_snapshot(&c);
    }
    if (err == ERR_OK) {
        err = check_segments(&c);
    }
    if (err == ERR_OK) {
        err = raft_metadata_check(folder, c.last > 0, c.term, ret_text, RAFT_CHECK_TEXT_LEN);
    }
    if (err == ERR_OK) {
        err = check_mark(&c);
    }
    free(c.segments);
    return err;
}

/* -- The mark. -- */

void raft_check_mark_encode(uint64_t index, uint8_t ret_bytes[RAFT_CHECK_MARK_LEN])
{
    memcpy(ret_bytes, mark_magic, sizeof mark_magic);
    put64(ret_bytes + 8, index);
    put64(ret_bytes + 16, ~index);
}

enum err raft_check_mark_read(const char *folder, uint64_t *ret_index)
{
    char path[4096];
    uint8_t bytes[RAFT_CHECK_MARK_LEN];
    snprintf(path, sizeof path, "%s/%s", folder, RAFT_CHECK_MARK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_UNKNOWN : ERR_IO;
    }
    enum err err = read_all(fd, sizeof bytes, bytes);
    close(fd);
    if (err != ERR_OK || memcmp(bytes, mark_magic, sizeof mark_magic) != 0 ||
        get64(bytes + 8) != ~get64(bytes + 16)) {
        return ERR_CORRUPT;
    }
    *ret_index = get64(bytes + 8);
    return ERR_OK;
}
