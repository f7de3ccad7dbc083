// What guests and the business write, as WhatsApp shows it.
import { make, outside } from "/phone/assets/dom.js";

const zone = { timeZone: "America/Argentina/Buenos_Aires" };
export const hour = (at) => new Date(at).toLocaleTimeString("es-AR", { ...zone, hour: "2-digit", minute: "2-digit", hour12: false });
export const day = (at) => new Date(at).toLocaleDateString("es-AR", { ...zone, weekday: "long", day: "numeric", month: "long" });
export const dayAndHour = (at) => new Date(at).toLocaleString("es-AR", { ...zone, dateStyle: "short", timeStyle: "short" });
export const seconds = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

export const initials = (name) => [...name.trim().split(/\s+/)].map((w) => [...w][0] ?? "").join("").slice(0, 2).toUpperCase();
export const hue = (number) => String([...number].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 7));
// plain is a text without its marks, on one line.
export const plain = (text) => text.replace(/[*_~`]/g, "").split("\n").find((line) => line.trim()) ?? "";

// phone writes a number as people read it: +54 9 351 555-0101.
export function phone(number) {
  if (!/^549\d{10}$/.test(number)) return "+" + number;
  const area = number.startsWith("54911") ? 2 : 3;
  const rest = number.slice(3 + area);
  return `+54 9 ${number.slice(3, 3 + area)} ${rest.slice(0, -4)}-${rest.slice(-4)}`;
}

// formatted knows *bold*, _italic_, ~strike~, ```mono``` and links, and keeps an amount of money on one line. The values of a template
// are marked.
const marks = /(https?:\/\/[^\s]+)|```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(\S(?:[^\n]*?\S)?)\3(?![\p{L}\p{N}])|((?:US)?\$\s?\d[\d.]*(?:,\d{1,2})?)/u;
export function formatted(text, values = []) {
  const nodes = [];
  for (let rest = text; rest; ) {
    const found = marks.exec(rest);
    const value = firstValue(rest, values);
    if (value && (!found || value.at <= found.index)) {
      nodes.push(rest.slice(0, value.at), make("mark", "value", ...formatted(value.text)));
      rest = rest.slice(value.at + value.text.length);
      values = values.slice(value.index + 1);
      continue;
    }
    if (!found) { nodes.push(rest); break; }
    nodes.push(rest.slice(0, found.index));
    if (found[1]) {
      const address = found[1].replace(/[.,;:!?)»]+$/, "");
      nodes.push(outside(address, "", address), found[1].slice(address.length));
    } else if (found[2]) nodes.push(make("code", "", found[2]));
    else if (found[3]) nodes.push(make({ "*": "strong", _: "em", "~": "s" }[found[3]], "", ...formatted(found[4])));
    else nodes.push(make("span", "money", found[5]));
    rest = rest.slice(found.index + found[0].length);
  }
  return nodes;
}

function firstValue(text, values) {
  for (const [index, value] of values.entries()) {
    const at = value ? text.indexOf(value) : -1;
    if (at >= 0) return { at, text: value, index };
  }
  return null;
}
