"""Events become series, and series become an exposition. prometheus_client lives only here."""
