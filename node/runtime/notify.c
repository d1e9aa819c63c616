#include "node/runtime/notify.h"

#include <stdint.h>
#include <systemd/sd-daemon.h>

static void on_timer(uv_timer_t *timer)
{
    struct notify *n = timer->data;
    sd_notify(0, n->ready ? "WATCHDOG=1" : "READY=1\nWATCHDOG=1");
    n->ready = true;
}

void notify_begin(struct notify *n, uv_loop_t *loop)
{
    uint64_t within_us = 0;
    uint64_t every_ms = sd_watchdog_enabled(0, &within_us) > 0 ? within_us / 2000 : 0;
    n->ready = false;
    uv_timer_init(loop, &n->timer);
    n->timer.data = n;
    uv_timer_start(&n->timer, on_timer, 0, every_ms);
}

void notify_end(struct notify *n)
{
    uv_timer_stop(&n->timer);
    sd_notify(0, "STOPPING=1");
}

void notify_status(const char *text)
{
    sd_notifyf(0, "STATUS=%s", text);
}
