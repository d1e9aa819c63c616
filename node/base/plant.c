#include "node/base/plant.h"

/* Before a run begins, and never while it lasts. */
static enum plant planted;

static const struct {
    const char *text, *judge, *meaning;
} plants[PLANT_COUNT] = {[PLANT_NONE] = {"", "", ""},
#define X(name, word, judge, meaning) [PLANT_##name] = {word, judge, meaning},
                         PLANT_MAP(X)
#undef X
};

bool plant_is(enum plant plant)
{
    return planted == plant;
}

void plant_set(enum plant plant)
{
    planted = plant;
}

const char *plant_text(enum plant plant)
{
    return plants[plant].text;
}

const char *plant_judge(enum plant plant)
{
    return plants[plant].judge;
}

const char *plant_meaning(enum plant plant)
{
    return plants[plant].meaning;
}
