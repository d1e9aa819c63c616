#include "cluster/registry/registry_row.h"

#include <stdio.h>
#include <string.h>

enum row_kind { ROW_DEVICE = 1, ROW_NODE, ROW_BATCH, ROW_FORWARD, ROW_SETTING };

/* The finalizer of SplitMix64: each bit of the input reaches each bit of the output. */
static uint64_t mix(uint64_t hash, uint64_t v)
{
    uint64_t z = (hash ^ v) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        hash = mix(hash, (unsigned char)*p);
    }
    return mix(hash, 256);
}

uint64_t registry_row_device(struct device_id id, const struct registry_device *d)
{
    if (d->since == 0) {
        return 0;
    }
    uint64_t h = mix(ROW_DEVICE, id.v);
    h = mix(h, d->owner.v | (uint64_t)d->state << 16 | (uint64_t)d->epoch << 32);
    h = mix(h, d->incarnation.v);
    h = mix(h, d->counter);
    return mix(h, d->since);
}

uint64_t registry_row_node(struct proc_id id, const struct registry_node *n)
{
    if (!incarnation_some(n->incarnation)) {
        return 0;
    }
    uint64_t h = mix(ROW_NODE, id.v);
    h = mix(h, n->incarnation.v);
    h = mix(h, n->up);
    for (uint32_t i = 0; i < SERVICE_COUNT; i++) {
        h = mix(h, n->service[i].v);
        h = mix(h, n->service_up[i]);
    }
    return h;
}

uint64_t registry_row_batch(struct proc_id id, const struct registry_batch *b)
{
    if (b->seq == 0) {
        return 0;
    }
    uint64_t h = mix(ROW_BATCH, id.v);
    h = mix(h, b->incarnation.v);
    h = mix(h, b->seq);
    h = mix(h, b->index);
    for (uint32_t i = 0; i < b->results_n; i++) {
        h = mix(h, (uint64_t)b->results[i].reason << 32 | b->results[i].epoch);
    }
    return h;
}

static uint64_t row_pair(enum row_kind kind, const char *key, const char *value)
{
    return mix_text(mix_text(mix(kind, 0), key), value);
}

uint64_t registry_row_hash(const struct registry *r)
{
    uint64_t h = 0;
    for (uint32_t i = 0; i < r->devices_n; i++) {
        h ^= registry_row_device((struct device_id){i + 1}, &r->devices[i]);
    }
    for (uint16_t i = 0; i < PROCS_MAX; i++) {
        struct proc_id id = {(uint16_t)(i + 1)};
        h ^= registry_row_node(id, &r->nodes[i]) ^ registry_row_batch(id, &r->batches[i]);
    }
    for (uint32_t i = 0; i < r->forwards_n; i++) {
        h ^= row_pair(ROW_FORWARD, r->forwards[i].number, r->forwards[i].to);
    }
    for (uint32_t i = 0; i < r->settings_n; i++) {
        h ^= row_pair(ROW_SETTING, r->settings[i].key, r->settings[i].value);
    }
    return h;
}

/* -- A sorted table of texts: rows of `size` bytes that begin with their key. -- */

struct table {
    char *rows;
    uint32_t *n;
    uint32_t max;
    size_t size, key_len;
    enum row_kind kind;
};

/* Place of the first row whose key is not below `key`. */
static uint32_t table_place(const struct table *t, const char *key)
{
    uint32_t low = 0, high = *t->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(t->rows + middle * t->size, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static char *table_find(const struct table *t, const char *key)
{
    uint32_t at = table_place(t, key);
    char *row = t->rows + at * t->size;
    return at < *t->n && strcmp(row, key) == 0 ? row : NULL;
}

/* An empty value removes the row. Both texts fit: the caller looked. */
static enum reason table_set(const struct table *t, uint64_t *hash, const char *key,
                             const char *value)
{
    uint32_t at = table_place(t, key);
    char *row = t->rows + at * t->size;
    size_t behind = (*t->n - at) * t->size;
    bool there = table_find(t, key) != NULL;
    if (!there && *value == '\0') {
        return REASON_NONE;
    }
    if (!there && *t->n == t->max) {
        return REASON_FULL;
    }
    if (there) {
        *hash ^= row_pair(t->kind, row, row + t->key_len);
    }
    if (*value == '\0') {
        memmove(row, row + t->size, behind - t->size);
        --*t->n;
        return REASON_NONE;
    }
    if (!there) {
        memmove(row + t->size, row, behind);
        ++*t->n;
    }
    memset(row, 0, t->size);
    snprintf(row, t->key_len, "%s", key);
    snprintf(row + t->key_len, t->size - t->key_len, "%s", value);
    *hash ^= row_pair(t->kind, row, row + t->key_len);
    return REASON_NONE;
}

static struct table forwards(struct registry *r)
{
    return (struct table){.rows = (char *)r->forwards,
                          .n = &r->forwards_n,
                          .max = REGISTRY_FORWARDS_MAX,
                          .size = sizeof r->forwards[0],
                          .key_len = sizeof r->forwards[0].number,
                          .kind = ROW_FORWARD};
}

static struct table settings(struct registry *r)
{
    return (struct table){.rows = (char *)r->settings,
                          .n = &r->settings_n,
                          .max = REGISTRY_CONFIG_MAX,
                          .size = sizeof r->settings[0],
                          .key_len = sizeof r->settings[0].key,
                          .kind = ROW_SETTING};
}

static enum reason set_setting(struct registry *r, const char *text)
{
    char key[NAME_LEN] = {0};
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof key ||
        strlen(equals + 1) >= REGISTRY_TEXT_LEN) {
        return REASON_BAD_REQUEST;
    }
    memcpy(key, text, (size_t)(equals - text));
    struct table t = settings(r);
    return table_set(&t, &r->hash, key, equals + 1);
}

enum reason registry_row_text(struct registry *r, struct proc_id origin,
                              const struct msg_command *c, struct registry_change *ret_change)
{
    if (c->kind == COMMAND_CONFIG) {
        if (!proc_id_eq(origin, topology_publisher(r->topology))) {
            return REASON_NOT_PUBLISHER;
        }
        ret_change->kind = REGISTRY_CHANGE_CONFIG;
        return set_setting(r, c->text);
    }
    ASSERT(c->kind == COMMAND_FORWARD);
    struct device_id device = topology_number(r->topology, c->number);
    if (!device_id_some(device)) {
        return REASON_UNKNOWN_NUMBER;
    }
    if (strlen(c->text) >= NUMBER_LEN) {
        return REASON_BAD_REQUEST;
    }
    ret_change->kind = REGISTRY_CHANGE_FORWARD;
    ret_change->device = device;
    struct table t = forwards(r);
    return table_set(&t, &r->hash, c->number, c->text);
}

/* The tables are written through the same view that reads them; nothing is changed here. */
static struct registry *unconst(const struct registry *r)
{
    union {
        const struct registry *constant;
        struct registry *variable;
    } u = {.constant = r};
    return u.variable;
}

const char *registry_row_forward(const struct registry *r, const char *number)
{
    struct table t = forwards(unconst(r));
    const char *row = table_find(&t, number);
    return row != NULL ? row + t.key_len : NULL;
}

const char *registry_row_setting(const struct registry *r, const char *key)
{
    struct table t = settings(unconst(r));
    const char *row = table_find(&t, key);
    return row != NULL ? row + t.key_len : NULL;
}
