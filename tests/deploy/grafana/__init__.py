"""The boards: the rules of good ones, and that every query has an answer."""
