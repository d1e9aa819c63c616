#include "node/role/phone/phone.h"
#include "node/role/pg/pg.h" /* PLANTED: "node/role/pg/pg.h" is not below node/role/phone */
#include "phone.h" /* PLANTED: "phone.h" is not a path from the root */
#include <time.h> /* PLANTED: <time.h> is not for */
#include <raft.h> /* PLANTED: <raft.h> is not for */
#include "proto/message.h"
