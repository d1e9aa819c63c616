/* replay [FILE|FOLDER]... [--seeds N]: the main() of a fuzz target where libFuzzer is not: runs it
 * over the files of a corpus, and over N inputs that are drawn, or made from those. Says how many.
 */
#include "node/base/err.h"
#include "node/base/rand.h"
#include "tests/fuzz/tape.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX  (1u << 20)
#define DRAWN_MAX  4096
#define KEPT_MAX   1024 /* inputs of the corpus, to make others from */
#define EDITS_MAX  6
#define SPLICE_MAX 64

static uint8_t input[INPUT_MAX + SPLICE_MAX];
static unsigned inputs;

static struct {
    uint8_t *bytes;
    size_t size;
} kept[KEPT_MAX];
static unsigned kept_n;

static void run(size_t size)
{
    /* A copy of the very size: what is read behind its end is noticed. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    ASSERT(copy != NULL);
    memcpy(copy, input, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void keep(size_t size)
{
    if (kept_n < KEPT_MAX) {
        kept[kept_n].bytes = malloc(size > 0 ? size : 1);
        ASSERT(kept[kept_n].bytes != NULL);
        memcpy(kept[kept_n].bytes, input, size);
        kept[kept_n++].size = size;
    }
}

static bool run_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        return false;
    }
    size_t n = fread(input, 1, INPUT_MAX, file);
    fclose(file);
    keep(n);
    run(n);
    return true;
}

static bool run_folder(const char *path)
{
    DIR *dir = opendir(path);
    bool good = dir != NULL;
    for (const struct dirent *e; good && (e = readdir(dir)) != NULL;) {
        char file[4096];
        if (e->d_name[0] != '.') {
            snprintf(file, sizeof file, "%s/%s", path, e->d_name);
            good = run_file(file);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return good;
}

static size_t below(struct rand_state *r, size_t n)
{
    return n > 0 ? (size_t)(rand_next(r) >> 16) % n : 0;
}

static size_t draw(struct rand_state *r)
{
    size_t size = below(r, DRAWN_MAX);
    for (size_t i = 0; i < size; i++) {
        input[i] = (uint8_t)(rand_next(r) >> 32);
    }
    return size;
}

/* One byte becomes another, some are left out, or some are there again elsewhere. */
static size_t edit(struct rand_state *r, size_t size)
{
    size_t at = below(r, size);
    size_t len = 1 + below(r, SPLICE_MAX - 1);
    if (size == 0) {
        return draw(r);
    }
    len = len < size - at ? len : size - at;
    switch (below(r, 3)) {
    case 0:
        input[at] = (uint8_t)(rand_next(r) >> 32);
        return size;
    case 1:
        memmove(input + at, input + at + len, size - at - len);
        return size - len;
    default: {
        uint8_t copy[SPLICE_MAX];
        size_t to = below(r, size);
        memcpy(copy, input + at, len);
        memmove(input + to + len, input + to, size - to);
        memcpy(input + to, copy, len);
        return size + len < INPUT_MAX ? size + len : INPUT_MAX;
    }
    }
}

static size_t vary(struct rand_state *r)
{
    unsigned which = (unsigned)below(r, kept_n);
    size_t size = kept[which].size;
    memcpy(input, kept[which].bytes, size);
    for (size_t edits = 1 + below(r, EDITS_MAX); edits > 0; edits--) {
        size = edit(r, size);
    }
    return size;
}

static void run_seeds(uint64_t seeds)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct rand_state r = {seed};
        run(kept_n == 0 || seed % 2 == 0 ? draw(&r) : vary(&r));
    }
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        struct stat st;
        if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
            run_seeds(strtoull(argv[++i], NULL, 10));
        } else {
            good = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i])
                                                                  : run_file(argv[i]);
        }
    }
    while (kept_n > 0) {
        free(kept[--kept_n].bytes);
    }
    printf("%u inputs\n", inputs);
    return good && inputs > 0 ? 0 : 1;
}
