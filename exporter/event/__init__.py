"""The vocabulary every stage speaks: events, tokens, error types, rejections."""
