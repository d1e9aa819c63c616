#include "cluster/record/page.h"

#include <stdarg.h>

void page_text(FILE *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", f);
            break;
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        case '\'':
            fputs("&#39;", f);
            break;
        default:
            if ((unsigned char)*c >= 0x20) {
                fputc(*c, f);
            }
        }
    }
}

void page_say(FILE *f, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    page_text(f, text);
}

const char *page_time(int64_t us, char ret_text[PAGE_TIME_LEN])
{
    if (us < 0) {
        snprintf(ret_text, PAGE_TIME_LEN, "–");
    } else if (us < 1000000) {
        snprintf(ret_text, PAGE_TIME_LEN, "%lld ms", (long long)(us / 1000));
    } else if (us < 120000000) {
        snprintf(ret_text, PAGE_TIME_LEN, "%lld.%02lld s", (long long)(us / 1000000),
                 (long long)(us / 10000 % 100));
    } else {
        snprintf(ret_text, PAGE_TIME_LEN, "%lld min %02lld s", (long long)(us / 60000000),
                 (long long)(us / 1000000 % 60));
    }
    return ret_text;
}
