/* notify: what a process tells the service manager that started it: ready, alive, stopping.
 *
 * The protocol of sd_notify(3). Without a manager ($NOTIFY_SOCKET is not set) nothing is told. The
 * sign of life comes from the loop itself, so a loop that hangs gives none. */
#ifndef NODE_RUNTIME_NOTIFY_H
#define NODE_RUNTIME_NOTIFY_H

#include <stdbool.h>
#include <uv.h>

/* In storage of the caller, which outlives the loop. */
struct notify {
    uv_timer_t timer;
    bool ready; /* it has been told */
};

/* In the first turn of the loop "ready" is told, from then on signs of life, twice as often as the
 * manager wants them. */
void notify_begin(struct notify *notify, uv_loop_t *loop);
/* "Stopping": no more signs of life. */
void notify_end(struct notify *notify);
/* What the process is at the moment, one line for `systemctl status`. */
void notify_status(const char *text);

#endif
