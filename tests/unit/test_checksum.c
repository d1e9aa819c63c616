#include "node/base/checksum.h"

#include "tests/unit/unit.h"

static void test_checksum__a_changed_byte_changes_the_sum(void **state)
{
    (void)state;
    char text[] = "0203e9000000003d";
    uint64_t before = checksum_bytes(CHECKSUM_BEGIN, text, sizeof text - 1);
    for (size_t i = 0; i < (sizeof text - 1) * 8; i++) {
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
        assert_true(checksum_bytes(CHECKSUM_BEGIN, text, sizeof text - 1) != before);
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
    }
}

static void test_checksum__values_do_not_run_into_each_other(void **state)
{
    (void)state;
    uint64_t a = checksum_bytes(checksum_bytes(CHECKSUM_BEGIN, "ab", 2), "c", 1);
    uint64_t b = checksum_bytes(checksum_bytes(CHECKSUM_BEGIN, "a", 1), "bc", 2);
    assert_true(a != b);
    assert_true(checksum_bytes(CHECKSUM_BEGIN, NULL, 0) != CHECKSUM_BEGIN);
}

static void test_checksum__a_number_is_its_digits(void **state)
{
    (void)state;
    assert_true(checksum_number(CHECKSUM_BEGIN, -42) == checksum_bytes(CHECKSUM_BEGIN, "-42", 3));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_checksum__a_changed_byte_changes_the_sum),
    cmocka_unit_test(test_checksum__values_do_not_run_into_each_other),
    cmocka_unit_test(test_checksum__a_number_is_its_digits),
};

UNIT_MAIN(tests);
