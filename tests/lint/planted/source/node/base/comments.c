const char *address = "//not/a/comment"; /* // nor is this */
int scratch;                             // PLANTED: // is for scratch
typedef struct point {
    int x;
} point; /* PLANTED: no typedef of a struct */
int a_long_name_a_long_name_a_long_name_a_long_name_a_long_name_a_long_name_a_long_name_a_long_name_; /* PLANTED: longer than 100 columns */
/* PLANTED: more than 800: two modules */
