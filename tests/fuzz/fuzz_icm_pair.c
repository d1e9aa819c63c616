/* A side of a duplexed controller among hostile peers: its twin, the PG sides. */
#include "node/process/icm.h"
#include "tests/fuzz/hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hostile h;
    static struct icm_process icm;
    bool second = size > 0 && (data[0] & 1) == 1;
    hostile_init_paired(&h, second ? "icmb" : "icma");
    icm_process_init(&icm, &h.topology, h.self, &h.world, 0);
    h.process = icm_process_entries(&icm);
    hostile_run(&h, data, size);
    hostile_deinit(&h);
    return 0;
}
