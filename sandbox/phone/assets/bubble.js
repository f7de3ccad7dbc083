// One message as a bubble. Guests' text only ever becomes text nodes.
const time = (at) => new Date(at).toLocaleTimeString("es-AR", { timeZone: "America/Argentina/Buenos_Aires", hour: "2-digit", minute: "2-digit", hour12: false });

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

export const initials = (name) => name.split(/\s+/).map((w) => w[0]).join("").slice(0, 2).toUpperCase();
export const hue = (number) => String([...number].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 7));
export const daySeparator = (text) => make("div", "day", text);

export function typingBubble() {
  const node = make("div", "msg typing", make("div", "bubble", make("i"), make("i"), make("i")));
  node.dataset.testid = "typing";
  node.setAttribute("aria-label", "La empresa está escribiendo");
  return node;
}

// bubble draws a message from the phone's side: what the guest wrote is "mine" and has data-testid message-out.
export function bubble(message, actions) {
  const mine = message.direction === "in";
  const node = make("article", "msg" + (mine ? " mine" : ""));
  node.dataset.testid = mine ? "message-out" : "message-in";
  node.dataset.id = message.id;
  node.dataset.kind = message.kind;
  node.dataset.status = message.status;
  const inside = make("div", "bubble", ...content(message, actions), meta(message, mine));
  node.append(inside);

  const buttons = mine ? [] : choices(message, actions);
  if (buttons.length) {
    node.classList.add("has-actions", "wide");
    node.append(make("div", "actions-list", ...buttons));
  } else if (message.media?.link || message.place) node.classList.add("wide");
  const emoji = actions.reactions(message.id).at(-1);
  if (emoji) node.append(make("span", "reaction", emoji));
  return node;
}

function content(message, actions) {
  if (message.revoked) return [make("div", "gone", "Eliminaste este mensaje")];
  const parts = [];
  const quoted = message.context && message.direction === "in" ? actions.find(message.context) : null;
  if (quoted) parts.push(make("div", "quote", (quoted.text || quoted.header || "Mensaje").split("\n")[0].replace(/[*_~`]/g, "")));
  if (message.template) parts.push(make("div", "tag", `Plantilla · ${message.template.name} · ${message.template.language}`));
  if (message.header) parts.push(make("div", "title", message.header));
  parts.push(...attachment(message));
  if (message.text) {
    const body = make("div", "body");
    body.append(...formatted(message.text));
    parts.push(body);
  }
  if (message.footer) parts.push(make("div", "foot", message.footer));
  return parts;
}

function attachment(message) {
  const { kind, media, place } = message;
  const source = media ? media.link || `/control/media/${media.id}` : "";
  if (place) {
    const map = make("a", "map", icon(shapes.pin, 36));
    map.href = `https://www.openstreetmap.org/?mlat=${place.latitude}&mlon=${place.longitude}#map=15/${place.latitude}/${place.longitude}`;
    map.target = "_blank";
    map.rel = "noopener";
    map.setAttribute("aria-label", "Ver ubicación en el mapa");
    const label = [place.name, place.address].filter(Boolean).join(" · ");
    return [map, make("div", "body", label || "Ubicación")];
  }
  if (kind === "sticker") return [make("div", "sticker", icon(shapes.cabin, 88))];
  if (kind === "audio") return [voice(media, source)];
  if (kind === "video" || kind === "document") return [make("span", "kind", icon(shapes.file), kind === "video" ? "Video" : media?.name || "Documento")];
  if (kind === "contacts") return [make("span", "kind", icon(shapes.person), message.contact || "Contacto")];
  if (media) {
    const image = make("img", "photo");
    image.src = source;
    image.alt = message.text || "Imagen";
    return [image];
  }
  const marks = { unsupported: "Mensaje que la empresa no puede leer", system: "Cambió su número", edit: "Editaste un mensaje:", revoke: "Eliminaste un mensaje", location_request: "Te piden tu ubicación" };
  return marks[kind] && !(kind === "location_request" && message.text) ? [make("div", "gone", marks[kind])] : [];
}

function voice(media, source) {
  const own = make("div", "voice", icon(shapes.mic, 22), make("div", "bars"), "0:04");
  if (!media?.mime?.startsWith("audio/")) return own;
  const player = make("audio");
  player.controls = true;
  player.preload = "metadata";
  player.src = source;
  player.onerror = () => player.replaceWith(...own.childNodes); // a stand-in has no sound
  return make("div", "voice", player);
}

function choices(message, actions) {
  const list = [];
  for (const b of message.buttons ?? []) list.push(pressable(shapes.reply, b.title, "reply-button", b.id, () => actions.press(message, b)));
  for (const p of message.template?.buttons ?? []) list.push(pressable(shapes.reply, p, "reply-button", p, () => actions.pressTemplate(message, p)));
  if (message.list) list.push(pressable(shapes.rows, message.list.button, "list-open", "", () => actions.openList(message)));
  if (message.cta) {
    const link = make("a", "action", icon(shapes.out), message.cta.text);
    link.href = message.cta.url;
    link.target = "_blank";
    link.rel = "noopener";
    link.dataset.testid = "cta";
    list.push(link);
  }
  return list;
}

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
};

export function icon(path, size = 17) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  shape.setAttribute("fill", "currentColor");
  svg.append(shape);
  return svg;
}

function pressable(shape, title, testid, id, press) {
  const button = make("button", "action", icon(shape), title);
  button.type = "button";
  button.dataset.testid = testid;
  button.dataset.buttonId = id;
  button.onclick = press;
  return button;
}

function meta(message, mine) {
  const node = make("span", "meta", time(message.at));
  if (!mine) return node;
  const ticks = make("span", "ticks" + (message.status === "read" ? " read" : ""), message.status === "sent" ? "✓" : "✓✓");
  ticks.setAttribute("role", "img");
  ticks.setAttribute("aria-label", { read: "Leído", delivered: "Entregado" }[message.status] || "Enviado");
  node.append(ticks);
  return node;
}

// formatted knows WhatsApp's *bold*, _italic_, ~strike~ and ```mono```, and links.
const marks = /(https?:\/\/[^\s]+)|```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(\S(?:[^\n]*?\S)?)\3(?![\p{L}\p{N}])/u;
function formatted(text) {
  const nodes = [];
  for (let rest = text; rest; ) {
    const found = marks.exec(rest);
    if (!found) { nodes.push(rest); break; }
    nodes.push(rest.slice(0, found.index));
    if (found[1]) {
      const link = make("a", "", found[1]);
      link.href = found[1];
      link.target = "_blank";
      link.rel = "noopener";
      nodes.push(link);
    } else if (found[2]) nodes.push(make("code", "", found[2]));
    else nodes.push(make({ "*": "strong", _: "em", "~": "s" }[found[3]], "", ...formatted(found[4])));
    rest = rest.slice(found.index + found[0].length);
  }
  return nodes;
}
