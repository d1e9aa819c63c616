/* sim_bytes: numbers and bytes one after the other, for what only the simulator itself reads.
 *
 * Numbers are little-endian base 128 (7 bits a byte, the highest bit says that more follow), so
 * that equal values have equal bytes on every machine. A reader never leaves its bounds: from the
 * first thing that does not fit on, all that it answers is 0 and `bad` is set. */
#ifndef CLUSTER_SIM_SIM_BYTES_H
#define CLUSTER_SIM_SIM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raft_configuration;

/* Memory of its own, which grows; all zero: empty. */
struct sim_bytes {
    uint8_t *base;
    size_t len, room;
};

void sim_bytes_put(struct sim_bytes *b, uint64_t v);
/* The bytes alone, without their number. bytes may be NULL if len is 0. */
void sim_bytes_put_raw(struct sim_bytes *b, const void *bytes, size_t len);
/* Text with its NUL, as length and bytes. */
void sim_bytes_put_text(struct sim_bytes *b, const char *text);
void sim_bytes_put_configuration(struct sim_bytes *b, const struct raft_configuration *c);
void sim_bytes_free(struct sim_bytes *b);

struct sim_bytes_reader {
    const uint8_t *at, *end;
    bool bad;
};

uint64_t sim_bytes_get(struct sim_bytes_reader *r);
/* A number that is at most `max`, or bad. */
uint64_t sim_bytes_get_max(struct sim_bytes_reader *r, uint64_t max);
/* The next len bytes where they are; NULL: bad. */
const uint8_t *sim_bytes_get_raw(struct sim_bytes_reader *r, size_t len);
/* A text with its NUL into ret_text[room]; "" if bad. */
void sim_bytes_get_text(struct sim_bytes_reader *r, char *ret_text, size_t room);
/* ret_c is to be closed by the caller; empty if bad. */
void sim_bytes_get_configuration(struct sim_bytes_reader *r, struct raft_configuration *ret_c);

#endif
