// A voice note from the microphone, in the form WhatsApp sends: Opus in Ogg. Browsers that only record WebM hold the same Opus packets,
// which are put into Ogg pages here.

export const canRecord = () => Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia && window.MediaRecorder && kindHere());

const kindHere = () => ["audio/ogg;codecs=opus", "audio/webm;codecs=opus"].find((kind) => MediaRecorder.isTypeSupported(kind));

// record begins at once; stop() gives the file, discard() nothing.
export async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const kind = kindHere();
  const recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 24000 });
  const chunks = [];
  recorder.ondataavailable = (e) => chunks.push(e.data);
  const ended = new Promise((resolve) => { recorder.onstop = resolve; });
  const finish = async () => {
    if (recorder.state !== "inactive") recorder.stop();
    await ended;
    stream.getTracks().forEach((track) => track.stop());
  };
  recorder.start();
  return {
    discard: finish,
    async stop() {
      await finish();
      const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
      return { bytes: kind.startsWith("audio/webm") ? oggOf(bytes) : bytes, mime: "audio/ogg; codecs=opus" };
    },
  };
}

// --- WebM (RFC 9559) ---------------------------------------------------------

const containers = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xa0]); // Segment, Cluster, Tracks, TrackEntry, BlockGroup
const codecPrivate = 0x63a2;
const blocks = new Set([0xa3, 0xa1]); // SimpleBlock, Block

function packetsOf(bytes) {
  const found = { head: null, packets: [] };
  const walk = (at, end) => {
    while (at < end) {
      const id = number(bytes, at, true);
      const size = number(bytes, id.next, false);
      const from = size.next;
      // A recording on the way has containers of unknown size: what they hold simply follows.
      const to = size.unknown ? end : Math.min(from + size.value, end);
      if (containers.has(id.value)) walk(from, to);
      else if (id.value === codecPrivate) found.head = bytes.slice(from, to);
      else if (blocks.has(id.value)) found.packets.push(bytes.slice(number(bytes, from, false).next + 3, to)); // track, time, flags
      at = to;
    }
  };
  walk(0, bytes.length);
  return found;
}

// number reads an EBML number, with or without the bit that marks its length.
function number(bytes, at, marked) {
  const length = Math.clz32(bytes[at]) - 23;
  let value = marked ? bytes[at] : bytes[at] & (0xff >> length);
  let full = (bytes[at] & (0xff >> length)) === 0xff >> length;
  for (let n = 1; n < length; n++) {
    value = value * 256 + bytes[at + n];
    full &&= bytes[at + n] === 0xff;
  }
  return { value, next: at + length, unknown: full };
}

// --- Ogg (RFC 3533) with Opus (RFC 7845) -------------------------------------

function oggOf(webm) {
  const { head, packets } = packetsOf(webm);
  if (!head || !packets.length) throw new Error("la grabación está vacía");
  const serial = (Math.random() * 2 ** 32) >>> 0;
  const text = new TextEncoder();
  const tags = new Uint8Array([...text.encode("OpusTags"), 5, 0, 0, 0, ...text.encode("phone"), 0, 0, 0, 0]);
  const pages = [page([head], 0n, 2, serial, 0), page([tags], 0n, 0, serial, 1)];
  let samples = BigInt(head[10] | (head[11] << 8)); // pre-skip
  const perPage = 25;
  for (let n = 0; n < packets.length; n += perPage) {
    const group = packets.slice(n, n + perPage);
    for (const packet of group) samples += BigInt(lengthOf(packet));
    pages.push(page(group, samples, n + perPage >= packets.length ? 4 : 0, serial, pages.length));
  }
  return new Uint8Array(pages.flatMap((p) => [...p]));
}

// lengthOf is a packet's time in samples of 48 kHz, by its first byte (RFC 6716, 3.1).
function lengthOf(packet) {
  const config = packet[0] >> 3;
  const frame = config < 12 ? [480, 960, 1920, 2880][config % 4] : config < 16 ? [480, 960][config % 2] : [120, 240, 480, 960][config % 4];
  const count = [1, 2, 2, packet[1] & 63][packet[0] & 3];
  return frame * count;
}

function page(packets, position, flags, serial, sequence) {
  const lacing = packets.flatMap((p) => [...Array(Math.floor(p.length / 255)).fill(255), p.length % 255]);
  const length = packets.reduce((sum, p) => sum + p.length, 0);
  const bytes = new Uint8Array(27 + lacing.length + length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x4f, 0x67, 0x67, 0x53, 0, flags]); // OggS
  view.setBigInt64(6, position, true);
  view.setUint32(14, serial, true);
  view.setUint32(18, sequence, true);
  bytes[26] = lacing.length;
  bytes.set(lacing, 27);
  let at = 27 + lacing.length;
  for (const packet of packets) { bytes.set(packet, at); at += packet.length; }
  view.setUint32(22, checksum(bytes), true);
  return bytes;
}

function checksum(bytes) {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  }
  return sum >>> 0;
}
