/* screen: the terminal while a command has the whole of it: no echo, keys at once, a page of its
 * own that goes away again. */
#ifndef CLUSTER_CONTROL_SCREEN_H
#define CLUSTER_CONTROL_SCREEN_H

#include "cluster/control/frame.h"

enum screen_key {
    SCREEN_KEY_NONE,
    SCREEN_KEY_QUIT, /* q, or the terminal is gone */
    SCREEN_KEY_PAUSE,
    SCREEN_KEY_BACK,
    SCREEN_KEY_ON,
    SCREEN_KEY_FAULT
};

/* Whether standard input and output are a terminal that can be drawn on. */
bool screen_possible(void);
/* Take it. false: it cannot be (it is no terminal). screen_close gives it back. */
bool screen_open(void);
void screen_close(void);
/* An empty frame for it, as large as it is now. */
void screen_frame(struct frame *ret);
void screen_show(const struct frame *f);
/* Wait for a key; NONE after the time, or when a signal came. */
enum screen_key screen_key(uint32_t wait_ms);

#endif
