#include "node/runtime/raft_metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORMAT   1
#define TERM_MAX (UINT64_C(1) << 48) /* an election every millisecond for 8,000 years */

struct metadata {
    const char *name;
    bool there; /* false: missing, or cut short by a crash while it was written */
    uint64_t version, term;
};

static uint64_t get64(const uint8_t *at)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v |= (uint64_t)at[i] << (8 * i);
    }
    return v;
}

static enum err say(const char *folder, const struct metadata *m, enum err err, const char *what,
                    char *text, size_t cap)
{
    snprintf(text, cap, "%s/%s: %s", folder, m->name, what);
    return err;
}

static enum err read_one(const char *folder, struct metadata *m, char *text, size_t cap)
{
    char path[4096];
    uint8_t bytes[RAFT_METADATA_LEN + 1];
    snprintf(path, sizeof path, "%s/%s", folder, m->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_OK : say(folder, m, ERR_IO, "cannot be opened", text, cap);
    }
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    if (n < 0) {
        return say(folder, m, ERR_IO, "cannot be read", text, cap);
    }
    if (n < RAFT_METADATA_LEN) {
        return ERR_OK;
    }
    m->there = true;
    m->version = get64(bytes + 8);
    m->term = get64(bytes + 16);
    if (n > RAFT_METADATA_LEN || get64(bytes) != FORMAT || m->version == 0) {
        return say(folder, m, ERR_CORRUPT, "is no metadata: its format is wrong", text, cap);
    }
    return ERR_OK;
}

enum err raft_metadata_check(const char *folder, bool has_log, uint64_t log_term, char *text,
                             size_t cap)
{
    struct metadata both[2] = {{.name = "metadata1"}, {.name = "metadata2"}};
    for (unsigned i = 0; i < 2; i++) {
        enum err err = read_one(folder, &both[i], text, cap);
        if (err != ERR_OK) {
            return err;
        }
    }
    const struct metadata *newer =
        both[1].there && both[1].version > both[0].version ? &both[1] : &both[0];
    if (!newer->there) {
        return !has_log ? ERR_OK
                        : say(folder, newer, ERR_CORRUPT,
                              "is missing or cut short, and so is metadata2, but there is a log",
                              text, cap);
    }
    if (both[0].there && both[1].there && both[0].version == both[1].version) {
        return say(folder, &both[1], ERR_CORRUPT, "has the version of metadata1", text, cap);
    }
    if (newer->term > TERM_MAX) {
        return say(folder, newer, ERR_CORRUPT, "says a term that no cluster reaches", text, cap);
    }
    if (newer->term < log_term) {
        char what[128];
        snprintf(what, sizeof what,
                 "says term %" PRIu64 ", but the log has entries of term %" PRIu64, newer->term,
                 log_term);
        return say(folder, newer, ERR_CORRUPT, what, text, cap);
    }
    return ERR_OK;
}
