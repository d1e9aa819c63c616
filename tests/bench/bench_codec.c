/* Packs and unpacks small messages, and says how long one takes. */
#include "proto/codec.h"

#include "tests/unit/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 1000000

static struct msg msg;
static struct msg back;
static uint8_t bytes[CODEC_ITEM_MAX];

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench(enum msg_kind kind)
{
    size_t len = 0;
    sample_msg(kind, &msg);
    double begin = seconds();
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (codec_pack(&msg, bytes, sizeof bytes, &len) != ERR_OK) {
            abort();
        }
    }
    double packed = seconds();
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct codec_batch batch = {bytes, bytes + len};
        const uint8_t *at = NULL;
        size_t item = 0;
        if (codec_batch_next(&batch, &at, &item) != ERR_OK ||
            codec_unpack_message(at, item, &back) != ERR_OK) {
            abort();
        }
    }
    double unpacked = seconds();
    printf("%-20s %3zu bytes  pack %.3f us  unpack %.3f us\n", msg_name(kind), len,
           (packed - begin) / ROUNDS * 1e6, (unpacked - packed) / ROUNDS * 1e6);
}

int main(void)
{
    bench(MSG_STATION_KEEPALIVE);
    bench(MSG_STATION_REGISTER);
    bench(MSG_STATION_CALL);
    bench(MSG_CTI_EVENT);
    bench(MSG_RECORD_TCD);
    bench(MSG_PROPOSE);
    return 0;
}
