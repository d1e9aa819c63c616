/* PLANTED: is on no floor */
