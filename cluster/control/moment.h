/* moment: the moment of a recorded run that somebody means.
 *
 *   12.5s  +12.5s  begin+2s      after the begin of the run
 *   fault  fault+0.3s  fault-1s  around its first fault
 *   end  end-5s                  around its end
 *   2026-11-23T20:15:00.5Z       a time of the wall; without a zone it is UTC */
#ifndef CLUSTER_CONTROL_MOMENT_H
#define CLUSTER_CONTROL_MOMENT_H

#include "node/base/err.h"

#include <stdint.h>

enum moment_origin { MOMENT_BEGIN, MOMENT_FAULT, MOMENT_END, MOMENT_WALL };

struct moment {
    enum moment_origin origin;
    int64_t us; /* after the origin; of MOMENT_WALL since 1970 */
};

/* Errors   ERR_UNKNOWN  it names an origin that there is not; *ret_likely is the nearest one, or
 *                       NULL
 *          ERR_INVALID  it is no moment; *ret_likely is NULL */
MUST_CHECK enum err moment_parse(const char *text, struct moment *ret_moment,
                                 const char **ret_likely);

#endif
