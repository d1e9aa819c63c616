#include "node/base/checksum.h"

#include <inttypes.h>
#include <stdio.h>

#define PRIME     UINT64_C(0x100000001b3)
#define SEPARATOR 0xff /* in no UTF-8 text */

uint64_t checksum_bytes(uint64_t sum, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ b[i]) * PRIME;
    }
    return (sum ^ SEPARATOR) * PRIME;
}

uint64_t checksum_number(uint64_t sum, int64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRId64, number);
    return checksum_bytes(sum, text, (size_t)n);
}
