#include "cluster/control/command.h"
#include "cluster/control/outcome.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *word;
    int (*run)(int argc, char **argv);
    const char *text;
};

#define COMMAND_ROW(word, function, text) {word, function, text},
static const struct entry commands[] = {COMMAND_LIST(COMMAND_ROW)};
#define COMMANDS_N (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fputs("usage: rehome COMMAND ...\n\n"
          "A contact-centre cluster that you can break on purpose.\n\n",
          out);
    for (size_t i = 0; i < COMMANDS_N; i++) {
        fprintf(out, "  %-14s %s\n", commands[i].word, commands[i].text);
    }
    fputs("\n`rehome COMMAND --help` says what a command takes.\n"
          "next:  rehome up      rehome scenario list\n",
          out);
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_DFL);
    if (argc < 2) {
        usage(stderr);
        return OUTCOME_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        usage(stdout);
        return OUTCOME_DONE;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("rehome " REHOME_VERSION);
        return OUTCOME_DONE;
    }
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < COMMANDS_N; i++) {
        if (strcmp(commands[i].word, word) == 0) {
            int code = commands[i].run(argc - 1, argv + 1);
            if (fflush(stdout) != 0 && !tick_interrupted()) {
                return outcome_error(OUTCOME_IO, NULL, "cannot write to standard output");
            }
            return code;
        }
        nearest_offer(&near, commands[i].word);
    }
    return outcome_error(OUTCOME_USAGE, "rehome --help",
                         "there is no command '%s'; the nearest is '%s'", word, near.best);
}
