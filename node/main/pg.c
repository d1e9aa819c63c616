/* rehome-pg: one Peripheral Gateway side in the real world. */
#include "node/process/pg.h"

#include "node/main/main_common.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <sysexits.h>

int main(int argc, char **argv)
{
    static struct topology topology;
    static struct pg_process pg;
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
    if (topology_proc_of(&topology, self)->kind != PROC_PG) {
        fprintf(stderr, "%s is not a PG side\n", options.name);
        driver_free(&driver);
        return EX_CONFIG;
    }
    if (pg_process_init(&pg, &topology, self, driver_incarnation(driver), driver_world(driver),
                        loop_wall_us() - loop_now().us) != ERR_OK) {
        fprintf(stderr, "%s: not enough memory for its tables\n", options.name);
        driver_free(&driver);
        return EX_OSERR;
    }
    struct process process = pg_process_entries(&pg);
    main_end_when(driver, &pg.ended);
    code = main_serve(driver, &process);
    pg_process_deinit(&pg);
    driver_free(&driver);
    return code;
}
