// Colours and shapes. A state and a zone have a shape and a word besides their colour, so that no meaning is in colour alone.
// The colours are those of the pictures and reports of host-tools.
import { palette } from './palette.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The colour of a state, by its place in the model's labels; -1 is unknown. */
export const colourOf = (place) => (place < 0 ? palette.unknown : palette.states[place % palette.states.length]);

const SHAPES = {
  disc: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z',
  triangle: 'M8 1l7.5 14H.5z',
  square: 'M1.5 1.5h13v13h-13z',
  diamond: 'M8 .5L15.5 8 8 15.5.5 8z',
  ring: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8z',
  check: 'M6.2 13.4L1 8.2l2-2 3.2 3.2L13 2.6l2 2z',
  bang: 'M8 0l8 15.5H0zM7 5.5v5h2v-5zm0 6.2v2h2v-2z',
  eye: 'M8 3C4.5 3 1.6 5 .4 8c1.2 3 4.1 5 7.6 5s6.4-2 7.6-5C14.4 5 11.5 3 8 3zm0 2.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
};
const STATES = ['disc', 'triangle', 'square', 'diamond'];
const ZONES = { normal: 'check', watch: 'eye', warning: 'bang', alarm: 'bang' };

/** Fills a rectangle with the colour of a state and its pattern: none, rising, falling or upright lines, by its place. */
export function fillState(context, place, x, y, width, height) {
  context.fillStyle = colourOf(place);
  context.fillRect(x, y, width, height);
  const pattern = place < 0 ? 0 : place % 4;
  if (!pattern || width < 3) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = 'rgb(255 255 255 / 55%)';
  context.lineWidth = 1.5;
  context.beginPath();
  const lean = [0, height, -height, 0][pattern];
  // From a fixed place, so that lines of neighbours meet.
  for (let at = Math.floor((x - height) / 9) * 9; at < x + width + height; at += 9) {
    context.moveTo(at, y + height);
    context.lineTo(at + lean, y);
  }
  context.stroke();
  context.restore();
}

function shape(name, colour) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', SHAPES[name]);
  path.setAttribute('fill', colour);
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}

/** The mark of a state, by its place in the model's labels. */
export const stateMark = (place) => shape(place < 0 ? 'ring' : STATES[place % STATES.length], colourOf(place));

/** The mark of a zone of the anomaly score. */
export const zoneMark = (zone) => shape(ZONES[zone] || 'ring', 'currentColor');

/** The colours of spectrograms: 256 of them, as four bytes each. */
export const HEAT = (() => {
  const stops = palette.spectrogram;
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) table[i * 4 + c] = stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (at - low);
    table[i * 4 + 3] = 255;
  }
  return table;
})();
