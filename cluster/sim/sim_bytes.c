#include "cluster/sim/sim_bytes.h"

#include "node/base/err.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST    256
#define NUMBER_BYTES  10 /* of 64 bits at 7 bits each */
#define SERVERS_MAX   256
#define ADDRESS_BYTES 128

static uint8_t *more(struct sim_bytes *b, size_t len)
{
    if (b->room - b->len < len) {
        size_t room = b->room == 0 ? ROOM_FIRST : b->room;
        while (room - b->len < len) {
            room *= 2;
        }
        uint8_t *base = realloc(b->base, room);
        ASSERT(base != NULL);
        b->base = base;
        b->room = room;
    }
    uint8_t *at = b->base + b->len;
    b->len += len;
    return at;
}

void sim_bytes_put(struct sim_bytes *b, uint64_t v)
{
    uint8_t digits[NUMBER_BYTES];
    size_t n = 0;
    do {
        digits[n] = (uint8_t)(v & 0x7f);
        v >>= 7;
        digits[n++] |= v != 0 ? 0x80 : 0;
    } while (v != 0);
    memcpy(more(b, n), digits, n);
}

void sim_bytes_put_raw(struct sim_bytes *b, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(more(b, len), bytes, len);
    }
}

void sim_bytes_put_text(struct sim_bytes *b, const char *text)
{
    size_t len = strlen(text) + 1;
    sim_bytes_put(b, len);
    sim_bytes_put_raw(b, text, len);
}

void sim_bytes_put_configuration(struct sim_bytes *b, const struct raft_configuration *c)
{
    sim_bytes_put(b, c->n);
    for (unsigned i = 0; i < c->n; i++) {
        sim_bytes_put(b, c->servers[i].id);
        sim_bytes_put(b, (uint64_t)c->servers[i].role);
        sim_bytes_put_text(b, c->servers[i].address);
    }
}

void sim_bytes_free(struct sim_bytes *b)
{
    free(b->base);
    *b = (struct sim_bytes){0};
}

static void spoil(struct sim_bytes_reader *r)
{
    r->bad = true;
    r->at = r->end;
}

uint64_t sim_bytes_get(struct sim_bytes_reader *r)
{
    uint64_t v = 0;
    for (unsigned n = 0; n < NUMBER_BYTES && r->at < r->end; n++) {
        uint8_t digit = *r->at++;
        if (n == NUMBER_BYTES - 1 && digit > 1) {
            break; /* more than 64 bits */
        }
        v |= (uint64_t)(digit & 0x7f) << (7 * n);
        if ((digit & 0x80) == 0) {
            return v;
        }
    }
    spoil(r);
    return 0;
}

uint64_t sim_bytes_get_max(struct sim_bytes_reader *r, uint64_t max)
{
    uint64_t v = sim_bytes_get(r);
    if (v > max) {
        spoil(r);
        return 0;
    }
    return v;
}

const uint8_t *sim_bytes_get_raw(struct sim_bytes_reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->at) < len) {
        spoil(r);
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += len;
    return at;
}

void sim_bytes_get_text(struct sim_bytes_reader *r, char *ret_text, size_t room)
{
    size_t len = (size_t)sim_bytes_get_max(r, room);
    const uint8_t *at = sim_bytes_get_raw(r, len);
    ret_text[0] = '\0';
    if (at == NULL || len == 0 || at[len - 1] != '\0') {
        spoil(r);
        return;
    }
    memcpy(ret_text, at, len);
}

void sim_bytes_get_configuration(struct sim_bytes_reader *r, struct raft_configuration *ret_c)
{
    char address[ADDRESS_BYTES];
    raft_configuration_init(ret_c);
    uint64_t n = sim_bytes_get_max(r, SERVERS_MAX);
    for (uint64_t i = 0; i < n && !r->bad; i++) {
        raft_id id = sim_bytes_get(r);
        int role = (int)sim_bytes_get_max(r, RAFT_SPARE);
        sim_bytes_get_text(r, address, sizeof address);
        if (!r->bad && raft_configuration_add(ret_c, id, address, role) != 0) {
            spoil(r);
        }
    }
    if (r->bad) {
        raft_configuration_close(ret_c);
        raft_configuration_init(ret_c);
    }
}
