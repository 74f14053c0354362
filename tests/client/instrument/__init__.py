"""Facts about the observed calls of the real libraries, over real sockets."""
