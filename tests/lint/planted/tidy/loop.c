#include <stddef.h>

int planted_last(const int *numbers, size_t count);

int planted_last(const int *numbers, size_t count)
{
    if (count == 0)
        return 0; /* PLANTED: [readability-braces-around-statements */
    const int *none = NULL;
    return numbers[count - 1] + *none; /* PLANTED: [clang-analyzer-core.NullDereference */
}
