int  wide( int a ) { return a ; } /* PLANTED: code should be clang-formatted */
