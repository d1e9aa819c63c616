int twice_told = 1;
