// The spectrogram of a WAV file, computed in the browser: 16-bit or float samples, one channel of them.
import { style } from './dom.js';
import { HEAT } from './marks.js';

const SIZE = 2048;
const [WIDTH, HEIGHT] = [800, 200];
const LOWEST_HZ = 40;
/** Levels this far below the loudest are darkest. */
const RANGE_DB = 70;

/** The samples of a WAV file and their rate. */
export function samples(buffer) {
  const view = new DataView(buffer);
  const name = (at) => String.fromCharCode(...new Uint8Array(buffer, at, 4));
  if (buffer.byteLength < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE') throw new Error('no WAV file');
  let format = null;
  for (let at = 12; at + 8 <= buffer.byteLength; ) {
    const [kind, size] = [name(at), view.getUint32(at + 4, true)];
    const body = at + 8;
    if (kind === 'fmt ') format = { channels: view.getUint16(body + 2, true), rate: view.getUint32(body + 4, true), bits: view.getUint16(body + 14, true) };
    if (kind === 'data' && format) {
      const bytes = format.bits / 8;
      const count = Math.floor(Math.min(size, buffer.byteLength - body) / bytes / format.channels);
      const read = format.bits === 16 ? (i) => view.getInt16(i, true) / 32768 : format.bits === 32 ? (i) => view.getFloat32(i, true) : null;
      if (!read) throw new Error('samples of another size');
      return { rate: format.rate, values: Float32Array.from({ length: count }, (_, i) => read(body + i * bytes * format.channels)) };
    }
    at = body + size + (size % 2);
  }
  throw new Error('no sound');
}

/** Squared magnitudes of the Fourier transform of `SIZE` real values; the first half of them. */
function transform(real, imaginary) {
  for (let i = 1, j = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j], real[i]];
  }
  for (let length = 2; length <= SIZE; length <<= 1) {
    const angle = (-2 * Math.PI) / length;
    const [stepR, stepI] = [Math.cos(angle), Math.sin(angle)];
    for (let start = 0; start < SIZE; start += length) {
      let [r, i] = [1, 0];
      for (let k = start; k < start + length / 2; k++) {
        const other = k + length / 2;
        const [x, y] = [real[other] * r - imaginary[other] * i, real[other] * i + imaginary[other] * r];
        real[other] = real[k] - x;
        imaginary[other] = imaginary[k] - y;
        real[k] += x;
        imaginary[k] += y;
        [r, i] = [r * stepR - i * stepI, r * stepI + i * stepR];
      }
    }
  }
}

/** A picture of the sound: frequency upwards on a logarithmic axis, time to the right. */
export function picture(buffer) {
  const { rate, values } = samples(buffer);
  const highest = rate / 2;
  const hann = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));
  const levels = new Float32Array(WIDTH * HEIGHT);
  const edges = Array.from({ length: HEIGHT + 1 }, (_, y) => (LOWEST_HZ * (highest / LOWEST_HZ) ** (y / HEIGHT) * SIZE) / rate);
  let loudest = -Infinity;
  for (let x = 0; x < WIDTH; x++) {
    const start = Math.round((x / (WIDTH - 1)) * Math.max(values.length - SIZE, 0));
    const [real, imaginary] = [new Float32Array(SIZE), new Float32Array(SIZE)];
    for (let i = 0; i < SIZE; i++) real[i] = (values[start + i] || 0) * hann[i];
    transform(real, imaginary);
    for (let y = 0; y < HEIGHT; y++) {
      const first = Math.max(1, Math.round(edges[y]));
      const end = Math.max(first + 1, Math.min(SIZE / 2, Math.round(edges[y + 1])));
      let most = 1e-12;
      for (let bin = first; bin < end; bin++) most = Math.max(most, real[bin] ** 2 + imaginary[bin] ** 2);
      const level = 10 * Math.log10(most);
      levels[x * HEIGHT + y] = level;
      loudest = Math.max(loudest, level);
    }
  }
  const image = document.createElement('canvas');
  Object.assign(image, { width: WIDTH, height: HEIGHT });
  const context = image.getContext('2d');
  const pixels = context.createImageData(WIDTH, HEIGHT);
  for (let x = 0; x < WIDTH; x++) {
    for (let y = 0; y < HEIGHT; y++) {
      const shade = Math.max(0, Math.min(255, Math.round(255 * (1 - (loudest - levels[x * HEIGHT + y]) / RANGE_DB)))) * 4;
      pixels.data.set(HEAT.subarray(shade, shade + 4), ((HEIGHT - 1 - y) * WIDTH + x) * 4);
    }
  }
  context.putImageData(pixels, 0, 0);
  return { image, seconds: values.length / rate, lowest: LOWEST_HZ, highest, range: RANGE_DB };
}

/** Where the sound lies in a picture with axes: left edge, width, top and height in pixels. */
export const place = (width, height) => ({ left: 48, width: width - 62, top: 6, height: height - 24 });

/** Draws the picture with its axes in seconds and Hz. */
export function axes(context, width, height, { image, seconds, lowest, highest }) {
  const { left, width: w, height: h } = place(width, height);
  context.drawImage(image, left, 6, w, h);
  context.strokeStyle = style('--strong-line');
  context.strokeRect(left - 0.5, 5.5, w + 1, h + 1);
  context.fillStyle = style('--soft');
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const hz of [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000]) {
    if (hz < lowest || hz > highest) continue;
    const y = 6 + h * (1 - Math.log(hz / lowest) / Math.log(highest / lowest));
    context.fillText(hz < 1000 ? `${hz}` : `${hz / 1000} k`, left - 6, Math.max(y, 11));
  }
  context.textBaseline = 'alphabetic';
  const step = [0.5, 1, 2, 5, 10, 20, 30, 60].find((each) => (seconds / each) * 55 < w) || 60;
  for (let at = 0; at <= seconds; at += step) {
    context.textAlign = at === 0 ? 'left' : 'center';
    context.fillText(at === 0 ? '0 s' : `${at}`, left + (w * at) / seconds, height - 3);
  }
  context.textAlign = 'left';
  context.fillText('Hz', 2, height - 3);
}
