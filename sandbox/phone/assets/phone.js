// The guests' phone. It knows the sandbox's control API and nothing of the product.
import { make, button, icon, shapes } from "/phone/assets/dom.js";
import { bubble, typingBubble, daySeparator } from "/phone/assets/bubble.js";
import { day, dayAndHour, hue, initials, phone } from "/phone/assets/format.js";
import { call, find, guests, keep, loadAll, myReaction, shown, unread } from "/phone/assets/state.js";
import { closeSheet, listSheet, openSheet, placeSheet } from "/phone/assets/sheets.js";
import { composer } from "/phone/assets/composer.js";

const $ = (id) => document.getElementById(id);
document.querySelectorAll("[data-icon]").forEach((place) => place.prepend(icon(shapes[place.dataset.icon], Number(place.dataset.size ?? 20))));

const remembered = "sandbox-guest";
let active = localStorage.getItem(remembered);
const writing = composer({ send, find: (id) => find(active, id) });

async function refresh() {
  const info = await loadAll();
  $("business").textContent = info.business_name;
  if (!guests.has(active)) active = guests.size ? [...guests.keys()][0] : null;
  drawPeople();
  drawThread();
}

// listen reads everything once events flow, so that nothing falls between; what comes meanwhile waits.
function listen() {
  const events = new EventSource("/phone/events");
  let ready = Promise.resolve();
  const again = () => { ready = ready.then(refresh).then(readSoon).catch(() => {}); };
  events.onopen = again;
  events.onmessage = (e) => {
    const event = JSON.parse(e.data);
    if (event.type === "reset") again();
    else ready.then(() => take(event));
  };
}

function take(event) {
  if (event.type === "message") arrive(event.message);
  if (event.type !== "guest") return;
  guests.set(event.guest.number, event.guest);
  if (!active) choose(event.guest.number);
  drawPeople();
  if (event.guest.number === active) drawPresence();
}

function arrive(message) {
  const isNew = keep(message);
  if (message.guest === active) {
    drawThread({ follow: isNew && (message.direction === "in" || following) });
    readSoon();
  }
  drawPeople();
}

// What the guest has before the eyes is read.
let reading = false;
async function readSoon() {
  if (reading || !active || document.hidden || !unread(active)) return;
  reading = true;
  const done = await call("POST", "/control/read", { guest: active }).then(() => true, () => false);
  reading = false;
  if (done && unread(active)) setTimeout(readSoon, 300); // something came meanwhile
}

// --- Drawing ---------------------------------------------------------------

function drawPeople() {
  $("guests").replaceChildren(...[...guests.values()].map((g) => {
    const name = g.name || phone(g.number);
    const face = make("span", "face", initials(g.name || g.number));
    face.setAttribute("aria-hidden", "true");
    const waiting = g.number === active ? 0 : unread(g.number);
    const badge = waiting ? make("span", "badge", String(waiting)) : null;
    badge?.setAttribute("aria-label", `${waiting} sin leer`);
    const node = button("person", "", () => choose(g.number), face, make("span", "text", make("b", "", name), make("small", "", phone(g.number))), badge);
    node.dataset.testid = "guest";
    node.dataset.number = g.number;
    node.setAttribute("aria-current", String(g.number === active));
    node.style.setProperty("--hue", hue(g.number));
    return make("li", "", node);
  }));
}

function choose(number) {
  if (number !== active) writing.clear();
  active = number;
  localStorage.setItem(remembered, number);
  closeSheet();
  drawPeople();
  drawThread();
  readSoon();
  // On a touch screen the keyboard would cover what was chosen.
  if (matchMedia("(hover:hover)").matches) $("text").focus({ preventScroll: true });
}

const actions = {
  press: (message, choice) => send({ type: "button_reply", button_id: choice.id, context: message.id }),
  pressTemplate: (message, payload) => send({ type: "template_button", button_id: payload, title: payload, context: message.id }),
  openList: (message, from) => listSheet(message, from, (row) => send({ type: "list_reply", button_id: row.id, context: message.id })),
  sendPlace: (from) => placeSheet(from, (place) => send({ type: "location", place })),
  look,
  options: (message, from) => writing.options(message, from, myReaction(active, message.id)),
};

const drawn = new Map(); // message id -> its bubble and what it was drawn from

// drawThread keeps the bubbles that are as they were: a voice note goes on playing.
function drawThread({ follow = true } = {}) {
  const nodes = [];
  const kept = new Map();
  let its = "";
  for (const { message, extra } of active ? shown(active) : []) {
    const today = day(message.at);
    if (today !== its) nodes.push(daySeparator((its = today)));
    const from = JSON.stringify([message, extra]);
    let known = drawn.get(message.id);
    if (known?.from !== from) known = { from, node: bubble(message, extra, actions) };
    kept.set(message.id, known);
    nodes.push(known.node);
  }
  drawn.clear();
  kept.forEach((known, id) => drawn.set(id, known));
  if (!nodes.length) {
    nodes.push(make("p", "hint", active ? "Escribí un mensaje para empezar. Por ejemplo: «Hola, ¿tenés lugar del 10 al 15 de enero para 4?»" : "Agregá un huésped para empezar a chatear."));
  }
  place($("chat"), nodes);
  drawPresence();
  if (follow) toEnd();
  showWayDown();
}

// place makes nodes the children of parent without moving those that are in their place.
function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, n) => { if (parent.children[n] !== node) parent.insertBefore(node, parent.children[n] ?? null); });
}

const atEnd = () => $("chat").scrollHeight - $("chat").scrollTop - $("chat").clientHeight < 90;
// following stays true until the person scrolls up: a picture that loads late makes the thread longer, a draft makes its window smaller.
let following = true;
const toEnd = () => { following = true; $("chat").scrollTop = $("chat").scrollHeight; };
const showWayDown = () => { $("to-end").hidden = atEnd(); };
$("chat").addEventListener("scroll", showWayDown, { passive: true });
$("to-end").onclick = () => { toEnd(); $("text").focus({ preventScroll: true }); };
let lastTop = 0;
$("chat").addEventListener("scroll", () => {
  const top = $("chat").scrollTop;
  following = atEnd() || (following && top >= lastTop);
  lastTop = top;
}, { passive: true });
$("chat").addEventListener("load", () => { if (following) toEnd(); }, true);
new ResizeObserver(() => { if (following) toEnd(); }).observe($("chat"));

let typingTimer;
function drawPresence() {
  clearTimeout(typingTimer);
  $("chat").querySelector(".typing")?.remove();
  const g = guests.get(active);
  const left = g?.typing_until ? new Date(g.typing_until) - Date.now() : 0;
  $("presence").textContent = left > 0 ? "escribiendo…" : "cuenta de empresa";
  $("chat-info").hidden = !g;
  if (left <= 0) return;
  const follow = atEnd();
  $("chat").append(typingBubble());
  if (follow) toEnd();
  typingTimer = setTimeout(drawPresence, left);
}

// --- Acting ----------------------------------------------------------------

// send gives a message to the sandbox and says whether it took it.
async function send(message) {
  if (!active) { $("add-open").click(); return false; }
  $("problem").hidden = true;
  try {
    await call("POST", "/control/messages", { from: active, ...message });
    return true;
  } catch (error) {
    $("problem").textContent = "No se pudo enviar: " + error.message;
    $("problem").hidden = false;
    return false;
  }
}

function look(source, words) {
  $("viewer-image").src = source;
  $("viewer-image").alt = words;
  $("viewer").showModal();
}
$("viewer-close").onclick = () => $("viewer").close();
$("viewer").onclick = (e) => { if (e.target === $("viewer")) $("viewer").close(); };

$("chat-info").onclick = (e) => {
  const g = guests.get(active);
  const open = Boolean(g.window_until);
  const toggle = button("primary", open ? "Cerrar la ventana de 24 h" : "Abrir la ventana de 24 h", () => {
    closeSheet();
    call("POST", "/control/window", { guest: active, closed: open }).catch(() => {});
  });
  toggle.dataset.testid = "window-toggle";
  openSheet(g.name || phone(g.number), [make("dl", "facts",
    make("dt", "", "Número"), make("dd", "", g.hide_number ? "Oculto" : phone(g.number)),
    g.bsuid ? [make("dt", "", "Usuario"), make("dd", "", g.bsuid)] : null,
    make("dt", "", "Ventana de 24 h"),
    make("dd", "", open ? `Abierta hasta ${dayAndHour(g.window_until)}: la empresa puede escribirle libremente.` : "Cerrada: la empresa solo puede mandarle plantillas."),
  ), make("div", "sheet-actions", toggle)], e.currentTarget);
};

$("add-open").onclick = () => { $("add-problem").hidden = true; $("add").showModal(); };
$("add-cancel").onclick = () => $("add").close();
$("add-form").onsubmit = async (e) => {
  e.preventDefault();
  try {
    const guest = await call("POST", "/control/guests", { name: $("add-name").value.trim(), number: $("add-number").value.replace(/\D/g, "") });
    guests.set(guest.number, guest);
    $("add").close();
    e.target.reset();
    choose(guest.number);
  } catch {
    $("add-problem").textContent = "El número tiene que tener entre 8 y 15 dígitos, con código de país.";
    $("add-problem").hidden = false;
  }
};

document.addEventListener("keydown", (e) => { if (e.key === "Escape") closeSheet(); });
document.addEventListener("visibilitychange", readSoon);

listen();
