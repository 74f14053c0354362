// What a newcomer sees: how to push the first event, to this very exporter.

import { byId, setText } from "./dom.js";

const EVENT = `{
  "type": "completion", "agent": "me", "model": "my-provider/my-model",
  "latency_ms": 1834, "tokens": {"input": 2135, "output": 411},
  "cost_usd": 0.0189
}`;

/** Say how to push. `pushes` tells `{here, addresses}`: where pushes are taken. */
export function showStart(pushes) {
  const here = document.baseURI.replace(/\/$/, "");
  const elsewhere = pushes && !pushes.here && pushes.addresses.length > 0;
  const target = elsewhere ? `http://${pushes.addresses[0]}` : here;
  setText(
    byId("start-where"),
    elsewhere
      ? `Pushes are not taken at this address, only at ${pushes.addresses.join(", ")}. From there the exporter shows what agents tell it.`
      : "The exporter waits for agents to tell it what they do.",
  );
  setText(
    byId("curl"),
    `curl -s ${target}/api/v1/events \\\n  -H 'Content-Type: application/json' -d '${EVENT}'`,
  );
  setText(
    byId("otlp"),
    [
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${target}`,
      "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
      "export CLAUDE_CODE_ENABLE_TELEMETRY=1",
      "export OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp",
    ].join("\n"),
  );
}
