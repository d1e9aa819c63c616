#include "node/base/vocabulary.h"

#define WORD(prefix, name, word, meaning)    #word,
#define MEANING(prefix, name, word, meaning) meaning,
#define V(type, prefix)                                                \
    const char *type##_text(enum type v)                               \
    {                                                                  \
        static const char *const words[] = {prefix##_MAP(WORD)};       \
        return (unsigned)v < prefix##_COUNT ? words[v] : "?";          \
    }                                                                  \
    const char *type##_meaning(enum type v)                            \
    {                                                                  \
        static const char *const meanings[] = {prefix##_MAP(MEANING)}; \
        return (unsigned)v < prefix##_COUNT ? meanings[v] : "unknown"; \
    }
VOCABULARY_MAP(V)
