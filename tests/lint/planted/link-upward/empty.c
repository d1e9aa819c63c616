int planted_empty;
