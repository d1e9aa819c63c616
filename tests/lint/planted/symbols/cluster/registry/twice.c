int twice_told = 2; /* PLANTED: twice_told is also in node/base/twice.c */
