/* rehome-icm: one central controller side in the real world. */
#include "node/process/icm.h"

#include "node/main/main_common.h"
#include "node/runtime/topology_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define COPY_WAIT_MS 5000

/* `rehome-icm --copy FROM TO`: a copy of the call records as they are at one moment, while the
 * process that owns them goes on. */
static int copy(const char *from, const char *to)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    bool good = sqlite3_open_v2(from, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                sqlite3_busy_timeout(db, COPY_WAIT_MS) == SQLITE_OK &&
                sqlite3_prepare_v2(db, "VACUUM INTO ?", -1, &s, NULL) == SQLITE_OK &&
                sqlite3_bind_text(s, 1, to, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_DONE;
    if (!good) {
        fprintf(stderr, "%s cannot be copied: %s\n", from, sqlite3_errmsg(db));
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    return good ? EX_OK : EX_IOERR;
}

int main(int argc, char **argv)
{
    static struct topology topology;
    static struct icm_process icm;
    struct main_options options;
    struct driver *driver = NULL;
    if (argc == 4 && strcmp(argv[1], "--copy") == 0) {
        return copy(argv[2], argv[3]);
    }
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
