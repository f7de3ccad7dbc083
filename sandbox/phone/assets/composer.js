// Writing and sending: the text, what is attached or answered with it, the menus.
import { make, button, icon, shapes } from "/phone/assets/dom.js";
import { quote, summary } from "/phone/assets/bubble.js";
import { call } from "/phone/assets/state.js";
import { formSheet, placeSheet, stickerSheet, voiceSheet } from "/phone/assets/sheets.js";
import { landscape, receiptDocument, receiptPicture, stickerFile } from "/phone/assets/samples.js";

const $ = (id) => document.getElementById(id);
const emojis = [["👍", "Me gusta"], ["❤️", "Me encanta"], ["😂", "Me da risa"], ["😮", "Me asombra"], ["😢", "Me entristece"], ["🙏", "Gracias"]];

// composer takes over the form; send(message) says whether the message was taken.
export function composer({ send, find }) {
  let draft = null; // { kind: "file", file } | { kind: "reply", id } | { kind: "edit", id }

  const setDraft = (next) => {
    if (draft?.address) URL.revokeObjectURL(draft.address);
    draft = next;
    $("draft").hidden = !draft;
    $("draft-what").replaceChildren(...(draft ? [drawDraft(draft, find)] : []));
    $("text").placeholder = draft?.kind === "file" && draft.file.type !== "sticker" ? "Agregá un comentario" : "Mensaje";
    grow();
  };

  const grow = () => {
    $("text").style.height = "auto";
    $("text").style.height = $("text").scrollHeight + "px";
    const empty = !$("text").value.trim() && draft?.kind !== "file";
    $("voice-open").hidden = !empty || Boolean(draft);
    $("send").hidden = !$("voice-open").hidden;
  };

  $("composer").onsubmit = async (e) => {
    e.preventDefault();
    const text = $("text").value.trim();
    const sent = draft;
    if (!text && sent?.kind !== "file") return;
    $("text").value = "";
    setDraft(null);
    if (!(await send(messageOf(sent, text)))) {
      $("text").value = text;
      setDraft(sent?.kind === "file" ? attached(sent.file) : sent);
    }
  };
  $("text").onkeydown = (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); $("composer").requestSubmit(); }
    if (e.key === "Escape" && draft) setDraft(null);
  };
  $("text").oninput = grow;
  $("draft-close").onclick = () => { if (draft?.kind === "edit") $("text").value = ""; setDraft(null); $("text").focus(); };

  const attach = (file) => { setDraft(attached(file)); $("text").focus(); };
  for (const [id, type] of [["file-photo", ""], ["file-document", "document"]]) {
    $(id).onchange = async (e) => {
      const file = e.target.files[0];
      if (file) attach({ type: type || (file.type.startsWith("video/") ? "video" : "image"), mime: file.type || "application/octet-stream", name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      e.target.value = "";
    };
  }

  const opener = $("attach-open");
  const voice = async (from) => voiceSheet(await clips(), from,
    (clip) => send({ type: "audio", clip: clip.name }), (file) => send(fileMessage({ type: "audio", ...file }, "")));
  const attachments = {
    photo: () => $("file-photo").click(),
    sample: async () => attach({ type: "image", name: "foto.jpg", ...(await landscape()) }),
    document: () => $("file-document").click(),
    receipt: () => formSheet("Comprobante de transferencia", [
      { name: "amount", label: "Importe", value: "$ 123.750,00" },
      { name: "form", label: "Se manda como", choices: [["document", "PDF"], ["image", "Captura de pantalla"]] },
    ], "Enviar", opener, async ({ amount, form }) => send(fileMessage(form === "image"
      ? { type: "image", ...(await receiptPicture(amount)) } : { type: "document", ...receiptDocument(amount) }, ""))),
    voice: () => voice(opener),
    place: () => placeSheet(opener, (place) => send({ type: "location", place })),
    contact: () => formSheet("Compartir contacto", [{ name: "name", label: "Nombre", value: "Martín Quiroga" }], "Enviar", opener,
      ({ name }) => send({ type: "contacts", text: name })),
    sticker: () => stickerSheet(opener, async (name) => send(fileMessage({ type: "sticker", ...(await stickerFile(name)) }, ""))),
  };
  const menu = popup($("attach-menu"));
  opener.onclick = () => ($("attach-menu").hidden ? menu.open(opener) : menu.close(true));
  $("attach-menu").onclick = (e) => {
    const what = e.target.closest("[data-attach]")?.dataset.attach;
    if (!what) return;
    menu.close(true);
    attachments[what]();
  };
  $("voice-open").onclick = () => voice($("voice-open"));

  const optionsMenu = popup($("options"));
  const options = (message, from, mine) => {
    const done = (act) => () => { optionsMenu.close(true); act(); };
    const entry = (shape, label, testid, act) => {
      const node = button("", "", done(act), icon(shape, 20), label);
      node.setAttribute("role", "menuitem");
      node.dataset.testid = testid;
      return node;
    };
    const faces = make("div", "faces", ...emojis.map(([emoji, label]) => {
      const chosen = emoji === mine;
      const node = button(chosen ? "chosen" : "", chosen ? "Quitar reacción" : label, done(() => send({ type: "reaction", target: message.id, emoji: chosen ? "" : emoji })), emoji);
      node.setAttribute("role", "menuitem");
      node.dataset.testid = "react";
      node.dataset.emoji = emoji;
      return node;
    }));
    const entries = [faces, entry(shapes.reply, "Responder", "answer", () => { setDraft({ kind: "reply", id: message.id }); $("text").focus(); })];
    if (message.direction === "in") {
      if (message.kind === "text") entries.push(entry(shapes.pencil, "Editar", "edit", () => { $("text").value = message.text; setDraft({ kind: "edit", id: message.id }); $("text").focus(); }));
      entries.push(entry(shapes.trash, "Eliminar para todos", "revoke", () => send({ type: "revoke", target: message.id })));
    }
    $("options").replaceChildren(...entries);
    optionsMenu.open(from);
    beside($("options"), from);
  };

  grow();
  return { options, clear: () => { $("text").value = ""; setDraft(null); } };
}

function attached(file) {
  return { kind: "file", file, address: file.type === "image" ? URL.createObjectURL(new Blob([file.bytes], { type: file.mime })) : "" };
}

function drawDraft(draft, find) {
  if (draft.kind === "file") {
    const preview = draft.address ? Object.assign(make("img"), { src: draft.address, alt: "" }) : icon(draft.file.type === "video" ? shapes.video : shapes.file, 26);
    return make("div", "draft-file", preview, make("b", "", draft.file.name));
  }
  const message = find(draft.id);
  return draft.kind === "reply" ? quote(message) : make("div", "quote", make("b", "", "Editar mensaje"), make("span", "", summary(message)));
}

function messageOf(draft, text) {
  if (draft?.kind === "file") return fileMessage(draft.file, text);
  if (draft?.kind === "edit") return { type: "edit", target: draft.id, text };
  return { type: "text", text, ...(draft?.kind === "reply" ? { context: draft.id } : {}) };
}

function fileMessage({ type, bytes, mime, name }, text) {
  let binary = "";
  for (let n = 0; n < bytes.length; n += 32768) binary += String.fromCharCode(...bytes.subarray(n, n + 32768));
  return { type, media_base64: btoa(binary), mime, ...(text ? { text } : {}), ...(type === "document" && name ? { filename: name } : {}) };
}

// clips are the recordings that the sandbox's own speech engine understands.
async function clips() {
  try {
    return (await call("GET", "/control/clips")).clips ?? [];
  } catch {
    return [];
  }
}

// popup is a menu with one open at a time: arrows move, Escape and a click elsewhere close.
function popup(menu) {
  let opener;
  const items = () => [...menu.querySelectorAll("button")];
  const close = (back) => {
    if (menu.hidden) return;
    menu.hidden = true;
    opener?.setAttribute("aria-expanded", "false");
    if (back && opener?.isConnected) opener.focus({ preventScroll: true });
  };
  menu.addEventListener("keydown", (e) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: -1 }[e.key];
    if (next !== undefined) { e.preventDefault(); all.at(next % all.length).focus(); }
    if (e.key === "Escape") { e.stopPropagation(); close(true); }
    if (e.key === "Tab") close(true);
  });
  document.addEventListener("click", (e) => { if (!menu.contains(e.target) && !opener?.contains(e.target)) close(false); });
  return {
    close,
    open(from) {
      opener = from;
      menu.hidden = false;
      from.setAttribute("aria-expanded", "true");
      items()[0]?.focus({ preventScroll: true });
    },
  };
}

// beside puts a menu at its opener, inside the phone.
function beside(menu, from) {
  const phone = menu.offsetParent.getBoundingClientRect();
  const at = from.getBoundingClientRect();
  const left = Math.min(Math.max(at.right - phone.left - menu.offsetWidth, 8), menu.offsetParent.clientWidth - menu.offsetWidth - 8);
  const below = at.bottom - phone.top + 4;
  const fits = below + menu.offsetHeight < menu.offsetParent.clientHeight - 8;
  menu.style.left = left + "px";
  menu.style.top = Math.max(fits ? below : at.top - phone.top - menu.offsetHeight - 4, 8) + "px";
}
