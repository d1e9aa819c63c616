#include <microhttpd.h> /* PLANTED: <microhttpd.h> is not for cluster/record */
#include <czmq.h> /* PLANTED: <czmq.h> is not for cluster/record */
#include <sqlite3.h>
