/* unit: cmocka with its own includes, and a main that runs all tests of a module or the one that it
 * is told. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifdef __clang_analyzer__
/* What the analyzer cannot see in cmocka's library: a test does not go on after a failed assertion.
 */
#undef assert_true
#undef assert_non_null
#undef assert_int_equal
#define assert_true(c)         ((c) ? (void)0 : __builtin_unreachable())
#define assert_non_null(c)     assert_true((c) != NULL)
#define assert_int_equal(a, b) assert_true((long long)(a) == (long long)(b))
#endif

/* A main() over the array `tests` of struct CMUnitTest. With an argument it runs that test only:
 * so does ctest, once for each, which gives every test a process and a timeout of its own. */
#define UNIT_MAIN(tests)                                  \
    int main(int argc, char **argv)                       \
    {                                                     \
        if (argc > 1) {                                   \
            cmocka_set_test_filter(argv[1]);              \
        }                                                 \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }                                                     \
    int main(int argc, char **argv)

#endif
