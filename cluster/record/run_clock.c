#include "cluster/record/run_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_LEN 4096
#define KEY_LEN  32

static const char *key_of(uint32_t nth, char ret[KEY_LEN])
{
    snprintf(ret, KEY_LEN, "clock.%u", nth);
    return ret;
}

enum err run_clock_keep(const char *run_dir, const struct topology *topology,
                        const struct run_clocks *clocks)
{
    char text[RUNFILE_META_LEN], key[KEY_LEN], path[PATH_LEN];
    struct runfile *r = NULL;
    if (snprintf(path, sizeof path, "%s/" RUNFILE_NAME, run_dir) >= PATH_LEN) {
        return ERR_IO;
    }
    enum err err = runfile_open(path, topology, &r);
    for (uint32_t i = 0; i < clocks->n && err == ERR_OK; i++) {
        const struct run_clock *c = &clocks->at[i];
        snprintf(text, sizeof text, "%s %" PRId64 " %" PRId64 " %" PRId64 " %u", c->name,
                 c->shift_us, c->wall_shift_us, c->known_to_us, c->samples);
        err = runfile_meta_set(r, key_of(i, key), text);
    }
    runfile_free(&r);
    return err;
}

void run_clock_read(struct runfile *runfile, struct run_clocks *ret)
{
    char text[RUNFILE_META_LEN], key[KEY_LEN];
    memset(ret, 0, sizeof *ret);
    for (uint32_t i = 0; i < RUN_CLOCKS_MAX; i++) {
        struct run_clock c = {.samples = 0};
        _Static_assert(NAME_LEN == 32, "the width above");
        if (sscanf(runfile_meta(runfile, key_of(i, key), text),
                   "%31s %" SCNd64 " %" SCNd64 " %" SCNd64 " %u", c.name, &c.shift_us,
                   &c.wall_shift_us, &c.known_to_us, &c.samples) != 5) {
            break;
        }
        ret->at[ret->n++] = c;
    }
}

int64_t run_clock_wall_shift(const struct run_clocks *clocks, const char *name)
{
    int64_t shift_us = 0;
    for (uint32_t i = 0; i < clocks->n; i++) {
        shift_us = strcmp(clocks->at[i].name, name) == 0 ? clocks->at[i].wall_shift_us : shift_us;
    }
    return shift_us;
}
