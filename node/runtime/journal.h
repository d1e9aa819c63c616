/* journal: what a process tells the journal of its host, where its stderr is the journal.
 *
 * A line of the log becomes an entry with its priority. The few events that somebody who looks
 * after a host must know become entries, too, each kind with an id of its own that the catalogue
 * explains (deploy/systemd/rehome.catalog, `journalctl --catalog`); the newest of them is the
 * status of the process. All other events are for programs, in the spine. */
#ifndef NODE_RUNTIME_JOURNAL_H
#define NODE_RUNTIME_JOURNAL_H

#include "node/base/event.h"
#include "node/base/topology.h"

#include <stdbool.h>

#define JOURNAL_TEXT_LEN 160

/* X(NAME, id, priority as of syslog(3)): the entries that the catalogue explains. */
#define JOURNAL_MAP(X)                                        \
    X(STARTED, "81fa0820833f42f9ad57389955f66776", 6)         \
    X(ENDED, "164fd868a720490d9033fda2e844ae73", 6)           \
    X(SERVICE_STARTED, "1b08ada5f6064515a2868160f424f987", 5) \
    X(SERVICE_CRASHED, "ac483dcb793847daab01f00aed029ea6", 3) \
    X(SERVICE_STOPPED, "c2d48a8f47604c30b25e1c0e83da3362", 5) \
    X(LEADER, "ac3b1563072448f695fc8a87c129e3bf", 5)          \
    X(NOT_LEADER, "454b810db04b429292d906c226e21ba1", 6)      \
    X(LEASE_GOT, "04f1296380b44f9f9393e377bd60cad9", 5)       \
    X(LEASE_LOST, "522a4dc91d4341709e84238505c90482", 4)      \
    X(NODE_DOWN, "5918baa9bc914cffa42243d6987b3989", 4)       \
    X(PG_ACTIVE, "11e57e10fbda470c8522b6b27a01e11d", 5)       \
    X(PG_STANDBY, "a2301363f3b243b3a4d12a876219f1ec", 5)      \
    X(PROVIDER_UP, "21f9f170742c48d48741d9f8bda15354", 6)     \
    X(PROVIDER_DOWN, "0044deb479c94bc7b9c65e30397f599e", 4)   \
    X(CONTROLLER, "4794cafeb138426caa623e0ed1ca581b", 5)

#define JOURNAL_ENUM(name, id, priority) JOURNAL_##name,
enum journal_entry { JOURNAL_NONE, JOURNAL_MAP(JOURNAL_ENUM) JOURNAL_COUNT };
#undef JOURNAL_ENUM

/* Whether stderr is the journal. */
bool journal_reached(void);
/* A line of the log; `priority` as of syslog(3). Only if the journal is reached. */
void journal_line(const char *process, int priority, const char *text);
/* Tell an event of this process, if it is one of those above: the journal, if it is reached, and
 * the service manager. */
void journal_event(const struct topology *topology, const struct event *event);

/* Which entry an event is, with the sentence of it; JOURNAL_NONE and "" for most. */
enum journal_entry journal_of(const struct topology *topology, const struct event *event,
                              char ret_text[JOURNAL_TEXT_LEN]);

#endif
