// Elements, made and changed without HTML: every text that comes from elsewhere stays a text.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; children that are strings become text. */
export function element(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

export function svgElement(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** Change a text only where it is another: what did not change need not be drawn again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Change an attribute only where it is another; `null` takes it away. */
export function setAttribute(node, name, value) {
  if (value === null) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, String(value));
  }
}

/** Show a quantity as `text`; hovering tells what it is exactly. */
export function setQuantity(node, raw, text) {
  const known = raw !== null && raw !== undefined;
  setText(node, text);
  setAttribute(node, "data-value", known ? raw : "");
  setAttribute(node, "title", known ? raw : "unknown");
}

/** Show a name or a message from an agent: isolated, so that its direction is its own affair. */
export function setForeignText(node, text) {
  setText(node, text);
  setAttribute(node, "dir", "auto");
}

const TAIL = 8;

/** Show an id: where there is no room, its middle is left out, since ids often differ at the end. */
export function setId(node, text) {
  if (!node.firstElementChild) {
    node.append(element("span", { class: "id" }, element("span"), element("span")));
  }
  const characters = Array.from(text);
  const [head, tail] = node.firstElementChild.children;
  setForeignText(head, characters.slice(0, -TAIL).join(""));
  setForeignText(tail, characters.slice(-TAIL).join(""));
  setAttribute(node, "title", text);
}

const shown = new WeakMap();

/**
 * Make the children of `parent` be those of `items`, in their order.
 *
 * A child is known by its key and stays the same element as long as its item is there, so that a
 * refresh moves nothing that has not moved, and keeps focus and selection.
 */
export function keyed(parent, items, { key, create, update }) {
  const before = shown.get(parent) ?? new Map();
  const after = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    if (after.has(name)) continue;
    const node = before.get(name) ?? create(item);
    before.delete(name);
    after.set(name, node);
    update(node, item);
    if (node === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(node, place);
    }
  }
  for (const node of before.values()) node.remove();
  shown.set(parent, after);
}

function furnished(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
