// What is shown here, as PromQL: each tile and section by its name.
//
// The page tells of its own window, and Prometheus of what it scraped; so the figures are near each
// other, not equal. Where they differ by more than that, `note` says how.

const COMPLETIONS = "sum(rate(agent_completions_total[5m]))";
const BY_MODEL = "by (provider, model)";

const quantile = (share, by, family) =>
  `histogram_quantile(${share}, sum by (${by}le) (rate(${family}_bucket[5m])))`;

export const QUERIES = {
  in_flight: {
    title: "Requests in flight",
    queries: [["Now", "sum(agent_requests_in_flight)"]],
  },
  completions: {
    title: "Completions a minute",
    queries: [["Over 5 minutes", `${COMPLETIONS} * 60`]],
  },
  tokens: {
    title: "Tokens a minute",
    queries: [
      ["Over 5 minutes", "sum(rate(agent_tokens_total[5m])) * 60"],
      ["By kind", "sum by (type) (rate(agent_tokens_total[5m])) * 60"],
    ],
  },
  errors: {
    title: "Error ratio",
    queries: [
      [
        "Failed completions of all",
        `(sum(rate(agent_completions_total{outcome="error"}[5m])) or vector(0)) / (${COMPLETIONS} > 0)`,
      ],
      ["Why they failed", "sum by (error_type) (rate(agent_completion_errors_total[5m])) * 60 > 0"],
    ],
  },
  p95: {
    title: "Latency, 95th percentile",
    note: "The histogram holds failed completions too; this page tells of successes.",
    queries: [["Over 5 minutes, in seconds", quantile(0.95, "", "agent_completion_duration_seconds")]],
  },
  cost: {
    title: "Cost an hour",
    queries: [
      ["At the rate of the last 5 minutes", "sum(rate(agent_cost_usd_total[5m])) * 3600"],
      ["Completions whose cost is unknown, a minute", "sum(rate(agent_unpriced_completions_total[5m])) * 60"],
    ],
  },
  limited: {
    title: "Models limited now",
    queries: [
      ["How many", "count(agent_rate_limited == 1) or vector(0)"],
      ["Seconds until each is free", "agent_rate_limit_reset_timestamp_seconds - time() > 0"],
    ],
  },
  models: {
    title: "Models",
    note: "The histograms hold failed completions too; this page tells of successes.",
    queries: [
      ["Completions in the last hour", `sum ${BY_MODEL} (increase(agent_completions_total[1h]))`],
      [
        "Success ratio",
        `sum ${BY_MODEL} (rate(agent_completions_total{outcome="success"}[1h])) / (sum ${BY_MODEL} (rate(agent_completions_total[1h])) > 0)`,
      ],
      ["Median latency", quantile(0.5, "provider, model, ", "agent_completion_duration_seconds")],
      ["95th percentile", quantile(0.95, "provider, model, ", "agent_completion_duration_seconds")],
      ["99th percentile", quantile(0.99, "provider, model, ", "agent_completion_duration_seconds")],
      [
        "Mean time to the first token",
        `sum ${BY_MODEL} (rate(agent_completion_ttft_seconds_sum[1h])) / (sum ${BY_MODEL} (rate(agent_completion_ttft_seconds_count[1h])) > 0)`,
      ],
      [
        "Tokens generated a second of wall time",
        `sum ${BY_MODEL} (rate(agent_completion_output_tokens_sum[1h])) / (sum ${BY_MODEL} (rate(agent_completion_duration_seconds_sum[1h])) > 0)`,
      ],
      ["Cost in the last hour", `sum ${BY_MODEL} (increase(agent_cost_usd_total[1h]))`],
      ["Limited now", "agent_rate_limited == 1"],
    ],
  },
  events: {
    title: "Events",
    note: "Events themselves are not metrics; how many there are of each kind is.",
    queries: [
      ["Log events in the last hour", "sum by (level, source) (increase(agent_log_events_total[1h])) > 0"],
      ["Failed completions, by kind", "sum by (error_type) (increase(agent_completion_errors_total[1h])) > 0"],
      ["Failed tool calls", 'sum by (tool) (increase(agent_tool_calls_total{outcome="error"}[1h])) > 0'],
    ],
  },
  requests: {
    title: "Requests in flight",
    note: "A request's own duration has no series while it runs: no label tells requests apart.",
    queries: [
      ["By agent and channel", "sum by (agent, channel) (agent_requests_in_flight)"],
      ["Duration of ended ones, 95th percentile", quantile(0.95, "", "agent_request_duration_seconds")],
    ],
  },
  quotas: {
    title: "Quotas",
    queries: [
      ["Share used", "max by (agent, provider, window) (agent_quota_used_ratio)"],
      [
        "Seconds until renewed",
        "max by (agent, provider, window) (agent_quota_reset_timestamp_seconds) - time() > 0",
      ],
    ],
  },
  queues: {
    title: "Queues",
    queries: [["Depth", "sum by (agent, queue) (agent_queue_depth)"]],
  },
  sessions: {
    title: "Sessions",
    note: "No label tells sessions apart, so what one cost is in /api/v1/sessions alone.",
    queries: [
      ["Sessions active, by agent", "sum by (agent) (agent_sessions_active)"],
      ["Cost in the last hour, by agent", "sum by (agent) (increase(agent_cost_usd_total[1h]))"],
    ],
  },
  tools: {
    title: "Tools",
    queries: [
      ["Calls in the last hour", "sum by (agent, tool) (increase(agent_tool_calls_total[1h]))"],
      [
        "Failure ratio",
        'sum by (tool) (rate(agent_tool_calls_total{outcome="error"}[1h])) / (sum by (tool) (rate(agent_tool_calls_total[1h])) > 0)',
      ],
      ["Duration, 95th percentile", quantile(0.95, "tool, ", "agent_tool_duration_seconds")],
    ],
  },
  exporter: {
    title: "The exporter itself",
    queries: [
      ["Seconds since the last push", "time() - agent_exporter_last_push_timestamp_seconds"],
      ["Series held", "sum(agent_exporter_series)"],
      ["Events folded into _other in the last hour", "sum by (label) (increase(agent_exporter_label_overflows_total[1h])) > 0"],
      ["Pushes refused a minute, by reason", "sum by (code) (rate(agent_exporter_rejections_total[5m])) * 60 > 0"],
      ["Commits that failed", "increase(agent_exporter_journal_failures_total[1h])"],
    ],
  },
};
