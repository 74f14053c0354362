// What a newcomer sees: how to push the first event, to this very exporter.

import { byId, setText } from "./dom.js";

const EVENT = `{
  "type": "completion", "agent": "me", "model": "my-provider/my-model",
  "latency_ms": 1834, "tokens": {"input": 2135, "output": 411},
  "cost_usd": 0.0189
}`;

// How to show who one is: to curl, to an OpenTelemetry exporter, and what is to be put in.
const AUTH = {
  none: { curl: "", otlp: [], hint: "" },
  password: {
    curl: " -u USER",
    otlp: ['export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Basic%20$(printf %s USER:PASSWORD | base64 -w0)"'],
    hint: " Put your name in for USER; curl asks for the password.",
  },
  token: {
    curl: ' -H "Authorization: Bearer $(cat token)"',
    otlp: ['export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20$(cat token)"'],
    hint: " The file called token holds the token.",
  },
};

const WILDCARD = /^(0\.0\.0\.0|\[::\])(?=:\d+$)/;

/** Say how to push. `pushes` tells `{here, addresses, scheme, auth}`: where pushes are taken. */
export function showStart(pushes) {
  // The address without what may stand behind it, as after a jump within the page.
  const here = new URL(".", location.href).href.replace(/\/$/, "");
  const elsewhere = pushes && !pushes.here && pushes.addresses.length > 0;
  const addresses = (pushes?.addresses ?? []).map(reachable);
  const target = elsewhere ? `${pushes.scheme ?? "http"}://${addresses[0]}` : here;
  const { curl, otlp, hint } = AUTH[pushes?.auth ?? "none"] ?? AUTH.none;
  const where = elsewhere
    ? `Pushes are not taken at this address, only at ${addresses.join(", ")}. From there the exporter shows what agents tell it.`
    : "The exporter waits for agents to tell it what they do.";
  setText(byId("start-where"), where + hint);
  setText(
    byId("curl"),
    `curl -s${curl} ${target}/api/v1/events \\\n  -H 'Content-Type: application/json' -d '${EVENT}'`,
  );
  setText(
    byId("otlp"),
    [
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${target}`,
      "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
      ...otlp,
      "export CLAUDE_CODE_ENABLE_TELEMETRY=1",
      "export OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp",
    ].join("\n"),
  );
}

/** Nobody can connect to a wildcard: the name by which this page was reached does instead. */
const reachable = (address) => address.replace(WILDCARD, location.hostname);
