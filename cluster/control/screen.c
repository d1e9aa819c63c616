#include "cluster/control/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define COLUMNS 80 /* of a terminal that does not say */
#define ROWS    24

static const char enter[] = "\033[?1049h\033[?25l\033[2J"; /* another page, no cursor, empty */
static const char leave[] = "\033[?25h\033[?1049l";

static struct termios before;
static bool taken;
static bool colours, unicode;

bool screen_possible(void)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != NULL &&
           term[0] != '\0' && strcmp(term, "dumb") != 0;
}

static void write_all(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, text, n);
        if (done < 0 && errno != EINTR) {
            return; /* nobody looks any more: the next key says so */
        }
        text += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
}

bool screen_open(void)
{
    const char *no_colour = getenv("NO_COLOR");
    if (!screen_possible() || tcgetattr(STDIN_FILENO, &before) != 0) {
        return false;
    }
    /* What the terminal can show; nothing else of the locale is wanted. */
    (void)setlocale(LC_CTYPE, "");
    unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    colours = no_colour == NULL || no_colour[0] == '\0';
    struct termios now = before;
    now.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    now.c_cc[VSUSP] = _POSIX_VDISABLE; /* whoever comes back would find another page */
    if (tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0) {
        return false;
    }
    taken = true;
    write_all(enter, sizeof enter - 1);
    return true;
}

void screen_close(void)
{
    if (taken) {
        write_all(leave, sizeof leave - 1);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
        taken = false;
    }
}

void screen_frame(struct frame *ret)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    frame_begin(ret, known ? size.ws_col : COLUMNS, known ? size.ws_row : ROWS, colours, unicode);
}

void screen_show(const struct frame *f)
{
    write_all(f->text, f->n);
}

/* What was read and not looked at yet: two keys may come together. */
static char pending[16];
static size_t pending_n;

/* The meaning of the first key, and how long it is. Arrows come as ESC [ C or ESC O C. */
static enum screen_key meaning(const char *keys, size_t n, size_t *ret_n)
{
    if (n >= 3 && keys[0] == '\033' && (keys[1] == '[' || keys[1] == 'O')) {
        *ret_n = 3;
        return keys[2] == 'C' ? SCREEN_KEY_ON : keys[2] == 'D' ? SCREEN_KEY_BACK : SCREEN_KEY_NONE;
    }
    *ret_n = 1;
    return keys[0] == 'q' || keys[0] == 'Q'   ? SCREEN_KEY_QUIT
           : keys[0] == ' '                   ? SCREEN_KEY_PAUSE
           : keys[0] == 'f' || keys[0] == 'F' ? SCREEN_KEY_FAULT
                                              : SCREEN_KEY_NONE;
}

enum screen_key screen_key(uint32_t wait_ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    if (pending_n == 0) {
        if (poll(&p, 1, (int)wait_ms) <= 0) {
            return SCREEN_KEY_NONE;
        }
        ssize_t n = read(STDIN_FILENO, pending, sizeof pending);
        if (n <= 0) {
            return n < 0 && (errno == EINTR || errno == EAGAIN) ? SCREEN_KEY_NONE : SCREEN_KEY_QUIT;
        }
        pending_n = (size_t)n;
    }
    size_t taken_n = 0;
    enum screen_key key = meaning(pending, pending_n, &taken_n);
    pending_n -= taken_n;
    memmove(pending, pending + taken_n, pending_n);
    return key;
}
