"""The stages behind the web, as one."""
