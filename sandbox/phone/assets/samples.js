// Files a guest could send, made on the spot: a photo, a transfer receipt, stickers.

const stamp = () => new Date().toLocaleString("es-AR", { timeZone: "America/Argentina/Buenos_Aires", dateStyle: "short", timeStyle: "short" });

async function bytesOf(canvas, mime) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, mime, 0.86));
  return { bytes: new Uint8Array(await blob.arrayBuffer()), mime: blob.type };
}

function canvasOf(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return [canvas, canvas.getContext("2d")];
}

// landscape is a photo of a holiday: lake, hills, sun.
export async function landscape() {
  const [canvas, c] = canvasOf(960, 720);
  const sky = c.createLinearGradient(0, 0, 0, 430);
  sky.addColorStop(0, "#6fb4e8");
  sky.addColorStop(1, "#fbe3b8");
  c.fillStyle = sky;
  c.fillRect(0, 0, 960, 430);
  c.fillStyle = "#fff3c9";
  c.beginPath(); c.arc(710, 170, 58, 0, 7); c.fill();
  for (const [color, base, height, wave] of [["#8aa7b8", 420, 170, 140], ["#5f8a78", 430, 110, 95], ["#3f6a4d", 440, 60, 60]]) {
    c.fillStyle = color;
    c.beginPath(); c.moveTo(0, base);
    for (let x = 0; x <= 960; x += 12) c.lineTo(x, base - height * (0.55 + 0.45 * Math.sin(x / wave + height)));
    c.lineTo(960, base); c.fill();
  }
  const lake = c.createLinearGradient(0, 420, 0, 720);
  lake.addColorStop(0, "#7fb0c4");
  lake.addColorStop(1, "#2f6078");
  c.fillStyle = lake;
  c.fillRect(0, 420, 960, 300);
  c.fillStyle = "rgba(255,255,255,.16)";
  for (let n = 0; n < 26; n++) c.fillRect((n * 173) % 900, 440 + n * 10, 60 + ((n * 37) % 90), 3);
  return bytesOf(canvas, "image/jpeg");
}

// receiptLines is a bank's receipt; it proves nothing.
const receiptLines = (amount) => [
  ["Comprobante de transferencia", 20], [stamp(), 12], ["", 12], ["Importe", 12], [amount, 24], ["", 12], ["De: Cuenta de prueba", 13], ["Para: Cabañas", 13],
  ["CVU 0000003100012345678901", 13], ["Operación 98765432109", 13], ["", 12], ["Archivo de prueba: no mueve dinero.", 11],
];

// receiptPicture is what people make of a receipt: a screenshot.
export async function receiptPicture(amount) {
  const [canvas, c] = canvasOf(720, 900);
  c.fillStyle = "#eef1f5"; c.fillRect(0, 0, 720, 900);
  c.fillStyle = "#fff"; c.beginPath(); c.roundRect(40, 40, 640, 820, 24); c.fill();
  c.fillStyle = "#0a8f6a"; c.beginPath(); c.arc(360, 120, 42, 0, 7); c.fill();
  c.strokeStyle = "#fff"; c.lineWidth = 9; c.lineCap = "round";
  c.beginPath(); c.moveTo(340, 122); c.lineTo(355, 138); c.lineTo(382, 104); c.stroke();
  c.fillStyle = "#1b2733"; c.textAlign = "center";
  let y = 220;
  for (const [line, size] of receiptLines(amount)) {
    c.font = `${size > 16 ? 600 : 400} ${size * 1.9}px system-ui, sans-serif`;
    c.fillText(line, 360, y, 600);
    y += size * 1.9 + 22;
  }
  return bytesOf(canvas, "image/jpeg");
}

// receiptDocument is the receipt as a bank's PDF of one page.
export function receiptDocument(amount) {
  let y = 760;
  const text = receiptLines(amount).map(([line, size]) => {
    y -= size + 12;
    return `BT /F ${size} Tf 72 ${y} Td (${latin(line)}) Tj ET`;
  }).join("\n");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  ];
  let out = "%PDF-1.4\n";
  const offsets = objects.map((object, n) => {
    const at = out.length;
    out += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n` + offsets.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  out += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return { bytes: new TextEncoder().encode(out), mime: "application/pdf", name: "comprobante.pdf" };
}

// latin writes what is beyond ASCII as octal escapes of WinAnsi.
const latin = (line) => line.replace(/[\\()]/g, "\\$&").replace(/[^\x20-\x7e]/g, (c) => (c.charCodeAt(0) < 256 ? "\\" + c.charCodeAt(0).toString(8) : " "));

// stickers by what they show, drawn on 24 by 24.
export const stickers = {
  "Cabaña": [["M12 3 2 20h20z", "#b5652b"], ["M12 3 2 20h4l6-10.5 6 10.5h4z", "#7d3f17"], ["M10 14h4v6h-4z", "#fbe3b8"]],
  "Sol": [["M12 1l2 4 4-2 0 4 4 1-2.5 4L22 16l-4 1 0 4-4-2-2 4-2-4-4 2 0-4-4-1 2.5-4L2 8l4-1 0-4 4 2z", "#ffc83d"], ["M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z", "#ffe08a"]],
  "Corazón": [["M12 21S3 14.5 3 8.5A4.8 4.8 0 0 1 12 6a4.8 4.8 0 0 1 9 2.5c0 6-9 12.5-9 12.5z", "#e0345a"]],
  "Pulgar arriba": [["M3 10h4v11H3z", "#3d7dd8"], ["M8 10l4-8c2 0 3 1.5 2.5 3.5L14 9h6c1.5 0 2 1.5 1.5 3l-2.5 7.5c-.3 1-1 1.5-2 1.5H8z", "#ffcf70"]],
};

// stickerFile draws a sticker as WhatsApp keeps them: WebP, 512 by 512, with nothing behind.
export async function stickerFile(name) {
  const [canvas, c] = canvasOf(512, 512);
  c.scale(512 / 24, 512 / 24);
  for (const [shape, color] of stickers[name]) {
    c.fillStyle = color;
    c.fill(new Path2D(shape));
  }
  return bytesOf(canvas, "image/webp");
}
