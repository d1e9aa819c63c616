/* err: the one list of errors, and the macros that keep anyone from losing one.
 *
 * Three kinds of wrong, three answers (docs/style.md): a bug meets ASSERT, on in every build; a
 * world that failed answers `enum err`; a peer that misbehaves is rejected, counted and traced,
 * never asserted on. */
#ifndef NODE_BASE_ERR_H
#define NODE_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

#define ERR_MAP(X)                                   \
    X(OK, "ok")                                      \
    X(FULL, "a table or queue with a limit is full") \
    X(INVALID, "a value that cannot be")             \
    X(UNKNOWN, "no such thing")                      \
    X(EXISTS, "it is already there")                 \
    X(TRUNCATED, "the bytes end too early")          \
    X(TOO_BIG, "larger than its limit")              \
    X(CORRUPT, "what is there is damaged")           \
    X(VERSION, "a version that is not spoken here")  \
    X(STATE, "not possible in this state")           \
    X(REFUSED, "the other side said no")             \
    X(TIMEOUT, "no answer in time")                  \
    X(IO, "input or output failed")                  \
    X(MEMORY, "out of memory")                       \
    X(IN_USE, "an address or a file is in use")      \
    X(PERMISSION, "not permitted")

enum err {
#define X(name, text) ERR_##name,
    ERR_MAP(X)
#undef X
        ERR_COUNT
};

/* One sentence about an error, in lower case, without a full stop; never NULL. */
const char *err_text(enum err err);

/* Drop an error on purpose. `why` says why that is safe; it is for the reader. */
static inline void err_ignore(enum err err, const char *why)
{
    (void)err;
    (void)why;
}

/* A broken promise of our own: says where and aborts, in every build. */
_Noreturn void err_bug(const char *file, int line, const char *what);

#define ASSERT(condition) \
    ((condition) ? (void)0 : err_bug(__FILE__, __LINE__, "assertion failed: " #condition))
#define UNREACHABLE(why) err_bug(__FILE__, __LINE__, "unreachable: " why)

#ifdef REHOME_SLOW_ASSERTS
#define ASSERT_SLOW(condition) ASSERT(condition)
#else
#define ASSERT_SLOW(condition) ((void)0)
#endif

#endif
