// What a program on Node sends with OpenTelemetry's JavaScript SDK: JSON, to where the environment says.
// The first argument is the name of its service. Exits with 1 where the SDK had anything to complain of.

import { DiagLogLevel, context, diag, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const complain = (...what) => {
  console.error(...what);
  process.exitCode = 1;
};
const pass = () => {};
diag.setLogger(
  { error: complain, warn: complain, info: pass, debug: pass, verbose: pass },
  DiagLogLevel.WARN,
);

const resource = resourceFromAttributes({ "service.name": process.argv[2] });
const session = { "session.id": "node-session" };
const call = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-5",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.response.time_to_first_chunk": 0.5,
  "gen_ai.usage.input_tokens": 1000,
  "gen_ai.usage.output_tokens": 90,
  "gen_ai.input.messages": "a secret",
};

async function traces() {
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer("instrumentation");
  const now = Date.now();
  const run = tracer.startSpan("invoke_agent helper", {
    startTime: now - 4000,
    attributes: { "gen_ai.operation.name": "invoke_agent" },
  });
  const within = trace.setSpan(context.active(), run);
  tracer.startSpan("chat gpt-5", { startTime: now - 1500, attributes: call }, within).end(now);
  const tool = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" };
  tracer.startSpan("execute_tool search", { startTime: now - 250, attributes: tool }, within).end(now);
  const failed = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5" };
  const failing = tracer.startSpan("chat gpt-5", { startTime: now - 500, attributes: failed }, within);
  failing.recordException(new RangeError("429 Too Many Requests"));
  failing.setStatus({ code: 2 });
  failing.end(now);
  run.end(now);
  await provider.forceFlush();
  await provider.shutdown();
}

// As Gemini CLI does.
async function logs() {
  const provider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
  });
  provider.getLogger("gemini-cli").emit({
    body: "API response from gemini-3-pro.",
    attributes: {
      ...session,
      "event.name": "gemini_cli.api_response",
      model: "gemini-3-pro",
      duration_ms: 1500.5,
      input_token_count: 1000,
      cached_content_token_count: 700,
      output_token_count: 30,
      thoughts_token_count: 60,
      total_token_count: 1090,
      finish_reasons: ["STOP"],
    },
  });
  await provider.forceFlush();
  await provider.shutdown();
}

async function metrics() {
  const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const lines = provider.getMeter("gemini-cli").createCounter("gemini_cli.lines.changed");
  for (const added of [5, 7]) {
    lines.add(added, { ...session, type: "added" });
    await provider.forceFlush();
  }
  await provider.shutdown();
}

await Promise.all([traces(), logs(), metrics()]);
