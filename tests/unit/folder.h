/* folder: an empty folder for a test that needs files; gone with its content at the end. */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder {
    char path[32];
};

static inline struct folder folder_make(void)
{
    struct folder f = {"/tmp/rehome-test-XXXXXX"};
    assert_non_null(mkdtemp(f.path));
    return f;
}

/* "FOLDER/name"; lives until the next call but one. */
static inline const char *folder_file(const struct folder *f, const char *name)
{
    static char paths[2][512];
    static unsigned next;
    next = 1 - next;
    snprintf(paths[next], sizeof paths[next], "%s/%s", f->path, name);
    return paths[next];
}

static inline void folder_remove(const struct folder *f)
{
    DIR *dir = opendir(f->path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.') {
            unlink(folder_file(f, e->d_name));
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(f->path), 0);
}

#endif
