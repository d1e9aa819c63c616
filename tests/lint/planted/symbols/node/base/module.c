int stray_name = 1; /* PLANTED: stray_name does not begin with module_ */
int module_fine(void);
extern long time(long *);
int module_fine(void) { return (int)time(0); } /* PLANTED: time is foreign to floor 0 */
