// One message as a bubble, from the phone's side: what the guest wrote is "mine" and has data-testid message-out.
import { make, button, outside, withDirection, icon, shapes, isWebLink } from "/phone/assets/dom.js";
import { hour, formatted, plain } from "/phone/assets/format.js";
import { parts } from "/phone/assets/parts.js";

export const daySeparator = (text) => make("div", "day", text);

export function typingBubble() {
  const node = make("div", "msg typing", make("div", "bubble", make("i"), make("i"), make("i")));
  node.dataset.testid = "typing";
  node.setAttribute("aria-label", "La empresa está escribiendo");
  return node;
}

// bubble draws a message. extra tells what other messages did to it: { edited, reactions, quoted }.
export function bubble(message, extra, actions) {
  const mine = message.direction === "in";
  const node = make("article", "msg" + (mine ? " mine" : ""));
  node.dataset.testid = mine ? "message-out" : "message-in";
  node.dataset.id = message.id;
  node.dataset.kind = message.kind;
  node.dataset.status = message.status;
  const attached = message.revoked ? [] : parts(message, actions);
  const inside = make("div", "bubble", ...content(message, extra, attached), meta(message, mine, extra));
  if (!message.revoked) inside.append(options(message, actions));
  node.append(inside);

  const offered = mine ? [] : choices(message, actions);
  if (offered.length) {
    node.classList.add("has-actions", "wide");
    node.append(make("div", "actions-list", ...offered));
  } else if (wide.has(message.kind) && attached.length) node.classList.add("wide");
  if (message.kind === "sticker" && attached.length) node.classList.add("bare");
  if (extra.reactions.length && !message.revoked) {
    const shown = make("span", "reaction", [...new Set(extra.reactions)].join(""));
    shown.dataset.testid = "reaction";
    shown.setAttribute("role", "img");
    shown.setAttribute("aria-label", "Reacción: " + extra.reactions.join(" "));
    node.append(shown);
  }
  return node;
}

const wide = new Set(["image", "video", "document", "location", "contacts", "audio", "template"]);

function content(message, extra, attached) {
  if (message.revoked) {
    return [make("div", "gone", message.direction === "in" ? "Eliminaste este mensaje" : "Se eliminó este mensaje")];
  }
  const list = [];
  if (extra.quoted) list.push(quote(extra.quoted));
  if (message.template) list.push(make("div", "tag", `Plantilla · ${message.template.name} · ${message.template.language}`));
  if (message.header) list.push(withDirection(make("div", "title", message.header)));
  list.push(...attached);
  if (message.text && message.kind !== "contacts") {
    const body = withDirection(make("div", "body", ...formatted(message.text, message.template?.params)));
    body.dataset.testid = "message-text";
    list.push(body);
  }
  if (message.footer) list.push(withDirection(make("div", "foot", message.footer)));
  if (message.template?.params?.length) list.push(parameters(message.template.params));
  return list;
}

// quote is the start of the message that is answered.
export function quote(message) {
  const name = message.direction === "in" ? "Vos" : "La empresa";
  return make("div", "quote", make("b", "", name), withDirection(make("span", "", summary(message))));
}

const names = {
  image: "Foto", video: "Video", audio: "Nota de voz", document: "Documento", sticker: "Sticker", location: "Ubicación",
  contacts: "Contacto", location_request: "Pedido de ubicación",
};
// summary is a message in one line.
export const summary = (message) => plain(message.text || message.header || "") || names[message.kind] || "Mensaje";

function parameters(values) {
  const rows = values.flatMap((value, n) => [make("dt", "", `{{${n + 1}}}`), withDirection(make("dd", "", value))]);
  const node = make("details", "parameters", make("summary", "", `${values.length} ${values.length === 1 ? "dato" : "datos"} de la plantilla`), make("dl", "", ...rows));
  node.dataset.testid = "template-params";
  return node;
}

function options(message, actions) {
  const open = button("more", "Opciones del mensaje", () => actions.options(message, open), icon(shapes.more, 18));
  open.setAttribute("aria-haspopup", "menu");
  open.dataset.testid = "message-options";
  return open;
}

function choices(message, actions) {
  const list = [];
  for (const b of message.buttons ?? []) list.push(pressable(shapes.reply, b.title, "reply-button", b.id, () => actions.press(message, b)));
  for (const p of message.template?.buttons ?? []) list.push(pressable(shapes.reply, p, "reply-button", p, () => actions.pressTemplate(message, p)));
  for (const link of message.template?.links ?? []) list.push(way(isWebLink(link) ? link : "", isWebLink(link) ? "Abrir enlace" : `Enlace: ${link}`, "template-link"));
  if (message.list) list.push(pressable(shapes.rows, message.list.button, "list-open", "", (e) => actions.openList(message, e.currentTarget)));
  if (message.kind === "location_request") list.push(pressable(shapes.pin, "Enviar ubicación", "location-send", "", (e) => actions.sendPlace(e.currentTarget)));
  if (message.cta) list.push(way(message.cta.url, message.cta.text, "cta"));
  return list;
}

function pressable(shape, title, testid, id, press) {
  const node = button("action", "", press, icon(shape), withDirection(make("span", "", title)));
  node.dataset.testid = testid;
  node.dataset.buttonId = id;
  return node;
}

function way(address, title, testid) {
  const inside = [icon(shapes.out), withDirection(make("span", "", title))];
  const node = isWebLink(address) ? outside(address, "action", ...inside) : make("span", "action", ...inside);
  node.dataset.testid = testid;
  return node;
}

const states = {
  accepted: [shapes.clock, "Saliendo"], sent: [shapes.tick, "Enviado"], delivered: [shapes.ticks, "Entregado"], read: [shapes.ticks, "Leído"],
  failed: [shapes.warn, "No entregado"],
};

function meta(message, mine, extra) {
  const node = make("span", "meta", extra.edited && !message.revoked ? "Editado · " : "", hour(message.at));
  // A guest sees no ticks on what arrives; here they show what the business is told until it is read.
  const [shape, words] = (mine || message.status !== "read") && states[message.status] || [];
  if (!shape) return node;
  const ticks = make("span", "ticks " + message.status, icon(shape, 15), message.status === "failed" ? words : "");
  ticks.setAttribute("role", "img");
  ticks.setAttribute("aria-label", words);
  ticks.title = mine ? words : `Para la empresa: ${words.toLowerCase()}`;
  ticks.dataset.testid = "ticks";
  node.append(ticks);
  return node;
}
