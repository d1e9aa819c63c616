/* A snapshot of the registry whose checksum is right and whose rows are anything. What is refused
 * leaves an empty registry. */
#include "cluster/registry/registry_snapshot.h"
#include "tests/fuzz/hostile.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 24

static struct registry registry;
static struct msg scratch;

static void put64(uint8_t *at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

/* "RHREG001", length, checksum (FNV-1a), rows, zeros: see registry_snapshot.h. */
static uint8_t *seal(const uint8_t *data, size_t size, size_t *ret_len)
{
    *ret_len = (HEAD + size + 7) / 8 * 8;
    uint8_t *bytes = calloc(1, *ret_len);
    static const uint8_t magic[8] = {'R', 'H', 'R', 'E', 'G', '0', '0', '1'};
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    ASSERT(bytes != NULL);
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ data[i]) * UINT64_C(0x100000001b3);
    }
    memcpy(bytes, magic, sizeof magic);
    put64(bytes + 8, size);
    put64(bytes + 16, sum);
    memcpy(bytes + HEAD, data, size);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hostile h; /* for its topology */
    size_t len = 0;
    hostile_init(&h, "pub");
    registry_init(&registry, &h.topology, (struct registry_watch){0});
    err_ignore(registry_snapshot_check(data, size), "mostly it is none");
    uint8_t *bytes = seal(data, size, &len);
    enum err err = registry_snapshot_check(bytes, len);
    ASSERT(err == ERR_OK);
    uint64_t empty = registry_hash(&registry);
    if (registry_snapshot_decode(&registry, &scratch, bytes, len) != ERR_OK) {
        ASSERT(registry_hash(&registry) == empty);
    }
    free(bytes);
    hostile_deinit(&h);
    return 0;
}
