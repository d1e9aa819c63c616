#include "cluster/record/line.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIME_US_MAX (INT64_C(1) << 53) /* 285 years, also of the wall */

static const char *word(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text != NULL ? text : "";
}

static int64_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

/* A time that a clock can have shown. */
static bool is_time(int64_t us)
{
    return us >= 0 && us <= TIME_US_MAX;
}

/* Digits where `form` has a 0, a T or a blank where it has a T, and itself otherwise. */
static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; form++, text++) {
        bool fits = *form == '0'   ? *text >= '0' && *text <= '9'
                    : *form == 'T' ? *text == 'T' || *text == ' '
                                   : *text == *form;
        if (!fits) {
            return false;
        }
    }
    return true;
}

enum err line_wall(const char *text, int64_t *ret_wall_us)
{
    static const char form[] = "0000-00-00T00:00:00";
    struct tm tm = {0};
    if (!has_form(text, form) || sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
                                        &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6) {
        return ERR_INVALID;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    struct tm real = tm;
    int64_t seconds = timegm(&real); /* makes a date of the calendar from any numbers */
    if (tm.tm_year < 0 || real.tm_mon != tm.tm_mon || real.tm_mday != tm.tm_mday ||
        real.tm_hour != tm.tm_hour || real.tm_min != tm.tm_min || real.tm_sec != tm.tm_sec) {
        return ERR_INVALID;
    }
    int64_t us = 0, unit = 100000;
    const char *rest = text + sizeof form - 1;
    if (*rest == '.') {
        for (const char *c = rest + 1; *c >= '0' && *c <= '9'; c++, unit /= 10) {
            us += (*c - '0') * unit;
        }
    }
    *ret_wall_us = seconds * 1000000 + us;
    return ERR_OK;
}

const char *line_stamp(int64_t wall_us, char ret_text[LINE_STAMP_LEN])
{
    int64_t us = (wall_us % 1000000 + 1000000) % 1000000; /* also before 1970 */
    time_t seconds = (time_t)((wall_us - us) / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(ret_text, LINE_STAMP_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret_text + n, LINE_STAMP_LEN - n, ".%06" PRId64 "Z", us);
    return ret_text;
}

struct device_id line_device(const struct topology *topology, const char *name)
{
    struct device_info info;
    /* A phone's name holds its number: no search through thousands. */
    if (strncmp(name, "SEP", 3) == 0) {
        struct device_id id = {(uint32_t)strtoul(name + 3, NULL, 10)};
        if (topology_device(topology, id, &info) && strcmp(info.name, name) == 0) {
            return id;
        }
    }
    return topology_device_named(topology, name);
}

struct proc_id line_proc(const struct topology *topology, const char *name)
{
    struct proc_id proc = topology_proc_named(topology, name);
    if (!proc_id_some(proc) && strcmp(name, "guest") == 0) {
        proc.v = PROCS_MAX + 1;
    }
    return proc;
}

enum reason line_reason(const char *text)
{
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reason_text((enum reason)i), text) == 0) {
            return (enum reason)i;
        }
    }
    return REASON_NONE;
}

static enum err event_of(const struct topology *topology, const json_t *o, struct event *e)
{
    const char *peer = word(o, "peer");
    const char *device = word(o, "device");
    if (!json_is_integer(json_object_get(o, "at_us"))) {
        return ERR_INVALID;
    }
    e->kind = event_named(word(o, "kind"));
    e->proc = line_proc(topology, word(o, "process"));
    if (e->kind == EVENT_NONE || !proc_id_some(e->proc)) {
        return ERR_UNKNOWN;
    }
    if (line_wall(word(o, "at"), &e->wall_us) != ERR_OK) {
        return ERR_INVALID;
    }
    e->peer = line_proc(topology, peer);
    e->device = device[0] != '\0' ? line_device(topology, device) : (struct device_id){0};
    e->call.v = strtoull(word(o, "call"), NULL, 16);
    e->reason = line_reason(word(o, "reason"));
    e->at.us = number(o, "at_us");
    e->hlc.v = (uint64_t)number(o, "hlc");
    e->incarnation.v = (uint64_t)number(o, "incarnation");
    e->seq = (uint64_t)number(o, "seq");
    e->epoch = (uint32_t)number(o, "epoch");
    if (!is_time(e->at.us)) {
        return ERR_INVALID;
    }
    e->value = number(o, "value");
    e->value2 = number(o, "value2");
    snprintf(e->text, sizeof e->text, "%s", word(o, "text"));
    return ERR_OK;
}

enum err line_event(const struct topology *topology, const char *text, size_t n,
                    struct event *ret_event)
{
    struct event e = {0};
    json_t *o = json_loadb(text, n, 0, NULL);
    if (!json_is_object(o)) {
        json_decref(o);
        return ERR_TRUNCATED;
    }
    enum err err = event_of(topology, o, &e);
    json_decref(o);
    if (err == ERR_OK) {
        *ret_event = e;
    }
    return err;
}

static enum err leg_of(const struct topology *topology, const json_t *o, struct history_leg *leg)
{
    const json_t *media = json_object_get(o, "media");
    leg->device = line_device(topology, word(o, "device"));
    if (!device_id_some(leg->device)) {
        return ERR_UNKNOWN;
    }
    if (!json_is_integer(json_object_get(o, "begin_us"))) {
        return ERR_INVALID;
    }
    leg->agent.v = (uint32_t)number(o, "agent");
    leg->call.v = strtoull(word(o, "call"), NULL, 16);
    leg->moved_from.v = strtoull(word(o, "moved_from"), NULL, 16);
    leg->incoming = strcmp(word(o, "direction"), "in") == 0;
    leg->preserved = json_is_true(json_object_get(o, "preserved"));
    leg->transferred = json_is_true(json_object_get(o, "transferred"));
    leg->open = json_is_true(json_object_get(o, "open"));
    snprintf(leg->number, sizeof leg->number, "%s", word(o, "number"));
    snprintf(leg->from, sizeof leg->from, "%s", word(o, "from"));
    snprintf(leg->to, sizeof leg->to, "%s", word(o, "to"));
    snprintf(leg->wrapup, sizeof leg->wrapup, "%s", word(o, "wrapup"));
    leg->begin_us = number(o, "begin_us");
    leg->answer_us = number(o, "answer_us");
    leg->end_us = number(o, "end_us");
    leg->held_us = number(o, "held_us");
    leg->reason = line_reason(word(o, "reason"));
    leg->received = (uint64_t)number(media, "received");
    int64_t gap_ms = number(media, "gap_ms");
    if (!is_time(leg->begin_us) || !is_time(leg->answer_us) || !is_time(leg->end_us) ||
        !is_time(leg->held_us) || !is_time(gap_ms) || gap_ms > TIME_US_MAX / 1000) {
        return ERR_INVALID;
    }
    leg->gap_us = gap_ms * 1000;
    return ERR_OK;
}

enum err line_leg(const struct topology *topology, const char *text, size_t n,
                  struct history_leg *ret_leg)
{
    struct history_leg leg = {0};
    json_t *o = json_loadb(text, n, 0, NULL);
    if (!json_is_object(o)) {
        json_decref(o);
        return ERR_TRUNCATED;
    }
    enum err err = leg_of(topology, o, &leg);
    json_decref(o);
    if (err == ERR_OK) {
        *ret_leg = leg;
    }
    return err;
}
