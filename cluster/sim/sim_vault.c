#include "cluster/sim/sim_vault.h"

#include "node/base/plant.h"
#include "proto/codec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP     64
#define COMMIT_MIN_US 200 /* of one synced transaction */
#define COMMIT_MAX_US 1500
#define RETRY_US      1000000
#define KEYS_MAX      65536 /* remembered at least, if rows are not kept: more than comes again */

/* A message as bytes, of the heap. */
struct item {
    uint64_t number; /* outbox number; or kind << 32 | pair */
    struct proc_id sender;
    bool trim; /* up to `number`; no bytes */
    size_t len;
    uint8_t *bytes;
};

struct items {
    struct item *at;
    size_t n, cap;
};

struct set {
    uint64_t *slots; /* 0: free */
    size_t n, cap;
};

struct sim_vault {
    struct sim_vault_config config;
    struct rand_state rand;
    struct sim_vault_faults faults;
    struct items queue;     /* waits; the first `committing` are in the commit under way */
    struct items records;   /* durable, by outbox number (a PG's) */
    struct items last;      /* durable, by kind and pair */
    struct items ordered;   /* durable, by RecoveryKey (a duplexed controller's) */
    struct set keys, older; /* of rows (the controller's) */
    struct sim_vault_row *rows;
    size_t rows_n, rows_cap;
    struct event *outcomes; /* not yet traced */
    size_t outcomes_n, outcomes_cap;
    size_t committing;
    bool ended;    /* the commit is done, and waits for sim_vault_settle */
    uint64_t life; /* counts crashes: commits of an older one are void */
    uint64_t ticket, in_commit, durable;
    int64_t recovery_key;
    struct msg message;
    uint8_t packed[CODEC_ITEM_MAX];
};

struct sim_vault *sim_vault_new(const struct sim_vault_config *config)
{
    struct sim_vault *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->config = *config;
    s->rand.v = config->seed;
    return s;
}

static void forget(struct items *items, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        free(items->at[i].bytes);
    }
    memmove(items->at + from, items->at + until, (items->n - until) * sizeof items->at[0]);
    items->n -= until - from;
}

void sim_vault_free(struct sim_vault **store)
{
    struct sim_vault *s = *store;
    if (s == NULL) {
        return;
    }
    struct items *all[] = {&s->queue, &s->records, &s->last, &s->ordered};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]->at != NULL) {
            forget(all[i], 0, all[i]->n);
        }
        free(all[i]->at);
    }
    free(s->keys.slots);
    free(s->older.slots);
    free(s->rows);
    free(s->outcomes);
    free(s);
    *store = NULL;
}

/* -- Items. -- */

static struct item *insert(struct items *items, size_t at, const struct item *item)
{
    if (items->n == items->cap) {
        items->cap = items->cap == 0 ? FIRST_CAP : 2 * items->cap;
        items->at = realloc(items->at, items->cap * sizeof items->at[0]);
        ASSERT(items->at != NULL);
    }
    memmove(items->at + at + 1, items->at + at, (items->n - at) * sizeof items->at[0]);
    items->at[at] = *item;
    items->n++;
    return &items->at[at];
}

/* Keep `item` under its number, in order; an older one of that number goes. Takes the bytes. */
static void replace(struct items *items, const struct item *item)
{
    size_t at = items->n;
    while (at > 0 && items->at[at - 1].number > item->number) {
        at--;
    }
    if (at > 0 && items->at[at - 1].number == item->number) {
        free(items->at[at - 1].bytes);
        items->at[at - 1] = *item;
    } else {
        insert(items, at, item);
    }
}

static void trim(struct items *items, uint64_t number)
{
    size_t n = 0;
    while (n < items->n && items->at[n].number <= number) {
        n++;
    }
    if (n > 0) {
        forget(items, 0, n);
    }
}

/* -- The process. -- */

static uint64_t number_of(const struct msg *msg)
{
    return msg->kind == MSG_RECORD_TCD      ? msg->record_tcd.outbox
           : msg->kind == MSG_RECORD_LOGOUT ? msg->record_logout.outbox
           : msg->kind == MSG_RECORD_STATE  ? msg->record_state.outbox
           : msg->kind == MSG_PG_GRANT      ? (uint64_t)msg->kind << 32 | msg->pg_grant.pair
           : msg->kind == MSG_PG_HELLO      ? (uint64_t)msg->kind << 32 | msg->pg_hello.pair
                                            : (uint64_t)msg->kind << 32;
}

uint64_t sim_vault_put(struct sim_vault *s, struct proc_id sender, const struct msg *msg)
{
    struct item item = {.number = number_of(msg), .sender = sender};
    enum err err = codec_pack_message(msg, s->packed, sizeof s->packed, &item.len);
    ASSERT(err == ERR_OK);
    item.bytes = malloc(item.len);
    ASSERT(item.bytes != NULL);
    memcpy(item.bytes, s->packed, item.len);
    insert(&s->queue, s->queue.n, &item);
    return ++s->ticket;
}

void sim_vault_trim(struct sim_vault *s, uint64_t outbox)
{
    insert(&s->queue, s->queue.n, &(struct item){.number = outbox, .trim = true});
}

static void on_commit(void *self, void *data, uint64_t number)
{
    struct sim_vault *s = self;
    (void)data;
    if (number == s->life) {
        s->ended = true;
        s->config.done(s->config.context, s->config.self);
    }
}

static void begin(struct sim_vault *s, int64_t wait_us)
{
    int64_t at = s->config.heap->now_us + wait_us +
                 rand_between(&s->rand, COMMIT_MIN_US, COMMIT_MAX_US) + s->faults.slow_us;
    at = at > s->faults.stall_us ? at : s->faults.stall_us;
    s->committing = s->queue.n;
    s->in_commit = s->ticket;
    sim_heap_push(s->config.heap, at, on_commit, s, NULL, s->life);
}

void sim_vault_commit(struct sim_vault *s)
{
    if (s->committing == 0 && s->queue.n > 0) {
        begin(s, 0);
    }
}

/* -- Rows. -- */

static uint64_t scramble(uint64_t v)
{
    v = (v ^ (v >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ (v >> 27)) * UINT64_C(0x94d049bb133111eb);
    return v ^ (v >> 31);
}

static bool set_put(struct set *set, uint64_t key)
{
    ASSERT(set->n < set->cap);
    for (size_t at = scramble(key) % set->cap;; at = (at + 1) % set->cap) {
        if (set->slots[at] == key) {
            return false;
        }
        if (set->slots[at] == 0) {
            set->slots[at] = key;
            set->n++;
            return true;
        }
    }
}

static bool set_has(const struct set *set, uint64_t key)
{
    if (set->cap == 0) {
        return false;
    }
    size_t at = scramble(key) % set->cap;
    while (set->slots[at] != 0 && set->slots[at] != key) {
        at = (at + 1) % set->cap;
    }
    return set->slots[at] == key;
}

/* False: it is there already. */
static bool set_add(struct set *set, uint64_t key)
{
    if (2 * set->n >= set->cap) {
        struct set more = {.cap = set->cap == 0 ? 1024 : 2 * set->cap};
        more.slots = calloc(more.cap, sizeof more.slots[0]);
        ASSERT(more.slots != NULL);
        for (size_t i = 0; i < set->cap; i++) {
            if (set->slots[i] != 0) {
                set_put(&more, set->slots[i]);
            }
        }
        free(set->slots);
        *set = more;
    }
    return set_put(set, key);
}

/* What must be the only one of its kind: the UNIQUE constraints of the tables. */
static uint64_t key_of(const struct msg *msg)
{
    if (msg->kind == MSG_RECORD_TCD) {
        const struct msg_record_tcd *t = &msg->record_tcd;
        return (uint64_t)t->peripheral << 48 | (uint64_t)t->icr_call_key << 16 |
               (uint64_t)(t->leg & 255) << 8 | (t->segment & 255);
    }
    const struct msg_record_logout *l = &msg->record_logout;
    const struct msg_record_state *a = &msg->record_state;
    bool logout = msg->kind == MSG_RECORD_LOGOUT;
    uint64_t sum = scramble((uint64_t)msg->kind);
    sum = scramble(sum ^ (logout ? l->peripheral : a->peripheral));
    sum = scramble(sum ^ (logout ? l->agent.v : a->agent.v));
    sum = scramble(sum ^ (uint64_t)(logout ? l->wall_us : a->wall_us));
    return logout ? sum
                  : scramble(sum ^ ((uint64_t)a->event << 48 | (uint64_t)a->state << 32 |
                                    a->reason_code));
}

/* False: a row of this key was stored before. */
static bool is_new(struct sim_vault *s, uint64_t key)
{
    key = key != 0 ? key : 1;
    if (set_has(&s->older, key)) {
        return false;
    }
    if (!s->config.keep && s->keys.n == KEYS_MAX) {
        free(s->older.slots);
        s->older = s->keys;
        s->keys = (struct set){0};
    }
    return set_add(&s->keys, key);
}

static void fill_row(const struct sim_vault *s, const struct msg_record_tcd *t,
                     struct history_row *ret)
{
    struct device_info device = {.number = ""};
    *ret = (struct history_row){.recovery_key = s->recovery_key,
                                .key = (int64_t)t->icr_call_key * 65536 + (int64_t)t->leg * 256 +
                                       t->segment,
                                .at_us = t->wall_us,
                                .pair = t->peripheral,
                                .day = t->key != 0 ? t->day : 0,
                                .router_key = t->key,
                                .call = t->call,
                                .agent = t->agent,
                                .disposition = t->disposition,
                                .call_type = t->call_type,
                                .segment = t->segment,
                                .duration_s = t->duration_ms / 1000,
                                .talk_s = t->talk_ms / 1000,
                                .work_s = t->work_ms / 1000,
                                .partial = t->partial};
    if (device_id_some(t->device) && topology_device(s->config.topology, t->device, &device)) {
        snprintf(ret->instrument, sizeof ret->instrument, "%s", device.number);
    }
    snprintf(ret->digits, sizeof ret->digits, "%s", t->digits);
    snprintf(ret->wrapup, sizeof ret->wrapup, "%s", t->wrapup);
    if (t->fail_cause != REASON_NONE) {
        snprintf(ret->fail_cause, sizeof ret->fail_cause, "%s",
                 reason_text((enum reason)t->fail_cause));
    }
    snprintf(ret->hash, sizeof ret->hash, "%016" PRIx64, history_row_sum(ret));
}

static void keep_row(struct sim_vault *s, const struct sim_vault_row *row)
{
    if (!s->config.keep) {
        return;
    }
    if (s->rows_n == s->rows_cap) {
        s->rows_cap = s->rows_cap == 0 ? FIRST_CAP : 2 * s->rows_cap;
        s->rows = realloc(s->rows, s->rows_cap * sizeof s->rows[0]);
        ASSERT(s->rows != NULL);
    }
    s->rows[s->rows_n++] = *row;
}

static void note_outcome(struct sim_vault *s, const struct event *event)
{
    if (s->outcomes_n == s->outcomes_cap) {
        s->outcomes_cap = s->outcomes_cap == 0 ? FIRST_CAP : 2 * s->outcomes_cap;
        s->outcomes = realloc(s->outcomes, s->outcomes_cap * sizeof s->outcomes[0]);
        ASSERT(s->outcomes != NULL);
    }
    s->outcomes[s->outcomes_n++] = *event;
}

/* Only for PLANTED(AMEND): the last row of a key wins. */
static void amend(struct sim_vault *s, const struct msg_record_tcd *t, int64_t key)
{
    for (size_t i = s->rows_n; i > 0; i--) {
        struct history_row *row = &s->rows[i - 1].row;
        if (row->key == key && row->pair == t->peripheral) {
            int64_t recovery_key = row->recovery_key;
            fill_row(s, t, row);
            row->recovery_key = recovery_key;
            return;
        }
    }
}

/* As in the logger: a row that comes late from the other logger takes the place of one of its key
 * that was ordered later. */
static bool take_away_later(struct sim_vault *s, const struct msg *msg)
{
    static struct msg other;
    size_t n = s->ordered.n;
    int64_t key = msg_record_key(msg);
    bool is_later = true;
    if (key == 0 || n == 0 || key >= (int64_t)s->ordered.at[n - 1].number) {
        return false;
    }
    for (size_t i = 0; i < n && is_later; i++) {
        enum err err = codec_unpack_message(s->ordered.at[i].bytes, s->ordered.at[i].len, &other);
        ASSERT(err == ERR_OK);
        is_later = other.kind != msg->kind || key_of(&other) != key_of(msg) ||
                   msg_record_key(&other) > key;
    }
    for (size_t i = s->rows_n; i > 0 && is_later && msg->kind == MSG_RECORD_TCD; i--) {
        const struct history_row *row = &s->rows[i - 1].row;
        if (row->pair == msg->record_tcd.peripheral &&
            row->key == (int64_t)msg->record_tcd.icr_call_key * 65536 +
                            (int64_t)msg->record_tcd.leg * 256 + msg->record_tcd.segment) {
            memmove(&s->rows[i - 1], &s->rows[i], (s->rows_n - i) * sizeof s->rows[0]);
            s->rows_n--;
        }
    }
    return is_later;
}

static void add_row(struct sim_vault *s, struct item *item)
{
    const struct msg *msg = &s->message;
    int64_t ordered = msg_record_key(msg);
    bool stored = is_new(s, key_of(msg)) || take_away_later(s, msg);
    if (stored) {
        s->recovery_key = ordered != 0 ? ordered : s->recovery_key + 1;
    }
    if (stored && ordered != 0) {
        item->number = (uint64_t)ordered;
        replace(&s->ordered, item);
        item->bytes = NULL;
    }
    if (msg->kind != MSG_RECORD_TCD) {
        return;
    }
    const struct msg_record_tcd *t = &msg->record_tcd;
    struct event e = {.kind = stored ? EVENT_TCD_STORED : EVENT_TCD_DUPLICATE,
                      .device = t->device,
                      .call = t->call,
                      .reason = (enum reason)t->fail_cause,
                      .value =
                          (int64_t)t->icr_call_key * 65536 + (int64_t)t->leg * 256 + t->segment,
                      .value2 = stored ? s->recovery_key : 0};
    if (stored) {
        struct sim_vault_row row = {.sender = item->sender, .outbox = t->outbox};
        fill_row(s, t, &row.row);
        memcpy(e.text, row.row.hash, sizeof e.text);
        keep_row(s, &row);
    }
    if (!stored && PLANTED(AMEND)) {
        amend(s, t, e.value);
    }
    note_outcome(s, &e);
}

/* -- The disk. -- */

/* What is in the commit becomes durable. */
static void apply(struct sim_vault *s)
{
    for (size_t i = 0; i < s->committing; i++) {
        struct item *item = &s->queue.at[i];
        if (item->trim) {
            trim(&s->records, item->number);
            continue;
        }
        enum err err = codec_unpack_message(item->bytes, item->len, &s->message);
        ASSERT(err == ERR_OK); /* packed by sim_vault_put */
        if (!msg_is_record(s->message.kind)) {
            replace(&s->last, item);
            item->bytes = NULL;
        } else if (s->config.rows) {
            add_row(s, item);
        } else {
            replace(&s->records, item);
            item->bytes = NULL;
        }
    }
    forget(&s->queue, 0, s->committing);
    s->committing = 0;
    s->durable = s->in_commit;
}

static void tell(struct sim_vault *s, void (*trace)(void *context, const struct event *e),
                 void *context)
{
    for (size_t i = 0; i < s->outcomes_n; i++) {
        trace(context, &s->outcomes[i]);
    }
    s->outcomes_n = 0;
}

void sim_vault_stop(struct sim_vault *s, void (*trace)(void *context, const struct event *e),
                    void *context)
{
    if (!s->faults.fails && s->queue.n > 0) {
        s->committing = s->queue.n;
        s->in_commit = s->ticket;
        apply(s);
        tell(s, trace, context);
    }
    sim_vault_crash(s);
}

uint64_t sim_vault_settle(struct sim_vault *s, void (*trace)(void *context, const struct event *e),
                          void *context)
{
    if (!s->ended) {
        return s->durable;
    }
    s->ended = false;
    if (s->faults.fails) {
        begin(s, RETRY_US);
        return s->durable;
    }
    apply(s);
    tell(s, trace, context);
    return s->durable;
}

void sim_vault_restore(struct sim_vault *s, void (*one)(void *context, const struct msg *msg),
                       void *context)
{
    const struct items *all[] = {&s->last, &s->records};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < all[k]->n; i++) {
            enum err err =
                codec_unpack_message(all[k]->at[i].bytes, all[k]->at[i].len, &s->message);
            ASSERT(err == ERR_OK);
            one(context, &s->message);
        }
    }
}

void sim_vault_last(const struct sim_vault *s, int64_t ret_last[2])
{
    ret_last[0] = ret_last[1] = 0;
    for (size_t i = 0; i < s->ordered.n; i++) {
        int64_t key = (int64_t)s->ordered.at[i].number;
        ret_last[key & 1] = key; /* they are in order */
    }
}

bool sim_vault_row_after(struct sim_vault *s, int64_t after, const int64_t held[2],
                         struct msg *ret_msg)
{
    for (size_t i = 0; i < s->ordered.n; i++) {
        const struct item *item = &s->ordered.at[i];
        int64_t key = (int64_t)item->number;
        if (key > after && key > held[key & 1]) {
            enum err err = codec_unpack_message(item->bytes, item->len, ret_msg);
            ASSERT(err == ERR_OK);
            return true;
        }
    }
    return false;
}

void sim_vault_crash(struct sim_vault *s)
{
    if (s->committing > 0 && !s->faults.fails && rand_below(&s->rand, 2) == 0) {
        apply(s); /* it was done, and nobody heard of it */
    }
    s->life++;
    s->ended = false;
    s->committing = 0;
    s->outcomes_n = 0;
    if (s->queue.n > 0) {
        forget(&s->queue, 0, s->queue.n);
    }
    s->durable = s->ticket;
}

void sim_vault_set(struct sim_vault *s, const struct sim_vault_faults *faults)
{
    s->faults = *faults;
}

const struct sim_vault_row *sim_vault_rows(const struct sim_vault *s, size_t *ret_n)
{
    *ret_n = s->rows_n;
    return s->rows;
}
