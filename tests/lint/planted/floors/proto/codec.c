#include "proto/rehome.pb-c.h"
