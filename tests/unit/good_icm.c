#include "tests/unit/good_icm.h"

#include "tests/unit/unit.h"

#include <stdio.h>

void good_icm_begin(const char *scenario)
{
    good_run_begin(scenario);
    struct topology_proc *icmb = &good_topology.procs[good_topology.procs_n++];
    *icmb = (struct topology_proc){.name = "icmb", .kind = PROC_ICM, .side = SIDE_B};
    good_run_event(EVENT_PROCESS_START, GOOD_ICMB, 0);
    good_icm_becomes(GOOD_ICMA, MDS_STATE_PAIRED_ENABLED, 100 * GOOD_MS);
    good_icm_becomes(GOOD_ICMB, MDS_STATE_PAIRED_DISABLED, 110 * GOOD_MS);
    int64_t index = 10;
    for (uint32_t d = 1; d <= GOOD_PHONES + GOOD_GATEWAYS; d++) {
        good_run_registers(d, GOOD_SUB1, 1, 1000 * GOOD_MS + d * GOOD_MS, ++index);
    }
}

struct event *good_icm_becomes(struct proc_id side, enum mds_state state, int64_t at)
{
    struct event *e = good_run_event(EVENT_MDS_STATE, side, at);
    e->value = state;
    return e;
}

void good_icm_recovers(struct proc_id side, struct proc_id peer, int64_t rows, int64_t at)
{
    struct event *e = good_run_event(EVENT_RECOVERED, side, at);
    e->peer = peer;
    e->value = rows;
}

void good_icm_row(const struct history_leg *leg, int64_t key, int64_t at)
{
    struct history_row *row = good_run_row(leg, key, at);
    row->logger = GOOD_ICMA;
    struct history_row *copy = &good_rows[good.rows_n++];
    *copy = *row;
    copy->logger = GOOD_ICMB;
    struct event *e = good_run_event(EVENT_TCD_STORED, GOOD_ICMB, at + 5 * GOOD_MS);
    e->value = row->key;
    e->value2 = row->recovery_key;
    snprintf(e->text, sizeof e->text, "%s", row->hash);
}

void good_icm_all_pass(const char *const *ids, size_t n)
{
    enum err err = history_row_mark_copies(good_rows, good.rows_n);
    assert_int_equal(err, ERR_OK);
    good_run_finish();
    for (size_t i = 0; i < n; i++) {
        const struct check_result *r = good_run_judged(ids[i]);
        if (r->verdict != VERDICT_PASS) {
            fail_msg("%s: %s: %s", ids[i], check_verdict_text(r->verdict), r->observed);
        }
    }
    history_free(&good);
}
