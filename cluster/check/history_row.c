#include "cluster/check/history.h"

#include "node/base/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t text(uint64_t sum, const char *word)
{
    return checksum_bytes(sum, word, strlen(word));
}

/* Zero is nothing, as in the database. */
static uint64_t some(uint64_t sum, uint64_t number)
{
    return number != 0 ? checksum_number(sum, (int64_t)number) : checksum_bytes(sum, "", 0);
}

uint64_t history_row_sum(const struct history_row *row)
{
    char call[20] = "", agent[16] = "";
    uint64_t sum = checksum_number(CHECKSUM_BEGIN, row->recovery_key);
    if (call_id_some(row->call)) {
        snprintf(call, sizeof call, "%016" PRIx64, row->call.v);
    }
    if (agent_id_some(row->agent)) {
        snprintf(agent, sizeof agent, "%u", row->agent.v);
    }
    sum = checksum_number(sum, row->pair);
    sum = some(sum, row->day);
    sum = some(sum, row->router_key);
    sum = some(sum, row->call_type);
    sum = checksum_number(sum, row->disposition);
    sum = text(sum, row->digits);
    sum = checksum_number(sum, row->duration_s);
    sum = checksum_number(sum, row->talk_s);
    sum = checksum_number(sum, row->work_s);
    sum = checksum_number(sum, row->key >> 16);
    sum = text(sum, row->wrapup);
    sum = text(sum, call);
    sum = text(sum, agent);
    sum = text(sum, row->instrument);
    sum = checksum_number(sum, row->key >> 8 & 255);
    sum = checksum_number(sum, row->segment);
    sum = text(sum, row->partial ? "Y" : "N");
    return text(sum, row->fail_cause);
}
