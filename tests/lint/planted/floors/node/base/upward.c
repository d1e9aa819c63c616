#include "proto/message.h" /* PLANTED: "proto/message.h" is not below node/base */
#include <unistd.h> /* PLANTED: <unistd.h> is not for node/base */
#include <stdint.h>
