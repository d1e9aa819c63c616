/* good_switch: a small run of scenario 2 or 4 in which everything goes as it should, for tests to
 * spoil: only the control of the PG moves, at GOOD_FAULT, from side A to side B.
 *
 * The cluster is that of good_run.h. 5001 talks at the fault, 5003 is in wrap-up, 5009 and 5010
 * rest; 5004 works for the new side. */
#ifndef TESTS_UNIT_GOOD_SWITCH_H
#define TESTS_UNIT_GOOD_SWITCH_H

#include "tests/unit/good_run.h"

/* When side B is active. */
#define GOOD_TAKEN (GOOD_FAULT + 900 * GOOD_MS)

/* Places in good_rows: the two of 5001, and that of 5003. */
#define GOOD_ROW_CUT     0
#define GOOD_ROW_SECOND  1
#define GOOD_ROW_WRAPPED 2

/* "pg-side-fails" or "ctimanager-fails". */
void good_switch_make(const char *scenario);
/* Every sentence of the scenario passes. */
void good_switch_passes(const char *scenario);

/* Ways to spoil it, each against a sentence that both scenarios have. */
void good_switch_too_few_monitors(void);
void good_switch_phone_moves(void);
void good_switch_media_pauses(void);
void good_switch_call_is_preserved(void);
void good_switch_key_is_refused(void);
void good_switch_record_is_late(void);
void good_switch_third_record(void);
void good_switch_record_is_amended(void);
void good_switch_data_is_kept(void);
void good_switch_wrapup_is_kept(void);
void good_switch_no_route(void);
void good_switch_logout(void);
void good_switch_available_is_not(void);
void good_switch_rest_is_disturbed(void);
void good_switch_call_for_who_rests(void);
void good_switch_nobody_rests(void);
void good_switch_wrong_after_call(void);
void good_switch_asks_for_rest(int64_t at, bool gets_it);
void good_switch_no_state(void);
void good_switch_no_provider(void);
void good_switch_fails_back(void);
void good_switch_record_is_lost(void);

#endif
