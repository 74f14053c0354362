"""Where batches are kept before they count: what a push acknowledged is in here first."""
