#include "node/base/err.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const texts[ERR_COUNT] = {
#define X(name, text) [ERR_##name] = text,
    ERR_MAP(X)
#undef X
};

const char *err_text(enum err err)
{
    if ((unsigned)err >= ERR_COUNT) {
        return "an unknown error";
    }
    return texts[err];
}

/* The last words of a process with a bug: stderr is all that can be trusted here. */
_Noreturn void err_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}
