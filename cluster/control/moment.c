#include "cluster/control/moment.h"

#include "cluster/record/line.h"
#include "node/base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_LEN   16
#define DATE_LEN   19 /* 2026-11-23T20:15:00 */
#define MINUTES_US INT64_C(60000000)
#define DIGITS_MAX 6 /* before the point, and after it */

static const char *const origins[] = {
    [MOMENT_BEGIN] = "begin", [MOMENT_FAULT] = "fault", [MOMENT_END] = "end"};
#define ORIGINS_N (sizeof origins / sizeof origins[0])

/* "", "Z", "+01:00". */
static bool zone(const char *text, int64_t *ret_us)
{
    unsigned hours = 0;
    unsigned minutes = 0;
    int n = 0;
    *ret_us = 0;
    if (text[0] == '\0' || ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0')) {
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') ||
        sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &n) != 2 || n != 5 || text[6] != '\0' ||
        hours > 23 || minutes > 59) {
        return false;
    }
    *ret_us = (int64_t)(hours * 60 + minutes) * MINUTES_US * (text[0] == '-' ? -1 : 1);
    return true;
}

static enum err wall(const char *text, struct moment *ret)
{
    int64_t us = 0;
    int64_t zone_us = 0;
    if (strlen(text) < DATE_LEN || line_wall(text, &us) != ERR_OK) {
        return ERR_INVALID;
    }
    const char *rest = text + DATE_LEN;
    if (*rest == '.') {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    if (!zone(rest, &zone_us)) {
        return ERR_INVALID;
    }
    *ret = (struct moment){MOMENT_WALL, us - zone_us};
    return ERR_OK;
}

/* The word that begins `text`; answers how long it is. */
static enum err origin(const char *text, size_t *ret_n, enum moment_origin *ret,
                       const char **ret_likely)
{
    char word[WORD_LEN];
    size_t n = 0;
    for (; isalpha((unsigned char)text[n]); n++) {
    }
    snprintf(word, sizeof word, "%.*s", (int)n, text);
    *ret_n = n;
    *ret = MOMENT_BEGIN;
    if (n == 0) {
        return ERR_OK;
    }
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < ORIGINS_N; i++) {
        nearest_offer(&near, origins[i]);
        if (strcmp(origins[i], word) == 0) {
            *ret = (enum moment_origin)i;
            return ERR_OK;
        }
    }
    *ret_likely = nearest_likely(&near);
    return ERR_UNKNOWN;
}

/* "12.5s", "300ms", "2m", "12.5": down to microseconds. */
static bool duration(const char *text, int64_t *ret_us)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"", 1000000}, {"s", 1000000}, {"ms", 1000}, {"m", MINUTES_US}};
    const size_t whole_n = strspn(text, "0123456789");
    const bool dot = text[whole_n] == '.';
    const size_t part_n = dot ? strspn(text + whole_n + 1, "0123456789") : 0;
    const char *unit = text + whole_n + (dot ? 1 + part_n : 0);
    if (whole_n == 0 || whole_n > DIGITS_MAX || part_n > DIGITS_MAX || (dot && part_n == 0)) {
        return false;
    }
    int64_t scaled = 0; /* of the unit, times the power of ten that the fraction has */
    int64_t scale = 1;
    for (const char *c = text; c < unit; c++) {
        scaled = *c == '.' ? scaled : scaled * 10 + (*c - '0');
    }
    for (size_t i = 0; i < part_n; i++) {
        scale *= 10;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].unit) == 0) {
            *ret_us = scaled / scale * units[i].us + scaled % scale * units[i].us / scale;
            return true;
        }
    }
    return false;
}

enum err moment_parse(const char *text, struct moment *ret_moment, const char **ret_likely)
{
    int64_t after = 0;
    enum moment_origin from = MOMENT_BEGIN;
    size_t n = 0;
    *ret_likely = NULL;
    if (wall(text, ret_moment) == ERR_OK) {
        return ERR_OK;
    }
    enum err err = origin(text, &n, &from, ret_likely);
    if (err != ERR_OK) {
        return err;
    }
    bool minus = text[n] == '-';
    bool sign = minus || text[n] == '+';
    const char *rest = text + n + (sign ? 1 : 0);
    bool whole = n > 0 && text[n] == '\0'; /* the origin itself */
    if (!whole && ((n > 0 && !sign) || !duration(rest, &after))) {
        return ERR_INVALID;
    }
    *ret_moment = (struct moment){from, minus ? -after : after};
    return ERR_OK;
}
