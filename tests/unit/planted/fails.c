/* Programs that must fail: they show that a failed test, a sanitizer and a slow assertion are
 * heard. */
#include "node/base/err.h"

#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_false_claim(void **state)
{
    (void)state;
    assert_int_equal(1, 2);
}

static int read_behind_the_end(void)
{
    char *bytes = malloc(8);
    if (bytes == NULL) {
        return 0;
    }
    memset(bytes, 1, 8);
    volatile size_t behind = 8;
    int byte = bytes[behind];
    free(bytes);
    return byte == INT_MIN;
}

static int overflow(void)
{
    volatile int most = INT_MAX;
    most = most + 1;
    return most == 0;
}

static int lose_memory(void)
{
    char *volatile bytes = malloc(8);
    bytes = NULL;
    return bytes != NULL;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "claim") == 0) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(a_false_claim)};
        return cmocka_run_group_tests(tests, NULL, NULL);
    }
    if (strcmp(what, "behind") == 0) {
        return read_behind_the_end();
    }
    if (strcmp(what, "overflow") == 0) {
        return overflow();
    }
    if (strcmp(what, "leak") == 0) {
        return lose_memory();
    }
    fprintf(stderr, "planted: claim, behind, overflow or leak?\n");
    return 0;
}
