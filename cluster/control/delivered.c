#include "cluster/control/delivered.h"

#include "node/base/nearest.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".yaml"

static bool folder_of(const char *kind, char *ret, size_t size)
{
    static const char *const places[] = {"/../../../../deploy", "/../../../deploy",
                                         "/../share/rehome"};
    char self[DELIVERED_PATH_MAX];
    char found[PATH_MAX];
    const char *share = getenv("REHOME_SHARE");
    if (share != NULL) {
        snprintf(ret, size, "%s/%s", share, kind);
        if (access(ret, R_OK | X_OK) == 0) {
            return true;
        }
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) {
        return false;
    }
    self[n] = '\0';
    const char *folder = dirname(self);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(ret, size, "%s%s/%s", folder, places[i], kind);
        if (access(ret, R_OK | X_OK) == 0 && realpath(ret, found) != NULL && strlen(found) < size) {
            memcpy(ret, found, strlen(found) + 1); /* complaints name it */
            return true;
        }
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void delivered_list(const char *kind, struct delivered *ret)
{
    char folder[DELIVERED_PATH_MAX];
    ret->n = 0;
    DIR *dir = folder_of(kind, folder, sizeof folder) ? opendir(folder) : NULL;
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL && ret->n < DELIVERED_MAX;
         e = readdir(dir)) {
        size_t length = strlen(e->d_name);
        if (length > strlen(SUFFIX) && length - strlen(SUFFIX) < NAME_LEN &&
            strcmp(e->d_name + length - strlen(SUFFIX), SUFFIX) == 0) {
            snprintf(ret->names[ret->n++], NAME_LEN, "%.*s", (int)(length - strlen(SUFFIX)),
                     e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    qsort(ret->names, ret->n, sizeof ret->names[0], by_name);
}

void delivered_offer(const char *kind, struct delivered *ret, struct nearest *near)
{
    delivered_list(kind, ret);
    for (uint32_t i = 0; i < ret->n; i++) {
        nearest_offer(near, ret->names[i]);
    }
}

bool delivered_path(const char *kind, const char *name, char *ret_path, size_t size)
{
    char folder[DELIVERED_PATH_MAX];
    size_t length = strlen(name);
    bool whole = length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
    if (!folder_of(kind, folder, sizeof folder) || strchr(name, '/') != NULL) {
        return false;
    }
    snprintf(ret_path, size, "%s/%s%s", folder, name, whole ? "" : SUFFIX);
    return access(ret_path, R_OK) == 0;
}

bool delivered_find(const char *kind, const char *name, char *ret_path, size_t size)
{
    struct stat st;
    if (stat(name, &st) == 0 && S_ISREG(st.st_mode)) {
        snprintf(ret_path, size, "%s", name);
        return true;
    }
    return delivered_path(kind, name, ret_path, size);
}

bool delivered_program(const char *kind, const char *name, char *ret_path, size_t size)
{
    char folder[DELIVERED_PATH_MAX];
    if (!folder_of(kind, folder, sizeof folder)) {
        return false;
    }
    snprintf(ret_path, size, "%s/%s", folder, name);
    return access(ret_path, X_OK) == 0;
}
