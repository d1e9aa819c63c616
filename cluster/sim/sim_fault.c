#include "cluster/sim/sim_fault.h"

#include "node/base/err.h"

const char *sim_fault_word(enum sim_fault_kind kind)
{
#define WORD(NAME, word) #word,
    static const char *const words[] = {SIM_FAULT_MAP(WORD)};
#undef WORD
    ASSERT(kind < SIM_FAULT_KINDS);
    return words[kind];
}
