#include "cluster/fault/network_list.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/run/netns"

void network_list_path(const struct network *n, const char *who, char ret[NETWORK_PATH_LEN])
{
    int len = snprintf(ret, NETWORK_PATH_LEN, FOLDER "/%s%s", n->prefix, who);
    ASSERT(len > 0 && len < NETWORK_PATH_LEN);
}

void network_list_find(const struct network *n, struct network_list *ret)
{
    size_t prefix = strlen(n->prefix);
    DIR *dir = opendir(FOLDER);
    ret->n = 0;
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL;
         e != NULL && ret->n < NETWORK_LIST_MAX; e = readdir(dir)) {
        if (strncmp(e->d_name, n->prefix, prefix) == 0 && strlen(e->d_name) < NETWORK_PATH_LEN) {
            snprintf(ret->names[ret->n++], NETWORK_PATH_LEN, "%.*s", NETWORK_PATH_LEN - 1,
                     e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* Whether the process is in one of the namespaces. */
static bool is_in(pid_t pid, const struct stat *spaces, uint32_t n)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    if (stat(path, &st) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (st.st_ino == spaces[i].st_ino && st.st_dev == spaces[i].st_dev) {
            return true;
        }
    }
    return false;
}

uint32_t network_list_signal(const struct network_list *list, int signal)
{
    struct stat spaces[NETWORK_LIST_MAX];
    uint32_t spaces_n = 0, found = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        char path[2 * NETWORK_PATH_LEN];
        snprintf(path, sizeof path, FOLDER "/%s", list->names[i]);
        spaces_n += stat(path, &spaces[spaces_n]) == 0 ? 1 : 0;
    }
    DIR *dir = spaces_n > 0 ? opendir("/proc") : NULL;
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        long pid = strtol(e->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && is_in((pid_t)pid, spaces, spaces_n)) {
            found++;
            if (signal != 0) {
                (void)kill((pid_t)pid, signal);
            }
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}
