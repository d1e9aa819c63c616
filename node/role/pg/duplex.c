#include "node/role/pg/duplex.h"

#include "node/base/plant.h"

void duplex_init(struct duplex *d, const struct topology *topology, struct proc_id self,
                 const struct world *world)
{
    const struct topology_proc *proc = topology_proc_of(topology, self);
    ASSERT(proc != NULL);
    *d = (struct duplex){.topology = topology,
                         .world = world,
                         .side = proc->side,
                         .pair = proc->pair,
                         .controller_lost = INSTANT_NEVER,
                         .peer_reaches_since = INSTANT_NEVER,
                         .apart_since = INSTANT_NEVER};
    for (uint32_t i = 0; i < topology->procs_n; i++) {
        const struct topology_proc *other = &topology->procs[i];
        d->paired = d->paired || (other->kind == PROC_PG && other->pair == proc->pair &&
                                  other->side != proc->side);
    }
}

void duplex_start(struct duplex *d, struct instant now)
{
    d->start_until = d->side == SIDE_B ? instant_add(now, duration_ms(DUPLEX_START_WAIT_MS)) : now;
    d->ask_at = now;
    d->hold_until = now;
    d->apart_since = now;
}

bool duplex_acts(const struct duplex *d)
{
    return d->state == DUPLEX_MONITORING || d->state == DUPLEX_ACTIVE;
}

static void say_hello(struct duplex *d, bool wants, uint32_t epoch)
{
    if (!proc_id_some(d->controller)) {
        return;
    }
    struct msg out;
    out.kind = MSG_PG_HELLO;
    out.correlation = 0;
    out.pg_hello = (struct msg_pg_hello){.side = d->side,
                                         .pair = d->pair,
                                         .epoch = epoch,
                                         .wants_active = wants,
                                         .number = ++d->hellos};
    world_send(d->world, LINK_CONTROLLER, d->controller, &out);
}

/* As long as a link may be silent before it is lost. */
static struct duration patience(const struct duplex *d)
{
    const struct topology_timers *timers = &d->topology->timers;
    return (struct duration){timers->mesh_heartbeat.us * (int64_t)timers->mesh_misses};
}

/* The pair has had no private link for a while. */
static bool apart(const struct duplex *d, struct instant now)
{
    return d->paired && !d->peer_up &&
           instant_reached(now, instant_add(d->apart_since, patience(d)));
}

/* The controller learns what this side weighs, and whether its peer can speak for itself only. */
static void say_weight(struct duplex *d, struct instant now)
{
    bool is_apart = apart(d, now);
    if (!d->told || (d->weight == d->told_weight && is_apart == d->told_apart)) {
        return;
    }
    d->told_weight = d->weight;
    d->told_apart = is_apart;
    struct msg out;
    out.kind = MSG_PG_WEIGHT;
    out.correlation = 0;
    out.pg_weight = (struct msg_pg_weight){
        .side = d->side, .pair = d->pair, .devices = d->weight, .apart = is_apart};
    world_send(d->world, LINK_CONTROLLER, d->controller, &out);
}

void duplex_weight(struct duplex *d, uint32_t devices)
{
    d->weight = devices;
}

struct duration duplex_sleep_max(const struct duplex *d)
{
    /* The last heartbeat may have been sent just before its turn was due again. */
    const struct topology_timers *timers = &d->topology->timers;
    return (struct duration){timers->private_heartbeat.us * (int64_t)(timers->private_misses - 1)};
}

void duplex_slept(struct duplex *d)
{
    if (d->state == DUPLEX_ASKING) {
        d->state = DUPLEX_STANDBY;
        say_hello(d, false, d->highest);
    } else if (duplex_acts(d)) {
        d->unsure = true;
        d->sure_by = d->hellos + 1;
        say_hello(d, true, d->epoch);
    }
}

void duplex_controller(struct duplex *d, struct instant now, struct proc_id controller)
{
    d->controller = controller;
    d->told = false;
    d->told_weight = 0;
    d->told_apart = false;
    d->controller_lost = proc_id_some(controller) ? INSTANT_NEVER : now;
    if (d->state == DUPLEX_ASKING) {
        d->state = DUPLEX_STANDBY;
    }
    say_hello(d, duplex_acts(d), duplex_acts(d) ? d->epoch : d->highest);
}

static void raise(struct duplex *d, uint32_t epoch)
{
    if (epoch > d->highest) {
        d->highest = epoch;
    }
    if (d->agreed <= d->highest) {
        d->agreed = 0;
    }
}

static struct instant ask_again(const struct duplex *d, struct instant now)
{
    uint32_t more = d->asked > DUPLEX_ASK_QUICK ? d->asked - DUPLEX_ASK_QUICK : 0;
    uint32_t doublings = more < DUPLEX_ASK_DOUBLINGS ? more : DUPLEX_ASK_DOUBLINGS;
    return instant_add(
        now, (struct duration){(2 * d->topology->timers.private_heartbeat.us) << doublings});
}

void duplex_grant(struct duplex *d, struct instant now, const struct msg_pg_grant *grant)
{
    if (grant->pair != d->pair || grant->side != (uint32_t)d->side) {
        return;
    }
    d->told = true;
    raise(d, grant->epoch);
    if (grant->active) {
        if (d->state == DUPLEX_STANDBY) {
            say_hello(d, false, d->highest); /* too late: this side cannot do it any more */
        } else if (d->state == DUPLEX_ASKING) {
            d->epoch = grant->epoch;
            d->state = DUPLEX_MONITORING;
            d->asked = 0;
            d->active_since = INSTANT_NEVER; /* BEGIN is to be ordered */
        } else if (grant->epoch > d->epoch + 1) {
            d->fenced = true; /* somebody had the epoch in between, and cut what was in view */
        } else {
            /* A newer epoch than its own: the other side had the pair meanwhile, and let it go. */
            bool replaced = grant->epoch > d->epoch;
            d->fenced = d->fenced || replaced;
            d->unsure = d->unsure && (replaced || grant->hello < d->sure_by);
        }
    } else if (d->state == DUPLEX_ASKING) {
        d->state = DUPLEX_STANDBY;
        d->ask_at = ask_again(d, now);
        d->asked++;
    } else if (duplex_acts(d)) {
        d->fenced = true;
    }
}

/* It asks again after one JTAPI heartbeat, twice as long for each further loss. */
static void hold_down(struct duplex *d, struct instant now)
{
    ASSERT(d->losses > 0);
    uint32_t doublings =
        d->losses - 1 < DUPLEX_HOLD_DOUBLINGS ? d->losses - 1 : DUPLEX_HOLD_DOUBLINGS;
    d->hold_until =
        instant_add(now, (struct duration){d->topology->timers.jtapi_heartbeat.us << doublings});
}

void duplex_provider(struct duplex *d, struct instant now, bool up, enum reason reason)
{
    if (up == d->provider_up) {
        return;
    }
    d->provider_up = up;
    if (!up) {
        d->why = reason;
        d->losses++;
        return;
    }
    if (d->losses > 0 && !d->closed) {
        hold_down(d, now);
    }
    d->closed = false;
}

void duplex_provider_closed(struct duplex *d)
{
    d->closed = d->closed || d->provider_up;
    d->provider_up = false;
}

void duplex_peer_link(struct duplex *d, struct instant now, bool up)
{
    d->peer_up = up;
    d->apart_since = up ? INSTANT_NEVER : now;
    if (!up) {
        if (d->peer_active && !duplex_acts(d)) {
            d->peer_lost = true;
        }
        d->peer_active = false;
        d->peer_provider = false;
        d->peer_controller = false;
        d->peer_reaches_since = INSTANT_NEVER;
        d->asked = 0;
        d->ask_at = now;
    }
}

void duplex_peer_status(struct duplex *d, struct instant now,
                        const struct msg_private_status *status)
{
    bool reached = d->peer_controller && d->peer_provider;
    bool reaches = status->controller_up && status->provider_up;
    d->peer_reaches_since = !reaches ? INSTANT_NEVER : reached ? d->peer_reaches_since : now;
    d->peer_active = status->active;
    d->peer_epoch = status->epoch;
    d->peer_provider = status->provider_up;
    d->peer_controller = status->controller_up;
    d->peer_weight = status->weight;
    raise(d, status->epoch);
    if (status->active) {
        d->asked = 0;
    }
    if (duplex_acts(d) && status->active && status->epoch > d->epoch) {
        d->fenced = true;
    }
}

void duplex_peer_gave_up(struct duplex *d, const struct msg_private_give_up *m)
{
    d->peer_active = false;
    d->peer_lost = false;
    d->asked = 0;
    if (m->epoch > d->highest) {
        raise(d, m->epoch - 1);
        d->agreed = m->epoch;
    }
}

static bool may_ask(const struct duplex *d, struct instant now)
{
    return d->provider_up && proc_id_some(d->controller) && d->told && !d->peer_active &&
           instant_reached(now, d->ask_at) && instant_reached(now, d->hold_until) &&
           (d->agreed != 0 || d->peer_lost || instant_reached(now, d->start_until));
}

static struct instant later(struct instant a, struct instant b)
{
    return a.us > b.us ? a : b;
}

/* When this side, without a controller, will have left the control to its peer; NEVER: it does not.
 * The peer can reach the controller, for as long as a lost link takes (a controller that comes back
 * comes back to one of them first). Or neither of the two can be asked, and the peer reached more
 * devices when it last could. */
static struct instant yield_at(const struct duplex *d)
{
    if (proc_id_some(d->controller) || d->controller_lost.us == INT64_MAX) {
        return INSTANT_NEVER;
    }
    if (d->peer_up) {
        return instant_add(later(d->peer_reaches_since, d->controller_lost), patience(d));
    }
    if (!d->paired || d->weight >= d->peer_weight) {
        return INSTANT_NEVER;
    }
    return instant_add(later(d->apart_since, d->controller_lost), patience(d));
}

static enum duplex_order give_up(struct duplex *d, struct instant now, enum reason why)
{
    d->why = why;
    d->state = DUPLEX_STANDBY;
    if (d->fenced && apart(d, now)) {
        /* The heavier side has taken over: do not go back and forth with whatever flaps. */
        d->losses++;
        hold_down(d, now);
    }
    d->fenced = false;
    d->unsure = false;
    d->ask_at = ask_again(d, now);
    say_hello(d, false, d->highest);
    return DUPLEX_GIVE_UP;
}

static void forget_losses(struct duplex *d, struct instant now)
{
    struct duration calm = {d->topology->timers.jtapi_heartbeat.us * DUPLEX_CALM_BEATS};
    if (d->losses > 0 && instant_reached(now, instant_add(d->active_since, calm))) {
        d->losses = 0;
    }
}

enum duplex_order duplex_step(struct duplex *d, struct instant now, bool open, bool all_confirmed)
{
    if (d->state == DUPLEX_STANDBY && may_ask(d, now)) {
        d->state = DUPLEX_ASKING;
        say_hello(d, true, d->agreed != 0 ? d->agreed : d->highest);
    }
    if (d->state == DUPLEX_ASKING && (!d->provider_up || d->peer_active)) {
        d->state = DUPLEX_STANDBY;
        say_hello(d, false, d->highest);
    }
    say_weight(d, now);
    if (!duplex_acts(d)) {
        return DUPLEX_NOTHING;
    }
    bool begun = d->active_since.us != INT64_MAX;
    if (!d->provider_up) {
        return give_up(d, now, d->why);
    }
    if (d->fenced) {
        return give_up(d, now, REASON_NOT_ACTIVE);
    }
    if (d->unsure) {
        return DUPLEX_NOTHING;
    }
    if (!begun && !open) {
        return DUPLEX_NOTHING; /* its link is being resumed, or lost */
    }
    if (!begun) {
        d->active_since = now;
        return DUPLEX_BEGIN;
    }
    if (d->state == DUPLEX_MONITORING && all_confirmed) {
        d->state = DUPLEX_ACTIVE;
        d->active_since = now;
        return DUPLEX_ACTIVATE;
    }
    if (PLANTED(FAIL_BACK) && d->side == SIDE_B && d->peer_provider) {
        return give_up(d, now, REASON_NOT_ACTIVE);
    }
    if (instant_reached(now, yield_at(d))) {
        return give_up(d, now, REASON_NO_CONTROLLER);
    }
    forget_losses(d, now);
    return DUPLEX_NOTHING;
}

/* When this side would ask; NEVER: it cannot. */
static struct instant ask_when(const struct duplex *d)
{
    if (d->state != DUPLEX_STANDBY || !d->provider_up || !proc_id_some(d->controller) || !d->told ||
        d->peer_active) {
        return INSTANT_NEVER;
    }
    bool at_once = d->agreed != 0 || d->peer_lost;
    struct instant when = later(d->ask_at, d->hold_until);
    return at_once ? when : later(when, d->start_until);
}

struct instant duplex_deadline(const struct duplex *d)
{
    struct instant next = duplex_acts(d) ? yield_at(d) : ask_when(d);
    if (d->told && d->paired && !d->peer_up && !d->told_apart) {
        next = instant_min(next, instant_add(d->apart_since, patience(d)));
    }
    return next;
}
