#include "cluster/control/tick.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static volatile sig_atomic_t interrupted;

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t tick_now_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t tick_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

void tick_sleep_ms(uint32_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

const char *tick_stamp(int64_t wall_us, char ret[TICK_STAMP_LEN])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char date[TICK_STAMP_LEN - 6];
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret, TICK_STAMP_LEN, "%s.%03dZ", date, (int)(wall_us / 1000 % 1000));
    return ret;
}

static void on_signal(int signal)
{
    (void)signal;
    interrupted = 1;
}

void tick_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGPIPE, &action, NULL);
}

bool tick_interrupted(void)
{
    return interrupted != 0;
}

void tick_forget_interrupt(void)
{
    interrupted = 0;
}
