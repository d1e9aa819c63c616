#include "node/main/main_common.h"

#include "node/main/there.h"
#include "node/runtime/door.h"
#include "node/runtime/log.h"
#include "node/runtime/notify.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

/* The one driver of the process, for the signals. */
static struct driver *served;
static uv_signal_t signals[2];

const char *argp_program_version = "rehome " REHOME_VERSION;

static error_t option(int key, char *arg, struct argp_state *state)
{
    struct main_options *o = state->input;
    switch (key) {
    case 't':
        o->topology_file = arg;
        return 0;
    case 'n':
        o->name = arg;
        return 0;
    case 's':
        o->state_dir = arg;
        return 0;
    case 'k':
        o->keys_dir = arg;
        return 0;
    case 'b':
        o->block = arg;
        return 0;
    case 'p':
        o->private_block = arg;
        return 0;
    case ARGP_KEY_END:
        if (o->topology_file == NULL || o->name == NULL || o->state_dir == NULL ||
            o->keys_dir == NULL || o->block == NULL) {
            argp_error(state, "--topology, --name, --state, --keys and --block are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void main_options_parse(int argc, char **argv, struct main_options *ret_options)
{
    static const struct argp_option options[] = {
        {"topology", 't', "FILE", 0, "the topology of the cluster", 0},
        {"name", 'n', "NAME", 0, "which process of the topology this is", 0},
        {"state", 's', "DIR", 0, "the folder for what must survive", 0},
        {"keys", 'k', "DIR", 0, "the folder with the keys of the cluster", 0},
        {"block", 'b', "127.X.Y", 0, "the first three numbers of the addresses", 0},
        {"private-block", 'p', "X.Y.Z", 0, "the same on the private network, if that is another",
         0},
        {0},
    };
    const struct argp argp = {options, option, NULL, "One process of a rehome cluster.",
                              NULL,    NULL,   NULL};
    if (there_clock(argc, argv)) {
        exit(EX_OK);
    }
    *ret_options = (struct main_options){0};
    argp_err_exit_status = EX_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, ret_options);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)handle;
    log_line(LOG_INFO, "event=stop signal=%d", signum);
    driver_stop(served);
}

int main_exit_code(enum err err)
{
    return err == ERR_OK                                 ? EX_OK
           : err == ERR_IN_USE                           ? EX_CANTCREAT
           : err == ERR_INVALID || err == ERR_PERMISSION ? EX_CONFIG
           : err == ERR_CORRUPT || err == ERR_VERSION    ? EX_DATAERR
                                                         : EX_IOERR;
}

int main_driver(const struct main_options *options, const struct topology *topology,
                struct driver **ret_driver)
{
    log_setup(options->name, LOG_INFO);
    struct driver_config config = {.topology = topology,
                                   .self = topology_proc_named(topology, options->name),
                                   .state_dir = options->state_dir,
                                   .keys_dir = options->keys_dir,
                                   .block = options->block,
                                   .private_block = options->private_block};
    if (!proc_id_some(config.self)) {
        fprintf(stderr, "%s is not a process of %s\n", options->name, options->topology_file);
        return EX_CONFIG;
    }
    if (mkdir(options->state_dir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s cannot be made; look at the folder above it\n", options->state_dir);
        return EX_IOERR;
    }
    door_raise_limit();
    enum err err = driver_new(&config, ret_driver);
    if (err != ERR_OK) {
        fprintf(stderr, "%s cannot start: %s (state %s, keys %s, block %s)\n", options->name,
                err_text(err), options->state_dir, options->keys_dir, options->block);
        return main_exit_code(err);
    }
    served = *ret_driver;
    const int numbers[2] = {SIGTERM, SIGINT};
    for (unsigned i = 0; i < 2; i++) {
        uv_signal_init(driver_loop(served), &signals[i]);
        uv_signal_start(&signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    return EX_OK;
}

static uv_prepare_t end_handle;

static void look_for_end(uv_prepare_t *handle)
{
    const bool *ended = handle->data;
    if (*ended) {
        driver_stop(served);
    }
}

void main_end_when(struct driver *driver, const bool *ended)
{
    union {
        const bool *in;
        void *out;
    } pointer = {.in = ended};
    uv_prepare_init(driver_loop(driver), &end_handle);
    end_handle.data = pointer.out;
    uv_prepare_start(&end_handle, look_for_end);
}

int main_serve(struct driver *driver, const struct process *process)
{
    static struct notify notify;
    notify_begin(&notify, driver_loop(driver));
    enum err err = driver_run(driver, process);
    notify_end(&notify);
    return main_exit_code(err);
}
