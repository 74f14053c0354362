// Numbers and times as they are shown. What is unknown is a dash, never 0.

export const DASH = "—";

const grouped = new Intl.NumberFormat("en-US");
const threeDigits = { notation: "compact", maximumSignificantDigits: 3 };
const compacted = new Intl.NumberFormat("en-US", threeDigits);
const aligned = new Intl.NumberFormat("en-US", { ...threeDigits, minimumSignificantDigits: 3 });

const unknown = (value) => value === null || value === undefined || Number.isNaN(value);

/** A count: whole below 100,000, then with three digits and K, M, B. */
export function count(value) {
  if (unknown(value)) return DASH;
  return Math.abs(value) < 100_000 ? grouped.format(value) : aligned.format(value);
}

/** A quantity that need not be whole, with three digits. */
export function amount(value) {
  if (unknown(value)) return DASH;
  if (value !== 0 && Math.abs(value) < 0.01) return "<0.01";
  return (Number.isInteger(value) ? compacted : aligned).format(value);
}

/** A share as per cent. Nearly all is not told as all, nor hardly any as none. */
export function percent(share) {
  if (unknown(share)) return DASH;
  if (share > 0 && share < 0.001) return "<0.1 %";
  if (share > 0.999 && share < 1) return ">99.9 %";
  return share === 0 || share === 1 ? `${share * 100} %` : `${(share * 100).toFixed(1)} %`;
}

/** Milliseconds, in the unit that reads best. */
export function latency(milliseconds) {
  if (unknown(milliseconds)) return DASH;
  if (milliseconds < 9.95) return `${Number(milliseconds.toFixed(1))} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 9_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < 99_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  return duration(milliseconds / 1000);
}

/** Dollars, with as many places as tell something. */
export function dollars(value) {
  if (unknown(value)) return DASH;
  if (value === 0) return "$0";
  if (value < 0.0001) return "<$0.0001";
  if (value < 1) return `$${value.toFixed(4)}`;
  if (value < 1000) return `$${value.toFixed(2)}`;
  return `$${count(Math.round(value))}`;
}

export function bytes(value) {
  if (unknown(value)) return DASH;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  let scaled = value;
  while (scaled >= 1024 && power < units.length - 1) {
    scaled /= 1024;
    power += 1;
  }
  return `${Number(scaled.toFixed(power ? 1 : 0))} ${units[power]}`;
}

/** Seconds as a clock shows them: 0:07, 12:34, 1:02:03, 2 d 3 h. */
export function duration(seconds) {
  if (unknown(seconds)) return DASH;
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor(whole / 3_600) % 24;
  if (days) return `${days} d ${hours} h`;
  const minutes = Math.floor(whole / 60) % 60;
  const padded = (part) => String(part).padStart(2, "0");
  const tail = padded(whole % 60);
  return hours ? `${hours}:${padded(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** A window or a step in words: 60 min, 30 s. */
export function span(seconds) {
  if (unknown(seconds)) return DASH;
  if (seconds % 60 || seconds < 60) return `${grouped.format(seconds)} s`;
  return seconds % 3_600 || seconds === 3_600
    ? `${grouped.format(seconds / 60)} min`
    : `${grouped.format(seconds / 3_600)} h`;
}

/** How long ago, in its largest unit. */
export function age(seconds) {
  if (unknown(seconds)) return DASH;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ago`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ago`;
  return `${Math.floor(whole / 86_400)} d ago`;
}

/** The time of day, in the reader's zone. */
export function timeOfDay(instant) {
  const padded = (part) => String(part).padStart(2, "0");
  return [instant.getHours(), instant.getMinutes(), instant.getSeconds()].map(padded).join(":");
}

/** A text that somebody else wrote, no longer than may be shown. */
export function cut(text, charactersMax) {
  const characters = Array.from(text.slice(0, charactersMax * 2 + 2));
  return characters.length > charactersMax
    ? `${characters.slice(0, charactersMax).join("")}…`
    : text;
}
