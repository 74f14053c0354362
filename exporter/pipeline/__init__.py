"""From decoded events to committed ones: intake, dedupe, enrichment, the one writer."""
