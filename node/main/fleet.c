/* rehome-fleet: one fleet process in the real world. */
#include "node/process/fleet.h"

#include "node/main/main_common.h"
#include "node/runtime/call_log.h"
#include "node/runtime/log.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

struct program {
    struct driver *driver;
    struct fleet *fleet;
    struct call_log *log;
    uv_prepare_t prepare;
};

/* The end of each turn of the loop: lines go to disk, and a stop that was asked for happens. */
static void end_of_turn(uv_prepare_t *handle)
{
    struct program *p = handle->data;
    if (call_log_flush(p->log) != ERR_OK) {
        log_line(LOG_ERROR, "event=call_log_lost lines=%llu",
                 (unsigned long long)call_log_lost(p->log));
    }
    if (p->fleet->stopping) {
        driver_stop(p->driver);
    }
}

int main(int argc, char **argv)
{
    static struct topology topology;
    static struct program p;
    struct main_options options;
    main_options_parse(argc, argv, &options);
    if (topology_file_load(options.topology_file, stderr, &topology) != ERR_OK) {
        return EX_CONFIG;
    }
    int code = main_driver(&options, &topology, &p.driver);
    if (code != EX_OK) {
        return code;
    }
    struct proc_id self = topology_proc_named(&topology, options.name);
    if (topology_proc_of(&topology, self)->kind != PROC_FLEET) {
        fprintf(stderr, "%s is not a fleet\n", options.name);
        driver_free(&p.driver);
        return EX_CONFIG;
    }
    if (call_log_new(options.state_dir, &topology, loop_now(), loop_wall_us(), &p.log) != ERR_OK) {
        fprintf(stderr, "%s/" CALL_LOG_FILE " cannot be opened\n", options.state_dir);
        driver_free(&p.driver);
        return EX_IOERR;
    }
    void *memory = malloc(fleet_size(&topology, self));
    ASSERT(memory != NULL);
    p.fleet =
        fleet_init(memory, &topology, self, driver_incarnation(p.driver), driver_world(p.driver));
    fleet_set_log(p.fleet, p.log, call_log_write);
    struct process process = fleet_process(p.fleet);
    uv_prepare_init(driver_loop(p.driver), &p.prepare);
    p.prepare.data = &p;
    uv_prepare_start(&p.prepare, end_of_turn);
    code = main_serve(p.driver, &process);
    fleet_stop(p.fleet, loop_now());
    call_log_free(&p.log);
    driver_free(&p.driver);
    free(memory);
    return code;
}
