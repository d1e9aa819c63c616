#include "cluster/control/columns.h"

#include "node/base/err.h"

#include <stdio.h>
#include <string.h>

#define HEAD_LEN 32

static const char *const marked[] = {
#define HEAD(name, head, text) [COLUMN_##name] = (head),
    COLUMN_MAP(HEAD)
#undef HEAD
};

static const char *const meanings[] = {
#define MEANING(name, head, text) [COLUMN_##name] = (text),
    COLUMN_MAP(MEANING)
#undef MEANING
};

bool columns_right(enum column column)
{
    ASSERT(column > COLUMN_END);
    ASSERT(column < COLUMN_COUNT);
    return strchr(marked[column], '>') != NULL;
}

bool columns_breaks(enum column column)
{
    ASSERT(column > COLUMN_END);
    ASSERT(column < COLUMN_COUNT);
    return strchr(marked[column], '~') != NULL;
}

const char *columns_head(enum column column)
{
    static char heads[COLUMN_COUNT][HEAD_LEN];
    ASSERT(column > COLUMN_END);
    ASSERT(column < COLUMN_COUNT);
    snprintf(heads[column], HEAD_LEN, "%.*s", (int)strcspn(marked[column], ">~"), marked[column]);
    return heads[column];
}

const char *columns_meaning(enum column column)
{
    ASSERT(column > COLUMN_END);
    ASSERT(column < COLUMN_COUNT);
    return meanings[column];
}
