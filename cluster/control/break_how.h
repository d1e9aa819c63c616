/* break_how: the ways in which a process, or a service of it, can be broken. */
#ifndef CLUSTER_CONTROL_BREAK_HOW_H
#define CLUSTER_CONTROL_BREAK_HOW_H

/* X(NAME, word) */
#define BREAK_HOW_MAP(X) \
    X(CRASH, crash) X(STOP, stop) X(HANG, hang) X(POWER, power) X(UNPLUG, unplug)

#define BREAK_HOW_ENUM(name, word) BREAK_##name,
enum break_how { BREAK_NOT, BREAK_HOW_MAP(BREAK_HOW_ENUM) BREAK_HOWS };
#undef BREAK_HOW_ENUM

#endif
