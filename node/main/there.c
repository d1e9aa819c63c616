#include "node/main/there.h"

#include "node/runtime/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool there_clock(int argc, char **argv)
{
    char line[64];
    if (argc != 2 || strcmp(argv[1], "--clock") != 0) {
        return false;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        printf("%" PRId64 " %" PRId64 "\n", loop_now().us, loop_wall_us());
        fflush(stdout);
    }
    return true;
}
