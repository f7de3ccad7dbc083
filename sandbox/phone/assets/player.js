// A voice note: play, a wave to see and to seek on, and its time. One plays at a time.
import { make, button, icon, shapes } from "/phone/assets/dom.js";
import { seconds } from "/phone/assets/format.js";

const bars = 34;
let playing;

// voiceNote plays the file at source; what cannot be played keeps its look and says so.
export function voiceNote(id, source) {
  const sound = new Audio();
  sound.preload = "metadata";
  const time = make("span", "voice-time", "0:00");
  const toggle = button("voice-play", "Reproducir nota de voz", () => (sound.paused ? start() : sound.pause()), icon(shapes.play, 24));
  toggle.dataset.testid = "voice-play";
  const wave = make("span", "wave", ...heights(id).map((height) => {
    const bar = make("i");
    bar.style.height = height + "%";
    return bar;
  }));
  const seek = make("input", "seek");
  Object.assign(seek, { type: "range", min: "0", max: "1000", value: "0", step: "10" });
  seek.setAttribute("aria-label", "Posición en la nota de voz");
  const node = make("div", "voice", toggle, make("div", "voice-middle", make("div", "voice-track", wave, seek), time));

  const show = () => {
    const known = Number.isFinite(sound.duration) && sound.duration > 0;
    const share = known ? sound.currentTime / sound.duration : 0;
    seek.value = String(Math.round(share * 1000));
    [...wave.children].forEach((bar, n) => bar.classList.toggle("heard", share > 0 && n / bars <= share));
    time.textContent = seconds(sound.currentTime || (known ? sound.duration : 0));
    seek.setAttribute("aria-valuetext", time.textContent);
    toggle.replaceChildren(icon(sound.paused ? shapes.play : shapes.pause, 24));
    toggle.setAttribute("aria-label", sound.paused ? "Reproducir nota de voz" : "Pausar nota de voz");
  };
  const start = () => {
    if (playing && playing !== sound) playing.pause();
    playing = sound;
    sound.play().catch(() => {});
  };
  for (const name of ["loadedmetadata", "durationchange", "timeupdate", "play", "pause"]) sound.addEventListener(name, show);
  sound.addEventListener("ended", () => { sound.currentTime = 0; show(); });
  sound.addEventListener("error", () => {
    toggle.disabled = seek.disabled = true;
    time.textContent = "sin sonido";
  });
  seek.addEventListener("input", () => {
    if (Number.isFinite(sound.duration)) sound.currentTime = (sound.duration * Number(seek.value)) / 1000;
  });
  if (source) listen(sound, source);
  return node;
}

// listen takes a file of this phone whole, because its length is only known at its end.
async function listen(sound, source) {
  if (!source.startsWith("/")) {
    sound.src = source;
    return;
  }
  const response = await fetch(source).catch(() => null);
  sound.src = response?.ok ? URL.createObjectURL(await response.blob()) : source;
}

// heights look like speech and are the same each time a note is drawn.
function heights(id) {
  let state = [...id].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);
  return Array.from({ length: bars }, (_, n) => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return Math.round(18 + 62 * (state / 2 ** 32) * (0.55 + 0.45 * Math.sin(n / 2.3)) + 12);
  });
}
