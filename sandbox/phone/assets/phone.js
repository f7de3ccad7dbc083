// The guests' phone. It knows the sandbox's control API and nothing of the product.
import { bubble, typingBubble, daySeparator, initials, hue, icon, shapes } from "/phone/assets/bubble.js";

const $ = (id) => document.getElementById(id);
const zone = { timeZone: "America/Argentina/Buenos_Aires" };
const guests = new Map(); // number -> guest
const threads = new Map(); // number -> Map(id -> message)
const remembered = "sandbox-guest";
let active = localStorage.getItem(remembered);

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

// --- What is known ---------------------------------------------------------

async function loadAll() {
  const [info, people, transcript] = await Promise.all([
    call("GET", "/control/whatsapp"), call("GET", "/control/guests"), call("GET", "/control/messages"),
  ]);
  $("business").textContent = info.business_name;
  guests.clear();
  threads.clear();
  people.guests.forEach((g) => guests.set(g.number, g));
  transcript.messages.forEach(keep);
  if (!guests.has(active)) active = guests.size ? [...guests.keys()][0] : null;
  drawPeople();
  drawThread();
}

function keep(message) {
  if (!threads.has(message.guest)) threads.set(message.guest, new Map());
  threads.get(message.guest).set(message.id, message);
}

const thread = (number) => [...(threads.get(number)?.values() ?? [])].sort((a, b) => a.seq - b.seq);
const unread = (number) => thread(number).filter((m) => m.direction === "out" && m.status !== "read" && m.status !== "failed").length;

function listen() {
  const events = new EventSource("/phone/events");
  let dropped = false;
  events.onopen = () => { if (dropped) loadAll(); dropped = false; };
  events.onerror = () => { dropped = true; };
  events.onmessage = (e) => {
    const event = JSON.parse(e.data);
    if (event.type === "reset") loadAll();
    if (event.type === "guest") {
      guests.set(event.guest.number, event.guest);
      if (!active) choose(event.guest.number);
      drawPeople();
      if (event.guest.number === active) drawPresence();
    }
    if (event.type === "message") arrive(event.message);
  };
}

function arrive(message) {
  const isNew = !threads.get(message.guest)?.has(message.id);
  keep(message);
  if (message.guest === active) {
    const old = document.querySelector(`[data-id="${CSS.escape(message.id)}"]`);
    if (isNew || !old || message.kind === "reaction") drawThread(isNew);
    else old.replaceWith(element(message));
    readSoon();
  }
  drawPeople();
}

let reading = false;
async function readSoon() {
  if (reading || !active || document.hidden || !unread(active)) return;
  reading = true;
  await call("POST", "/control/read", { guest: active }).catch(() => {});
  reading = false;
}

// --- Drawing ---------------------------------------------------------------

function drawPeople() {
  const list = $("guests");
  list.replaceChildren(...[...guests.values()].map((g) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "person";
    button.dataset.testid = "guest";
    button.dataset.number = g.number;
    button.setAttribute("aria-current", String(g.number === active));
    button.style.setProperty("--hue", hue(g.number));
    const face = Object.assign(document.createElement("span"), { className: "face", textContent: initials(g.name || g.number) });
    face.setAttribute("aria-hidden", "true");
    const text = Object.assign(document.createElement("span"), { className: "text" });
    text.append(Object.assign(document.createElement("b"), { textContent: g.name || "+" + g.number }),
      Object.assign(document.createElement("small"), { textContent: "+" + g.number }));
    button.append(face, text);
    const waiting = g.number === active ? 0 : unread(g.number);
    if (waiting) {
      const badge = Object.assign(document.createElement("span"), { className: "badge", textContent: waiting });
      badge.setAttribute("aria-label", `${waiting} sin leer`);
      button.append(badge);
    }
    button.onclick = () => choose(g.number);
    item.append(button);
    return item;
  }));
}

function choose(number) {
  active = number;
  localStorage.setItem(remembered, number);
  drawPeople();
  drawThread(true);
  readSoon();
  $("text").focus({ preventScroll: true });
}

const actions = {
  press: (message, button) => send({ type: "button_reply", button_id: button.id, context: message.id }),
  pressTemplate: (message, payload) => send({ type: "template_button", button_id: payload, title: payload, context: message.id }),
  openList: (message) => openSheet(message),
  find: (id) => threads.get(active)?.get(id),
  reactions: (id) => thread(active).filter((m) => m.kind === "reaction" && m.target === id).map((m) => m.emoji || ""),
};

const element = (message) => bubble(message, actions);

function drawThread(toBottom = true) {
  const chat = $("chat");
  const messages = active ? thread(active).filter((m) => m.kind !== "reaction") : [];
  const nodes = [];
  let day = "";
  for (const m of messages) {
    const its = new Date(m.at).toLocaleDateString("es-AR", { ...zone, weekday: "long", day: "numeric", month: "long" });
    if (its !== day) nodes.push(daySeparator((day = its)));
    nodes.push(element(m));
  }
  if (!messages.length) {
    const hint = Object.assign(document.createElement("p"), { className: "hint" });
    hint.textContent = active ? "Escribí un mensaje para empezar. Por ejemplo: «Hola, ¿tenés lugar del 10 al 15 de enero para 4?»" : "Agregá un huésped para empezar a chatear.";
    nodes.push(hint);
  }
  chat.replaceChildren(...nodes);
  drawPresence();
  if (toBottom) chat.scrollTop = chat.scrollHeight;
}

let typingTimer;
function drawPresence() {
  clearTimeout(typingTimer);
  document.querySelector(".typing")?.remove();
  const g = guests.get(active);
  const left = g?.typing_until ? new Date(g.typing_until) - Date.now() : 0;
  $("presence").textContent = left > 0 ? "escribiendo…" : "cuenta de empresa";
  if (left > 0) {
    $("chat").append(typingBubble());
    $("chat").scrollTop = $("chat").scrollHeight;
    typingTimer = setTimeout(drawPresence, left);
  }
  $("tools").hidden = !g;
  if (!g) return;
  $("window-state").textContent = g.window_until
    ? `Abierta hasta ${new Date(g.window_until).toLocaleString("es-AR", { ...zone, dateStyle: "short", timeStyle: "short" })}: la empresa puede escribirle libremente.`
    : "Cerrada: la empresa solo puede mandarle plantillas.";
  $("window-toggle").textContent = g.window_until ? "Cerrar ventana" : "Abrir ventana";
}

function openSheet(message) {
  const sheet = $("sheet");
  $("sheet-title").textContent = message.list.button;
  const nodes = [];
  for (const section of message.list.sections) {
    if (section.title) nodes.push(Object.assign(document.createElement("h3"), { textContent: section.title }));
    for (const row of section.rows) {
      const option = Object.assign(document.createElement("button"), { type: "button", className: "option" });
      option.dataset.testid = "list-row";
      option.dataset.rowId = row.id;
      option.append(Object.assign(document.createElement("b"), { textContent: row.title }));
      if (row.description) option.append(Object.assign(document.createElement("small"), { textContent: row.description }));
      option.onclick = () => {
        sheet.close();
        send({ type: "list_reply", button_id: row.id, context: message.id });
      };
      nodes.push(option);
    }
  }
  $("sheet-rows").replaceChildren(...nodes);
  sheet.show();
  $("sheet-rows").querySelector("button")?.focus();
}

// --- Acting ----------------------------------------------------------------

async function send(message) {
  if (!active) return $("add-open").click();
  $("problem").hidden = true;
  try {
    await call("POST", "/control/messages", { from: active, ...message });
  } catch (error) {
    $("problem").textContent = "No se pudo enviar: " + error.message;
    $("problem").hidden = false;
  }
}

$("composer").onsubmit = (e) => {
  e.preventDefault();
  const text = $("text").value.trim();
  if (!text || !active) return;
  $("text").value = "";
  grow();
  send({ type: "text", text });
};
$("text").onkeydown = (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); $("composer").requestSubmit(); }
};
const grow = () => { $("text").style.height = "auto"; $("text").style.height = $("text").scrollHeight + "px"; };
$("text").oninput = grow;

document.querySelectorAll("[data-icon]").forEach((entry) => entry.prepend(icon(shapes[entry.dataset.icon], 20)));

function toggleMenu(open) {
  $("attach-menu").hidden = !open;
  $("attach-open").setAttribute("aria-expanded", String(open));
}
$("attach-open").onclick = () => toggleMenu($("attach-menu").hidden);
$("attach-menu").onclick = (e) => {
  const type = e.target.closest("[data-send]")?.dataset.send;
  if (type) { toggleMenu(false); send({ type }); }
};
$("attach-menu").onkeydown = (e) => { if (e.key === "Enter" && e.target.tagName === "LABEL") e.target.click(); };
$("file").onchange = async (e) => {
  const file = e.target.files[0];
  e.target.value = "";
  toggleMenu(false);
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 32768) binary += String.fromCharCode(...bytes.subarray(i, i + 32768));
  send({ type: file.type.startsWith("audio/") ? "audio" : "image", media_base64: btoa(binary), mime: file.type });
};
document.addEventListener("click", (e) => { if (!e.target.closest(".attach")) toggleMenu(false); });
document.addEventListener("keydown", (e) => { if (e.key === "Escape") { toggleMenu(false); $("sheet").close(); } });
document.addEventListener("visibilitychange", readSoon);
$("sheet-close").onclick = () => $("sheet").close();
$("window-toggle").onclick = () => call("POST", "/control/window", { guest: active, closed: Boolean(guests.get(active)?.window_until) });

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

await loadAll();
listen();
readSoon();
