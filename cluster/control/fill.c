#include "cluster/control/fill.h"

#include <string.h>

void fill_put(FILE *f, const char *text, int at, int now)
{
    while (*text != '\0') {
        int word = (int)strcspn(text, " \n");
        if (now > at && now + 1 + word > FILL_COLUMNS) {
            fprintf(f, "\n%*s", at, "");
            now = at;
        } else if (now > at) {
            fputc(' ', f);
            now++;
        }
        fprintf(f, "%.*s", word, text);
        now += word;
        text += word;
        if (*text == '\n') {
            fprintf(f, "\n%*s", at, "");
            now = at;
        }
        text += *text != '\0' ? 1 : 0;
    }
    fputc('\n', f);
}
