#include "cluster/record/keep.h"

#include "cluster/record/runfile.h"

#include <inttypes.h>
#include <stdio.h>

#define PATH_LEN 4096

/* The columns that a reader knows; RowChecksum is over those before it (history_row_sum). */
static const char table[] =
    "CREATE TABLE tcd (RecoveryKey INTEGER, PeripheralID INTEGER, RouterCallKeyDay INTEGER,"
    " RouterCallKey INTEGER, PeripheralCallType INTEGER, CallDisposition INTEGER,"
    " DigitsDialed TEXT, Duration INTEGER, TalkTime INTEGER, WorkTime INTEGER, ICRCallKey INTEGER,"
    " WrapupData TEXT, CallReferenceID TEXT, AgentPeripheralNumber TEXT,"
    " InstrumentPortNumber TEXT, Leg INTEGER, Segment INTEGER, Partial TEXT, FailCause TEXT,"
    " RowChecksum INTEGER, WallUs INTEGER, Logger TEXT)";

struct row {
    sqlite3_stmt *statement;
    int column;
};

static void put_int(struct row *r, int64_t v)
{
    sqlite3_bind_int64(r->statement, ++r->column, v);
}

/* Zero is nothing. */
static void put_some(struct row *r, int64_t v)
{
    if (v != 0) {
        put_int(r, v);
    } else {
        sqlite3_bind_null(r->statement, ++r->column);
    }
}

static void put_text(struct row *r, const char *text)
{
    if (text[0] != '\0') {
        sqlite3_bind_text(r->statement, ++r->column, text, -1, SQLITE_TRANSIENT);
    } else {
        sqlite3_bind_null(r->statement, ++r->column);
    }
}

static bool put_row(sqlite3_stmt *statement, const struct topology *t, const struct history_row *h,
                    int64_t wall_us)
{
    struct row r = {.statement = statement};
    char call[20] = "", agent[16] = "";
    if (call_id_some(h->call)) {
        snprintf(call, sizeof call, "%016" PRIx64, h->call.v);
    }
    if (agent_id_some(h->agent)) {
        snprintf(agent, sizeof agent, "%u", h->agent.v);
    }
    put_int(&r, h->recovery_key);
    put_int(&r, h->pair);
    put_some(&r, h->day);
    put_some(&r, h->router_key);
    put_some(&r, h->call_type);
    put_int(&r, h->disposition);
    put_text(&r, h->digits);
    put_int(&r, h->duration_s);
    put_int(&r, h->talk_s);
    put_int(&r, h->work_s);
    put_int(&r, h->key >> 16);
    put_text(&r, h->wrapup);
    put_text(&r, call);
    put_text(&r, agent);
    put_text(&r, h->instrument);
    put_int(&r, h->key >> 8 & 255);
    put_int(&r, h->segment);
    put_text(&r, h->partial ? "Y" : "N");
    put_text(&r, h->fail_cause);
    put_int(&r, (int64_t)history_row_sum(h));
    put_int(&r, h->at_us + wall_us);
    put_text(&r, proc_id_some(h->logger) ? topology_name(t, h->logger) : "");
    ASSERT(r.column == sqlite3_bind_parameter_count(statement));
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    return done;
}

static bool put_rows(sqlite3 *db, const struct history *h, int64_t wall_us)
{
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_exec(db, table, NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(
                    db, "INSERT INTO tcd VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
                    &statement, NULL) == SQLITE_OK;
    for (size_t i = 0; good && i < h->rows_n; i++) {
        good = put_row(statement, h->topology, &h->rows[i], wall_us);
    }
    sqlite3_finalize(statement);
    return good;
}

/* All clocks are one in a history: so are the walls that are written. */
static bool put_events(struct runfile *r, const struct history *h, int64_t wall_us)
{
    bool good = true;
    for (size_t i = 0; good && i < h->events_n; i++) {
        struct event e = h->events[i];
        e.wall_us = e.at.us + wall_us;
        good = runfile_event(r, &e) == ERR_OK;
    }
    for (size_t i = 0; good && i < h->legs_n; i++) {
        good = runfile_leg(r, &h->legs[i]) == ERR_OK;
    }
    return good;
}

static bool put_meta(struct runfile *r, const struct keep_run *run)
{
    return runfile_topology_keep(r, run->topology_file) == ERR_OK &&
           runfile_rehearsal_keep(r, &run->rehearsal) == ERR_OK;
}

enum err keep_history(const char *run_dir, const struct history *h, const struct keep_run *run)
{
    char path[PATH_LEN];
    struct runfile *r = NULL;
    int n = snprintf(path, sizeof path, "%s/" RUNFILE_NAME, run_dir);
    if (n < 0 || n >= PATH_LEN) {
        return ERR_IO;
    }
    enum err err = runfile_open(path, h->topology, &r);
    if (err != ERR_OK) {
        return err;
    }
    sqlite3 *db = runfile_db(r);
    bool good = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
                put_events(r, h, run->wall_us) && put_rows(db, h, run->wall_us) &&
                put_meta(r, run) && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    runfile_free(&r);
    return good ? ERR_OK : ERR_IO;
}
