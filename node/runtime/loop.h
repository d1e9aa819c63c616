/* loop: a libuv loop whose turns have an end, a clock, and a deadline.
 *
 * One turn: what arrived on the ZeroMQ sockets is handed to their owners, then `turn` is called,
 * which does all that is due, flushes, and answers when it must be called again. Other libuv
 * handles (libraft's, HTTP's) may live in the same loop; `turn` runs after them, too. */
#ifndef NODE_RUNTIME_LOOP_H
#define NODE_RUNTIME_LOOP_H

#include "node/base/err.h"
#include "node/base/time.h"

#include <stdbool.h>
#include <uv.h>

#define LOOP_LATE_US 50000 /* later than this is worth an event */

struct zwatch;

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;
    struct zwatch *watches; /* node/runtime/zwatch.h */
    void *context;
    /* Everything due up to `now`; answers the next deadline (`now` or earlier: call again). `late`
     * is how long after the last deadline, or after what woke it came, or since the begin of a turn
     * that took its time, it is. */
    struct instant (*turn)(void *context, struct instant now, struct duration late);
    struct instant deadline; /* what `turn` answered */
    struct instant turn_begin;
};

MUST_CHECK enum err loop_init(struct loop *loop);
/* Run turns until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Close everything that is left in it. */
void loop_deinit(struct loop *loop);

/* CLOCK_MONOTONIC, and microseconds since 1970. */
struct instant loop_now(void);
int64_t loop_wall_us(void);

#endif
