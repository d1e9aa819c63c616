#include "cluster/control/topology_text.h"

#include "cluster/sim/sim_topology.h"
#include "node/runtime/topology_file.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static struct topology made, read;
static struct topology_policies policies;

/* Written as a file and read again: it obeys every rule of a file, and is the same. */
static void check(const struct sim_topology_size *size)
{
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(sim_topology_make(size, &made), ERR_OK);
    made.policies = policies;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    topology_text_write(f, &made);
    assert_int_equal(fclose(f), 0);
    memset(&read, 0, sizeof read);
    assert_int_equal(topology_file_parse("sim.yaml", text, stderr, &read), ERR_OK);
    read.hash = made.hash;
    assert_memory_equal(&read, &made, sizeof made);
    free(text);
}

static void test_topology_text__what_the_swarm_draws_is_a_good_file(void **state)
{
    (void)state;
    struct rand_state rand = {1};
    for (int i = 0; i < 200; i++) {
        struct sim_topology_size size;
        sim_topology_draw(&rand, i % 4 == 0 ? "srnd" : "lab", &size);
        check(&size);
    }
}

static void test_topology_text__the_default_of_the_simulation_is_a_good_file(void **state)
{
    (void)state;
    struct sim_topology_size size;
    sim_topology_default(100, "lab", &size);
    check(&size);
}

static void test_topology_text__policies_are_written_and_read(void **state)
{
    (void)state;
    struct sim_topology_size size;
    sim_topology_default(20, "lab", &size);
    for (unsigned i = 0; i < 3; i++) {
        policies = (struct topology_policies){.fallback = (enum fallback)i,
                                              .control = (enum control)(i % CONTROL_COUNT),
                                              .login = (enum login)(i % LOGIN_COUNT),
                                              .cut_row = (enum cut_row)(i % CUT_ROW_COUNT)};
        check(&size);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_topology_text__what_the_swarm_draws_is_a_good_file),
    cmocka_unit_test(test_topology_text__the_default_of_the_simulation_is_a_good_file),
    cmocka_unit_test(test_topology_text__policies_are_written_and_read),
};

UNIT_MAIN(tests);
