"""What coding agents say of themselves, a place an agent: telemetry and lines into events."""
