#include "cluster/record/load.h"

#include "cluster/record/line.h"

#include "node/base/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Clocks of one machine agree to this; machines that booted at different times do not. */
#define SAME_CLOCK_US INT64_C(5000000)
#define META_FROM     "from_us"
#define META_UNTIL    "until_us"

static const char *text_of(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);
    return text != NULL ? (const char *)text : "";
}

static int64_t count(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        n = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return n;
}

static void read_event(const struct topology *t, sqlite3_stmt *s, struct event *e)
{
    memset(e, 0, sizeof *e);
    e->at.us = sqlite3_column_int64(s, 0);
    e->wall_us = sqlite3_column_int64(s, 1);
    e->hlc.v = (uint64_t)sqlite3_column_int64(s, 2);
    e->proc = line_proc(t, text_of(s, 3));
    e->incarnation.v = (uint64_t)sqlite3_column_int64(s, 4);
    e->seq = (uint64_t)sqlite3_column_int64(s, 5);
    e->kind = event_named(text_of(s, 6));
    e->peer = line_proc(t, text_of(s, 7));
    if (sqlite3_column_type(s, 8) != SQLITE_NULL) {
        e->device = line_device(t, text_of(s, 8));
    }
    e->call.v = strtoull(text_of(s, 9), NULL, 16);
    e->epoch = (uint32_t)sqlite3_column_int64(s, 10);
    e->reason = line_reason(text_of(s, 11));
    e->value = sqlite3_column_int64(s, 12);
    e->value2 = sqlite3_column_int64(s, 13);
    snprintf(e->text, sizeof e->text, "%s", text_of(s, 14));
}

static enum err read_events(sqlite3 *db, const struct topology *t, struct load *l)
{
    int64_t n = count(db, "SELECT count(*) FROM event");
    sqlite3_stmt *s = NULL;
    if (n < 0 || sqlite3_prepare_v2(db,
                                    "SELECT at_us, wall_us, hlc, process, incarnation, seq, kind,"
                                    " peer, device, call, epoch, reason, value, value2, text"
                                    " FROM event ORDER BY process, incarnation, seq",
                                    -1, &s, NULL) != SQLITE_OK) {
        return ERR_IO;
    }
    l->events = calloc((size_t)n + 1, sizeof l->events[0]);
    enum err err = l->events != NULL ? ERR_OK : ERR_MEMORY;
    size_t k = 0;
    while (err == ERR_OK && k < (size_t)n && sqlite3_step(s) == SQLITE_ROW) {
        read_event(t, s, &l->events[k++]);
    }
    sqlite3_finalize(s);
    l->history.events = l->events;
    l->history.events_n = k;
    return err;
}

static bool same_life(const struct event *a, const struct event *b)
{
    return proc_id_eq(a->proc, b->proc) && incarnation_eq(a->incarnation, b->incarnation);
}

/* Holes in the numbers of one life of a process. A guest's are of several hands. */
static uint32_t find_gaps(const struct load *l)
{
    uint32_t gaps = 0;
    for (size_t i = 1; i < l->history.events_n; i++) {
        const struct event *a = &l->events[i - 1], *b = &l->events[i];
        gaps += same_life(a, b) && b->proc.v <= PROCS_MAX && b->seq > a->seq + 1 ? 1 : 0;
    }
    return gaps;
}

/* Bring every life whose clock is another machine's to the clock of the fleet. */
static void one_clock(struct load *l, const struct topology *t)
{
    size_t reference = 0;
    for (size_t i = 0; i < l->history.events_n; i++) {
        const struct topology_proc *p = topology_proc_of(t, l->events[i].proc);
        if (p != NULL && p->kind == PROC_FLEET) {
            reference = i;
            break;
        }
    }
    if (l->history.events_n == 0) {
        return;
    }
    l->wall_us = l->events[reference].wall_us - l->events[reference].at.us;
    int64_t shift = 0;
    for (size_t i = 0; i < l->history.events_n; i++) {
        struct event *e = &l->events[i];
        if (i == 0 || !same_life(e - 1, e)) {
            int64_t wall = e->wall_us - e->at.us;
            shift = llabs(wall - l->wall_us) > SAME_CLOCK_US ? wall - l->wall_us : 0;
        }
        e->at.us += shift;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->at.us != y->at.us) {
        return x->at.us < y->at.us ? -1 : 1;
    }
    bool x_guest = x->proc.v > PROCS_MAX, y_guest = y->proc.v > PROCS_MAX;
    if (x_guest != y_guest) {
        return x_guest ? -1 : 1; /* what an operator did comes before what followed from it */
    }
    if (x->proc.v != y->proc.v) {
        return x->proc.v < y->proc.v ? -1 : 1;
    }
    if (x->incarnation.v != y->incarnation.v) {
        return x->incarnation.v < y->incarnation.v ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void read_leg(const struct topology *t, sqlite3_stmt *s, struct history_leg *leg)
{
    memset(leg, 0, sizeof *leg);
    leg->device = line_device(t, text_of(s, 0));
    snprintf(leg->number, sizeof leg->number, "%s", text_of(s, 1));
    leg->agent.v = (uint32_t)sqlite3_column_int64(s, 2);
    leg->call.v = strtoull(text_of(s, 3), NULL, 16);
    leg->incoming = strcmp(text_of(s, 4), "in") == 0;
    snprintf(leg->from, sizeof leg->from, "%s", text_of(s, 5));
    snprintf(leg->to, sizeof leg->to, "%s", text_of(s, 6));
    leg->begin_us = sqlite3_column_int64(s, 7);
    leg->answer_us = sqlite3_column_int64(s, 8);
    leg->end_us = sqlite3_column_int64(s, 9);
    leg->held_us = sqlite3_column_int64(s, 10);
    leg->reason = line_reason(text_of(s, 11));
    leg->preserved = sqlite3_column_int(s, 12) != 0;
    leg->transferred = sqlite3_column_int(s, 13) != 0;
    leg->open = sqlite3_column_int(s, 14) != 0;
    snprintf(leg->wrapup, sizeof leg->wrapup, "%s", text_of(s, 15));
    leg->received = (uint64_t)sqlite3_column_int64(s, 16);
    leg->gap_us = sqlite3_column_int64(s, 17);
    leg->moved_from.v = strtoull(text_of(s, 18), NULL, 16);
}

static enum err read_legs(sqlite3 *db, const struct topology *t, struct load *l)
{
    int64_t n = count(db, "SELECT count(*) FROM leg");
    sqlite3_stmt *s = NULL;
    if (n < 0 || sqlite3_prepare_v2(db,
                                    "SELECT device, number, agent, call, direction, from_number,"
                                    " to_number, begin_us, answer_us, end_us, held_us, reason,"
                                    " preserved, transferred, open, wrapup, received, gap_us,"
                                    " moved_from"
                                    " FROM leg ORDER BY id",
                                    -1, &s, NULL) != SQLITE_OK) {
        return ERR_IO;
    }
    l->legs = calloc((size_t)n + 1, sizeof l->legs[0]);
    enum err err = l->legs != NULL ? ERR_OK : ERR_MEMORY;
    size_t k = 0;
    while (err == ERR_OK && k < (size_t)n && sqlite3_step(s) == SQLITE_ROW) {
        read_leg(t, s, &l->legs[k++]);
    }
    sqlite3_finalize(s);
    l->history.legs = l->legs;
    l->history.legs_n = k;
    return err;
}

/* -- Rows, by the names of their columns, whichever of them the database has. -- */

static int column(sqlite3_stmt *s, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        if (strcasecmp(sqlite3_column_name(s, i), name) == 0) {
            return i;
        }
    }
    return -1;
}

static int64_t number(sqlite3_stmt *s, const char *name)
{
    int i = column(s, name);
    return i >= 0 ? sqlite3_column_int64(s, i) : 0;
}

static const char *text(sqlite3_stmt *s, const char *name)
{
    int i = column(s, name);
    return i >= 0 ? text_of(s, i) : "";
}

static bool yes(const char *word)
{
    return word[0] == 'Y' || word[0] == 'y' || word[0] == '1' || word[0] == 't';
}

static int64_t row_time(sqlite3_stmt *s)
{
    int exact = column(s, "WallUs"); /* DateTime has the schema's precision only */
    if (exact >= 0 && sqlite3_column_int64(s, exact) > 0) {
        return sqlite3_column_int64(s, exact);
    }
    int i = column(s, "DateTime");
    int64_t wall_us = 0;
    if (i >= 0 && sqlite3_column_type(s, i) == SQLITE_INTEGER) {
        return sqlite3_column_int64(s, i);
    }
    err_ignore(line_wall(i >= 0 ? text_of(s, i) : "", &wall_us), "0 then: far from every leg");
    return wall_us;
}

/* The checksum of what the row holds now, made anew over all columns before RowChecksum. */
static void sum_row(sqlite3_stmt *s, char *hash, size_t cap)
{
    int columns = column(s, "RowChecksum");
    uint64_t sum = CHECKSUM_BEGIN;
    for (int i = 0; i < columns; i++) {
        int type = sqlite3_column_type(s, i);
        if (type == SQLITE_INTEGER) {
            sum = checksum_number(sum, sqlite3_column_int64(s, i));
        } else if (type == SQLITE_FLOAT) {
            sum = checksum_number(sum, (int64_t)sqlite3_column_double(s, i));
        } else {
            sum =
                checksum_bytes(sum, sqlite3_column_blob(s, i), (size_t)sqlite3_column_bytes(s, i));
        }
    }
    if (columns > 0) {
        snprintf(hash, cap, "%016" PRIx64, sum);
    }
}

static void read_row(sqlite3_stmt *s, int64_t wall_us, struct history_row *row)
{
    memset(row, 0, sizeof *row);
    row->recovery_key = number(s, "RecoveryKey");
    int64_t leg = number(s, column(s, "LegNumber") >= 0 ? "LegNumber" : "Leg");
    row->segment = (uint32_t)number(s, "Segment");
    row->key = number(s, "ICRCallKey") * 65536 + (leg & 255) * 256 + (row->segment & 255);
    row->at_us = row_time(s) - wall_us;
    row->pair = (uint32_t)number(s, "PeripheralID");
    row->day = (uint32_t)number(s, "RouterCallKeyDay");
    row->router_key = (uint32_t)number(s, "RouterCallKey");
    row->call.v = strtoull(text(s, "CallReferenceID"), NULL, 16);
    row->agent.v = (uint32_t)number(s, "AgentPeripheralNumber");
    snprintf(row->instrument, sizeof row->instrument, "%s", text(s, "InstrumentPortNumber"));
    snprintf(row->digits, sizeof row->digits, "%s", text(s, "DigitsDialed"));
    snprintf(row->wrapup, sizeof row->wrapup, "%s", text(s, "WrapupData"));
    sum_row(s, row->hash, sizeof row->hash);
    row->disposition = (uint32_t)number(s, "CallDisposition");
    row->call_type = (uint32_t)number(s, "PeripheralCallType");
    row->duration_s = (uint32_t)number(s, "Duration");
    row->talk_s = (uint32_t)number(s, "TalkTime");
    row->work_s = (uint32_t)number(s, "WorkTime");
    row->partial = yes(text(s, "Partial"));
    snprintf(row->fail_cause, sizeof row->fail_cause, "%s", text(s, "FailCause"));
}

static enum err read_rows(sqlite3 *db, struct load *l)
{
    int64_t n = count(db, "SELECT count(*) FROM tcd");
    sqlite3_stmt *s = NULL;
    l->rows = calloc(n > 0 ? (size_t)n : 1, sizeof l->rows[0]);
    if (l->rows == NULL) {
        return ERR_MEMORY;
    }
    l->history.rows = l->rows;
    l->history.rows_known = n >= 0;
    if (n < 0) {
        return ERR_OK; /* no database was copied: the ledger says so */
    }
    if (sqlite3_prepare_v2(db, "SELECT * FROM tcd", -1, &s, NULL) != SQLITE_OK) {
        return ERR_IO;
    }
    while (l->history.rows_n < (size_t)n && sqlite3_step(s) == SQLITE_ROW) {
        struct history_row *row = &l->rows[l->history.rows_n++];
        read_row(s, l->wall_us - run_clock_wall_shift(&l->clocks, text(s, "Logger")), row);
        row->logger = topology_proc_named(l->history.topology, text(s, "Logger"));
    }
    sqlite3_finalize(s);
    return history_row_mark_copies(l->rows, l->history.rows_n);
}

/* Prepare the history of the first so many events, legs and rows. */
static enum err prepare_again(struct load *l, size_t events_n, size_t legs_n, size_t rows_n)
{
    struct history *h = &l->history;
    history_free(h);
    struct history again = {.topology = h->topology,
                            .events = l->events,
                            .events_n = events_n,
                            .legs = l->legs,
                            .legs_n = legs_n,
                            .rows = l->rows,
                            .rows_n = rows_n,
                            .rows_known = h->rows_known,
                            .gaps = h->gaps,
                            .rehearsed_us = h->rehearsed_us};
    *h = again;
    return history_prepare(h);
}

static bool has_line(const struct history *h, const struct event *begin)
{
    const struct history_span *span = &h->legs_of[begin->device.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_leg *leg = &h->legs[h->leg_index[span->first + i]];
        if (call_id_eq(leg->call, begin->call) || call_id_eq(leg->moved_from, begin->call)) {
            return true;
        }
    }
    return false;
}

/* A leg that began and has no line in the call log yet: it is up, or its line is held back. */
static void open_leg(const struct topology *t, const struct event *begin, struct history_leg *ret)
{
    struct device_info info = {0};
    bool known = topology_device(t, begin->device, &info);
    *ret = (struct history_leg){.device = begin->device,
                                .call = begin->call,
                                .begin_us = begin->at.us,
                                .end_us = begin->at.us,
                                .incoming = begin->value != 1,
                                .open = true};
    snprintf(ret->number, sizeof ret->number, "%s", known ? info.number : "");
}

/* The run ended before the fleet had written all its lines: the spine knows who was in a call. */
static enum err add_open_legs(struct load *l, const struct topology *t)
{
    struct history *h = &l->history;
    size_t n = h->legs_n, begins = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        begins += h->events[i].kind == EVENT_CALL_BEGIN ? 1 : 0;
    }
    struct history_leg *legs = realloc(l->legs, (n + begins + 1) * sizeof legs[0]);
    if (legs == NULL) {
        return ERR_MEMORY;
    }
    l->legs = legs;
    h->legs = legs;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_CALL_BEGIN && e->device.v > 0 && e->device.v <= h->devices_n &&
            !has_line(h, e)) {
            open_leg(t, e, &legs[n++]);
        }
    }
    return prepare_again(l, h->events_n, n, h->rows_n);
}

static enum err limit_set(struct runfile *runfile, const char *key, int64_t at_us)
{
    char text[RUNFILE_META_LEN];
    snprintf(text, sizeof text, "%" PRId64, at_us);
    return runfile_meta_set(runfile, key, text);
}

static int64_t limit_of(struct runfile *runfile, const char *key, int64_t none)
{
    char text[RUNFILE_META_LEN];
    const char *at_us = runfile_meta(runfile, key, text);
    return at_us[0] != '\0' ? strtoll(at_us, NULL, 10) : none;
}

enum err load_begin_at(struct runfile *runfile, int64_t from_us)
{
    return limit_set(runfile, META_FROM, from_us);
}

enum err load_end_at(struct runfile *runfile, int64_t until_us)
{
    return limit_set(runfile, META_UNTIL, until_us);
}

/* Without what was before a moment. Events are in the order of time. */
static void drop_before(struct load *l, int64_t from_us)
{
    struct history *h = &l->history;
    size_t before = 0, legs_n = 0, rows_n = 0;
    while (before < h->events_n && l->events[before].at.us < from_us) {
        before++;
    }
    h->events_n -= before;
    memmove(l->events, l->events + before, h->events_n * sizeof l->events[0]);
    for (size_t i = 0; i < h->legs_n; i++) {
        if (l->legs[i].begin_us >= from_us) {
            l->legs[legs_n++] = l->legs[i];
        }
    }
    for (size_t i = 0; i < h->rows_n; i++) {
        if (l->rows[i].at_us >= from_us) {
            l->rows[rows_n++] = l->rows[i];
        }
    }
    h->legs_n = legs_n;
    h->rows_n = rows_n;
}

enum err load_run(struct runfile *runfile, const struct topology *topology, struct load *ret_load)
{
    struct load *l = ret_load;
    sqlite3 *db = runfile_db(runfile);
    *l = (struct load){.history = {.topology = topology}};
    run_clock_read(runfile, &l->clocks);
    enum err err = read_events(db, topology, l);
    if (err == ERR_OK) {
        l->history.gaps = find_gaps(l);
        one_clock(l, topology);
        qsort(l->events, l->history.events_n, sizeof l->events[0], by_time);
        err = read_legs(db, topology, l);
    }
    if (err == ERR_OK) {
        err = read_rows(db, l);
    }
    if (err == ERR_OK) {
        l->history.rehearsed_us = limit_of(runfile, RUNFILE_META_REHEARSED, 0);
        drop_before(l, limit_of(runfile, META_FROM, INT64_MIN));
        err = history_prepare(&l->history);
    }
    int64_t until_us = limit_of(runfile, META_UNTIL, INT64_MAX);
    if (err == ERR_OK && until_us < INT64_MAX) {
        err = load_cut(l, until_us);
        err = err == ERR_OK ? add_open_legs(l, topology) : err;
    }
    if (err != ERR_OK) {
        load_free(l);
    }
    return err;
}

enum err load_cut(struct load *l, int64_t at_us)
{
    struct history *h = &l->history;
    size_t legs_n = 0;
    size_t rows_n = 0;
    while (h->events_n > 0 && l->events[h->events_n - 1].at.us > at_us) {
        h->events_n--;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        if (l->legs[i].begin_us <= at_us) {
            struct history_leg *leg = &l->legs[legs_n++];
            *leg = l->legs[i];
            if (leg->end_us > at_us) {
                leg->open = true;
                leg->gap_us = 0; /* nobody knew it then */
            }
        }
    }
    for (size_t i = 0; i < h->rows_n; i++) {
        if (l->rows[i].at_us <= at_us) {
            l->rows[rows_n++] = l->rows[i];
        }
    }
    return prepare_again(l, h->events_n, legs_n, rows_n);
}

void load_free(struct load *load)
{
    history_free(&load->history);
    free(load->events);
    free(load->legs);
    free(load->rows);
    *load = (struct load){0};
}
