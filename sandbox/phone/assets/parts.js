// What a message carries beside its text, one drawing for each kind.
import { make, button, outside, withDirection, icon, svgNode, shapes, isWebLink } from "/phone/assets/dom.js";
import { hue, initials, phone } from "/phone/assets/format.js";
import { voiceNote } from "/phone/assets/player.js";

// sourceOf is where the phone finds a file: the link of the business, or what the sandbox keeps.
export const sourceOf = (media) => (isWebLink(media.link) ? media.link : media.id ? `/control/media/${encodeURIComponent(media.id)}` : "");

// parts returns the attachment of a message; a text has none.
export function parts(message, actions) {
  const media = message.media ?? headerFile(message);
  const draw = drawings[message.kind] ?? (media ? drawings[headerKind(message)] : null);
  return draw ? [draw(message, media ?? {}, actions)].filter(Boolean) : [];
}

const drawings = {
  image: (message, media, actions) => photo(media, message.text, actions),
  sticker: (message, media) => sticker(media),
  audio: (message, media) => voiceNote(message.id, media.id || media.link ? sourceOf(media) : ""),
  video: (message, media) => video(media),
  document: (message, media) => file(media),
  location: (message) => (message.place ? place(message.place) : null),
  contacts: (message) => make("div", "contacts", people(message).map(card)),
  location_request: (message) => note(message.text ? "" : "Te piden tu ubicación"),
  unsupported: () => note("Mensaje que la empresa no puede leer"),
  broken_interactive: () => note("Mensaje que llegó incompleto a la empresa"),
  order: () => note("Pedido del catálogo"),
  request_welcome: () => note("Abrió el chat por primera vez"),
  system: () => note("Cambió su número"),
};

const note = (text) => (text ? make("div", "gone", text) : null);

// A header's picture, video or document, and a template's, are only in the call itself.
function headerFile(message) {
  const request = message.request;
  const header = request?.interactive?.header ?? request?.template?.components?.find((c) => c.type === "header")?.parameters?.[0];
  const found = header?.image ?? header?.video ?? header?.document;
  return found ? { id: found.id, link: found.link, name: found.filename } : null;
}

function headerKind(message) {
  const request = message.request;
  const header = request?.interactive?.header ?? request?.template?.components?.find((c) => c.type === "header")?.parameters?.[0];
  return ["video", "document"].includes(header?.type) ? header.type : "image";
}

function photo(media, caption, actions) {
  const image = make("img", "photo");
  image.alt = caption ? `Foto: ${caption}` : "Foto";
  image.loading = "lazy";
  const open = button("photo-open", "", () => actions.look(image.src, image.alt), image);
  open.setAttribute("aria-label", "Ver foto en grande");
  open.dataset.testid = "photo";
  image.onerror = () => open.replaceWith(missing(shapes.photo, "La foto no se pudo cargar"));
  image.onload = () => open.classList.toggle("tiny", image.naturalWidth < 8);
  image.src = sourceOf(media);
  return open;
}

function sticker(media) {
  const image = make("img", "sticker-image");
  image.alt = "Sticker";
  const own = icon(shapes.cabin, 104);
  const node = make("div", "sticker", image);
  image.onerror = () => image.replaceWith(own);
  image.onload = () => { if (image.naturalWidth < 8) image.replaceWith(own); };
  image.src = sourceOf(media);
  return node;
}

function video(media) {
  const film = make("video", "video");
  film.controls = true;
  film.preload = "metadata";
  film.playsInline = true;
  film.setAttribute("aria-label", "Video");
  film.onerror = () => film.replaceWith(missing(shapes.video, "Video"));
  film.src = sourceOf(media);
  return film;
}

const missing = (shape, text) => make("div", "missing", icon(shape, 30), make("span", "", text));

const extensions = { "application/pdf": "PDF", "image/jpeg": "JPG", "image/png": "PNG", "text/plain": "TXT", "text/csv": "CSV" };

function file(media) {
  const name = media.name || "Documento";
  const kind = extensions[(media.mime ?? "").split(";")[0]] ?? /\.([a-z0-9]{2,5})$/i.exec(name)?.[1]?.toUpperCase() ?? "Archivo";
  const link = outside(sourceOf(media), "document", make("span", "document-icon", icon(shapes.file, 30)),
    make("span", "document-text", withDirection(make("b", "", name)), make("small", "", kind)));
  link.download = name;
  link.dataset.testid = "document";
  return link;
}

function place({ latitude, longitude, name, address }) {
  const at = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const link = outside(`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`, "place",
    map(latitude, longitude),
    make("span", "place-text", withDirection(make("b", "", name || "Ubicación")), withDirection(make("small", "", address || at))));
  link.setAttribute("aria-label", `Ver en el mapa: ${[name, address].filter(Boolean).join(", ") || at}`);
  link.dataset.testid = "place";
  return link;
}

// map is drawn, not fetched: blocks, streets, a river and the pin. Where it is decides how they run.
function map(latitude, longitude) {
  const turn = Math.round((Math.abs(latitude * 37 + longitude * 91) % 1) * 40) - 20;
  const svg = svgNode("svg", { viewBox: "0 0 300 130", class: "map", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" });
  const land = svgNode("g", { transform: `rotate(${turn} 150 65)` });
  const line = (d, kind) => land.append(svgNode("path", { d, class: kind }));
  land.append(svgNode("rect", { x: -60, y: -60, width: 420, height: 250, class: "map-land" }));
  land.append(svgNode("rect", { x: 182, y: 4, width: 74, height: 44, rx: 6, class: "map-park" }));
  land.append(svgNode("rect", { x: 10, y: 78, width: 96, height: 70, rx: 6, class: "map-park" }));
  line("M-60 30 C 40 60, 90 -10, 150 24 S 270 96, 360 70", "map-water");
  for (const y of [-20, 52, 104, 150]) line(`M-60 ${y} L 360 ${y + 14}`, "map-street");
  for (const x of [-10, 60, 128, 208, 276]) line(`M${x} -60 L ${x + 18} 190`, "map-street");
  line("M-60 118 C 60 92, 200 88, 360 8", "map-road");
  svg.append(land, svgNode("ellipse", { cx: 150, cy: 73, rx: 8, ry: 3, class: "map-shadow" }));
  const pin = svgNode("g", { transform: "translate(129 31) scale(1.75)" });
  pin.append(svgNode("path", { d: shapes.pin, class: "map-pin" }));
  svg.append(pin);
  return svg;
}

// people are the contacts of a message: by name from a guest, as Meta's objects from the business.
function people(message) {
  const sent = message.request?.contacts;
  if (!Array.isArray(sent)) return [{ name: message.contact || "Contacto", phones: [] }];
  return sent.map((c) => ({
    name: c.name?.formatted_name || c.name?.first_name || "Contacto",
    phones: (c.phones ?? []).map((p) => p.phone || p.wa_id).filter(Boolean),
  }));
}

function card({ name, phones }) {
  const face = make("span", "face", initials(name));
  face.style.setProperty("--hue", hue(name));
  face.setAttribute("aria-hidden", "true");
  const numbers = phones.map((p) => make("small", "", /^\d+$/.test(p) ? phone(p) : p));
  const node = make("div", "contact", face, make("span", "contact-text", withDirection(make("b", "", name)), numbers.length ? numbers : make("small", "", "Contacto")));
  node.dataset.testid = "contact";
  return node;
}
