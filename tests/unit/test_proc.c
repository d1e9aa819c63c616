#include "cluster/control/proc_here.h"

#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;) {
        pause();
    }
    return NULL;
}

/* A process; with `headless`, its first thread has ended and another one lives. */
static pid_t child(bool headless)
{
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that failed leaves nobody behind */
        if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0) {
            _exit(1);
        }
        if (headless) {
            pthread_exit(NULL);
        }
        wait_for_ever(NULL);
    }
    assert_true(pid > 0);
    return pid;
}

static char state_of(pid_t pid, unsigned long long *ret_started)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    int n = fscanf(in,
                   "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
                   "%*d %*d %*d %*d %llu",
                   &state, ret_started);
    fclose(in);
    assert_int_equal(n, 2);
    return state;
}

static struct proc_pid known(pid_t pid, char state)
{
    unsigned long long started = 0;
    for (unsigned i = 0; i < 5000 && state_of(pid, &started) != state; i++) {
        usleep(1000);
    }
    assert_int_equal(state_of(pid, &started), state);
    return (struct proc_pid){.pid = pid, .started = started};
}

static void end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    waitpid(pid, NULL, 0);
}

static void test_proc__a_process_lives_stops_and_dies(void **state)
{
    (void)state;
    pid_t pid = child(false);
    struct proc_pid p = known(pid, 'S');
    assert_int_equal(proc_here_look(&p), PROC_STATE_ALIVE);
    kill(pid, SIGSTOP);
    p = known(pid, 'T');
    assert_int_equal(proc_here_look(&p), PROC_STATE_STOPPED);
    end(pid);
    assert_int_equal(proc_here_look(&p), PROC_STATE_DEAD);
}

static void test_proc__who_has_a_thread_left_still_holds_its_ports(void **state)
{
    (void)state;
    pid_t pid = child(true);
    struct proc_pid p = known(pid, 'Z');
    assert_int_equal(proc_here_look(&p), PROC_STATE_ALIVE);
    end(pid);
    assert_int_equal(proc_here_look(&p), PROC_STATE_DEAD);
}

static void test_proc__another_process_with_the_same_number_is_not_it(void **state)
{
    (void)state;
    pid_t pid = child(false);
    struct proc_pid p = known(pid, 'S');
    p.started++;
    assert_int_equal(proc_here_look(&p), PROC_STATE_DEAD);
    end(pid);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_proc__a_process_lives_stops_and_dies),
    cmocka_unit_test(test_proc__who_has_a_thread_left_still_holds_its_ports),
    cmocka_unit_test(test_proc__another_process_with_the_same_number_is_not_it),
};

UNIT_MAIN(tests);
