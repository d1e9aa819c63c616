/* A PG side among hostile peers: its CTI Manager, its twin, the controller, the fleet. */
#include "node/process/pg.h"
#include "tests/fuzz/hostile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hostile h;
    struct pg_process *pg = calloc(1, sizeof *pg);
    ASSERT(pg != NULL);
    hostile_init(&h, "pga");
    enum err err = pg_process_init(pg, &h.topology, h.self, (struct incarnation){1}, &h.world, 0);
    ASSERT(err == ERR_OK);
    h.process = pg_process_entries(pg);
    hostile_run(&h, data, size);
    pg_process_deinit(pg);
    free(pg);
    hostile_deinit(&h);
    return 0;
}
