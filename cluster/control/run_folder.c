#include "cluster/control/run_folder.h"

#include "cluster/control/tick.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ID_LEN   80
#define ROOT_LEN (HOME_PATH_MAX / 2)

/* The link changes at once: whoever follows it finds the old run or the new one. It is a comfort
 * only: a run without it is found by its name. */
void run_folder_point(const struct home *h, const char *folder)
{
    const char *id = strrchr(folder, '/');
    char fresh[HOME_PATH_MAX];
    char latest[HOME_PATH_MAX];
    snprintf(latest, sizeof latest, "%.*s/runs/latest", ROOT_LEN, h->root);
    snprintf(fresh, sizeof fresh, "%.*s/runs/latest.%d", ROOT_LEN, h->root, (int)getpid());
    ASSERT(id != NULL);
    if (symlink(id + 1, fresh) == 0 && rename(fresh, latest) != 0) {
        unlink(fresh);
    }
}

int run_folder_make(const struct home *h, const char *what, char ret_folder[HOME_PATH_MAX])
{
    char stamp[32];
    char id[ID_LEN];
    time_t now = (time_t)(tick_wall_us() / 1000000);
    struct tm tm;
    (void)gmtime_r(&now, &tm);
    (void)strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(id, sizeof id, "%s-%.32s-%d", stamp, what, (int)getpid());
    snprintf(ret_folder, HOME_PATH_MAX, "%.*s/runs/%s", ROOT_LEN, h->root, id);
    return home_make_folder(ret_folder);
}
