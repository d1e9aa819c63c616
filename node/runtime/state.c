#include "node/runtime/state.h"

#include "node/runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "incarnation"
#define COUNT_MAX (1u << 30) /* nothing starts that often; what is above is no count */

static enum err read_count(int dir, uint64_t *ret_count)
{
    int fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *ret_count = 0;
        return errno == ENOENT ? ERR_OK : ERR_IO;
    }
    char text[32] = "";
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n < 0) {
        return ERR_IO;
    }
    return sscanf(text, "%" SCNu64, ret_count) == 1 && *ret_count > 0 && *ret_count < COUNT_MAX
               ? ERR_OK
               : ERR_CORRUPT;
}

/* A new file beside the old one, then in its place: never half a number. */
static enum err write_count(int dir, uint64_t count)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%" PRIu64 "\n", count);
    int fd = openat(dir, FILE_NAME ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return ERR_IO;
    }
    bool written = write(fd, text, (size_t)len) == len && fsync(fd) == 0;
    close(fd);
    if (!written || renameat(dir, FILE_NAME ".new", dir, FILE_NAME) != 0 || fsync(dir) != 0) {
        return ERR_IO;
    }
    return ERR_OK;
}

enum err state_count_start(const char *dir, struct incarnation *ret_incarnation)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        log_line(LOG_ERROR, "event=state_unreadable path=%s reason=\"%s\"", dir, strerror(errno));
        return ERR_IO;
    }
    uint64_t count = 0;
    enum err err = read_count(fd, &count);
    const char *what = "it cannot be read as a count of starts";
    if (err == ERR_OK) {
        count++;
        err = write_count(fd, count);
        what = "it cannot be written";
    }
    close(fd);
    if (err == ERR_OK) {
        ret_incarnation->v = count;
    } else {
        log_line(LOG_ERROR, "event=state_unusable path=%s/" FILE_NAME " reason=\"%s\"", dir, what);
    }
    return err;
}

enum err state_note(const char *dir, const char *what)
{
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = at >= 0 ? openat(at, what, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    bool good = fd >= 0 && fsync(fd) == 0 && fsync(at) == 0;
    if (!good) {
        log_line(LOG_ERROR, "event=state_unusable path=%s/%s reason=\"%s\"", dir, what,
                 strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    if (at >= 0) {
        close(at);
    }
    return good ? ERR_OK : ERR_IO;
}

bool state_noted(const char *dir, const char *what)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, what);
    return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}
