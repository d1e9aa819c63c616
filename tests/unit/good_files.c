#include "tests/unit/good_files.h"

#include "cluster/record/line.h"
#include "node/base/checksum.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void good_files_folder(char ret_dir[GOOD_PATH])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(ret_dir, GOOD_PATH, "%s/rehome-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    char *made = mkdtemp(ret_dir);
    ASSERT(made != NULL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void good_files_remove(const char *dir)
{
    if (getenv("REHOME_TEST_KEEP") != NULL) {
        printf("kept: %s\n", dir);
        return;
    }
    int left = nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    ASSERT(left == 0);
}

static void folder_of(const char *dir, const char *proc, char ret_path[GOOD_PATH])
{
    snprintf(ret_path, GOOD_PATH, "%.300s/proc", dir);
    int made = mkdir(ret_path, 0700);
    ASSERT(made == 0 || errno == EEXIST);
    snprintf(ret_path, GOOD_PATH, "%.300s/proc/%s", dir, proc);
    made = mkdir(ret_path, 0700);
    ASSERT(made == 0 || errno == EEXIST);
}

static void write_event(FILE *f, const struct event *e)
{
    char stamp[LINE_STAMP_LEN];
    struct device_info device = {0};
    fprintf(f,
            "{\"at\":\"%s\",\"at_us\":%lld,\"hlc\":%llu,\"process\":\"%s\",\"incarnation\":%llu,"
            "\"seq\":%llu,\"kind\":\"%s\"",
            line_stamp(e->wall_us, stamp), (long long)e->at.us, (unsigned long long)e->hlc.v,
            topology_name(&good_topology, e->proc), (unsigned long long)e->incarnation.v,
            (unsigned long long)e->seq, event_word(e->kind));
    if (proc_id_some(e->peer)) {
        fprintf(f, ",\"peer\":\"%s\"", topology_name(&good_topology, e->peer));
    }
    if (topology_device(&good_topology, e->device, &device)) {
        fprintf(f, ",\"device\":\"%s\"", device.name);
    }
    if (call_id_some(e->call)) {
        fprintf(f, ",\"call\":\"%016llx\"", (unsigned long long)e->call.v);
    }
    if (e->reason != REASON_NONE) {
        fprintf(f, ",\"reason\":\"%s\"", reason_text(e->reason));
    }
    fprintf(f, ",\"epoch\":%u,\"value\":%lld,\"value2\":%lld,\"text\":\"%s\"}\n", e->epoch,
            (long long)e->value, (long long)e->value2, e->text);
}

/* Number the events of each process, as its spine would have. */
static void number_events(void)
{
    uint64_t seq[PROCS_MAX + 2] = {0}, life[PROCS_MAX + 2] = {0};
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        seq[e->proc.v] = life[e->proc.v] == e->incarnation.v ? seq[e->proc.v] + 1 : 1;
        life[e->proc.v] = e->incarnation.v;
        e->seq = seq[e->proc.v];
    }
}

static void write_leg(FILE *f, const struct history_leg *leg)
{
    struct device_info device = {0};
    bool known = topology_device(&good_topology, leg->device, &device);
    ASSERT(known);
    fprintf(f,
            "{\"device\":\"%s\",\"number\":\"%s\",\"agent\":%u,\"call\":\"%016llx\",\"direction\":"
            "\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"begin_us\":%lld,\"answer_us\":%lld,\"end_us\":"
            "%lld,\"reason\":\"%s\",\"preserved\":%s,\"held_us\":%lld,\"transferred\":%s,"
            "\"wrapup\":\"%s\",\"media\":{\"received\":%llu,\"gap_ms\":%lld}}\n",
            device.name, leg->number, leg->agent.v, (unsigned long long)leg->call.v,
            leg->incoming ? "in" : "out", leg->from, leg->to, (long long)leg->begin_us,
            (long long)leg->answer_us, (long long)leg->end_us, reason_text(leg->reason),
            leg->preserved ? "true" : "false", (long long)leg->held_us,
            leg->transferred ? "true" : "false", leg->wrapup, (unsigned long long)leg->received,
            (long long)(leg->gap_us / 1000));
}

static FILE *append(const char *dir, const char *proc, const char *name)
{
    char path[GOOD_PATH];
    char file[GOOD_PATH + 32];
    folder_of(dir, proc, path);
    snprintf(file, sizeof file, "%s/%s", path, name);
    FILE *f = fopen(file, "a");
    ASSERT(f != NULL);
    return f;
}

void good_files_write(const char *dir, int64_t from_us, int64_t until_us)
{
    number_events();
    for (uint16_t v = 1; v <= PROCS_MAX + 1; v++) {
        struct proc_id proc = {v};
        if (topology_proc_of(&good_topology, proc) == NULL && v <= PROCS_MAX) {
            continue;
        }
        FILE *f = append(dir, v <= PROCS_MAX ? topology_name(&good_topology, proc) : "operator",
                         "events.jsonl");
        for (size_t i = 0; i < good.events_n; i++) {
            const struct event *e = &good_events[i];
            if (proc_id_eq(e->proc, proc) && e->at.us >= from_us && e->at.us < until_us) {
                write_event(f, e);
            }
        }
        fclose(f);
    }
    FILE *f = append(dir, "fleet", "calls.log");
    for (size_t i = 0; i < good.legs_n; i++) {
        if (good_legs[i].end_us >= from_us && good_legs[i].end_us < until_us) {
            write_leg(f, &good_legs[i]);
        }
    }
    fclose(f);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    int result = sqlite3_exec(db, sql, NULL, NULL, NULL);
    ASSERT(result == SQLITE_OK);
}

/* What the logger would have traced of the row of this RecoveryKey. */
static void trace_sum(int64_t recovery_key, uint64_t sum)
{
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        if (e->kind == EVENT_TCD_STORED && e->value2 == recovery_key) {
            snprintf(e->text, sizeof e->text, "%016" PRIx64, sum);
        }
    }
}

static void sum_rows(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    int err = sqlite3_prepare_v2(db, "SELECT * FROM Termination_Call_Detail", -1, &s, NULL);
    ASSERT(err == SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        uint64_t sum = CHECKSUM_BEGIN;
        for (int i = 0; i < sqlite3_column_count(s) - 1; i++) {
            if (sqlite3_column_type(s, i) == SQLITE_TEXT) {
                sum = checksum_bytes(sum, sqlite3_column_text(s, i),
                                     (size_t)sqlite3_column_bytes(s, i));
            } else {
                sum = checksum_number(sum, sqlite3_column_int64(s, i));
            }
        }
        trace_sum(sqlite3_column_int64(s, 0), sum);
    }
    sqlite3_finalize(s);
}

void good_files_database(const char *dir)
{
    char path[GOOD_PATH], file[GOOD_PATH + 32], sql[1024], stamp[LINE_STAMP_LEN];
    sqlite3 *db = NULL;
    folder_of(dir, "icma", path);
    snprintf(file, sizeof file, "%s/icm.db", path);
    int opened = sqlite3_open(file, &db);
    ASSERT(opened == SQLITE_OK);
    run_sql(db,
            "CREATE TABLE Termination_Call_Detail(RecoveryKey REAL, DateTime TEXT, PeripheralID "
            "INTEGER, ICRCallKey INTEGER, Leg INTEGER, Segment INTEGER, RouterCallKeyDay "
            "INTEGER, RouterCallKey INTEGER, CallDisposition INTEGER, PeripheralCallType "
            "INTEGER, CallReferenceID TEXT, AgentPeripheralNumber TEXT, InstrumentPortNumber "
            "TEXT, DigitsDialed TEXT, Duration INTEGER, WrapupData TEXT, Partial TEXT, "
            "FailCause TEXT, RowChecksum INTEGER)");
    for (size_t i = 0; i < good.rows_n; i++) {
        const struct history_row *r = &good_rows[i];
        snprintf(
            sql, sizeof sql,
            "INSERT INTO Termination_Call_Detail VALUES(%lld,'%s',5000,%lld,%lld,%lld,%u,%u,%u,"
            "%u,'%016llx','%u','%s','%s',%u,'%s','%s','%s',0)",
            (long long)r->recovery_key, line_stamp(GOOD_WALL + r->at_us, stamp),
            (long long)(r->key >> 16), (long long)(r->key >> 8 & 255), (long long)(r->key & 255),
            r->day, r->router_key, r->disposition, r->call_type, (unsigned long long)r->call.v,
            r->agent.v, r->instrument, r->digits, r->duration_s, r->wrapup, r->partial ? "Y" : "N",
            r->fail_cause);
        run_sql(db, sql);
    }
    sum_rows(db);
    sqlite3_close(db);
}

void good_files_amend(const char *dir)
{
    char path[GOOD_PATH], file[GOOD_PATH + 32];
    sqlite3 *db = NULL;
    folder_of(dir, "icma", path);
    snprintf(file, sizeof file, "%s/icm.db", path);
    int opened = sqlite3_open(file, &db);
    ASSERT(opened == SQLITE_OK);
    run_sql(db, "UPDATE Termination_Call_Detail SET WrapupData = WrapupData || 'x'");
    sqlite3_close(db);
}
