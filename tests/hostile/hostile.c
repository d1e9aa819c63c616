/* hostile --topology FILE --keys DIR --block 127.X.Y [--state DIR] [--seed N] ATTACK...
 *
 *   raw              bytes of every kind at every listening socket
 *   flood N          N connections to each of them
 *   strangers        ZeroMQ without a key, and with one that nobody knows
 *   frames NAME      bad frames under the key of NAME, to every link of every process
 *   impostor NAME MS NAME itself, which must not run, with values that cannot be
 *
 * Says what was done; 0 if all of it was. */
#include "tests/hostile/hostile.h"

#include "node/runtime/log.h"
#include "node/runtime/topology_file.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hostile_give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("hostile: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static const char *value(int argc, char **argv, int *at)
{
    if (*at + 1 >= argc) {
        hostile_give_up("%s what?", argv[*at]);
    }
    return argv[++*at];
}

static void attack(struct cluster_seen *c, int argc, char **argv, int *at)
{
    const char *what = argv[*at];
    unsigned n = 0;
    if (strcmp(what, "raw") == 0) {
        n = raw_attack(c);
    } else if (strcmp(what, "flood") == 0) {
        n = raw_flood(c, (unsigned)strtoul(value(argc, argv, at), NULL, 10));
    } else if (strcmp(what, "strangers") == 0) {
        n = strangers_attack(c);
    } else if (strcmp(what, "frames") == 0) {
        n = frames_attack(c, value(argc, argv, at));
    } else if (strcmp(what, "impostor") == 0) {
        const char *name = value(argc, argv, at);
        n = impostor_attack(c, name, strtol(value(argc, argv, at), NULL, 10));
    } else {
        hostile_give_up("what is %s?", what);
    }
    printf("%s %u\n", what, n);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct cluster_seen c;
    const char *topology = NULL;
    int at = 1;
    c.rand.v = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        const char *option = argv[at];
        const char *text = value(argc, argv, &at);
        if (strcmp(option, "--topology") == 0) {
            topology = text;
        } else if (strcmp(option, "--keys") == 0) {
            c.keys_dir = text;
        } else if (strcmp(option, "--block") == 0) {
            c.block = text;
        } else if (strcmp(option, "--state") == 0) {
            c.state = text;
        } else if (strcmp(option, "--seed") == 0) {
            c.rand.v = strtoull(text, NULL, 10);
        } else {
            hostile_give_up("what is %s?", option);
        }
    }
    if (topology == NULL || c.keys_dir == NULL || c.block == NULL || at == argc) {
        hostile_give_up("--topology, --keys, --block and an attack are needed");
    }
    if (topology_file_load(topology, stderr, &c.topology) != ERR_OK) {
        return 1;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    log_setup("hostile", LOG_ERROR);
    targets_find(&c);
    for (; at < argc; at++) {
        attack(&c, argc, argv, &at);
    }
    return 0;
}
