/* tick: the clock of the command, its sleep, and whether somebody pressed ^C. */
#ifndef CLUSTER_CONTROL_TICK_H
#define CLUSTER_CONTROL_TICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TICK_STAMP_LEN 32

int64_t tick_now_us(void);  /* monotonic */
int64_t tick_wall_us(void); /* since 1970 */
void tick_sleep_ms(uint32_t ms);
/* RFC 3339 with milliseconds, UTC. */
const char *tick_stamp(int64_t wall_us, char ret[TICK_STAMP_LEN]);

/* From now on ^C, SIGTERM, a terminal that hangs up and a reader that is gone only set a flag. */
void tick_catch_interrupts(void);
bool tick_interrupted(void);
/* It was obeyed; what is to be undone is waited for again. */
void tick_forget_interrupt(void);

#endif
