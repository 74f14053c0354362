"""The whole HTTP API as an OpenAPI 3.1 document, made from the code: `docs/openapi.yaml`.

What goes over the wire as a Struct is described by that Struct, in `schemas`; what the routes take
and answer is told beside it, a group of routes a file. Nothing of this is imported by a server.
"""
