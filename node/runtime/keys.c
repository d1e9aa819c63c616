#include "node/runtime/keys.h"

#include "node/runtime/log.h"

#include <czmq.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 4096

static enum err path_of(const char *dir, const char *name, const char *suffix, char *ret_path)
{
    int n = snprintf(ret_path, PATH_LEN, "%s/%s.cert%s", dir, name, suffix);
    return n > 0 && n < PATH_LEN ? ERR_OK : ERR_TOO_BIG;
}

static enum err make_one(const char *dir, const char *name)
{
    char path[PATH_LEN];
    char secret[PATH_LEN];
    enum err err = path_of(dir, name, "", path);
    if (err != ERR_OK) {
        return err;
    }
    err = path_of(dir, name, "_secret", secret);
    if (err != ERR_OK) {
        return err;
    }
    if (access(secret, R_OK) == 0 && access(path, R_OK) == 0) {
        return ERR_OK;
    }
    zcert_t *cert = zcert_new();
    if (cert == NULL) {
        return ERR_MEMORY;
    }
    zcert_set_meta(cert, "name", "%s", name);
    mode_t old = umask(077);
    int rc = zcert_save(cert, path);
    umask(old);
    zcert_destroy(&cert);
    return rc == 0 && chmod(secret, 0600) == 0 ? ERR_OK : ERR_IO;
}

enum err keys_make(const char *dir, const struct topology *topology)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return ERR_IO;
    }
    enum err err = make_one(dir, KEYS_OPERATOR);
    for (uint32_t i = 0; i < topology->procs_n && err == ERR_OK; i++) {
        err = make_one(dir, topology->procs[i].name);
    }
    return err;
}

static enum err bad(const char *path, enum err err, const char *why)
{
    log_line(LOG_ERROR, "event=key_unusable path=%s reason=\"%s\"", path, why);
    return err;
}

static enum err load_public(const char *dir, const char *name, struct keys *keys)
{
    char path[PATH_LEN];
    enum err err = path_of(dir, name, "", path);
    if (err != ERR_OK) {
        return err;
    }
    FILE *file = fopen(path, "r"); /* czmq would take the secret file instead, which is private */
    if (file == NULL) {
        return bad(path, ERR_IO, strerror(errno));
    }
    char line[256];
    struct keys_known *known = &keys->known[keys->known_n];
    known->text[0] = '\0';
    while (fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, "public-key = \"");
        if (at != NULL) {
            at += strlen("public-key = \"");
            snprintf(known->text, sizeof known->text, "%.40s", at);
        }
    }
    fclose(file);
    if (strlen(known->text) != KEYS_TEXT_LEN - 1 ||
        zmq_z85_decode(known->bytes, known->text) == NULL) {
        return bad(path, ERR_CORRUPT, "no public key in it");
    }
    snprintf(known->name, sizeof known->name, "%s", name);
    keys->known_n++;
    return ERR_OK;
}

enum err keys_load(const char *dir, const char *name, const struct topology *topology,
                   struct keys *ret_keys)
{
    char path[PATH_LEN];
    enum err err = path_of(dir, name, "", path);
    if (err != ERR_OK) {
        return err;
    }
    *ret_keys = (struct keys){0};
    err = load_public(dir, KEYS_OPERATOR, ret_keys);
    for (uint32_t i = 0; i < topology->procs_n && err == ERR_OK; i++) {
        err = load_public(dir, topology->procs[i].name, ret_keys);
    }
    if (err != ERR_OK) {
        return err;
    }
    char secret[PATH_LEN];
    err = path_of(dir, name, "_secret", secret);
    if (err != ERR_OK) {
        return err;
    }
    struct stat st;
    if (access(secret, R_OK) != 0 || stat(secret, &st) != 0) {
        return bad(secret, ERR_IO, strerror(errno)); /* czmq would be content with the public key */
    }
    if ((st.st_mode & 077) != 0) {
        return bad(secret, ERR_PERMISSION, "it is open to others; chmod 600 closes it");
    }
    zcert_t *cert = zcert_load(path);
    if (cert == NULL) {
        return bad(secret, ERR_CORRUPT, "no certificate");
    }
    snprintf(ret_keys->own_public, KEYS_TEXT_LEN, "%s", zcert_public_txt(cert));
    snprintf(ret_keys->own_secret, KEYS_TEXT_LEN, "%s", zcert_secret_txt(cert));
    zcert_destroy(&cert);
    /* czmq fills in zeros for a secret that the file does not hold. */
    const uint8_t none[sizeof ret_keys->own_secret_bytes] = {0};
    const struct keys_known *own = keys_of(ret_keys, name);
    bool good = zmq_z85_decode(ret_keys->own_secret_bytes, ret_keys->own_secret) != NULL &&
                memcmp(ret_keys->own_secret_bytes, none, sizeof none) != 0 && own != NULL &&
                strcmp(own->text, ret_keys->own_public) == 0;
    return good ? ERR_OK : bad(secret, ERR_CORRUPT, "no secret key of the public one in it");
}

const struct keys_known *keys_of(const struct keys *keys, const char *name)
{
    for (uint32_t i = 0; i < keys->known_n; i++) {
        if (strcmp(keys->known[i].name, name) == 0) {
            return &keys->known[i];
        }
    }
    return NULL;
}

const struct keys_known *keys_owner(const struct keys *keys, const uint8_t bytes[32])
{
    for (uint32_t i = 0; i < keys->known_n; i++) {
        if (memcmp(keys->known[i].bytes, bytes, 32) == 0) {
            return &keys->known[i];
        }
    }
    return NULL;
}
