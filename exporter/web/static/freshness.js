// What is shown and has not been answered again for a while: said where it stands.

import { element, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

const WHY = {
  away: "no answer",
  starting: "not ready",
  refused: "credentials are asked for",
  forbidden: "not allowed",
  slowed: "asked to slow down",
  failing: "answered with an error",
};

/** Say on each section what of it is old. `stale` are `{resource, since, kind}`. */
export function showStale(stale) {
  const sections = new Map();
  for (const old of stale) {
    const { section } = old.resource;
    sections.set(section, [...(sections.get(section) ?? []), old]);
  }
  for (const section of document.querySelectorAll("[data-stale]")) {
    if (!sections.has(section)) forget(section);
  }
  for (const [section, old] of sections) mark(section, old);
}

function mark(section, old) {
  section.toggleAttribute("data-stale", true);
  const note = section.querySelector(".stale") ?? element("p", { class: "stale" });
  if (!note.isConnected) section.firstElementChild.after(note);
  setText(note, old.map(sentence).join(" "));
}

function forget(section) {
  section.removeAttribute("data-stale");
  section.querySelector(".stale").remove();
}

const sentence = ({ resource, since, kind }) =>
  `As of ${timeOfDay(new Date(since))}: ${resource.name} not renewed since (${WHY[kind]}).`;
