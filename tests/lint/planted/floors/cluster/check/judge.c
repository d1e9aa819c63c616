#include "cluster/registry/registry.h" /* PLANTED: is not below cluster/check */
#include "proto/message.h"
#include <assert.h> /* PLANTED: <assert.h> is not for */
