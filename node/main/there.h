/* there: what a daemon's program does for the command when it stands on another machine, in place
 * of being a daemon. */
#ifndef NODE_MAIN_THERE_H
#define NODE_MAIN_THERE_H

#include <stdbool.h>

/* `PROGRAM --clock`: answer each line of stdin with "MONOTONIC WALL\n", both in microseconds, until
 * there are no more. false: that was not asked for. */
bool there_clock(int argc, char **argv);

#endif
