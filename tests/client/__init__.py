"""The push client against real sockets, processes and exporters."""
