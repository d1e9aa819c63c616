/* replay [--seeds N] [FILE|FOLDER...]: the main() of a fuzz target where libFuzzer is not: runs it
 * over the files of a corpus and over N inputs that a seed draws. Says how many. */
#include "node/base/err.h"
#include "node/base/rand.h"
#include "tests/fuzz/tape.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1u << 20)
#define DRAWN_MAX 4096

static uint8_t input[INPUT_MAX];
static unsigned inputs;

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

static bool run_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        return false;
    }
    size_t n = fread(input, 1, sizeof input, file);
    fclose(file);
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

static void run_drawn(uint64_t seeds)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct rand_state r = {seed};
        size_t size = (size_t)(rand_next(&r) % DRAWN_MAX);
        for (size_t i = 0; i < size; i++) {
            input[i] = (uint8_t)(rand_next(&r) >> 32);
        }
        run(size);
    }
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        struct stat st;
        if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
            run_drawn(strtoull(argv[++i], NULL, 10));
        } else {
            good = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i])
                                                                  : run_file(argv[i]);
        }
    }
    printf("%u inputs\n", inputs);
    return good && inputs > 0 ? 0 : 1;
}
