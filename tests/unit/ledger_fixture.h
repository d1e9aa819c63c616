/* ledger_fixture: the good run with a second fault, and the legs and rows around it. */
#ifndef TESTS_UNIT_LEDGER_FIXTURE_H
#define TESTS_UNIT_LEDGER_FIXTURE_H

#include "cluster/check/ledger.h"

#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct ledger ledger;

static inline void made(void)
{
    good_run_finish();
    assert_int_equal(ledger_make(&good, &ledger), ERR_OK);
}

static inline void freed(void)
{
    ledger_free(&ledger);
    history_free(&good);
}

static inline const struct ledger_entry *entry_of(uint32_t leg)
{
    for (size_t i = 0; i < ledger.entries_n; i++) {
        if (ledger.entries[i].leg == leg) {
            return &ledger.entries[i];
        }
    }
    fail_msg("leg %u is not in the ledger", leg);
    return NULL;
}

/* A second fault: pgb, active since the first one, is gone or hangs at T, and pga has its state. */
#define T ((int64_t)50000 * GOOD_MS)

static inline void second_fault(const char *what)
{
    good_run_make();
    good_run_event(EVENT_PG_SYNCED, GOOD_PGA, 40000 * GOOD_MS)->peer = GOOD_PGB;
    good_run_fault(EVENT_FAULT, GOOD_PGB, what, T);
}

static inline void switched(void)
{
    second_fault("crash");
    good_run_activates(GOOD_PGA, GOOD_SUB1, 3, T + 1000 * GOOD_MS);
}

/* A leg at the phone of agent 5007; times from T, in ms. */
static inline uint32_t leg_at(int64_t begin_ms, int64_t end_ms)
{
    uint32_t at = (uint32_t)good.legs_n++;
    good_legs[at] = (struct history_leg){.device = {7},
                                         .agent = {5007},
                                         .call = {0x700},
                                         .incoming = true,
                                         .number = "1007",
                                         .to = "1007",
                                         .begin_us = T + begin_ms * GOOD_MS,
                                         .answer_us = T + begin_ms * GOOD_MS + 1,
                                         .end_us = T + end_ms * GOOD_MS,
                                         .reason = REASON_HUNG_UP};
    return at;
}

/* Its caller, who waits at the route point until the agent's phone rings (0: never). */
static inline uint32_t caller_at(int64_t begin_ms, int64_t end_ms, bool answered)
{
    uint32_t at = (uint32_t)good.legs_n++;
    good_legs[at] = (struct history_leg){.device = {GOOD_GATEWAY},
                                         .call = {0x700},
                                         .to = "80001",
                                         .begin_us = T + begin_ms * GOOD_MS,
                                         .answer_us = answered ? T + (end_ms - 500) * GOOD_MS : 0,
                                         .end_us = T + end_ms * GOOD_MS,
                                         .reason = answered ? REASON_HUNG_UP : REASON_ABANDONED};
    return at;
}

/* A row of that call: of the agent's phone, or of the route point. */
static inline void row_at(bool point, bool partial, int64_t at_ms)
{
    struct history_row *row = &good_rows[good.rows_n];
    *row = (struct history_row){.recovery_key = 8000 + (int64_t)good.rows_n,
                                .key = (int64_t)(800 + good.rows_n) << 16,
                                .at_us = T + at_ms * GOOD_MS,
                                .pair = 5000,
                                .call = {0x700},
                                .agent = {point ? 0 : 5007},
                                .disposition = partial ? 27 : 13,
                                .partial = partial};
    snprintf(row->instrument, sizeof row->instrument, "%s", point ? "80001" : "1007");
    good.rows_n++;
}

static inline enum ledger_class found_at(uint32_t leg)
{
    made();
    enum ledger_class found = entry_of(leg)->found;
    freed();
    return found;
}

#endif
