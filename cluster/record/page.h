/* page: HTML into a file: text that cannot become markup, and numbers in one form. */
#ifndef CLUSTER_RECORD_PAGE_H
#define CLUSTER_RECORD_PAGE_H

#include <stdint.h>
#include <stdio.h>

#define PAGE_TIME_LEN 32

/* Text with & < > " ' escaped; bytes that no text has are left out. */
void page_text(FILE *f, const char *text);
/* printf, then escaped. */
__attribute__((format(printf, 2, 3))) void page_say(FILE *f, const char *format, ...);
/* "412 ms", "1.90 s", "2 min 05 s"; "–" for a negative one. */
const char *page_time(int64_t us, char ret_text[PAGE_TIME_LEN]);

#endif
