"""HTTP in and out. aiohttp lives only here."""
