/* Processes that speak over real sockets: each is a fork with a driver and a role that counts. */
#include "node/runtime/driver.h"

#include "node/runtime/log.h"
#include "node/runtime/spine.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LINK_TESTED LINK_SDL

/* Sends sdl_snapshot messages with growing numbers to its peer, as fast as they come back or as the
 * clock says, and writes what it sees to its event file: `value` counts. */
struct role {
    const struct world *world;
    struct proc_id self, peer;
    bool up;
    uint32_t next, expected;
    uint32_t burst;
    struct instant due;
    unsigned errors;
    bool stores; /* a PG side: a record every millisecond */
    uint64_t outbox, told, restored;
    struct driver *driver;
    struct instant end;
};

static struct topology topology;
static char dir[64], keys_dir[80], block[32];

static void note(struct role *r, const char *text, int64_t value)
{
    struct event e = {.kind = EVENT_CONFIG_WRITTEN, .value = value};
    snprintf(e.text, sizeof e.text, "%s", text);
    world_trace(r->world, &e);
}

static void role_start(void *self, struct instant now)
{
    struct role *r = self;
    r->world->listen(r->world->context, LINK_TESTED, true);
    r->world->connect(r->world->context, LINK_TESTED, r->peer, true);
    r->due = now;
    struct msg local = {.kind = MSG_SDL_SUBSCRIBE, .correlation = 9};
    local.sdl_subscribe.on = true;
    world_send(r->world, LINK_LOCAL, r->self, &local);
    /* What happens late in a turn: libraft's callbacks do. */
    struct instant late = instant_add(now, duration_ms(20));
    while (!instant_reached(loop_now(), late)) {
    }
    note(r, "late", late.us);
}

static void role_message(void *self, struct instant now, enum link link, struct proc_id peer,
                         const struct msg *msg)
{
    struct role *r = self;
    (void)now;
    if (link == LINK_LOCAL) {
        note(r, "local", msg->sdl_subscribe.on ? 1 : 0);
        return;
    }
    if (peer.v != r->peer.v || !r->up || msg->kind != MSG_SDL_SNAPSHOT ||
        msg->sdl_snapshot.device.v != r->expected) {
        r->errors++;
        note(r, "wrong", (int64_t)msg->sdl_snapshot.device.v);
    }
    r->expected++;
}

static void role_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct role *r = self;
    (void)now;
    (void)link;
    (void)peer;
    r->errors += r->up ? 1 : 0;
    r->up = true;
    r->next = 1;
    r->expected = 1;
}

static void role_down(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason)
{
    struct role *r = self;
    (void)now;
    (void)link;
    (void)peer;
    (void)reason;
    r->errors += r->up ? 0 : 1;
    r->up = false;
    note(r, "heard", (int64_t)r->expected - 1);
}

static struct instant role_deadline(const void *self)
{
    return ((const struct role *)self)->due;
}

static void role_tick(void *self, struct instant now)
{
    struct role *r = self;
    for (uint32_t i = 0; i < r->burst && r->up; i++) {
        struct msg msg = {.kind = MSG_SDL_SNAPSHOT, .correlation = r->next};
        msg.sdl_snapshot.origin = r->self;
        msg.sdl_snapshot.device.v = r->next++;
        world_send(r->world, LINK_TESTED, r->peer, &msg);
    }
    if (r->stores) {
        struct msg msg = {.kind = MSG_RECORD_TCD};
        msg.record_tcd.outbox = ++r->outbox;
        r->world->store(r->world->context, &msg);
    }
    r->due = instant_add(now, duration_ms(1));
    if (instant_reached(now, r->end)) {
        driver_stop(r->driver);
    }
}

static void record_event(struct role *r, const char *text, int64_t value)
{
    struct event e = {.kind = EVENT_TCD_WRITTEN, .value = value};
    snprintf(e.text, sizeof e.text, "%s", text);
    world_trace(r->world, &e);
}

static void role_stored(void *self, struct instant now, uint64_t ticket)
{
    struct role *r = self;
    (void)now;
    r->errors += ticket > r->told ? 0 : 1;
    record_event(r, "stored", (int64_t)(ticket - r->told));
    r->told = ticket;
}

static void role_restore(void *self, const struct msg *msg)
{
    struct role *r = self;
    r->errors += msg->record_tcd.outbox == r->outbox + 1 ? 0 : 1;
    r->outbox = msg->record_tcd.outbox;
    record_event(r, "restored", 1);
}

static void serve(uint16_t self, uint16_t peer, int64_t ms, uint32_t burst)
{
    static struct role role;
    char state[128];
    snprintf(state, sizeof state, "%s/%u", dir, self);
    mkdir(state, 0700);
    struct driver_config config = {.topology = &topology,
                                   .self = {self},
                                   .state_dir = state,
                                   .keys_dir = keys_dir,
                                   .block = block};
    struct driver *driver = NULL;
    enum err err = driver_new(&config, &driver);
    if (err != ERR_OK) {
        fprintf(stderr, "driver_new: %s\n", err_text(err));
        _exit(2);
    }
    role = (struct role){.world = driver_world(driver),
                         .self = {self},
                         .peer = {peer},
                         .burst = burst,
                         .stores = topology.procs[self - 1].kind == PROC_PG,
                         .driver = driver,
                         .end = instant_add(loop_now(), duration_ms(ms))};
    struct process process = {.self = &role,
                              .start = role_start,
                              .restore = role_restore,
                              .stored = role_stored,
                              .message = role_message,
                              .link_up = role_up,
                              .link_down = role_down,
                              .deadline = role_deadline,
                              .tick = role_tick};
    if (driver_run(driver, &process) != ERR_OK) {
        _exit(3);
    }
    note(&role, "heard", (int64_t)role.expected - 1);
    note(&role, "errors", role.errors);
    driver_free(&driver);
    _exit(role.errors == 0 ? 0 : 1);
}

static pid_t spawn(uint16_t self, uint16_t peer, int64_t ms, uint32_t burst)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        serve(self, peer, ms, burst);
    }
    assert_true(pid > 0);
    return pid;
}

static int finish(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static struct event found; /* the last one of events_of */

/* The sum of `value`, and how many there are, of the events of a process with this kind and text.
 */
static unsigned events_of(unsigned self, enum event_kind kind, const char *text, int64_t *ret_sum)
{
    char path[160];
    char line[SPINE_LINE_MAX];
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/%u/%s", dir, self, SPINE_FILE);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *ret_sum = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        struct event e;
        assert_int_equal(spine_parse_line(&topology, line, strlen(line), &e), ERR_OK);
        if (e.kind == kind && (text == NULL || strcmp(e.text, text) == 0)) {
            *ret_sum += e.value;
            found = e;
            n++;
        }
    }
    fclose(file);
    return n;
}

static int set_up(void **state)
{
    (void)state;
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    small_block(block, sizeof block);
    snprintf(keys_dir, sizeof keys_dir, "%s", dir);
    assert_int_equal(keys_make(dir, &topology), ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_remove(dir);
    return 0;
}

static void test_driver__two_processes_that_both_dial_exchange_messages(void **state)
{
    (void)state;
    int64_t heard = 0;
    pid_t a = spawn(2, 3, 1200, 20);
    pid_t b = spawn(3, 2, 1200, 20);
    assert_int_equal(finish(a), 0);
    assert_int_equal(finish(b), 0);
    events_of(2, EVENT_CONFIG_WRITTEN, "heard", &heard);
    print_message("heard %d\n", (int)heard);
    assert_true(heard > 2000);
    assert_int_equal(events_of(2, EVENT_CONFIG_WRITTEN, "local", &heard), 1);
    assert_int_equal(heard, 1);
    /* one session, not two that fight */
    assert_int_equal(events_of(2, EVENT_LINK_UP, "sdl", &heard), 1);
    assert_int_equal(events_of(3, EVENT_LINK_UP, "sdl", &heard), 1);
    /* an event has the time at which it happened, not that of its turn */
    assert_int_equal(events_of(2, EVENT_CONFIG_WRITTEN, "late", &heard), 1);
    assert_true(found.at.us >= found.value);
}

static void test_driver__a_killed_process_is_news_and_its_return_is_a_new_session(void **state)
{
    (void)state;
    int64_t sum = 0;
    pid_t a = spawn(2, 3, 3000, 5);
    pid_t b = spawn(3, 2, 10000, 5);
    for (unsigned i = 0; i < 3; i++) {
        usleep(500000);
        kill(b, SIGKILL);
        finish(b);
        usleep(200000);
        b = spawn(3, 2, i < 2 ? 10000 : 1200, 5);
    }
    assert_int_equal(finish(a), 0);
    assert_int_equal(finish(b), 0);
    assert_int_equal(events_of(2, EVENT_LINK_UP, "sdl", &sum), 4);
    assert_true(events_of(2, EVENT_LINK_DOWN, "sdl", &sum) >= 3);
    assert_int_equal(events_of(3, EVENT_PROCESS_START, NULL, &sum), 4); /* incarnations 1 to 4 */
    assert_int_equal(events_of(2, EVENT_CONFIG_WRITTEN, "wrong", &sum), 0);
    events_of(2, EVENT_CONFIG_WRITTEN, "heard", &sum);
    print_message("heard %d\n", (int)sum);
    assert_true(sum > 1000);
}

static void test_driver__a_stopped_process_is_down_by_silence_and_comes_back(void **state)
{
    (void)state;
    int64_t sum = 0;
    pid_t a = spawn(2, 3, 4500, 5);
    pid_t b = spawn(3, 2, 4500, 5);
    usleep(600000);
    kill(b, SIGSTOP);
    usleep(2000000);
    kill(b, SIGCONT);
    assert_int_equal(finish(a), 0);
    assert_int_equal(finish(b), 0);
    assert_int_equal(events_of(2, EVENT_LINK_UP, "sdl", &sum), 2);
    assert_true(events_of(3, EVENT_LOOP_LATE, NULL, &sum) >= 1);
    assert_true(sum > 1500000);
    assert_int_equal(events_of(2, EVENT_CONFIG_WRITTEN, "wrong", &sum), 0);
}

static void copy(const char *from_dir, const char *from, const char *to_dir, const char *to)
{
    char command[400];
    snprintf(command, sizeof command, "mkdir -p %s && cp %s/%s %s/%s", to_dir, from_dir, from,
             to_dir, to);
    assert_int_equal(system(command), 0);
}

static void test_driver__a_known_key_under_another_name_is_refused(void **state)
{
    (void)state;
    int64_t sum = 0;
    char honest[80];
    char forged[80];
    snprintf(honest, sizeof honest, "%s", dir);
    snprintf(forged, sizeof forged, "%s/forged", dir);
    copy(honest, "*.cert", forged, "");
    copy(honest, "pga.cert", forged, "sub2.cert");
    copy(honest, "pga.cert_secret", forged, "sub2.cert_secret");
    pid_t a = spawn(2, 3, 1500, 1);
    snprintf(keys_dir, sizeof keys_dir, "%s", forged);
    pid_t b = spawn(3, 2, 1500, 1); /* has pga's key, and says that it is sub2 */
    assert_int_equal(finish(a), 0);
    assert_int_equal(finish(b), 0);
    assert_int_equal(events_of(2, EVENT_LINK_UP, NULL, &sum), 0);
    assert_int_equal(events_of(3, EVENT_LINK_UP, NULL, &sum), 0);
    assert_true(events_of(2, EVENT_MESSAGE_REJECTED, "sdl: not permitted", &sum) >= 1);
}

/* A PG side that stores a record every millisecond is told of each commit, and has them back. */
static void test_driver__what_is_stored_is_told_and_restored(void **state)
{
    (void)state;
    int64_t stored = 0;
    int64_t restored = 0;
    pid_t pid = spawn(4, 5, 10000, 0);
    usleep(700000);
    kill(pid, SIGKILL);
    finish(pid);
    events_of(4, EVENT_TCD_WRITTEN, "stored", &stored);
    pid = spawn(4, 5, 300, 0);
    assert_int_equal(finish(pid), 0);
    events_of(4, EVENT_TCD_WRITTEN, "restored", &restored);
    print_message("stored %d, restored %d\n", (int)stored, (int)restored);
    assert_true(stored > 50);
    assert_true(restored >= stored);
}

static void test_driver__throughput(void **state)
{
    (void)state;
    int64_t a_heard = 0;
    int64_t b_heard = 0;
    pid_t a = spawn(2, 3, 1500, 60);
    pid_t b = spawn(3, 2, 1500, 60);
    assert_int_equal(finish(a), 0);
    assert_int_equal(finish(b), 0);
    events_of(2, EVENT_CONFIG_WRITTEN, "heard", &a_heard);
    events_of(3, EVENT_CONFIG_WRITTEN, "heard", &b_heard);
    print_message("%d and %d messages in 1.5 s\n", (int)a_heard, (int)b_heard);
    assert_true(a_heard + b_heard > 20000);
}

#define DRIVER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    DRIVER_TEST(test_driver__two_processes_that_both_dial_exchange_messages),
    DRIVER_TEST(test_driver__a_killed_process_is_news_and_its_return_is_a_new_session),
    DRIVER_TEST(test_driver__a_stopped_process_is_down_by_silence_and_comes_back),
    DRIVER_TEST(test_driver__a_known_key_under_another_name_is_refused),
    DRIVER_TEST(test_driver__what_is_stored_is_told_and_restored),
    DRIVER_TEST(test_driver__throughput),
};

UNIT_MAIN(tests);
