/* conforms: 2, 99 */
static void test_thing__that_is_left_out(void **state) /* PLANTED: there is no row 99 */
{
}

/* conforms: 4 */
static void test_thing__that_nobody_runs(void **state) /* PLANTED: test_thing__that_nobody_runs is in no list of tests */
{
}

/* conforms: 4 */
static int test_thing__that_is_none; /* PLANTED: a tag without a test, a check or a scenario on the next line */

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_thing__that_is_left_out)};
