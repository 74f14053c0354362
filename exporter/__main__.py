"""`python -m exporter` is `agent-exporter`."""

from exporter.cli.main import main

if __name__ == "__main__":
    main()
