#include "node/role/pg/tcd.h"

#include <string.h>

static uint32_t ms(int64_t us)
{
    return us > 0 ? (uint32_t)(us / 1000) : 0;
}

/* The times of one leg; Duration is their sum (docs: LocalQ + Ring + Talk + Work + Hold + Delay).
 */
static void fill_times(const struct opc_leg *leg, int64_t at_us, struct msg_record_tcd *row)
{
    int64_t end = leg->end_us != 0 ? leg->end_us : at_us;
    int64_t hold = leg->hold_us + (leg->held_at_us != 0 ? end - leg->held_at_us : 0);
    row->queue_ms = ms(leg->queue_us);
    row->delay_ms = ms(leg->delay_us);
    if (leg->point) {
        row->queue_ms = ms(end - leg->begin_us);
    } else if (leg->answer_us != 0) {
        int64_t alerting = leg->ring_us != 0 ? leg->ring_us : leg->begin_us;
        if (leg->inbound) {
            row->ring_ms = ms(leg->answer_us - alerting);
        } else {
            row->delay_ms = ms(leg->answer_us - alerting);
        }
        row->hold_ms = ms(hold);
        row->talk_ms = ms(end - leg->answer_us - hold);
    } else if (leg->inbound) {
        row->ring_ms = ms(end - leg->begin_us);
    } else {
        row->delay_ms = ms(end - leg->begin_us);
    }
    if (leg->end_us != 0 && !leg->point) {
        row->work_ms = ms(at_us - leg->end_us);
    }
    row->duration_ms =
        row->queue_ms + row->delay_ms + row->ring_ms + row->talk_ms + row->hold_ms + row->work_ms;
}

void tcd_of_leg(const struct opc *o, const struct opc_leg *leg, enum reason cut,
                struct msg_record_tcd *ret_row)
{
    ASSERT(leg->icr_call_key != 0);
    *ret_row = (struct msg_record_tcd){
        .peripheral = o->pair,
        .icr_call_key = leg->icr_call_key,
        .icr_call_key_parent = leg->parent,
        .icr_call_key_child = leg->child,
        .leg = leg->leg,
        .segment = leg->segment,
        .day = leg->day,
        .key = leg->key,
        .key_seq = leg->key_seq,
        .call_type = leg->call_type,
        .peripheral_call_key = (uint32_t)(leg->call.v & UINT32_MAX),
        .call = leg->call,
        .disposition = leg->disposition,
        .agent = leg->agent,
        .device = leg->device,
        .skill = leg->skill,
    };
    memcpy(ret_row->digits, leg->to, sizeof ret_row->digits);
    memcpy(ret_row->ani, leg->from, sizeof ret_row->ani);
    memcpy(ret_row->wrapup, leg->text, sizeof ret_row->wrapup);
    fill_times(leg, o->at_us, ret_row);
    if (cut != REASON_NONE) {
        ret_row->disposition =
            o->topology->policies.cut_row == CUT_ROW_PARTIAL ? TCD_PARTIAL : TCD_FAILED;
        ret_row->partial = true;
        ret_row->fail_cause = cut;
    }
    ASSERT(ret_row->disposition != TCD_NONE);
    if (ret_row->disposition == TCD_ABANDONED_IN_QUEUE) {
        ret_row->abandon_ms = ret_row->queue_ms;
    } else if (ret_row->disposition == TCD_ABANDONED_RING) {
        ret_row->abandon_ms = ret_row->ring_ms;
    }
}
