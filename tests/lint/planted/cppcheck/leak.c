#include <stdlib.h>

int planted_leak(int wanted);

int planted_leak(int wanted)
{
    int table[4] = {0};
    char *bytes = malloc(16);
    if (bytes == NULL) {
        return 1;
    }
    return table[4] + wanted; /* PLANTED: Memory leak: bytes */
}
