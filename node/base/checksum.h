/* checksum: a sum over the values of a row (FNV-1a), equal wherever and by whomever it is made.
 *
 * It finds what changed by accident, or by a hand that does not know it. Each value is closed by a
 * separator, so ("ab", "c") and ("a", "bc") differ; a number is summed as its decimal digits. */
#ifndef NODE_BASE_CHECKSUM_H
#define NODE_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_BEGIN UINT64_C(0xcbf29ce484222325)

/* `sum` and one more value. bytes may be NULL if len is 0. */
uint64_t checksum_bytes(uint64_t sum, const void *bytes, size_t len);
uint64_t checksum_number(uint64_t sum, int64_t number);

#endif
