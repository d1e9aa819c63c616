#include "cluster/control/frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_LEN  1024
#define KEEP_FREE 64 /* for what ends a line and the frame */
#define EIGHTHS   8

static void raw(struct frame *f, const char *text)
{
    size_t n = strlen(text);
    if (f->n + n + 1 < sizeof f->text) {
        memcpy(f->text + f->n, text, n + 1);
        f->n += n;
    }
}

void frame_begin(struct frame *f, uint32_t columns, uint32_t rows, bool colours, bool unicode)
{
    f->columns = columns > FRAME_COLUMNS ? FRAME_COLUMNS : columns;
    f->rows = rows;
    f->colours = colours;
    f->unicode = unicode;
    f->at = 0;
    f->line = 0;
    f->n = 0;
    raw(f, "\033[H");
}

uint32_t frame_left(const struct frame *f)
{
    return f->line < f->rows ? f->rows - f->line : 0;
}

static bool first_byte(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* As many whole characters as fit; controls and, where it cannot be shown, what is not ASCII become
 * a question mark. */
static void copy(struct frame *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool begins = first_byte(*c);
        if ((begins && f->at == f->columns) || f->n + KEEP_FREE >= sizeof f->text) {
            return;
        }
        f->at += begins ? 1 : 0;
        bool shown = f->unicode || (unsigned char)*c < 0x80;
        if ((unsigned char)*c < 0x20 || *c == 0x7f || (!shown && begins)) {
            f->text[f->n++] = '?';
        } else if (shown) {
            f->text[f->n++] = *c;
        }
    }
}

static const char *escape(enum frame_style style)
{
    static const char *const escapes[] = {
        [FRAME_PLAIN] = "",        [FRAME_BOLD] = "\033[1m",   [FRAME_DIM] = "\033[2m",
        [FRAME_GOOD] = "\033[32m", [FRAME_BAD] = "\033[1;31m", [FRAME_MARK] = "\033[36m"};
    return escapes[style];
}

static void put(struct frame *f, enum frame_style style, const char *text)
{
    if (frame_left(f) == 0) {
        return;
    }
    bool styled = f->colours && style != FRAME_PLAIN;
    raw(f, styled ? escape(style) : "");
    copy(f, text);
    raw(f, styled ? "\033[0m" : "");
}

void frame_put(struct frame *f, enum frame_style style, const char *format, ...)
{
    char text[TEXT_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(f, style, text);
}

void frame_bar(struct frame *f, enum frame_style style, uint32_t width, uint64_t value,
               uint64_t most)
{
    static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    char text[FRAME_COLUMNS * 3 + 4] = "";
    uint64_t eighths = most > 0 ? value * width * EIGHTHS / most : 0;
    size_t n = 0;
    width = width > FRAME_COLUMNS ? FRAME_COLUMNS : width;
    eighths = eighths > (uint64_t)width * EIGHTHS ? (uint64_t)width * EIGHTHS : eighths;
    eighths = value > 0 && eighths == 0 ? 1 : eighths;
    if (!f->unicode) {
        eighths = (eighths + EIGHTHS - 1) / EIGHTHS * EIGHTHS;
    }
    for (uint64_t i = 0; i < eighths / EIGHTHS; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", f->unicode ? "█" : "#");
    }
    snprintf(text + n, sizeof text - n, "%s", parts[eighths % EIGHTHS]);
    put(f, style, text);
}

void frame_tab(struct frame *f, uint32_t column)
{
    while (f->at < column && f->at < f->columns && f->n + KEEP_FREE < sizeof f->text) {
        put(f, FRAME_PLAIN, " ");
        if (frame_left(f) == 0) {
            return;
        }
    }
}

void frame_line_end(struct frame *f)
{
    if (frame_left(f) == 0) {
        return;
    }
    raw(f, f->at < f->columns ? "\033[K" : "");
    f->line++;
    f->at = 0;
    /* After the last line the terminal would scroll. */
    raw(f, frame_left(f) > 0 ? "\r\n" : "");
}

void frame_end(struct frame *f)
{
    raw(f, frame_left(f) > 0 ? "\033[J" : "");
}
