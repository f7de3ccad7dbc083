// Elements and icons. Text that people wrote only ever becomes text nodes.

// make builds an element; empty children are left out.
export function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== "" && c !== false));
  return node;
}

// button is a real one, so that the keyboard reaches it.
export function button(className, label, press, ...children) {
  const node = make("button", className, ...(children.length ? children : [label]));
  node.type = "button";
  if (children.length && label) node.setAttribute("aria-label", label);
  node.onclick = press;
  return node;
}

// outside is a link that leaves the page alone.
export function outside(href, className, ...children) {
  const node = make("a", className, ...children);
  node.href = href;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  return node;
}

// withDirection lets the text itself say whether it runs from right to left.
export function withDirection(node) {
  node.dir = "auto";
  return node;
}

export const isWebLink = (link) => /^https?:\/\//i.test(link ?? "");

export const shapes = {
  reply: "M10 8V4L3 11l7 7v-4.1c5 0 8.5 1.6 11 5.1-1-5-4-10-11-11z",
  rows: "M4 6h2v2H4zm4 0h12v2H8zM4 11h2v2H4zm4 0h12v2H8zM4 16h2v2H4zm4 0h12v2H8z",
  out: "M14 3v2h3.6l-9.3 9.3 1.4 1.4L19 6.4V10h2V3zM5 5h5v2H5v12h12v-5h2v5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z",
  pin: "M12 2a7 7 0 0 0-7 7c0 5 7 13 7 13s7-8 7-13a7 7 0 0 0-7-7zm0 9.5A2.5 2.5 0 1 1 12 6.5a2.5 2.5 0 0 1 0 5z",
  mic: "M12 14a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.9V21h2v-3.1A7 7 0 0 0 19 11z",
  file: "M6 2h8l5 5v15H6zm7 1.5V8h4.5z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8c0-4 4-6 8-6s8 2 8 6z",
  cabin: "M12 3 2 20h5l5-8 5 8h5zM12 14.5 8.7 20h6.6z",
  photo: "M4 5h16v14H4zm2 12h12l-4-6-3 4-2-2.5zM8.5 10a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
  video: "M3 6h12v12H3zm14 4.5 4-3v9l-4-3z",
  receipt: "M5 2h14v20l-2.3-1.6L14.3 22 12 20.4 9.7 22l-2.4-1.6L5 22zm3 5v2h8V7zm0 4v2h8v-2zm0 4v2h5v-2z",
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6 5h4v14H6zm8 0h4v14h-4z",
  stop: "M6 6h12v12H6z",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 16.2a7.2 7.2 0 1 1 0-14.4 7.2 7.2 0 0 1 0 14.4zM9 11.2a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zm6 0a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM8 13.5a4.2 4.2 0 0 0 8 0h-1.8a2.5 2.5 0 0 1-4.4 0z",
  more: "M7.4 9 12 13.6 16.6 9 18 10.4l-6 6-6-6z",
  trash: "M8 4h8l1 2h4v2H3V6h4zM5 9h14l-1 12H6z",
  pencil: "m4 16.5 9.8-9.8 3.5 3.5L7.5 20H4zM15 5.5 17 3.5l3.5 3.5-2 2z",
  close: "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  info: "M11 10h2v7h-2zm0-3.5h2v2h-2zM12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm0 1.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4z",
  warn: "M12 3 1.5 21h21zm-1 6.5h2v5.5h-2zm0 7h2v2h-2z",
  clock: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm0 1.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM11 7h1.8v4.6l3.4 2-.9 1.5L11 12.6z",
  tick: "M3 13l1.5-1.5 4 4L19 5l1.5 1.5-12 12z",
  ticks: "M1 13l1.5-1.5 4 4L8 14l1.5 1.5-3 3zm6.5 0L9 11.5l3.5 4L22 5l1.5 1.5-11 12z",
  down: "M11 4h2v11l4.5-4.5 1.5 1.5-7 7-7-7 1.5-1.5L11 15z",
};

// icon draws one of the shapes; it says nothing to a screen reader.
export function icon(shape, size = 17) {
  const svg = svgNode("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" });
  svg.append(svgNode("path", { d: shape, fill: "currentColor" }));
  return svg;
}

export function svgNode(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
