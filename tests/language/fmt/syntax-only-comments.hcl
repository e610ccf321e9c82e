   # one
	// two
/* three */
