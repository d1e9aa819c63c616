/* Topology files. What is accepted is a topology that a process can start with. */
#include "node/runtime/topology_file.h"
#include "tests/fuzz/tape.h"

#include <stdlib.h>
#include <string.h>

static struct topology topology;

/* Every device has an answer, and is found by its own name. */
static void look_around(const struct topology *t)
{
    uint32_t n = topology_devices(t);
    ASSERT(n <= DEVICES_MAX);
    for (uint32_t v = 1; v <= n; v += n / 64 + 1) {
        struct device_info info;
        bool known = topology_device(t, (struct device_id){v}, &info);
        ASSERT(known);
        ASSERT(topology_device_named(t, info.name).v == v);
    }
    for (uint32_t i = 0; i < topology_agents_total(t); i += 1 + topology_agents_total(t) / 64) {
        struct agent_info agent;
        struct agent_info again;
        bool known = topology_agent(t, i, &agent);
        ASSERT(known);
        ASSERT(agent.id.v != 0);
        known = topology_agent_by_id(t, agent.id, &again);
        ASSERT(known);
        ASSERT(again.device.v == agent.device.v);
    }
    ASSERT(t->procs_n <= PROCS_MAX);
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        ASSERT(topology_proc_named(t, t->procs[v - 1].name).v == v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FILE *complaints = fopen("/dev/null", "we");
    ASSERT(text != NULL);
    ASSERT(complaints != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (topology_file_parse("a.yaml", text, complaints, &topology) == ERR_OK) {
        look_around(&topology);
    } else {
        ASSERT(ftell(complaints) != 0); /* whoever refuses says why */
    }
    fclose(complaints);
    free(text);
    return 0;
}
