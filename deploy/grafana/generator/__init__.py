"""Makes the boards in `deploy/grafana/dashboards`: `python -m deploy.grafana.generator`.

A board is data: bands of panels (`layout`), each made of queries (`queries`) by one function per
kind of panel (`panels`). Metric names come from the exporter's catalogue, so that a family that is
renamed breaks the generator, and not the boards of whoever looks at them. What comes out is
Grafana's classic JSON, the only form that every version since 10.4 takes from files. What is ugly:
the keys are Grafana's, undocumented in parts, and nothing here knows whether one is misspelt.
"""
