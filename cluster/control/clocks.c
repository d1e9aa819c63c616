#include "cluster/control/clocks.h"

#include "cluster/control/machines.h"
#include "cluster/control/tick.h"
#include "cluster/record/line.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_BOOT_US INT64_C(2000000)
#define FAR_US       INT64_C(500000) /* so far from ours a wall clock is worth a word */
#define ANSWER_MS    20000
#define PROGRAM_LEN  (HOME_PATH_MAX + 64)

static void path_of(const struct cluster *c, char ret[HOME_PATH_MAX])
{
    home_path(c, ret, HOME_PATH_MAX, "ssh/clocks.json");
}

void clocks_read(const struct cluster *c, struct clocks *ret)
{
    char path[HOME_PATH_MAX];
    memset(ret, 0, sizeof *ret);
    path_of(c, path);
    json_t *list = json_load_file(path, 0, NULL);
    for (size_t i = 0; i < json_array_size(list) && ret->n < CLOCKS_MAX; i++) {
        const json_t *o = json_array_get(list, i);
        struct clocks_one *one = &ret->at[ret->n++];
        const char *name = json_string_value(json_object_get(o, "machine"));
        snprintf(one->name, sizeof one->name, "%s", name != NULL ? name : "");
        one->boot_us = json_integer_value(json_object_get(o, "boot_us"));
        one->shift_us = json_integer_value(json_object_get(o, "shift_us"));
        one->wall_shift_us = json_integer_value(json_object_get(o, "wall_shift_us"));
        one->known_to_us = json_integer_value(json_object_get(o, "known_to_us"));
        one->samples = (uint32_t)json_integer_value(json_object_get(o, "samples"));
    }
    json_decref(list);
}

static int save(const struct cluster *c, const struct clocks *clocks)
{
    char path[HOME_PATH_MAX];
    json_t *list = json_array();
    path_of(c, path);
    for (uint32_t i = 0; i < clocks->n; i++) {
        const struct clocks_one *o = &clocks->at[i];
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:i}", "machine", o->name, "boot_us",
                            (json_int_t)o->boot_us, "shift_us", (json_int_t)o->shift_us,
                            "wall_shift_us", (json_int_t)o->wall_shift_us, "known_to_us",
                            (json_int_t)o->known_to_us, "samples", (int)o->samples));
    }
    char *text = json_dumps(list, JSON_INDENT(1));
    json_decref(list);
    if (text == NULL) {
        abort();
    }
    enum err err = home_write(path, text, strlen(text));
    free(text);
    return err == ERR_OK ? OUTCOME_DONE : outcome_error(OUTCOME_IO, NULL, "cannot write %s", path);
}

/* -- Measuring. -- */

struct clocks_one clocks_sample(int64_t before_us, int64_t after_us, int64_t there_us,
                                int64_t there_wall_us, int64_t boot_us)
{
    int64_t known_to_us = (after_us - before_us + 1) / 2;
    int64_t middle_us = before_us + (after_us - before_us) / 2;
    int64_t shift_us = middle_us - there_us;
    int64_t wall_shift_us = middle_us + boot_us - there_wall_us;
    return (struct clocks_one){.boot_us = there_wall_us - there_us,
                               .shift_us = llabs(shift_us) > known_to_us ? shift_us : 0,
                               .wall_shift_us =
                                   llabs(wall_shift_us) > known_to_us ? wall_shift_us : 0,
                               .known_to_us = known_to_us,
                               .samples = 1};
}

void clocks_better(struct clocks_one *best, const struct clocks_one *sample)
{
    uint32_t samples = best->samples + sample->samples;
    if (best->samples == 0 || sample->known_to_us < best->known_to_us) {
        *best = *sample;
    }
    best->samples = samples;
}

static bool ask(struct shell *s, struct clocks_one *best)
{
    char line[64];
    char *end = NULL;
    int64_t before_us = tick_now_us();
    if (shell_write(s, "?\n") != ERR_OK || shell_line(s, ANSWER_MS, line, sizeof line) != ERR_OK) {
        return false;
    }
    int64_t after_us = tick_now_us();
    int64_t there_us = strtoll(line, &end, 10);
    if (*end != ' ') {
        return false;
    }
    struct clocks_one sample = clocks_sample(before_us, after_us, there_us, strtoll(end, NULL, 10),
                                             tick_wall_us() - tick_now_us());
    clocks_better(best, &sample);
    return true;
}

/* false: it could not be asked so often. */
static bool measure(const struct cluster *c, struct proc_id id, struct clocks_one *ret)
{
    struct machines_layout l;
    char program[PROGRAM_LEN];
    const struct topology_proc *p = topology_proc_of(&c->topology, id);
    (void)machines_layout(c, &l);
    snprintf(program, sizeof program, "'%s/%s' --clock", l.programs, proc_program(p->kind));
    struct shell *s = machines_program(c, id, program);
    struct clocks_one first = {.samples = 0};
    *ret = (struct clocks_one){.samples = 0};
    bool good = s != NULL && ask(s, &first); /* the way there was still being made */
    while (good && ret->samples < CLOCKS_SAMPLES) {
        good = ask(s, ret);
    }
    snprintf(ret->name, sizeof ret->name, "%s", p->name);
    shell_close(&s);
    return good;
}

/* The first entry of a boot stays: what was written by it does not change. */
static void add(struct clocks *clocks, const struct clocks_one *one)
{
    const struct clocks_one *old = clocks_of(clocks, one->name, one->boot_us);
    if ((old == NULL || llabs(old->boot_us - one->boot_us) > SAME_BOOT_US) &&
        clocks->n < CLOCKS_MAX) {
        clocks->at[clocks->n++] = *one;
    }
}

static void say(const struct clocks_one *one)
{
    if (llabs(one->wall_shift_us) > FAR_US) {
        outcome_progress("the clock of %s is %.1f s %s; what it records is brought to ours",
                         one->name, (double)llabs(one->wall_shift_us) / 1e6,
                         one->wall_shift_us > 0 ? "behind" : "ahead");
    }
}

int clocks_measure(const struct cluster *c, struct proc_id one_or_none, bool quiet)
{
    struct clocks *clocks = calloc(1, sizeof *clocks);
    if (clocks == NULL) {
        abort();
    }
    clocks_read(c, clocks);
    for (uint16_t v = 1; v <= c->topology.procs_n; v++) {
        struct clocks_one one;
        const char *name = c->topology.procs[v - 1].name;
        if ((proc_id_some(one_or_none) && one_or_none.v != v) || machines_is_off(c, name)) {
            continue;
        }
        if (!measure(c, (struct proc_id){v}, &one)) {
            outcome_progress("the clock of %s cannot be measured", name);
            continue;
        }
        if (!quiet) {
            say(&one);
        }
        add(clocks, &one);
    }
    int code = save(c, clocks);
    free(clocks);
    return code;
}

/* -- Using it. -- */

const struct clocks_one *clocks_of(const struct clocks *clocks, const char *name, int64_t boot_us)
{
    const struct clocks_one *best = NULL;
    for (uint32_t i = 0; i < clocks->n; i++) {
        const struct clocks_one *one = &clocks->at[i];
        if (strcmp(one->name, name) == 0 &&
            (best == NULL || llabs(one->boot_us - boot_us) < llabs(best->boot_us - boot_us))) {
            best = one;
        }
    }
    return best;
}

int64_t clocks_moment(const struct clocks *clocks, const char *name, const char *uptime,
                      int64_t since_us, int64_t until_us)
{
    int64_t there_us = (int64_t)(strtod(uptime, NULL) * 1e6);
    for (uint32_t i = 0; i < clocks->n; i++) {
        int64_t at_us = there_us + clocks->at[i].shift_us;
        if (strcmp(clocks->at[i].name, name) == 0 && since_us <= at_us && at_us <= until_us) {
            return at_us;
        }
    }
    return since_us;
}

/* A stamp and the monotonic time that goes with it, under these keys. */
static bool read_pair(const json_t *o, const char *stamp, const char *us, int64_t *ret_wall_us,
                      int64_t *ret_us)
{
    const char *text = json_string_value(json_object_get(o, stamp));
    *ret_us = json_integer_value(json_object_get(o, us));
    return text != NULL && line_wall(text, ret_wall_us) == ERR_OK;
}

char *clocks_line(const struct clocks *clocks, const char *name, const char *line, size_t length)
{
    static const char *const pairs[][2] = {
        {"at", "at_us"}, {"begin", "begin_us"}, {"answer", "answer_us"}, {"end", "end_us"}};
    json_t *o = json_loadb(line, length, 0, NULL);
    const struct clocks_one *one = NULL;
    char *text = NULL;
    int64_t wall_us = 0, us = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (!read_pair(o, pairs[i][0], pairs[i][1], &wall_us, &us)) {
            continue;
        }
        one = one != NULL ? one : clocks_of(clocks, name, wall_us - us);
        if (one == NULL || (one->shift_us == 0 && one->wall_shift_us == 0)) {
            break;
        }
        char stamp[LINE_STAMP_LEN];
        line_stamp(wall_us + one->wall_shift_us, stamp);
        json_object_set_new(o, pairs[i][0], json_string(stamp));
        json_object_set_new(o, pairs[i][1], json_integer(us + one->shift_us));
        free(text);
        text = json_dumps(o, JSON_COMPACT);
    }
    json_decref(o);
    return text;
}
