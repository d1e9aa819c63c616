#include "proto/rehome.pb-c.h" /* PLANTED: is for the codec files of proto */
