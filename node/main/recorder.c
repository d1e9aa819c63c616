/* rehome-recorder: follows the event files and call logs of its cluster into one run file.
 *
 * It only reads: nobody waits for it, and after a restart it goes on where it was. Told to, it
 * looks devices up as well, so that the record shows what clients are told. */
#include "node/process/recorder.h"
#include "cluster/record/runfile.h"
#include "node/main/main_common.h"
#include "node/runtime/log.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <sysexits.h>

#define FOLLOW_MS 250

struct program {
    struct driver *driver;
    struct runfile *runfile;
    char cluster[4096]; /* the folder of all processes, above ours */
    bool failed;        /* the last look failed: said once */
    struct recorder recorder;
    uv_timer_t timer;
};

static void follow(struct program *p)
{
    enum err err = runfile_follow(p->runfile, p->cluster, NULL);
    if (err != ERR_OK && !p->failed) {
        log_line(LOG_ERROR, "event=follow_failed error=\"%s\" carry_on=\"trying again\"",
                 err_text(err));
    }
    p->failed = err != ERR_OK;
}

static void on_timer(uv_timer_t *timer)
{
    follow(timer->data);
}

static int open_files(struct program *p, const struct main_options *options,
                      const struct topology *topology)
{
    char path[4096];
    snprintf(p->cluster, sizeof p->cluster, "%.4000s/..", options->state_dir);
    snprintf(path, sizeof path, "%.4000s/" RUNFILE_NAME, options->state_dir);
    enum err err = runfile_open(path, topology, &p->runfile);
    if (err == ERR_OK) {
        err = runfile_topology_keep(p->runfile, options->topology_file);
    }
    if (err != ERR_OK) {
        fprintf(stderr, "%s cannot be opened: %s\n", path, err_text(err));
        return main_exit_code(err);
    }
    return EX_OK;
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
    code = open_files(&p, &options, &topology);
    if (code == EX_OK) {
        recorder_init(&p.recorder, &topology, driver_world(p.driver));
        struct process process = recorder_entries(&p.recorder);
        main_end_when(p.driver, &p.recorder.ended);
        uv_timer_init(driver_loop(p.driver), &p.timer);
        p.timer.data = &p;
        uv_timer_start(&p.timer, on_timer, 0, FOLLOW_MS);
        code = main_serve(p.driver, &process);
        uv_timer_stop(&p.timer);
        follow(&p);
        runfile_free(&p.runfile);
    }
    driver_free(&p.driver);
    return code;
}
