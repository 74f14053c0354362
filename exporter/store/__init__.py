"""What no scrape can answer: rolling windows, sessions, requests, limits and rings, in memory."""
