/* log: one line per event, `key=value`, for people; the spine is for programs.
 *
 * error: someone must act. warn: it goes on, and the line says how. info: a state changed. debug:
 * the rest. Lines go to stderr, which is the log file of a process that `rehome up` started; if it
 * is the journal, they become entries of it (node/runtime/journal.h). */
#ifndef NODE_RUNTIME_LOG_H
#define NODE_RUNTIME_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* The name that every line bears, and the level up to which lines are written. */
void log_setup(const char *process, enum log_level level);

/* `format` makes the part behind the level: `event=… key=value …`. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
