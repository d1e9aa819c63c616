/* frame: one picture of a terminal, built line by line and never larger than the terminal.
 *
 * Drawn over the picture before it: every line clears what is right of it, the end what is below;
 * so nothing flickers. Pure: what comes out is text with its escapes. */
#ifndef CLUSTER_CONTROL_FRAME_H
#define CLUSTER_CONTROL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_BYTES   65536
#define FRAME_COLUMNS 400 /* wider terminals are used up to here */

enum frame_style { FRAME_PLAIN, FRAME_BOLD, FRAME_DIM, FRAME_GOOD, FRAME_BAD, FRAME_MARK };

struct frame {
    uint32_t columns, rows; /* of the terminal */
    bool colours, unicode;  /* whether it shows them */
    uint32_t at, line;      /* column and line that come next */
    size_t n;
    char text[FRAME_BYTES];
};

void frame_begin(struct frame *f, uint32_t columns, uint32_t rows, bool colours, bool unicode);
/* Text at the present place; what does not fit into the line is cut off. */
void frame_put(struct frame *f, enum frame_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A bar of up to `width` columns for `value` of `most`; more than nothing is always seen. */
void frame_bar(struct frame *f, enum frame_style style, uint32_t width, uint64_t value,
               uint64_t most);
/* Blanks up to a column. */
void frame_tab(struct frame *f, uint32_t column);
void frame_line_end(struct frame *f);
/* Lines that are left on the screen. */
uint32_t frame_left(const struct frame *f);
void frame_end(struct frame *f);

#endif
