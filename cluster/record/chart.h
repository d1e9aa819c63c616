/* chart: the drawings of the report as inline SVG: phones per node, anatomy, processes. */
#ifndef CLUSTER_RECORD_CHART_H
#define CLUSTER_RECORD_CHART_H

#include "cluster/record/judged.h"

#include <stdio.h>

/* The colour of a node: a CSS variable of page_style. */
const char *chart_colour(const struct judged *judged, struct proc_id node);
/* Registered devices per node from..until, stacked, with faults, heals and PG switches. */
void chart_phones(FILE *f, const struct judged *judged, int64_t from, int64_t until);
/* Bars on the time after the fault. Nothing if there was no fault. */
void chart_anatomy(FILE *f, const struct judged *judged);
/* Who was there when. */
void chart_processes(FILE *f, const struct judged *judged);

#endif
