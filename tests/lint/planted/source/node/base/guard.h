/* PLANTED: begins with `/* guard: ` */
/* PLANTED: the include guard is NODE_BASE_GUARD_H */
#ifndef GUARD_H
#define GUARD_H
#endif
