/* fill: text for people, broken at blanks so that a line keeps within 80 columns. */
#ifndef CLUSTER_CONTROL_FILL_H
#define CLUSTER_CONTROL_FILL_H

#include <stdio.h>

#define FILL_COLUMNS 80

/* Put text from column `at` on, into a line that is `now` columns long already; a line break in the
 * text stays one. A word that is too long for any line is not broken. Ends the line. */
void fill_put(FILE *f, const char *text, int at, int now);

#endif
