#include "node/role/pg/late.h"

void late_keep(struct late *l, struct instant now, const struct msg_record_tcd *tcd)
{
    if (l->n == LATE_ROWS) {
        l->first = (l->first + 1) % LATE_ROWS;
        l->n--;
    }
    l->rows[(l->first + l->n) % LATE_ROWS] = (struct late_row){.at = now, .tcd = *tcd};
    l->n++;
}

void late_heard(struct late *l, struct instant now)
{
    while (l->n > 0 && instant_since(now, l->rows[l->first].at).us > LATE_US) {
        l->first = (l->first + 1) % LATE_ROWS;
        l->n--;
    }
}

bool late_take(struct late *l, struct msg_record_tcd *ret_tcd)
{
    if (l->n == 0) {
        return false;
    }
    *ret_tcd = l->rows[l->first].tcd;
    l->first = (l->first + 1) % LATE_ROWS;
    l->n--;
    return true;
}

void late_clear(struct late *l)
{
    l->first = l->n = 0;
}
