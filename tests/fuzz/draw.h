/* draw: messages that a codec lets through, with the values that hurt: none, the first and the last
 * that there is, one more, the largest, and what the process under test said itself before. */
#ifndef TESTS_FUZZ_DRAW_H
#define TESTS_FUZZ_DRAW_H

#include "node/base/topology.h"
#include "proto/msg.h"
#include "tests/fuzz/tape.h"

#define DRAW_HEARD_MAX 64

/* Values that the process under test sent. */
struct draw_heard {
    uint64_t values[DRAW_HEARD_MAX];
    uint32_t n;
};

struct draw {
    struct tape tape;
    const struct topology *topology;
    bool impossible;  /* only values that nobody honest could send */
    const char *self; /* then: who sends them */
    struct draw_heard numbers, devices, calls;
};

/* A message of the kind; whatever the tape says, the codec would take it. */
void draw_msg(struct draw *d, enum msg_kind kind, struct msg *ret_msg);
/* Remember what is in a message that the process sent. */
void draw_hear(struct draw *d, const struct msg *msg);
/* Make `reply` fit to `asked`: its fields become those of the same name and type in the other. That
 * is what an honest peer does with numbers, devices and calls, and without it no story goes on. */
void draw_fit(struct msg *reply, struct msg *asked);

#endif
