/* report: one offline HTML file about a judged run: verdict, checks, pictures, ledger. */
#ifndef CLUSTER_RECORD_REPORT_H
#define CLUSTER_RECORD_REPORT_H

#include "cluster/record/judged.h"

/* Written to a file beside `path` and renamed, so that a reader never sees half of it.
 * Errors   ERR_IO */
MUST_CHECK enum err report_write(const struct judged *judged, const char *path);

#endif
