/* plural: words that go by a number: "1 call was dropped", "2 calls were dropped". */
#ifndef NODE_BASE_PLURAL_H
#define NODE_BASE_PLURAL_H

#include <stdint.h>

static inline const char *plural_of(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

#endif
