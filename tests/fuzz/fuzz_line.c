/* A line of an event file, of a call log, and a time, as a judge reads them. */
#include "cluster/record/line.h"
#include "tests/fuzz/hostile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hostile h; /* for its topology */
    struct event event;
    struct history_leg leg;
    int64_t us = 0;
    hostile_init(&h, "pub");
    if (line_event(&h.topology, (const char *)data, size, &event) == ERR_OK) {
        ASSERT(event.kind > EVENT_NONE);
        ASSERT(event.kind < EVENT_COUNT);
        ASSERT(event.reason < REASON_COUNT);
        ASSERT(memchr(event.text, '\0', sizeof event.text) != NULL);
    }
    err_ignore(line_leg(&h.topology, (const char *)data, size, &leg), "it may be no leg");
    char *text = malloc(size + 1);
    ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (line_wall(text, &us) == ERR_OK) {
        char stamp[LINE_STAMP_LEN];
        int64_t again = 0;
        enum err err = line_wall(line_stamp(us, stamp), &again);
        ASSERT(err == ERR_OK);
        ASSERT(us == again);
    }
    free(text);
    hostile_deinit(&h);
    return 0;
}
