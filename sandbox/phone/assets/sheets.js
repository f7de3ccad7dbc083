// The sheet that rises from the phone's bottom edge, and what is chosen on it.
import { make, button, withDirection, icon, shapes, svgNode } from "/phone/assets/dom.js";
import { seconds } from "/phone/assets/format.js";
import { canRecord, record } from "/phone/assets/record.js";
import { stickers } from "/phone/assets/samples.js";

const sheet = document.getElementById("sheet");
const scrim = document.getElementById("scrim");
let opener, whenClosed;

// openSheet shows nodes under a title; the rest of the phone rests until it is closed.
export function openSheet(title, nodes, from, closed) {
  closeSheet();
  opener = from ?? document.activeElement;
  whenClosed = closed;
  document.getElementById("sheet-title").textContent = title;
  document.getElementById("sheet-rows").replaceChildren(...nodes);
  scrim.hidden = false;
  behind((node) => { node.inert = true; });
  sheet.show();
  sheet.scrollTop = 0;
  (sheet.querySelector("#sheet-rows :is(input, button, a)") ?? document.getElementById("sheet-close")).focus({ preventScroll: true });
}

export function closeSheet() {
  if (!sheet.open) return;
  sheet.close();
  scrim.hidden = true;
  behind((node) => { node.inert = false; });
  whenClosed?.();
  whenClosed = null;
  if (opener?.isConnected) opener.focus({ preventScroll: true });
}

const behind = (change) => sheet.parentElement.querySelectorAll(":scope > :is(.bar, .chat, .composer, .foot-bar)").forEach(change);

document.getElementById("sheet-close").onclick = closeSheet;
scrim.onclick = closeSheet;
sheet.addEventListener("keydown", (e) => {
  if (!["ArrowDown", "ArrowUp"].includes(e.key) || !e.target.matches("button")) return;
  const all = [...sheet.querySelectorAll("#sheet-rows button")];
  all.at((all.indexOf(e.target) + (e.key === "ArrowDown" ? 1 : -1)) % all.length)?.focus();
  e.preventDefault();
});

// option is one row that can be chosen.
export function option(title, description, choose, lead) {
  const text = make("span", "option-text", withDirection(make("b", "", title)), description ? withDirection(make("small", "", description)) : null);
  return button("option", "", choose, lead ?? null, text);
}

export function listSheet(message, from, choose) {
  const nodes = [];
  for (const section of message.list.sections) {
    if (section.title) nodes.push(make("h3", "", section.title));
    for (const row of section.rows) {
      const node = option(row.title, row.description, () => { closeSheet(); choose(row); });
      node.dataset.testid = "list-row";
      node.dataset.rowId = row.id;
      nodes.push(node);
    }
  }
  openSheet(message.list.button, nodes, from);
}

const places = [
  { latitude: -31.4201, longitude: -64.1888, name: "Plaza San Martín", address: "Córdoba capital" },
  { latitude: -31.9786, longitude: -64.5577, name: "Terminal de ómnibus", address: "Villa General Belgrano" },
  { latitude: -31.6525, longitude: -64.4301, name: "En la ruta", address: "Ruta 5, Alta Gracia" },
];

export function placeSheet(from, choose) {
  const nodes = places.map((place) => {
    const node = option(place.name, place.address, () => { closeSheet(); choose(place); }, icon(shapes.pin, 22));
    node.dataset.testid = "place-option";
    return node;
  });
  if (window.isSecureContext && navigator.geolocation) {
    nodes.push(option("La ubicación de este equipo", "El navegador te va a pedir permiso", () => navigator.geolocation.getCurrentPosition(
      ({ coords }) => { closeSheet(); choose({ latitude: coords.latitude, longitude: coords.longitude }); },
      () => nodes.at(-1).querySelector("small").replaceChildren("El navegador no la dio"),
    ), icon(shapes.info, 22)));
  }
  openSheet("Enviar ubicación", nodes, from);
}

export function stickerSheet(from, choose) {
  const grid = make("div", "sticker-grid", ...Object.entries(stickers).map(([name, paths]) => {
    const svg = svgNode("svg", { viewBox: "0 0 24 24", width: 64, height: 64, "aria-hidden": "true" });
    svg.append(...paths.map(([d, fill]) => svgNode("path", { d, fill })));
    const node = button("sticker-option", name, () => { closeSheet(); choose(name); }, svg);
    node.dataset.testid = "sticker-option";
    return node;
  }));
  openSheet("Stickers", [grid], from);
}

// formSheet asks for a few fields: [{ name, label, value, mode, choices }].
export function formSheet(title, fields, verb, from, done) {
  const form = make("form", "sheet-form", ...fields.map(field), make("div", "actions", submit(verb)));
  form.dataset.testid = "sheet-form";
  form.onsubmit = (e) => {
    e.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    closeSheet();
    done(values);
  };
  openSheet(title, [form], from);
}

function field({ name, label, value, mode, choices }) {
  if (choices) {
    return make("fieldset", "", make("legend", "", label), ...choices.map(([key, text], n) => {
      const radio = Object.assign(make("input"), { type: "radio", name, value: key, defaultChecked: n === 0 });
      return make("label", "radio", radio, text);
    }));
  }
  const input = Object.assign(make("input"), { name, value, required: true, autocomplete: "off", inputMode: mode ?? "text" });
  input.dataset.testid = "field-" + name;
  return make("label", "", label, input);
}

function submit(verb) {
  const node = make("button", "primary", verb);
  node.type = "submit";
  node.dataset.testid = "sheet-send";
  return node;
}

const languages = { es: "español", pt: "portugués", en: "inglés" };

// voiceSheet offers the recorded clips and, where the browser can, the microphone.
export function voiceSheet(clips, from, sendClip, sendRecording) {
  const nodes = [];
  let running;
  if (canRecord()) nodes.push(recorder((begun) => { running = begun; }, sendRecording));
  else nodes.push(make("p", "sheet-note", "Este navegador no deja grabar acá: elegí una grabación."));
  if (clips.length) nodes.push(make("h3", "", "Grabaciones"));
  for (const clip of clips) {
    const length = `${seconds(clip.seconds)} · ${languages[clip.language] ?? clip.language}`;
    const node = option(clip.text ? `«${clip.text}»` : `Sin palabras: ${clip.name}`, length, () => { closeSheet(); sendClip(clip); }, icon(shapes.mic, 22));
    node.dataset.testid = "clip";
    node.dataset.clip = clip.name;
    nodes.push(node);
  }
  openSheet("Nota de voz", nodes, from, () => running?.discard());
}

function recorder(begun, send) {
  const line = make("div", "recorder");
  const time = make("span", "recorder-time", "0:00");
  time.setAttribute("role", "timer");
  const idle = () => {
    const go = button("record", "", start, icon(shapes.mic, 22), "Grabar con el micrófono");
    go.dataset.testid = "record";
    line.replaceChildren(go);
  };
  const start = async () => {
    let running;
    try {
      running = await record();
    } catch {
      line.replaceChildren(make("p", "sheet-note", "El navegador no dio permiso para usar el micrófono."));
      return;
    }
    const since = Date.now();
    const clock = setInterval(() => { time.textContent = seconds((Date.now() - since) / 1000); }, 200);
    const over = () => { clearInterval(clock); begun(null); };
    begun({ discard: () => { over(); running.discard(); } });
    const done = button("record done", "", async () => { over(); done.disabled = true; const file = await running.stop(); closeSheet(); send(file); }, icon(shapes.stop, 22), "Parar y enviar");
    done.dataset.testid = "record-send";
    line.replaceChildren(make("span", "recording-dot"), time, done,
      button("round plain", "Descartar", () => { over(); running.discard(); idle(); }, icon(shapes.trash, 22)));
    done.focus();
  };
  idle();
  return line;
}
