#include "cluster/record/record.h"

#include "cluster/record/judged.h"
#include "cluster/record/load.h"
#include "cluster/record/report.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_LEN 4096

static enum err path_in(const char *dir, const char *name, char ret_path[PATH_LEN])
{
    int n = snprintf(ret_path, PATH_LEN, "%s/%s", dir, name);
    return n > 0 && n < PATH_LEN ? ERR_OK : ERR_IO;
}

static enum err open_run(const char *run_dir, const struct topology *topology,
                         struct runfile **ret_runfile)
{
    char path[PATH_LEN];
    enum err err = path_in(run_dir, RUNFILE_NAME, path);
    return err == ERR_OK ? runfile_open(path, topology, ret_runfile) : err;
}

enum err record_collect(const char *run_dir, const char *cluster_dir,
                        const struct topology *topology, const struct runfile_rehearsal *rehearsal)
{
    struct runfile *r = NULL;
    char file[PATH_LEN];
    enum err err = open_run(run_dir, topology, &r);
    if (err == ERR_OK) {
        err = path_in(cluster_dir, "topology.yaml", file);
    }
    if (err == ERR_OK) {
        err_ignore(runfile_topology_keep(r, file), "then the one beside the run file is taken");
        err = runfile_follow(r, cluster_dir, NULL);
    }
    if (err == ERR_OK) {
        err = runfile_records(r, cluster_dir);
    }
    if (err == ERR_OK) {
        err = runfile_rehearsal_keep(r, rehearsal);
    }
    runfile_free(&r);
    return err;
}

enum err record_limit(const char *run_dir, const struct topology *topology, int64_t from_us,
                      int64_t until_us)
{
    struct runfile *r = NULL;
    enum err err = open_run(run_dir, topology, &r);
    if (err == ERR_OK) {
        err = load_begin_at(r, from_us);
    }
    if (err == ERR_OK) {
        err = load_end_at(r, until_us);
    }
    runfile_free(&r);
    return err;
}

static enum err write_out(const struct judged *j, const char *run_dir, const char *dir,
                          json_t **ret_json)
{
    char report[PATH_LEN], verdict[PATH_LEN];
    enum err err = path_in(dir, RECORD_REPORT, report);
    if (err == ERR_OK) {
        err = path_in(dir, RECORD_VERDICT, verdict);
    }
    if (err == ERR_OK) {
        err = report_write(j, report);
    }
    if (err != ERR_OK) {
        return err;
    }
    json_t *o = judged_json(j, run_dir, report);
    if (json_dump_file(o, verdict, JSON_INDENT(1)) != 0) {
        json_decref(o);
        return ERR_IO;
    }
    if (ret_json != NULL) {
        *ret_json = o;
    } else {
        json_decref(o);
    }
    return ERR_OK;
}

enum err record_judge(const char *run_dir, const struct topology *topology, const char *report_dir,
                      enum verdict *ret_verdict, json_t **ret_json)
{
    struct runfile *r = NULL;
    enum err err = open_run(run_dir, topology, &r);
    if (err != ERR_OK) {
        return err;
    }
    struct judged *j = calloc(1, sizeof *j);
    err = j == NULL ? ERR_MEMORY : judged_make(r, topology, j);
    if (err == ERR_OK) {
        err = write_out(j, run_dir, report_dir != NULL ? report_dir : run_dir, ret_json);
        if (err == ERR_OK) {
            *ret_verdict = j->verdict;
        }
        judged_free(j);
    }
    free(j);
    runfile_free(&r);
    return err;
}
