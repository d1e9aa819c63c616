#include "node/runtime/loop.h"

#include "node/runtime/zwatch.h"

#include <time.h>

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct instant loop_now(void)
{
    return (struct instant){.us = clock_us(CLOCK_MONOTONIC)};
}

int64_t loop_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}

static void on_nothing(uv_timer_t *timer)
{
    (void)timer; /* it only ends the wait */
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* it only keeps the loop from waiting */
}

/* The end of a turn, before the loop waits. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;
    struct instant now = loop_now();
    if (loop->turn != NULL) {
        struct instant due = instant_min(loop->deadline, loop->turn_begin);
        struct duration late = {.us = now.us > due.us ? now.us - due.us : 0};
        struct instant asked = loop->turn(loop->context, now, late);
        /* What came up in this turn waited for its end: the next one is that late. */
        loop->deadline.us = asked.us > now.us ? asked.us : now.us;
        now = loop_now();
    }
    loop->turn_begin = INSTANT_NEVER;
    if (zwatch_pending(loop) || instant_reached(now, loop->deadline)) {
        uv_idle_start(&loop->idle, on_idle);
        return;
    }
    uv_idle_stop(&loop->idle);
    uv_timer_stop(&loop->timer);
    if (loop->deadline.us != INSTANT_NEVER.us) {
        uv_update_time(&loop->uv);
        uint64_t ms = (uint64_t)(loop->deadline.us - now.us + 999) / 1000;
        uv_timer_start(&loop->timer, on_nothing, ms, 0);
    }
}

static void on_check(uv_check_t *check)
{
    struct loop *loop = check->data;
    loop->turn_begin = loop_now();
    zwatch_dispatch(loop);
}

enum err loop_init(struct loop *loop)
{
    *loop = (struct loop){.deadline = INSTANT_NEVER, .turn_begin = INSTANT_NEVER};
    if (uv_loop_init(&loop->uv) != 0) {
        return ERR_IO;
    }
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->idle);
    uv_timer_init(&loop->uv, &loop->timer);
    loop->prepare.data = loop;
    loop->check.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    return ERR_OK;
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void loop_deinit(struct loop *loop)
{
    loop->turn = NULL;
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&loop->uv);
    ASSERT(rc == 0);
}
