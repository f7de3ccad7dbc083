// What the phone knows: its guests and their threads, as the sandbox tells them.

export const guests = new Map(); // number -> guest
const threads = new Map(); // number -> Map(id -> message)

// call speaks the sandbox's control API; a refusal is an Error with the reason.
export async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  let answer = {};
  try { answer = text ? JSON.parse(text) : {}; } catch { /* what is no JSON is no reason either */ }
  if (!response.ok) throw new Error(answer.error || response.statusText || `respuesta ${response.status}`);
  return answer;
}

// loadAll reads everything again and returns what the sandbox says of itself.
export async function loadAll() {
  const [info, people, transcript] = await Promise.all([
    call("GET", "/control/whatsapp"), call("GET", "/control/guests"), call("GET", "/control/messages"),
  ]);
  guests.clear();
  threads.clear();
  people.guests.forEach((g) => guests.set(g.number, g));
  transcript.messages.forEach(keep);
  return info;
}

// keep takes a new or changed message and says whether it is new.
export function keep(message) {
  if (!threads.has(message.guest)) threads.set(message.guest, new Map());
  const known = threads.get(message.guest);
  const isNew = !known.has(message.id);
  known.set(message.id, message);
  return isNew;
}

export const find = (number, id) => threads.get(number)?.get(id);
export const thread = (number) => [...(threads.get(number)?.values() ?? [])].sort((a, b) => a.seq - b.seq);
export const unread = (number) => thread(number).filter((m) => m.direction === "out" && !["read", "failed"].includes(m.status)).length;

const changes = new Set(["reaction", "edit", "revoke"]);
// shown are the messages that are bubbles of their own, each with what later ones did to it.
export function shown(number) {
  const all = thread(number);
  const reactions = new Map(); // message -> direction -> emoji
  const edited = new Set();
  for (const m of all) {
    if (m.kind === "edit") edited.add(m.target);
    if (m.kind !== "reaction") continue;
    if (!reactions.has(m.target)) reactions.set(m.target, new Map());
    reactions.get(m.target).set(m.direction, m.emoji ?? "");
  }
  return all.filter((m) => !changes.has(m.kind)).map((message) => ({
    message,
    extra: {
      edited: edited.has(message.id),
      reactions: [...(reactions.get(message.id)?.values() ?? [])].filter(Boolean),
      quoted: quoted(number, message),
    },
  }));
}

// A pressed button says itself what was answered.
function quoted(number, message) {
  if (!message.context || message.kind === "template_button") return null;
  return find(number, message.context);
}

export const myReaction = (number, id) => thread(number).findLast((m) => m.kind === "reaction" && m.direction === "in" && m.target === id)?.emoji ?? "";
