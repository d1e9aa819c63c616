/* id: identifiers as one-field structs, so that the compiler rejects a mix-up.
 *
 * Zero is "none" everywhere. Processes and devices are numbered by the topology, from 1, in its
 * order, and every process of a cluster holds the same topology; so a small number says the same
 * thing everywhere. */
#ifndef NODE_BASE_ID_H
#define NODE_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#define NAME_LEN   32 /* a process name with its NUL */
#define NUMBER_LEN 24 /* a directory number with its NUL */

/* A process of the topology (1..PROCS_MAX), or a guest that came by itself (an operator: PROCS_MAX
 * < v). */
struct proc_id {
    uint16_t v;
};

struct device_id {
    uint32_t v;
};

/* One call as its switch names it: node (8 bits), incarnation of its CallManager (16), number (40).
 */
struct call_id {
    uint64_t v;
};

struct agent_id {
    uint32_t v;
};

/* Incarnations count the starts of a process or of a service; a later one is greater. */
struct incarnation {
    uint64_t v;
};

#define ID_EQ(name)                                            \
    static inline bool name##_eq(struct name a, struct name b) \
    {                                                          \
        return a.v == b.v;                                     \
    }                                                          \
    static inline bool name##_some(struct name a)              \
    {                                                          \
        return a.v != 0;                                       \
    }
ID_EQ(proc_id)
ID_EQ(device_id)
ID_EQ(call_id)
ID_EQ(agent_id)
ID_EQ(incarnation)
#undef ID_EQ

#define CALL_ID_NODE_SHIFT 56

/* The node whose CallManager made the call, and has it. */
static inline struct proc_id call_id_owner(struct call_id id)
{
    return (struct proc_id){(uint16_t)(id.v >> CALL_ID_NODE_SHIFT)};
}

/* Epochs of a PG pair grow by one. One that is far beyond what is known here is garbage; to believe
 * it would leave no room for the next. Who knows nothing yet (0) believes more. */
#define EPOCH_AHEAD_MAX 1024
#define EPOCH_MAX       (1u << 30)

static inline bool epoch_plausible(uint32_t known, uint32_t told)
{
    return told <= EPOCH_MAX && (known == 0 || told <= known || told - known <= EPOCH_AHEAD_MAX);
}

#endif
