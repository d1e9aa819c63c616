/* Scenario files. */
#include "cluster/control/scenario_file.h"
#include "tests/fuzz/tape.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FILE *complaints = fopen("/dev/null", "we");
    struct scenario *scenario = NULL;
    ASSERT(text != NULL);
    ASSERT(complaints != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (scenario_file_parse("a.yaml", text, complaints, &scenario) == ERR_OK) {
        ASSERT(scenario->triggers_count > 0); /* the first is the default */
        ASSERT(scenario->backends_count > 0);
    } else {
        ASSERT(scenario == NULL);
        ASSERT(ftell(complaints) != 0); /* whoever refuses says why */
    }
    scenario_file_free(&scenario);
    fclose(complaints);
    free(text);
    return 0;
}
