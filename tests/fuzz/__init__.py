"""What holds of any input at all: it is taken, or refused with the one error, and nothing else.

A module a decoder. In the suite each test sees a hundred inputs; `make fuzz` goes on for minutes,
with fresh ones in every round.
"""
