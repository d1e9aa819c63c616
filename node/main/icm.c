/* rehome-icm: one central controller side in the real world. */
#include "node/process/icm.h"

#include "node/main/main_common.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <sysexits.h>

int main(int argc, char **argv)
{
    static struct topology topology;
    static struct icm_process icm;
    struct main_options options;
    struct driver *driver = NULL;
    main_options_parse(argc, argv, &options);
    if (topology_file_load(options.topology_file, stderr, &topology) != ERR_OK) {
        return EX_CONFIG;
    }
    int code = main_driver(&options, &topology, &driver);
    if (code != EX_OK) {
        return code;
    }
    struct proc_id self = topology_proc_named(&topology, options.name);
    if (topology_proc_of(&topology, self)->kind != PROC_ICM) {
        fprintf(stderr, "%s is not a central controller side\n", options.name);
        driver_free(&driver);
        return EX_CONFIG;
    }
    icm_process_init(&icm, &topology, self, driver_world(driver), loop_wall_us() - loop_now().us);
    struct process process = icm_process_entries(&icm);
    main_end_when(driver, &icm.ended);
    code = main_serve(driver, &process);
    driver_free(&driver);
    return code;
}
