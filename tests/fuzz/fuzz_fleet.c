/* A fleet whose CallManagers and CTI servers are hostile. */
#include "node/process/fleet.h"
#include "tests/fuzz/hostile.h"

#include <stdlib.h>

static void on_record(void *context, const struct leg_record *record)
{
    (void)context;
    ASSERT(record->call.v != 0);
    ASSERT(record->end.us >= record->begin.us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hostile h;
    hostile_init(&h, "fleet");
    void *memory = malloc(fleet_size(&h.topology, h.self));
    ASSERT(memory != NULL);
    struct fleet *f = fleet_init(memory, &h.topology, h.self, (struct incarnation){1}, &h.world);
    fleet_set_log(f, NULL, on_record);
    h.process = fleet_process(f);
    hostile_run(&h, data, size);
    fleet_stop(f, h.now);
    free(memory);
    hostile_deinit(&h);
    return 0;
}
