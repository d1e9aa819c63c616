#include "node/role/ctimanager/watch.h"

#include "node/role/ctimanager/ctimanager.h"

static bool watched(const struct ctimanager *m, struct device_id device)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        if (provider_watches(&m->providers[i], device)) {
            return true;
        }
    }
    return false;
}

void watch_begin(struct ctimanager *m, struct device_id device)
{
    if (!watched(m, device)) {
        told_forget(&m->told, device);
        m->devices[device.v] = (struct ctimanager_device){.asked = false};
    }
}

void watch_ask(struct ctimanager *m, struct device_id device)
{
    m->devices[device.v] = (struct ctimanager_device){.asked = true};
    told_expect(&m->told, device);
    struct msg out;
    out.kind = MSG_SDL_SNAPSHOT;
    out.correlation = device.v;
    out.sdl_snapshot = (struct msg_sdl_snapshot){.origin = m->self, .device = device};
    world_send(m->world, LINK_LOCAL, m->self, &out);
}

static void tell(struct ctimanager *m, const struct msg_device_event *event)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        provider_event(m, &m->providers[i], event);
    }
}

/* To those who wait for the first snapshot of this device, as it is. */
static void tell_snapshot(struct ctimanager *m, const struct msg_device_event *event)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        if (provider_expects(&m->providers[i], event->device)) {
            provider_event(m, &m->providers[i], event);
        }
    }
}

/* To those who heard all that could be heard, and missed this. */
static void tell_missed(void *context, const struct msg_device_event *event, bool begins)
{
    struct ctimanager *m = context;
    for (uint32_t i = 0; i < m->providers_n; i++) {
        if (!begins || !provider_expects(&m->providers[i], event->device)) {
            provider_event(m, &m->providers[i], event);
        }
    }
}

static void take_event(struct ctimanager *m, const struct msg_device_event *event)
{
    const struct told_sink sink = {m, tell_missed};
    struct ctimanager_device *d = &m->devices[event->device.v];
    if (event->kind == DEVICE_EVENT_SNAPSHOT) {
        tell_snapshot(m, event);
        told_row(&m->told, event, &sink);
    } else if (event->kind == DEVICE_EVENT_SNAPSHOT_END) {
        d->asked = false;
        told_end(&m->told, event, &sink);
        tell_snapshot(m, event);
    } else if (!d->asked || event->kind == DEVICE_EVENT_FAILED || told_fits(&m->told, event)) {
        told_event(&m->told, event);
        tell(m, event);
    } /* else something before it was missed: the snapshot that follows says what is now */
}

/* The registry knows an owner of whom somebody who watches the device has not been told. */
static bool untold(const struct ctimanager *m, struct device_id device, uint32_t epoch)
{
    for (uint32_t i = 0; i < m->providers_n; i++) {
        const struct provider *p = &m->providers[i];
        if (provider_watches(p, device) && p->monitors[device.v].epoch != epoch) {
            return true;
        }
    }
    return false;
}

/* Here it is not known yet, or not told yet, what the device's node knows: its owner. */
static void hold_back(struct ctimanager *m, const struct msg_device_event *event)
{
    if (m->ahead_n < CTIMANAGER_AHEAD_MAX) {
        m->ahead[m->ahead_n++] = *event;
    } else {
        m->devices[event->device.v].missed = true;
    }
}

/* An event of a device, from whoever owns it. Under an older epoch it is not believed (REG-2),
 * under a newer one it waits for the news from the registry, so that IN_SERVICE comes first. */
void watch_event(struct ctimanager *m, const struct msg_device_event *event)
{
    const struct registry_device *d = registry_device(m->registry, event->device);
    if (d == NULL || !watched(m, event->device)) {
        return;
    }
    if (event->epoch != 0 && event->epoch < d->epoch) {
        ctimanager_reject(m, m->self, REASON_OLD_EPOCH, "sdl_event");
    } else if (event->epoch > d->epoch ||
               (event->epoch != 0 && untold(m, event->device, d->epoch))) {
        hold_back(m, event);
    } else {
        take_event(m, event);
    }
}

void watch_registry_changed(struct ctimanager *m, struct device_id device)
{
    uint32_t n = m->ahead_n, kept = 0;
    uint32_t first = device_id_some(device) ? device.v : 1;
    uint32_t last = device_id_some(device) ? device.v : m->devices_n;
    for (uint32_t i = 0; i < n; i++) {
        struct msg_device_event event = m->ahead[i];
        /* The registry may have changed about other devices too, of which this is told next: what
         * happened there comes after OUT_OF_SERVICE and IN_SERVICE, or it would be cut by them. */
        bool told = event.device.v >= first && event.device.v <= last;
        bool known = event.epoch <= registry_device(m->registry, event.device)->epoch;
        if (told && known) {
            watch_event(m, &event);
        } else {
            m->ahead[kept++] = event;
        }
    }
    ASSERT(m->ahead_n == n);
    m->ahead_n = kept;
    for (uint32_t v = first; v <= last; v++) {
        if (m->devices[v].missed && watched(m, (struct device_id){v})) {
            watch_ask(m, (struct device_id){v});
        }
    }
}

void watch_node_anew(struct ctimanager *m, struct proc_id node)
{
    for (uint32_t v = 1; v <= m->devices_n; v++) {
        struct device_id device = {v};
        if (proc_id_eq(registry_owner(m->registry, device), node) && watched(m, device)) {
            watch_ask(m, device);
        }
    }
}
