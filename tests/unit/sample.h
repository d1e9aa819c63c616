/* sample: a message of every kind with deterministic values that are not zero, for tests. */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include "proto/msg.h"

#include <stdio.h>
#include <string.h>

/* Numbers grow, so that no two fields of a message have the same value. */
static inline uint32_t sample_next(uint32_t *n)
{
    *n += 1;
    return *n * 37;
}

#define SAMPLE(type, name, bound) SAMPLE_##type(name, bound)
#define SAMPLE_U32(name, bound)   m->name = sample_next(n);
#define SAMPLE_U64(name, bound)   m->name = UINT64_C(0x100000000) + sample_next(n);
#define SAMPLE_I64(name, bound)   m->name = -(INT64_C(0x100000000) + (int64_t)sample_next(n));
#define SAMPLE_BOOL(name, bound)  m->name = true;
/* The first words of a long vocabulary only: it grows, and the sample of a message stays. */
#define SAMPLE_WORDS               37u
#define SAMPLE_MIN(a, b)           ((a) < (b) ? (a) : (b))
#define SAMPLE_BOUND(bound)        SAMPLE_MIN((uint32_t)(bound), SAMPLE_WORDS)
#define SAMPLE_ENUM(name, bound)   m->name = 1 + sample_next(n) % (SAMPLE_BOUND(bound) - 1);
#define SAMPLE_DEVICE(name, bound) m->name.v = sample_next(n);
#define SAMPLE_CALL(name, bound)   m->name.v = UINT64_C(0x0100010000000000) + sample_next(n);
#define SAMPLE_PROC(name, bound)   m->name.v = (uint16_t)(1 + sample_next(n) % 40);
#define SAMPLE_AGENT(name, bound)  m->name.v = sample_next(n);
#define SAMPLE_INC(name, bound)    m->name.v = sample_next(n);
#define SAMPLE_STR(name, bound)    snprintf(m->name, sizeof m->name, "t%u", sample_next(n));
#define SAMPLE_NUMBER(name, bound) snprintf(m->name, sizeof m->name, "%u", 1000 + sample_next(n));
#define SAMPLE_NESTED(name, part)  sample_part_##part(&m->name, n);
#define SAMPLE_REPEATED(name, part)     \
    m->name##_n = 2;                    \
    sample_part_##part(&m->name[0], n); \
    sample_part_##part(&m->name[1], n);

#define SAMPLE_PART(word, FIELDS)                                            \
    static inline void sample_part_##word(struct msg_##word *m, uint32_t *n) \
    {                                                                        \
        FIELDS(SAMPLE)                                                       \
    }
SAMPLE_PART(device_event, FIELDS_DEVICE_EVENT)
SAMPLE_PART(device_ref, FIELDS_DEVICE_REF)
SAMPLE_PART(command, FIELDS_COMMAND)
SAMPLE_PART(command_result, FIELDS_COMMAND_RESULT)
SAMPLE_PART(op_device, FIELDS_OP_DEVICE)
SAMPLE_PART(op_call, FIELDS_OP_CALL)
SAMPLE_PART(op_agent, FIELDS_OP_AGENT)
SAMPLE_PART(op_log_row, FIELDS_OP_LOG_ROW)
SAMPLE_PART(snapshot_device, FIELDS_SNAPSHOT_DEVICE)
SAMPLE_PART(snapshot_node, FIELDS_SNAPSHOT_NODE)
#undef SAMPLE_PART

#define SAMPLE_MSG(NAME, word, Pb, links)                                  \
    static inline void sample_of_##word(struct msg_##word *m, uint32_t *n) \
    {                                                                      \
        (void)n;                                                           \
        FIELDS_##NAME(SAMPLE)                                              \
    }
MSG_MAP(SAMPLE_MSG)
#undef SAMPLE_MSG

static inline void sample_msg(enum msg_kind kind, struct msg *ret_msg)
{
    uint32_t counter = (uint32_t)kind;
    uint32_t *n = &counter;
    memset(ret_msg, 0, sizeof *ret_msg);
    ret_msg->kind = kind;
    ret_msg->correlation = 7;
    switch (kind) {
#define SAMPLE_CASE(NAME, word, Pb, links)   \
    case MSG_##NAME:                         \
        sample_of_##word(&ret_msg->word, n); \
        break;
        MSG_MAP(SAMPLE_CASE)
#undef SAMPLE_CASE
    case MSG_NONE:
    case MSG_COUNT:
        break;
    }
}

#endif
