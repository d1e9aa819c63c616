#include "tests/unit/good_switch.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Everybody is at home, and stays there. */
static void make_homes(void)
{
    int64_t index = 10;
    for (uint32_t d = 1; d <= GOOD_PHONES + GOOD_GATEWAYS; d++) {
        good_run_registers(d, GOOD_SUB1, 1, 1000 * GOOD_MS + d * GOOD_MS, ++index);
    }
    good_run_hashes(2000 * GOOD_MS, index, true);
}

static void make_calls(void)
{
    struct history_leg *kept = good_run_talk(5001, 0x101, 15000 * GOOD_MS, 28000 * GOOD_MS);
    struct history_row *cut = good_run_row(kept, 1, GOOD_TAKEN + 1 * GOOD_MS);
    cut->partial = true;
    cut->talk_s = 5;
    struct history_row *second = good_run_row(kept, 5, 29000 * GOOD_MS);
    second->day = 0;
    second->router_key = 0;
    snprintf(second->wrapup, sizeof second->wrapup, "sale");
    struct event *hold = good_run_event(EVENT_CALL_STATE, GOOD_FLEET, GOOD_FAULT + 300 * GOOD_MS);
    hold->device = kept->device;
    hold->call = kept->call;
    hold->value = LEG_HOLDING;
    struct history_leg *wrapped = good_run_talk(5003, 0x103, 12000 * GOOD_MS, 19500 * GOOD_MS);
    struct history_row *unfinished = good_run_row(wrapped, 3, GOOD_TAKEN + 1 * GOOD_MS);
    good_run_event(EVENT_TCD_WRITTEN, GOOD_PGB, GOOD_TAKEN + 1 * GOOD_MS)->value = unfinished->key;
    struct history_leg *later = good_run_talk(5004, 0x104, 25000 * GOOD_MS, 31000 * GOOD_MS);
    good_run_row(later, 4, 32000 * GOOD_MS);
    good_run_routed(5004, GOOD_PGB, 0x104, 24900 * GOOD_MS);
}

static void make_agents(void)
{
    good_run_agents(GOOD_PGA, AGENT_STATE_NOT_READY, 5009, 5010, 3000 * GOOD_MS);
    good_run_agents(GOOD_PGA, AGENT_STATE_TALKING, 5001, 5001, 15900 * GOOD_MS);
    good_run_agents(GOOD_PGA, AGENT_STATE_WORK_READY, 5003, 5003, 19500 * GOOD_MS);
    good_run_agents(GOOD_PGB, AGENT_STATE_READY, 5003, 5003, GOOD_TAKEN + 10 * GOOD_MS);
    good_run_agents(GOOD_PGB, AGENT_STATE_RESERVED, 5004, 5004, 24900 * GOOD_MS);
    good_run_agents(GOOD_PGB, AGENT_STATE_WORK_READY, 5001, 5001, 28000 * GOOD_MS);
    good_run_agents(GOOD_PGB, AGENT_STATE_READY, 5001, 5001, 29000 * GOOD_MS);
}

static void pg_dies(void)
{
    good_run_fault(EVENT_FAULT, GOOD_PGA, "crash", GOOD_FAULT);
    struct event *missed = good_run_event(EVENT_LINK_DOWN, GOOD_PGB, GOOD_FAULT + 500 * GOOD_MS);
    missed->peer = GOOD_PGA;
    snprintf(missed->text, sizeof missed->text, "private");
    good_run_fault(EVENT_HEAL, GOOD_PGA, "crash", GOOD_RETURN);
    good_run_event(EVENT_PROCESS_START, GOOD_PGA, GOOD_RETURN + 50 * GOOD_MS);
}

static void ctimanager_dies(void)
{
    good_run_fault(EVENT_FAULT, GOOD_SUB1, "crash ctimanager", GOOD_FAULT);
    struct event *crash = good_run_event(EVENT_SERVICE_CRASH, GOOD_SUB1, GOOD_FAULT + GOOD_MS);
    snprintf(crash->text, sizeof crash->text, "ctimanager");
    struct event *down = good_run_event(EVENT_PROVIDER_DOWN, GOOD_PGA, GOOD_FAULT + 8 * GOOD_MS);
    down->peer = GOOD_SUB1;
    down->reason = REASON_PROVIDER_LOST;
    good_run_event(EVENT_PG_STANDBY, GOOD_PGA, GOOD_FAULT + 8 * GOOD_MS);
    struct event *start = good_run_event(EVENT_SERVICE_START, GOOD_SUB1, GOOD_RETURN);
    snprintf(start->text, sizeof start->text, "ctimanager");
    good_run_fault(EVENT_HEAL, GOOD_SUB1, "crash ctimanager", GOOD_RETURN + GOOD_MS);
}

static void synced(struct proc_id side, struct proc_id peer, int64_t at)
{
    struct event *e = good_run_event(EVENT_PG_SYNCED, side, at);
    e->peer = peer;
    e->value = 100;
}

void good_switch_make(const char *scenario)
{
    good_run_begin(scenario);
    synced(GOOD_PGB, GOOD_PGA, 1600 * GOOD_MS);
    make_homes();
    make_calls();
    make_agents();
    if (strcmp(scenario, "pg-side-fails") == 0) {
        pg_dies();
    } else {
        ctimanager_dies();
    }
    good_run_activates(GOOD_PGB, GOOD_SUB2, 2, GOOD_TAKEN);
    good_run_event(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_RETURN + 200 * GOOD_MS)->peer = GOOD_SUB1;
    synced(GOOD_PGA, GOOD_PGB, GOOD_RETURN + 300 * GOOD_MS);
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

void good_switch_passes(const char *scenario)
{
    size_t n = 0;
    const struct check *checks = check_sentences(scenario, &n);
    assert_true(n > 0);
    good_switch_make(scenario);
    good_run_finish();
    for (size_t i = 0; i < n; i++) {
        const struct check_result *r = good_run_judged(checks[i].id);
        if (r->verdict != VERDICT_PASS) {
            fail_msg("%s: %s: %s", r->id, check_verdict_text(r->verdict), r->observed);
        }
    }
    history_free(&good);
}

void good_switch_too_few_monitors(void)
{
    good_run_find(EVENT_PG_ACTIVE, GOOD_PGB, 0)->value2 = 10;
}

void good_switch_phone_moves(void)
{
    good_run_registers(7, GOOD_SUB2, 2, GOOD_FAULT + 400 * GOOD_MS, 50);
}

void good_switch_media_pauses(void)
{
    good_legs[0].gap_us = 800 * GOOD_MS;
}

void good_switch_call_is_preserved(void)
{
    good_legs[0].preserved = true;
}

void good_switch_key_is_refused(void)
{
    struct event *e = good_run_event(EVENT_KEY_REFUSED, GOOD_FLEET, GOOD_FAULT + 500 * GOOD_MS);
    e->device = good_legs[0].device;
    e->call = good_legs[0].call;
    e->value = KEY_HOLD;
    e->reason = REASON_PRESERVED;
}

void good_switch_record_is_late(void)
{
    good_rows[GOOD_ROW_CUT].at_us = GOOD_FAULT + 6500 * GOOD_MS;
}

void good_switch_third_record(void)
{
    struct history_row *row = &good_rows[good.rows_n++];
    *row = good_rows[GOOD_ROW_SECOND];
    row->key += 1 << 16;
}

void good_switch_record_is_amended(void)
{
    snprintf(good_rows[GOOD_ROW_CUT].hash, sizeof good_rows[0].hash, "amended");
}

void good_switch_data_is_kept(void)
{
    snprintf(good_rows[GOOD_ROW_CUT].wrapup, sizeof good_rows[0].wrapup, "sale");
}

void good_switch_wrapup_is_kept(void)
{
    snprintf(good_rows[GOOD_ROW_WRAPPED].wrapup, sizeof good_rows[0].wrapup, "sale");
}

void good_switch_no_route(void)
{
    good_run_find(EVENT_ROUTED, GOOD_ICMA, GOOD_FAULT)->value2 = ROUTE_NONE;
}

void good_switch_logout(void)
{
    struct event *e = good_run_event(EVENT_AGENT_LOGOUT, GOOD_PGB, GOOD_TAKEN + 50 * GOOD_MS);
    e->value = 5002;
    e->value2 = 50003;
}

void good_switch_available_is_not(void)
{
    good_run_agents(GOOD_PGB, AGENT_STATE_NOT_READY, 5002, 5002, GOOD_TAKEN + 10 * GOOD_MS);
}

void good_switch_rest_is_disturbed(void)
{
    good_run_agents(GOOD_PGB, AGENT_STATE_READY, 5009, 5009, GOOD_TAKEN + 10 * GOOD_MS);
}

void good_switch_call_for_who_rests(void)
{
    good_run_routed(5009, GOOD_PGB, 0x109, 24900 * GOOD_MS);
}

void good_switch_nobody_rests(void)
{
    for (size_t i = 0; i < good.events_n; i++) {
        struct event *e = &good_events[i];
        bool rests = e->kind == EVENT_AGENT_STATE && e->value2 == AGENT_STATE_NOT_READY;
        e->value2 = rests ? AGENT_STATE_READY : e->value2;
    }
}

void good_switch_wrong_after_call(void)
{
    good_run_find(EVENT_AGENT_STATE, GOOD_PGB, 28900 * GOOD_MS)->value2 = AGENT_STATE_NOT_READY;
}

/* He asks for it in his call, at `at`, and gets it or not. */
void good_switch_asks_for_rest(int64_t at, bool gets_it)
{
    struct event *e = good_run_event(EVENT_AGENT_AFTER, at < GOOD_FAULT ? GOOD_PGA : GOOD_PGB, at);
    e->value = 5001;
    e->value2 = AGENT_STATE_NOT_READY;
    if (gets_it) {
        good_switch_wrong_after_call();
    }
}

void good_switch_no_state(void)
{
    good_run_find(EVENT_PG_SYNCED, GOOD_PGA, 0)->kind = EVENT_LINK_UP;
}

void good_switch_fails_back(void)
{
    good_run_event(EVENT_PG_ACTIVE, GOOD_PGA, 60000 * GOOD_MS)->value = 3;
}

void good_switch_record_is_lost(void)
{
    good_rows[GOOD_ROW_WRAPPED] = good_rows[--good.rows_n];
}

void good_switch_no_provider(void)
{
    good_run_find(EVENT_PROVIDER_UP, GOOD_PGA, GOOD_FAULT)->kind = EVENT_LINK_UP;
}
