/* page_style: how the report looks, by light and by dark, on a screen and on paper. */
#ifndef CLUSTER_RECORD_PAGE_STYLE_H
#define CLUSTER_RECORD_PAGE_STYLE_H

#include <stdio.h>

/* The style element of the page: all of it, nothing from outside. */
void page_style_write(FILE *f);

#endif
