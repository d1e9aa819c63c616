#include "cluster/control/home.h"

#include "cluster/control/backend.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"
#include "node/runtime/topology_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define HASH_LEN 17

static int no_room(void)
{
    return outcome_error(OUTCOME_EXISTS, "set REHOME_HOME to a shorter path",
                         "the path of the state folder is too long");
}

int home_find(struct home *ret)
{
    const char *own = getenv("REHOME_HOME");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *user = getenv("HOME");
    int n = 0;
    if (own != NULL && own[0] != '\0') {
        n = snprintf(ret->root, sizeof ret->root, "%s", own);
    } else if (xdg != NULL && xdg[0] == '/') {
        n = snprintf(ret->root, sizeof ret->root, "%s/rehome", xdg);
    } else {
        n = snprintf(ret->root, sizeof ret->root, "%s/.local/state/rehome",
                     user != NULL ? user : "");
    }
    if (n < 0 || n > HOME_PATH_MAX / 2) {
        return no_room();
    }
    if (ret->root[0] != '/') {
        char cwd[HOME_PATH_MAX / 2];
        char relative[HOME_PATH_MAX / 2];
        snprintf(relative, sizeof relative, "%.*s", (int)sizeof relative - 1, ret->root);
        if (getcwd(cwd, sizeof cwd) == NULL || strlen(cwd) + strlen(relative) > HOME_PATH_MAX / 2) {
            return no_room();
        }
        snprintf(ret->root, sizeof ret->root, "%s/%s", cwd, relative);
    }
    return OUTCOME_DONE;
}

int home_make_folder(const char *path)
{
    char part[HOME_PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1;; p++) {
        if (*p != '/' && *p != '\0') {
            continue;
        }
        char kept = *p;
        *p = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return outcome_error(OUTCOME_EXISTS, "set REHOME_HOME to a folder that you may write",
                                 "cannot create %s: %s", part, strerror(errno));
        }
        *p = kept;
        if (kept == '\0') {
            break;
        }
    }
    if (access(path, W_OK | X_OK) != 0) {
        return outcome_error(OUTCOME_EXISTS, "set REHOME_HOME to a folder that you may write",
                             "cannot write in %s: %s", path, strerror(errno));
    }
    return OUTCOME_DONE;
}

int home_room(const char *path, uint32_t need_mib)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0) {
        return outcome_error(OUTCOME_IO, NULL, "cannot look at %s: %s", path, strerror(errno));
    }
    uint64_t blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
    uint64_t mib = (blocks * fs.f_frsize) >> 20;
    if (mib < need_mib) {
        return outcome_error(OUTCOME_EXISTS, "make room, or set REHOME_HOME to a larger disk",
                             "%s has room for %" PRIu64 " MiB, and this cluster needs %u", path,
                             mib, need_mib);
    }
    return OUTCOME_DONE;
}

enum err home_write(const char *path, const char *text, size_t length)
{
    char other[HOME_PATH_MAX + 8];
    snprintf(other, sizeof other, "%s.new", path);
    int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return ERR_IO;
    }
    size_t done = 0;
    while (done < length) {
        ssize_t n = write(fd, text + done, length - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    bool bad = fsync(fd) != 0;
    bad = close(fd) != 0 || bad || done < length;
    if (bad || rename(other, path) != 0) {
        unlink(other);
        return ERR_IO;
    }
    return ERR_OK;
}

void home_path(const struct cluster *c, char *ret, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = snprintf(ret, size, "%s/", c->folder);
    ASSERT(n > 0 && (size_t)n < size);
    vsnprintf(ret + n, size - (size_t)n, format, args);
    va_end(args);
}

void home_proc_path(const struct cluster *c, const char *proc, const char *rest, char *ret,
                    size_t size)
{
    home_path(c, ret, size, "proc/%s%s%s", proc, rest[0] != '\0' ? "/" : "", rest);
}

static uint32_t names_in(const char *path, char (*ret_names)[NAME_LEN])
{
    DIR *dir = opendir(path);
    uint32_t n = 0;
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL && n < HOME_NAMES_MAX;
         e = readdir(dir)) {
        if (e->d_name[0] != '.' && strlen(e->d_name) < NAME_LEN) {
            snprintf(ret_names[n++], NAME_LEN, "%.*s", NAME_LEN - 1, e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}

uint32_t home_clusters(const struct home *h, char (*ret_names)[NAME_LEN])
{
    char path[HOME_PATH_MAX];
    snprintf(path, sizeof path, "%.*s/clusters", HOME_PATH_MAX / 2 + 8, h->root);
    return names_in(path, ret_names);
}

uint32_t home_procs(const struct cluster *c, char (*ret_names)[NAME_LEN])
{
    char path[HOME_PATH_MAX];
    home_path(c, path, sizeof path, "proc");
    return names_in(path, ret_names);
}

static void folder_of(const struct home *h, const char *name, char *ret, size_t size)
{
    snprintf(ret, size, "%.*s/clusters/%.*s", HOME_PATH_MAX / 2 + 8, h->root, NAME_LEN, name);
}

static void copy_word(const json_t *object, const char *key, const char *otherwise, char *ret,
                      size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(ret, size, "%s", text != NULL ? text : otherwise);
}

bool home_running(const struct home *h, const char *name)
{
    struct cluster c = {.home = *h};
    char names[HOME_NAMES_MAX][NAME_LEN];
    char path[HOME_PATH_MAX];
    bool alive = false;
    folder_of(h, name, c.folder, sizeof c.folder);
    home_path(&c, path, sizeof path, "cluster.json");
    json_t *root = json_load_file(path, 0, NULL);
    bool up = json_is_true(json_object_get(root, "up"));
    copy_word(root, "backend", "", c.backend, sizeof c.backend);
    json_decref(root);
    if (backend_of(&c)->away) {
        return up; /* to ask the machines of every cluster takes too long */
    }
    uint32_t n = home_procs(&c, names);
    for (uint32_t i = 0; i < n && !alive; i++) {
        struct proc_pid pid;
        alive = proc_read(&c, names[i], &pid) != PROC_STATE_DEAD;
    }
    return alive;
}

bool home_running_one(const struct home *h, char ret_name[NAME_LEN])
{
    char names[HOME_NAMES_MAX][NAME_LEN];
    uint32_t n = home_clusters(h, names);
    for (uint32_t i = 0; i < n; i++) {
        if (home_running(h, names[i])) {
            memcpy(ret_name, names[i], NAME_LEN);
            return true;
        }
    }
    return false;
}

static time_t last_used(const struct home *h, const char *name)
{
    char folder[HOME_PATH_MAX];
    char path[HOME_PATH_MAX + 16];
    struct stat st;
    folder_of(h, name, folder, sizeof folder);
    snprintf(path, sizeof path, "%s/cluster.json", folder);
    return stat(path, &st) == 0 ? st.st_mtime : 0;
}

/* Keys and processes are their owner's; root may do everything. */
static int owned(const struct cluster *c)
{
    struct stat st;
    if (geteuid() != 0 && stat(c->folder, &st) == 0 && st.st_uid != geteuid()) {
        return outcome_error(OUTCOME_PRIVILEGES, "be who it belongs to, or set REHOME_HOME",
                             "cluster '%s' in %s belongs to user %u", c->name, c->home.root,
                             (unsigned)st.st_uid);
    }
    return OUTCOME_DONE;
}

int home_load(const struct home *h, const char *name, struct cluster *ret)
{
    char path[HOME_PATH_MAX];
    char names[HOME_NAMES_MAX][NAME_LEN];
    uint32_t n = home_clusters(h, names);
    struct nearest near = nearest_to(name);
    for (uint32_t i = 0; i < n; i++) {
        nearest_offer(&near, names[i]);
    }
    if (near.best == NULL || strcmp(near.best, name) != 0) {
        return outcome_error(OUTCOME_USAGE, near.best == NULL ? "rehome up" : NULL,
                             "there is no cluster '%s'%s%s%s", name,
                             near.best != NULL ? "; the nearest name is '" : "",
                             near.best != NULL ? near.best : "", near.best != NULL ? "'" : "");
    }
    memset(ret, 0, sizeof *ret);
    ret->home = *h;
    snprintf(ret->name, sizeof ret->name, "%s", name);
    folder_of(h, name, ret->folder, sizeof ret->folder);
    int code = owned(ret);
    if (code != OUTCOME_DONE) {
        return code;
    }
    home_path(ret, path, sizeof path, "cluster.json");
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    const char *block = json_string_value(json_object_get(root, "block"));
    if (block == NULL) {
        json_decref(root);
        return outcome_error(OUTCOME_DATA, "rehome down --destroy", "%s:%d:%d: %s", path,
                             error.line, error.column, root == NULL ? error.text : "no block");
    }
    snprintf(ret->block, sizeof ret->block, "%s", block);
    copy_word(root, "private_block", block, ret->private_block, sizeof ret->private_block);
    copy_word(root, "backend", "local", ret->backend, sizeof ret->backend);
    copy_word(root, "again", "rehome up", ret->again, sizeof ret->again);
    ret->began_us = json_integer_value(json_object_get(root, "began_us"));
    char hash[HASH_LEN];
    const char *started = json_string_value(json_object_get(root, "topology"));
    home_path(ret, path, sizeof path, "topology.yaml");
    enum err err = topology_file_load(path, stderr, &ret->topology);
    snprintf(hash, sizeof hash, "%016" PRIx64, ret->topology.hash);
    ret->changed =
        err == ERR_OK && started != NULL && strcmp(started, hash) != 0 && home_running(h, name);
    json_decref(root);
    return err == ERR_OK ? OUTCOME_DONE : OUTCOME_CONFIG;
}

/* Clusters that cannot be seen are not the same as none. */
static int readable(const struct home *h)
{
    char path[HOME_PATH_MAX];
    snprintf(path, sizeof path, "%.*s/clusters", HOME_PATH_MAX / 2 + 8, h->root);
    if (access(path, R_OK | X_OK) != 0 && errno != ENOENT) {
        return outcome_error(OUTCOME_PRIVILEGES, "be who it belongs to, or set REHOME_HOME",
                             "cannot read %s: %s", path, strerror(errno));
    }
    return OUTCOME_DONE;
}

int home_cluster(const char *name_or_null, struct cluster *ret)
{
    struct home h;
    char names[HOME_NAMES_MAX][NAME_LEN];
    int code = home_find(&h);
    code = code == OUTCOME_DONE ? readable(&h) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (name_or_null != NULL) {
        return home_load(&h, name_or_null, ret);
    }
    const char *best = NULL;
    bool best_runs = false;
    uint32_t n = home_clusters(&h, names);
    for (uint32_t i = 0; i < n; i++) {
        bool runs = home_running(&h, names[i]);
        if (last_used(&h, names[i]) == 0 || (best_runs && !runs)) {
            continue;
        }
        if (best == NULL || (runs && !best_runs) || last_used(&h, names[i]) > last_used(&h, best)) {
            best = names[i];
            best_runs = runs;
        }
    }
    if (best == NULL) {
        return outcome_error(OUTCOME_UNREACHABLE, "rehome up", "there is no cluster in %s", h.root);
    }
    return home_load(&h, best, ret);
}

int home_save(const struct cluster *c, bool up)
{
    char path[HOME_PATH_MAX];
    home_path(c, path, sizeof path, "cluster.json");
    char hash[HASH_LEN];
    snprintf(hash, sizeof hash, "%016" PRIx64, c->topology.hash);
    json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:s, s:I, s:s}", "schema", 1, "name",
                             c->name, "backend", c->backend, "block", c->block, "private_block",
                             c->private_block, "up", up ? 1 : 0, "topology", hash, "began_us",
                             (json_int_t)c->began_us, "again", c->again);
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL) {
        abort();
    }
    enum err err = home_write(path, text, strlen(text));
    free(text);
    if (err != ERR_OK) {
        return outcome_error(OUTCOME_EXISTS, NULL, "cannot write %s: %s", path, strerror(errno));
    }
    return OUTCOME_DONE;
}

int64_t home_age_ms(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return INT64_MAX;
    }
    int64_t then = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return tick_wall_us() / 1000 - then;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void home_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
