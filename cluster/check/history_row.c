#include "cluster/check/history.h"

#include "node/base/checksum.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

int history_row_by_key(const void *a, const void *b)
{
    const struct history_row *x = *(struct history_row *const *)a;
    const struct history_row *y = *(struct history_row *const *)b;
    if (x->pair != y->pair) {
        return x->pair < y->pair ? -1 : 1;
    }
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->recovery_key != y->recovery_key) {
        return x->recovery_key < y->recovery_key ? -1 : 1;
    }
    return x->logger.v < y->logger.v ? -1 : x->logger.v > y->logger.v;
}

enum err history_row_mark_copies(struct history_row *rows, size_t n)
{
    struct history_row **order = calloc(n + 1, sizeof *order);
    if (order == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        order[i] = &rows[i];
    }
    qsort(order, n, sizeof *order, history_row_by_key);
    for (size_t i = 1; i < n; i++) {
        const struct history_row *before = order[i - 1];
        order[i]->copy = before->pair == order[i]->pair && before->key == order[i]->key &&
                         before->logger.v != order[i]->logger.v;
    }
    free(order);
    return ERR_OK;
}
