"""What the two systems that this one follows could do, still holds."""
