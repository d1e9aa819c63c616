#include "cluster/record/runfile.h"

#include "cluster/record/line.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION     1
#define DEPTH_MAX   5
#define PATH_LEN    4096
#define CHUNK_BYTES (1u << 20)
#define TOPOLOGY    "topology"
#define TEXT_MAX    (1u << 20) /* of a topology file */

struct runfile {
    const struct topology *topology;
    sqlite3 *db;
    sqlite3_stmt *add_event, *add_leg;
    uint64_t strange;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS source(path TEXT PRIMARY KEY, offset INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS event("
    " id INTEGER PRIMARY KEY, at_us INTEGER, wall_us INTEGER, hlc INTEGER, process TEXT,"
    " incarnation INTEGER, seq INTEGER, kind TEXT, peer TEXT, device TEXT, call TEXT,"
    " epoch INTEGER, reason TEXT, value INTEGER, value2 INTEGER, text TEXT);"
    "CREATE INDEX IF NOT EXISTS event_at ON event(at_us);"
    "CREATE TABLE IF NOT EXISTS leg("
    " id INTEGER PRIMARY KEY, device TEXT, number TEXT, agent INTEGER, call TEXT, direction TEXT,"
    " from_number TEXT, to_number TEXT, begin_us INTEGER, answer_us INTEGER, end_us INTEGER,"
    " held_us INTEGER, reason TEXT, preserved INTEGER, transferred INTEGER, open INTEGER,"
    " wrapup TEXT, received INTEGER, gap_us INTEGER, moved_from TEXT);";

/* What SQLite's answer means here. */
static enum err err_of(int rc)
{
    return rc == SQLITE_OK                               ? ERR_OK
           : rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? ERR_CORRUPT
                                                         : ERR_IO;
}

static enum err run_sql(sqlite3 *db, const char *sql)
{
    return err_of(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* 0: a new file, which names none. */
static enum err version_of(struct runfile *r, int *ret_version)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(r->db, "PRAGMA user_version", -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        *ret_version = sqlite3_column_int(s, 0);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_ROW ? ERR_OK : err_of(rc);
}

static enum err check_version(struct runfile *r)
{
    int version = 0;
    enum err err = version_of(r, &version);
    if (err == ERR_OK && version == 0) {
        char sql[64];
        snprintf(sql, sizeof sql, "PRAGMA user_version = %d", VERSION);
        return run_sql(r->db, sql);
    }
    return err != ERR_OK || version == VERSION ? err : ERR_VERSION;
}

enum err runfile_open(const char *path, const struct topology *topology,
                      struct runfile **ret_runfile)
{
    struct runfile *r = calloc(1, sizeof *r);
    ASSERT(r != NULL);
    r->topology = topology;
    enum err err = ERR_IO;
    if (sqlite3_open(path, &r->db) != SQLITE_OK) {
        goto fail;
    }
    sqlite3_busy_timeout(r->db, 5000);
    err = check_version(r);
    if (err != ERR_OK) {
        goto fail;
    }
    err = run_sql(r->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (err == ERR_OK) {
        err = run_sql(r->db, schema);
    }
    if (err != ERR_OK) {
        goto fail;
    }
    err = ERR_IO;
    if (sqlite3_prepare_v2(r->db,
                           "INSERT INTO event(at_us, wall_us, hlc, process, incarnation, seq, kind,"
                           " peer, device, call, epoch, reason, value, value2, text)"
                           " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                           -1, &r->add_event, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(r->db,
                           "INSERT INTO leg(device, number, agent, call, direction, from_number,"
                           " to_number, begin_us, answer_us, end_us, held_us, reason, preserved,"
                           " transferred, open, wrapup, received, gap_us, moved_from)"
                           " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                           -1, &r->add_leg, NULL) != SQLITE_OK) {
        goto fail;
    }
    *ret_runfile = r;
    return ERR_OK;
fail:
    runfile_free(&r);
    return err;
}

/* "file:PATH?immutable=1", with what means something in it escaped. */
static void immutable_name(const char *path, char *ret_name, size_t size)
{
    size_t n = (size_t)snprintf(ret_name, size, "file:");
    for (; *path != '\0' && n + 4 < size - sizeof "?immutable=1"; path++) {
        bool plain = *path != '%' && *path != '?' && *path != '#';
        n += (size_t)snprintf(ret_name + n, size - n, plain ? "%c" : "%%%02x",
                              (unsigned)(unsigned char)*path);
    }
    snprintf(ret_name + n, size - n, "?immutable=1");
}

enum err runfile_look(const char *path, struct runfile **ret_runfile)
{
    char name[3 * PATH_LEN + 32];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return ERR_IO;
    }
    struct runfile *r = calloc(1, sizeof *r);
    ASSERT(r != NULL);
    /* Without a log beside it nobody writes it, and then a reader need not make one. */
    snprintf(name, sizeof name, "%s-wal", path);
    bool written = stat(name, &st) == 0 && st.st_size > 0;
    immutable_name(path, name, sizeof name);
    enum err err = ERR_IO;
    if (sqlite3_open_v2(written ? path : name, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                        NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(r->db, 5000);
        int version = 0;
        err = version_of(r, &version);
        err = err != ERR_OK || version == VERSION ? err : version <= 0 ? ERR_CORRUPT : ERR_VERSION;
    }
    if (err != ERR_OK) {
        runfile_free(&r);
        return err;
    }
    *ret_runfile = r;
    return ERR_OK;
}

void runfile_free(struct runfile **runfile)
{
    struct runfile *r = *runfile;
    if (r == NULL) {
        return;
    }
    sqlite3_finalize(r->add_event);
    sqlite3_finalize(r->add_leg);
    sqlite3_close(r->db);
    free(r);
    *runfile = NULL;
}

/* -- One line into its table. -- */

static void bind_text(sqlite3_stmt *s, int n, const char *text)
{
    if (text[0] == '\0') {
        sqlite3_bind_null(s, n);
    } else {
        sqlite3_bind_text(s, n, text, -1, SQLITE_TRANSIENT);
    }
}

static void bind_call(sqlite3_stmt *s, int n, struct call_id call)
{
    char text[20] = "";
    if (call_id_some(call)) {
        snprintf(text, sizeof text, "%016llx", (unsigned long long)call.v);
    }
    bind_text(s, n, text);
}

static void bind_device(const struct topology *t, sqlite3_stmt *s, int n, struct device_id device)
{
    struct device_info info = {0};
    bool known = topology_device(t, device, &info);
    bind_text(s, n, known ? info.name : "");
}

static bool step(sqlite3_stmt *s)
{
    bool done = sqlite3_step(s) == SQLITE_DONE;
    sqlite3_reset(s);
    return done;
}

static bool add_event(struct runfile *r, const struct event *e)
{
    sqlite3_stmt *s = r->add_event;
    sqlite3_bind_int64(s, 1, e->at.us);
    sqlite3_bind_int64(s, 2, e->wall_us);
    sqlite3_bind_int64(s, 3, (int64_t)e->hlc.v);
    bind_text(s, 4, topology_name(r->topology, e->proc));
    sqlite3_bind_int64(s, 5, (int64_t)e->incarnation.v);
    sqlite3_bind_int64(s, 6, (int64_t)e->seq);
    bind_text(s, 7, event_word(e->kind));
    bind_text(s, 8, proc_id_some(e->peer) ? topology_name(r->topology, e->peer) : "");
    bind_device(r->topology, s, 9, e->device);
    bind_call(s, 10, e->call);
    sqlite3_bind_int64(s, 11, e->epoch);
    bind_text(s, 12, e->reason != REASON_NONE ? reason_text(e->reason) : "");
    sqlite3_bind_int64(s, 13, e->value);
    sqlite3_bind_int64(s, 14, e->value2);
    bind_text(s, 15, e->text);
    return step(s);
}

static bool add_leg(struct runfile *r, const struct history_leg *leg)
{
    sqlite3_stmt *s = r->add_leg;
    bind_device(r->topology, s, 1, leg->device);
    bind_text(s, 2, leg->number);
    sqlite3_bind_int64(s, 3, leg->agent.v);
    bind_call(s, 4, leg->call);
    bind_text(s, 5, leg->incoming ? "in" : "out");
    bind_text(s, 6, leg->from);
    bind_text(s, 7, leg->to);
    sqlite3_bind_int64(s, 8, leg->begin_us);
    sqlite3_bind_int64(s, 9, leg->answer_us);
    sqlite3_bind_int64(s, 10, leg->end_us);
    sqlite3_bind_int64(s, 11, leg->held_us);
    bind_text(s, 12, reason_text(leg->reason));
    sqlite3_bind_int(s, 13, leg->preserved);
    sqlite3_bind_int(s, 14, leg->transferred);
    sqlite3_bind_int(s, 15, leg->open);
    bind_text(s, 16, leg->wrapup);
    sqlite3_bind_int64(s, 17, (int64_t)leg->received);
    sqlite3_bind_int64(s, 18, leg->gap_us);
    bind_call(s, 19, leg->moved_from);
    return step(s);
}

enum err runfile_event(struct runfile *r, const struct event *event)
{
    return add_event(r, event) ? ERR_OK : ERR_IO;
}

enum err runfile_leg(struct runfile *r, const struct history_leg *leg)
{
    return add_leg(r, leg) ? ERR_OK : ERR_IO;
}

static bool add_line(struct runfile *r, bool is_event, const char *text, size_t n)
{
    struct event event;
    struct history_leg leg;
    if (n == 0) {
        return true; /* what ends a half line */
    }
    enum err err =
        is_event ? line_event(r->topology, text, n, &event) : line_leg(r->topology, text, n, &leg);
    if (err != ERR_OK) {
        r->strange++; /* half a line that a crash left: its number is missing, and that shows */
        return true;
    }
    return is_event ? add_event(r, &event) : add_leg(r, &leg);
}

/* -- Following a file. -- */

static int64_t offset_of(struct runfile *r, const char *path)
{
    sqlite3_stmt *s = NULL;
    int64_t offset = 0;
    if (sqlite3_prepare_v2(r->db, "SELECT offset FROM source WHERE path = ?", -1, &s, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
        offset = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    }
    sqlite3_finalize(s);
    return offset;
}

static bool set_offset(struct runfile *r, const char *path, int64_t offset)
{
    sqlite3_stmt *s = NULL;
    bool done = false;
    if (sqlite3_prepare_v2(r->db, "INSERT OR REPLACE INTO source VALUES(?, ?)", -1, &s, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, offset);
        done = sqlite3_step(s) == SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return done;
}

/* Take the whole lines of a chunk; answers the bytes that were used up. */
static size_t take_lines(struct runfile *r, bool is_event, const char *text, size_t n,
                         uint64_t *lines, bool *good)
{
    size_t begin = 0;
    while (*good && begin < n) {
        const char *end = memchr(text + begin, '\n', n - begin);
        if (end == NULL) {
            break;
        }
        size_t length = (size_t)(end - (text + begin));
        *good = add_line(r, is_event, text + begin, length);
        *lines += length > 0 ? 1 : 0;
        begin += length + 1;
    }
    return begin;
}

static enum err read_on(struct runfile *r, int fd, const char *path, bool is_event, uint64_t *lines)
{
    char *chunk = malloc(CHUNK_BYTES);
    int64_t offset = offset_of(r, path);
    struct stat st;
    bool good = chunk != NULL && fstat(fd, &st) == 0;
    if (good && st.st_size < offset) {
        offset = 0; /* another file under the old name */
    }
    while (good) {
        ssize_t n = pread(fd, chunk, CHUNK_BYTES, offset);
        good = n >= 0;
        size_t used = n > 0 ? take_lines(r, is_event, chunk, (size_t)n, lines, &good) : 0;
        offset += (int64_t)used;
        if (used == 0) {
            break; /* the rest is not a line yet */
        }
    }
    good = good && set_offset(r, path, offset);
    free(chunk);
    return good ? ERR_OK : ERR_IO;
}

static enum err follow_file(struct runfile *r, const char *path, const char *name, uint64_t *lines)
{
    bool is_event = strcmp(name, "events.jsonl") == 0;
    if (!is_event && strcmp(name, "calls.log") != 0) {
        return ERR_OK;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_OK : ERR_IO;
    }
    enum err err = run_sql(r->db, "BEGIN IMMEDIATE");
    if (err == ERR_OK) {
        err = read_on(r, fd, path, is_event, lines);
        enum err end = run_sql(r->db, err == ERR_OK ? "COMMIT" : "ROLLBACK");
        err = err != ERR_OK ? err : end;
    }
    close(fd);
    return err;
}

static enum err walk(struct runfile *r, const char *dir, int depth,
                     enum err (*found)(struct runfile *, const char *, const char *, uint64_t *),
                     uint64_t *lines)
{
    DIR *d = opendir(dir);
    enum err err = ERR_OK;
    if (d == NULL) {
        return errno == ENOENT ? ERR_OK : ERR_IO;
    }
    for (struct dirent *e; err == ERR_OK && (e = readdir(d)) != NULL;) {
        char path[PATH_LEN];
        struct stat st;
        if (e->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path ||
            lstat(path, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
            err = walk(r, path, depth + 1, found, lines);
        } else if (S_ISREG(st.st_mode)) {
            err = found(r, path, e->d_name, lines);
        }
    }
    closedir(d);
    return err;
}

enum err runfile_follow(struct runfile *r, const char *dir, uint64_t *ret_lines)
{
    uint64_t lines = 0;
    /* One file has one name, however the folder was named: else it would be read twice. */
    char *whole = realpath(dir, NULL);
    enum err err = whole != NULL ? walk(r, whole, 0, follow_file, &lines) : ERR_IO;
    free(whole);
    if (ret_lines != NULL) {
        *ret_lines = lines;
    }
    return err;
}

/* -- Call records. -- */

/* The name of the folder that a file is in; "" if it is no name of a process. */
static void folder_of(const char *path, char ret_name[NAME_LEN])
{
    const char *end = strrchr(path, '/');
    const char *begin = end;
    while (begin != NULL && begin > path && begin[-1] != '/') {
        begin--;
    }
    size_t len = begin != NULL ? (size_t)(end - begin) : 0;
    bool name = len > 0 && len < NAME_LEN && memchr(begin, '\'', len) == NULL;
    memcpy(ret_name, name ? begin : "", name ? len : 0);
    ret_name[name ? len : 0] = '\0';
}

static enum err copy_records(struct runfile *r, const char *path, const char *name, uint64_t *lines)
{
    if (strcmp(name, "icm.db") != 0) {
        return ERR_OK;
    }
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(r->db, "ATTACH ? AS icm", -1, &s, NULL) != SQLITE_OK) {
        return ERR_IO;
    }
    sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
    bool attached = sqlite3_step(s) == SQLITE_DONE;
    sqlite3_finalize(s);
    if (!attached) {
        return ERR_IO;
    }
    /* The second controller side's rows are added to the first's: whose they are is the last
     * column, the name of the folder. */
    char sql[256], logger[NAME_LEN];
    folder_of(path, logger);
    snprintf(sql, sizeof sql, "%s SELECT *, '%s' AS Logger FROM icm.Termination_Call_Detail",
             *lines == 0 ? "CREATE TABLE tcd AS" : "INSERT INTO tcd", logger);
    enum err err = run_sql(r->db, sql);
    enum err detached = run_sql(r->db, "DETACH icm");
    *lines += err == ERR_OK ? 1 : 0;
    return err != ERR_OK ? err : detached;
}

enum err runfile_records(struct runfile *r, const char *dir)
{
    uint64_t databases = 0;
    enum err err = run_sql(r->db, "DROP TABLE IF EXISTS tcd");
    return err == ERR_OK ? walk(r, dir, 0, copy_records, &databases) : err;
}

enum err runfile_meta_set(struct runfile *r, const char *key, const char *value)
{
    sqlite3_stmt *s = NULL;
    bool done = false;
    if (sqlite3_prepare_v2(r->db, "INSERT OR REPLACE INTO meta VALUES(?, ?)", -1, &s, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
        done = sqlite3_step(s) == SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return done ? ERR_OK : ERR_IO;
}

enum err runfile_rehearsal_keep(struct runfile *r, const struct runfile_rehearsal *what)
{
    char seed[32], from[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)what->seed);
    snprintf(from, sizeof from, "%lld", (long long)what->from_us);
    enum err err = runfile_meta_set(r, RUNFILE_META_REHEARSED, from);
    if (err == ERR_OK) {
        err = runfile_meta_set(r, "scenario", what->scenario != NULL ? what->scenario : "");
    }
    if (err == ERR_OK) {
        err = runfile_meta_set(r, "title", what->title != NULL ? what->title : "");
    }
    return err == ERR_OK ? runfile_meta_set(r, "seed", seed) : err;
}

/* A copy of the value; NULL: there is none. */
static char *meta_value(struct runfile *r, const char *key)
{
    sqlite3_stmt *s = NULL;
    char *value = NULL;
    if (sqlite3_prepare_v2(r->db, "SELECT value FROM meta WHERE key = ?", -1, &s, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0) != NULL) {
            value = strdup((const char *)sqlite3_column_text(s, 0));
        }
    }
    sqlite3_finalize(s);
    return value;
}

const char *runfile_meta(struct runfile *r, const char *key, char ret_value[RUNFILE_META_LEN])
{
    char *value = meta_value(r, key);
    snprintf(ret_value, RUNFILE_META_LEN, "%s", value != NULL ? value : "");
    free(value);
    return ret_value;
}

enum err runfile_topology_keep(struct runfile *r, const char *path)
{
    char *kept = runfile_topology(r);
    if (kept != NULL) {
        free(kept);
        return ERR_OK;
    }
    FILE *f = fopen(path, "re");
    char *text = calloc(1, TEXT_MAX + 1);
    size_t n = f != NULL && text != NULL ? fread(text, 1, TEXT_MAX, f) : 0;
    enum err err = n > 0 && !ferror(f) ? runfile_meta_set(r, TOPOLOGY, text) : ERR_IO;
    free(text);
    if (f != NULL) {
        fclose(f);
    }
    return err;
}

char *runfile_topology(struct runfile *r)
{
    return meta_value(r, TOPOLOGY);
}

uint64_t runfile_strange(const struct runfile *r)
{
    return r->strange;
}

sqlite3 *runfile_db(struct runfile *r)
{
    return r->db;
}
