#include "cluster/fault/cut.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static const struct topology topology = {.procs_n = 4,
                                         .procs = {{.name = "pub", .kind = PROC_NODE, .host = 1},
                                                   {.name = "sub1", .kind = PROC_NODE, .host = 2},
                                                   {.name = "pga", .kind = PROC_PG, .host = 11},
                                                   {.name = "pgb", .kind = PROC_PG, .host = 12}}};

#define PUB  (UINT64_C(1) << 1)
#define SUB1 (UINT64_C(1) << 2)
#define PGA  (UINT64_C(1) << 3)
#define PGB  (UINT64_C(1) << 4)

#define EMPTY_SWITCH                                                                         \
    "add table bridge rehome\n"                                                              \
    "add chain bridge rehome cuts { type filter hook forward priority 0; policy accept; }\n" \
    "flush chain bridge rehome cuts\n"
#define EMPTY_SENDER                                                                      \
    "add table inet rehome\n"                                                             \
    "add chain inet rehome cuts { type filter hook output priority 0; policy accept; }\n" \
    "flush chain inet rehome cuts\n"

static const struct cut_ground ground = {&topology, {"10.77.0", "10.78.0"}};
static const struct cut_ground hosts = {&topology, {"192.168.56", "192.168.57"}};

static char *text;

static const char *drops(const struct cut *cuts, uint32_t n)
{
    size_t size = 0;
    free(text);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cut_drops(out, cuts, n, &topology);
    assert_int_equal(fclose(out), 0);
    return text;
}

static const char *losses(const struct cut *cuts, uint32_t n, uint16_t receiver)
{
    size_t size = 0;
    free(text);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cut_losses(out, cuts, n, &hosts, (struct proc_id){receiver});
    assert_int_equal(fclose(out), 0);
    return text;
}

static const char *refusals(const struct cut *cuts, uint32_t n, uint16_t sender)
{
    size_t size = 0;
    free(text);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cut_refusals(out, cuts, n, &ground, (struct proc_id){sender});
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_cut__without_cuts_nothing_is_dropped_or_refused(void **state)
{
    (void)state;
    assert_string_equal(drops(NULL, 0), EMPTY_SWITCH);
    assert_string_equal(refusals(NULL, 0, 1), EMPTY_SENDER);
}

static void test_cut__both_directions_are_dropped_and_counted_as_one(void **state)
{
    (void)state;
    const struct cut cut = {.id = 3, .from = SUB1, .to = PUB | PGA};
    assert_string_equal(drops(&cut, 1), EMPTY_SWITCH
                        "add counter bridge rehome cut3\n"
                        "add rule bridge rehome cuts iifname { \"visible2\" } oifname "
                        "{ \"visible1\", \"visible11\" } counter name cut3 drop\n"
                        "add rule bridge rehome cuts iifname { \"visible1\", \"visible11\" } "
                        "oifname { \"visible2\" } counter name cut3 drop\n");
}

static void test_cut__one_way_loses_only_what_the_first_side_sends(void **state)
{
    (void)state;
    const struct cut cut = {.id = 1, .from = PGA, .to = PGB, .net = CUT_PRIVATE, .one_way = true};
    assert_string_equal(drops(&cut, 1),
                        EMPTY_SWITCH "add counter bridge rehome cut1\n"
                                     "add rule bridge rehome cuts iifname { \"private11\" } "
                                     "oifname { \"private12\" } counter name cut1 drop\n");
}

static void test_cut__several_cuts_are_one_text(void **state)
{
    (void)state;
    const struct cut cuts[] = {{.id = 1, .from = PUB, .to = SUB1, .one_way = true},
                               {.id = 2, .from = PUB, .to = PGA, .reject = true},
                               {.id = 5, .from = PGA, .to = PGB, .one_way = true}};
    const char *all = drops(cuts, 3);
    assert_non_null(strstr(all, "counter name cut1 drop"));
    assert_null(strstr(all, "cut2"));
    assert_non_null(strstr(all, "counter name cut5 drop"));
}

static void test_cut__each_sender_refuses_for_the_other_side(void **state)
{
    (void)state;
    const struct cut cut = {.id = 2, .from = PUB, .to = PGA, .reject = true};
    assert_string_equal(refusals(&cut, 1, 1), EMPTY_SENDER
                        "add counter inet rehome cut2\n"
                        "add rule inet rehome cuts ip daddr { 10.77.0.11 } counter name cut2 "
                        "meta l4proto tcp reject with tcp reset\n"
                        "add rule inet rehome cuts ip daddr { 10.77.0.11 } reject with icmpx "
                        "type admin-prohibited\n");
    assert_non_null(strstr(refusals(&cut, 1, 3), "ip daddr { 10.77.0.1 } "));
    assert_string_equal(refusals(&cut, 1, 2), EMPTY_SENDER);
}

static void test_cut__a_refusal_in_one_way_is_that_of_the_first_side(void **state)
{
    (void)state;
    const struct cut cut = {.id = 2, .from = PUB, .to = PGA, .reject = true, .one_way = true};
    assert_non_null(strstr(refusals(&cut, 1, 1), "reject"));
    assert_string_equal(refusals(&cut, 1, 3), EMPTY_SENDER);
}

static void test_cut__events_have_the_words_of_the_judges(void **state)
{
    (void)state;
    const struct {
        struct cut cut;
        const char *word;
    } rows[] = {{{.net = CUT_VISIBLE}, "partition"},
                {{.net = CUT_VISIBLE, .one_way = true}, "partition one-way"},
                {{.net = CUT_PRIVATE}, "partition private"},
                {{.net = CUT_PRIVATE, .one_way = true}, "partition one-way private"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char word[CUT_WORD_LEN];
        cut_word(&rows[i].cut, word);
        assert_string_equal(word, rows[i].word);
    }
}

static void test_cut__sides_are_named_and_cut_off_when_they_are_long(void **state)
{
    (void)state;
    const struct cut cut = {.from = PUB | SUB1, .to = PGA | PGB};
    char sides[64];
    cut_sides(&cut, &topology, sides, sizeof sides);
    assert_string_equal(sides, "pub,sub1 / pga,pgb");
    for (size_t size = 1; size < 20; size++) {
        char shorter[20];
        cut_sides(&cut, &topology, shorter, size);
        assert_int_equal(strlen(shorter), size - 1 < 18 ? size - 1 : 18);
        assert_memory_equal(shorter, sides, size - 1 < 18 ? size - 1 : 18);
    }
}

static void test_cut__a_name_of_a_port_fits_the_kernel(void **state)
{
    (void)state;
    char port[CUT_PORT_LEN];
    cut_port(CUT_VISIBLE, 254, port);
    assert_string_equal(port, "visible254");
}

static void test_cut__packets_are_read_from_a_listing(void **state)
{
    (void)state;
    assert_int_equal(cut_counted("table bridge rehome {\n\tcounter cut3 {\n\t\tpackets 12 bytes "
                                 "624\n\t}\n}\n"),
                     12);
    assert_int_equal(cut_counted(""), 0);
}

#define EMPTY_RECEIVER                                                                     \
    "add table inet rehome\n"                                                              \
    "add chain inet rehome losses { type filter hook input priority 0; policy accept; }\n" \
    "flush chain inet rehome losses\n"

static void test_cut__without_a_switch_the_receiver_drops_by_address(void **state)
{
    (void)state;
    const struct cut both = {.id = 3, .from = SUB1, .to = PUB | PGA};
    const struct cut one_way = {
        .id = 4, .from = PGA, .to = PGB, .net = CUT_PRIVATE, .one_way = true};
    const struct cut refused = {.id = 5, .from = SUB1, .to = PUB, .reject = true};
    const struct cut cuts[] = {both, one_way, refused};
    assert_string_equal(losses(cuts, 3, 2), EMPTY_RECEIVER
                        "add counter inet rehome cut3\n"
                        "add rule inet rehome losses ip saddr { 192.168.56.1, 192.168.56.11 } "
                        "counter name cut3 drop\n");
    assert_string_equal(losses(cuts, 3, 4),
                        EMPTY_RECEIVER "add counter inet rehome cut4\n"
                                       "add rule inet rehome losses ip saddr { 192.168.57.11 } "
                                       "counter name cut4 drop\n");
    /* Who only sends loses nothing that it gets. */
    assert_string_equal(losses(cuts + 1, 1, 3), EMPTY_RECEIVER);
}

static void test_cut__on_the_private_network_only_two_sides_of_one_kind_meet(void **state)
{
    (void)state;
    static const struct topology t = {
        .procs_n = 6,
        .procs = {{.name = "pub", .kind = PROC_NODE, .host = 1},
                  {.name = "pga", .kind = PROC_PG, .host = 2, .side = SIDE_A, .pair = 5000},
                  {.name = "pgb", .kind = PROC_PG, .host = 3, .side = SIDE_B, .pair = 5000},
                  {.name = "pg2b", .kind = PROC_PG, .host = 4, .side = SIDE_B, .pair = 5001},
                  {.name = "icma", .kind = PROC_ICM, .host = 5, .side = SIDE_A},
                  {.name = "icmb", .kind = PROC_ICM, .host = 6, .side = SIDE_B}}};
    const struct {
        uint64_t from, to;
        bool meet;
    } rows[] = {
        {1 << 2, 1 << 3, true},           /* pga / pgb */
        {1 << 3, 1 << 1 | 1 << 2, true},  /* pgb / pub,pga */
        {1 << 6, 1 << 5, true},           /* icmb / icma */
        {1 << 2, 1 << 4, false},          /* pga / pg2b: of two pairs */
        {1 << 2, 1 << 5 | 1 << 6, false}, /* pga / icma,icmb */
        {1 << 1, 1 << 2 | 1 << 3, false}, /* pub / pga,pgb */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cut cut = {.from = rows[i].from, .to = rows[i].to, .net = CUT_PRIVATE};
        assert_int_equal(cut_separates(&cut, &t), rows[i].meet);
        cut.net = CUT_VISIBLE;
        assert_true(cut_separates(&cut, &t));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cut__on_the_private_network_only_two_sides_of_one_kind_meet),
    cmocka_unit_test(test_cut__without_a_switch_the_receiver_drops_by_address),
    cmocka_unit_test(test_cut__without_cuts_nothing_is_dropped_or_refused),
    cmocka_unit_test(test_cut__both_directions_are_dropped_and_counted_as_one),
    cmocka_unit_test(test_cut__one_way_loses_only_what_the_first_side_sends),
    cmocka_unit_test(test_cut__several_cuts_are_one_text),
    cmocka_unit_test(test_cut__each_sender_refuses_for_the_other_side),
    cmocka_unit_test(test_cut__a_refusal_in_one_way_is_that_of_the_first_side),
    cmocka_unit_test(test_cut__events_have_the_words_of_the_judges),
    cmocka_unit_test(test_cut__sides_are_named_and_cut_off_when_they_are_long),
    cmocka_unit_test(test_cut__a_name_of_a_port_fits_the_kernel),
    cmocka_unit_test(test_cut__packets_are_read_from_a_listing),
};

UNIT_MAIN(tests);
