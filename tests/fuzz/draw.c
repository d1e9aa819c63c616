#include "tests/fuzz/draw.h"

#include <stdio.h>
#include <string.h>

/* -- Values. -- */

static void hear(struct draw_heard *h, uint64_t v)
{
    h->values[h->n++ % DRAW_HEARD_MAX] = v;
}

static uint64_t heard(struct draw *d, const struct draw_heard *h)
{
    uint32_t n = h->n < DRAW_HEARD_MAX ? h->n : DRAW_HEARD_MAX;
    return n == 0 ? 1 : h->values[tape_below(&d->tape, n)];
}

/* A number that means something in this topology. */
static uint32_t known_number(struct draw *d)
{
    const struct topology *t = d->topology;
    const uint32_t numbers[] = {t->agents[0].pair, t->skills[0].number, t->agents[0].first,
                                t->procs_n};
    return numbers[tape_below(&d->tape, 4)];
}

static uint64_t number(struct draw *d)
{
    switch (tape_below(&d->tape, d->impossible ? 4 : 10)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX - tape_below(&d->tape, 3);
    case 2:
        return UINT32_MAX - tape_below(&d->tape, 3);
    case 3:
        return tape_u64(&d->tape) | UINT64_C(1) << 63;
    case 4:
        return tape_byte(&d->tape);
    case 5:
        return known_number(d);
    case 6:
        return heard(d, &d->numbers) + tape_below(&d->tape, 3) - 1;
    default:
        return heard(d, &d->numbers);
    }
}

/* A device that the sender has nothing to do with. */
static uint32_t foreign_device(struct draw *d)
{
    struct device_info info;
    struct device_id id = {1 + tape_below(&d->tape, topology_devices(d->topology))};
    struct proc_id self = topology_proc_named(d->topology, d->self);
    const struct topology_proc *p = topology_proc_of(d->topology, self);
    bool foreign = p != NULL && p->kind == PROC_FLEET && topology_device(d->topology, id, &info) &&
                   !proc_id_eq(info.fleet, self);
    return foreign ? id.v : 0;
}

static uint32_t device(struct draw *d)
{
    uint32_t all = topology_devices(d->topology);
    switch (tape_below(&d->tape, d->impossible ? 5 : 9)) {
    case 0:
        return 0;
    case 1:
        return all + 1 + tape_below(&d->tape, 2);
    case 2:
        return DEVICES_MAX + tape_below(&d->tape, 2);
    case 3:
        return UINT32_MAX;
    case 4:
        return d->impossible ? foreign_device(d) : all;
    case 5:
    case 6:
        return (uint32_t)heard(d, &d->devices);
    default:
        return 1 + tape_below(&d->tape, all);
    }
}

static uint64_t call(struct draw *d)
{
    switch (tape_below(&d->tape, d->impossible ? 2 : 6)) {
    case 0:
        return 0;
    case 1:
        return tape_u64(&d->tape);
    case 2:
        return (uint64_t)(1 + tape_below(&d->tape, 4)) << 56 | tape_byte(&d->tape);
    default:
        return heard(d, &d->calls);
    }
}

static uint16_t proc(struct draw *d)
{
    switch (tape_below(&d->tape, d->impossible ? 3 : 6)) {
    case 0:
        return 0;
    case 1:
        return (uint16_t)(d->topology->procs_n + 1);
    case 2:
        return (uint16_t)(tape_u64(&d->tape) | 0x8000u);
    default:
        return (uint16_t)(1 + tape_below(&d->tape, d->topology->procs_n));
    }
}

static uint32_t agent(struct draw *d)
{
    switch (tape_below(&d->tape, d->impossible ? 2 : 5)) {
    case 0:
        return 0;
    case 1:
        return (uint32_t)tape_u64(&d->tape) | 0x80000000u;
    default:
        return d->topology->agents[0].first +
               tape_below(&d->tape, d->topology->agents[0].count + 1);
    }
}

static void text(struct draw *d, char *ret, size_t cap)
{
    struct device_info info;
    uint32_t len = 0;
    switch (tape_below(&d->tape, 6)) {
    case 0:
        ret[0] = '\0';
        return;
    case 1:
        snprintf(ret, cap, "%.*s", (int)cap - 1, d->topology->dialled[0].number);
        return;
    case 2: /* as long as it may be */
        len = (uint32_t)cap - 1;
        break;
    case 3:
        len = tape_below(&d->tape, (uint32_t)cap);
        break;
    default:
        info.number[0] = '\0';
        err_ignore(topology_device(d->topology, (struct device_id){device(d)}, &info) ? ERR_OK
                                                                                      : ERR_UNKNOWN,
                   "then it is the empty number");
        snprintf(ret, cap, "%.*s", (int)cap - 1, info.number);
        return;
    }
    memset(ret, '0' + (int)tape_below(&d->tape, 75), len);
    ret[len] = '\0';
}

static uint32_t count(struct draw *d, uint32_t max)
{
    uint32_t n = tape_below(&d->tape, 16);
    return n == 15 ? max : n % 4;
}

/* -- Fields. -- */

#define DRAW(type, name, bound)  DRAW_##type(name, bound)
#define DRAW_U32(name, bound)    m->name = (uint32_t)number(d);
#define DRAW_U64(name, bound)    m->name = number(d);
#define DRAW_I64(name, bound)    m->name = (int64_t)number(d);
#define DRAW_BOOL(name, bound)   m->name = tape_below(&d->tape, 2) == 1;
#define DRAW_ENUM(name, bound)   m->name = tape_below(&d->tape, (uint32_t)(bound));
#define DRAW_DEVICE(name, bound) m->name.v = device(d);
#define DRAW_CALL(name, bound)   m->name.v = call(d);
#define DRAW_PROC(name, bound)   m->name.v = proc(d);
#define DRAW_AGENT(name, bound)  m->name.v = agent(d);
#define DRAW_INC(name, bound)    m->name.v = number(d);
#define DRAW_STR(name, bound)    text(d, m->name, sizeof m->name);
#define DRAW_NUMBER(name, bound) text(d, m->name, sizeof m->name);
#define DRAW_NESTED(name, part)  draw_part_##part(d, &m->name);
#define DRAW_REPEATED(name, part)                \
    m->name##_n = count(d, MAX_##part);          \
    for (uint32_t i = 0; i < m->name##_n; i++) { \
        draw_part_##part(d, &m->name[i]);        \
    }

#define HEAR(type, name, bound) HEAR_##type(name, bound)
#define HEAR_U32(name, bound)   hear(&d->numbers, m->name);
#define HEAR_U64(name, bound)   hear(&d->numbers, m->name);
#define HEAR_I64(name, bound)   hear(&d->numbers, (uint64_t)m->name);
#define HEAR_BOOL(name, bound)
#define HEAR_ENUM(name, bound)
#define HEAR_DEVICE(name, bound) hear(&d->devices, m->name.v);
#define HEAR_CALL(name, bound)   hear(&d->calls, m->name.v);
#define HEAR_PROC(name, bound)
#define HEAR_AGENT(name, bound)
#define HEAR_INC(name, bound) hear(&d->numbers, m->name.v);
#define HEAR_STR(name, bound)
#define HEAR_NUMBER(name, bound)
#define HEAR_NESTED(name, part) hear_part_##part(d, &m->name);
#define HEAR_REPEATED(name, part)                         \
    for (uint32_t i = 0; i < m->name##_n && i < 4; i++) { \
        hear_part_##part(d, &m->name[i]);                 \
    }

#define PART(word, FIELDS)                                                   \
    static void draw_part_##word(struct draw *d, struct msg_##word *m)       \
    {                                                                        \
        FIELDS(DRAW)                                                         \
    }                                                                        \
    static void hear_part_##word(struct draw *d, const struct msg_##word *m) \
    {                                                                        \
        (void)d;                                                             \
        (void)m;                                                             \
        FIELDS(HEAR)                                                         \
    }
PART(device_event, FIELDS_DEVICE_EVENT)
PART(device_ref, FIELDS_DEVICE_REF)
PART(command, FIELDS_COMMAND)
PART(command_result, FIELDS_COMMAND_RESULT)
PART(op_device, FIELDS_OP_DEVICE)
PART(op_call, FIELDS_OP_CALL)
PART(op_agent, FIELDS_OP_AGENT)
PART(op_log_row, FIELDS_OP_LOG_ROW)
PART(snapshot_device, FIELDS_SNAPSHOT_DEVICE)
PART(snapshot_node, FIELDS_SNAPSHOT_NODE)
#undef PART

#define MESSAGE(NAME, word, Pb, links)                                  \
    static void draw_##word(struct draw *d, struct msg_##word *m)       \
    {                                                                   \
        (void)d;                                                        \
        (void)m;                                                        \
        FIELDS_##NAME(DRAW)                                             \
    }                                                                   \
    static void hear_##word(struct draw *d, const struct msg_##word *m) \
    {                                                                   \
        (void)d;                                                        \
        (void)m;                                                        \
        FIELDS_##NAME(HEAR)                                             \
    }
MSG_MAP(MESSAGE)
#undef MESSAGE

void draw_msg(struct draw *d, enum msg_kind kind, struct msg *ret_msg)
{
    ret_msg->kind = kind;
    ret_msg->correlation = number(d);
    switch (kind) {
#define DRAW_CASE(NAME, word, Pb, links) \
    case MSG_##NAME:                     \
        draw_##word(d, &ret_msg->word);  \
        break;
        MSG_MAP(DRAW_CASE)
#undef DRAW_CASE
    case MSG_NONE:
    case MSG_COUNT:
        break;
    }
}

void draw_hear(struct draw *d, const struct msg *msg)
{
    switch (msg->kind) {
#define HEAR_CASE(NAME, word, Pb, links) \
    case MSG_##NAME:                     \
        hear_##word(d, &msg->word);      \
        break;
        MSG_MAP(HEAR_CASE)
#undef HEAR_CASE
    case MSG_NONE:
    case MSG_COUNT:
        break;
    }
}

/* -- Replies. -- */

struct field {
    const char *name, *type;
    void *at;
    size_t len;
};

#define FIELDS_MAX 64

struct fields {
    uint32_t n;
    struct field rows[FIELDS_MAX];
};

static void row(struct fields *f, const char *name, const char *type, void *at, size_t len)
{
    if (f->n < FIELDS_MAX) {
        f->rows[f->n++] = (struct field){name, type, at, len};
    }
}

#define ROW(type, name, bound) ROW_##type(name, bound)
#define ROW_ANY(type, name)    row(f, #name, type, &m->name, sizeof m->name);
#define ROW_U32(name, bound)   ROW_ANY("u32", name)
#define ROW_U64(name, bound)   ROW_ANY("u64", name)
#define ROW_I64(name, bound)   ROW_ANY("i64", name)
#define ROW_BOOL(name, bound)
#define ROW_ENUM(name, bound)
#define ROW_DEVICE(name, bound) ROW_ANY("device", name)
#define ROW_CALL(name, bound)   ROW_ANY("call", name)
#define ROW_PROC(name, bound)   ROW_ANY("proc", name)
#define ROW_AGENT(name, bound)  ROW_ANY("agent", name)
#define ROW_INC(name, bound)    ROW_ANY("incarnation", name)
#define ROW_STR(name, bound)
#define ROW_NUMBER(name, bound)
#define ROW_NESTED(name, part) rows_part_##part(f, &m->name);
#define ROW_REPEATED(name, part)          \
    if (m->name##_n > 0) {                \
        rows_part_##part(f, &m->name[0]); \
    }

#define PART(word, FIELDS)                                               \
    static void rows_part_##word(struct fields *f, struct msg_##word *m) \
    {                                                                    \
        FIELDS(ROW)                                                      \
    }
PART(device_event, FIELDS_DEVICE_EVENT)
PART(device_ref, FIELDS_DEVICE_REF)
PART(command, FIELDS_COMMAND)
PART(command_result, FIELDS_COMMAND_RESULT)
PART(op_device, FIELDS_OP_DEVICE)
PART(op_call, FIELDS_OP_CALL)
PART(op_agent, FIELDS_OP_AGENT)
PART(op_log_row, FIELDS_OP_LOG_ROW)
PART(snapshot_device, FIELDS_SNAPSHOT_DEVICE)
PART(snapshot_node, FIELDS_SNAPSHOT_NODE)
#undef PART

#define MESSAGE(NAME, word, Pb, links)                              \
    static void rows_##word(struct fields *f, struct msg_##word *m) \
    {                                                               \
        (void)f;                                                    \
        (void)m;                                                    \
        FIELDS_##NAME(ROW)                                          \
    }
MSG_MAP(MESSAGE)
#undef MESSAGE

static void rows_of(struct fields *f, struct msg *msg)
{
    f->n = 0;
    switch (msg->kind) {
#define ROWS_CASE(NAME, word, Pb, links) \
    case MSG_##NAME:                     \
        rows_##word(f, &msg->word);      \
        break;
        MSG_MAP(ROWS_CASE)
#undef ROWS_CASE
    case MSG_NONE:
    case MSG_COUNT:
        break;
    }
}

void draw_fit(struct msg *reply, struct msg *asked)
{
    struct fields to;
    struct fields from;
    rows_of(&to, reply);
    rows_of(&from, asked);
    for (uint32_t i = 0; i < to.n; i++) {
        for (uint32_t j = 0; j < from.n; j++) {
            if (strcmp(to.rows[i].name, from.rows[j].name) == 0 &&
                strcmp(to.rows[i].type, from.rows[j].type) == 0) {
                memcpy(to.rows[i].at, from.rows[j].at, to.rows[i].len);
                break;
            }
        }
    }
}
