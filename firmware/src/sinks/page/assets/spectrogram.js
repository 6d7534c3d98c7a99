// The spectrogram of the last minute, from the columns that the device computes for its own model.
import { canvas, style } from './dom.js';
import { HEAT } from './marks.js';
import { t } from './words.js';

const BANDS = 64;
const SECONDS = 60;
/** Columns of the picture; each is the loudest of several of the device's. */
const WIDTH = 600;
const PER_SECOND = 100;
const STEP = (SECONDS * PER_SECOND) / WIDTH;
/** Least steps from the darkest to the brightest colour: 53 dB. */
const LEAST_RANGE = 40;
/** Characters of a column run from `!`, -7, to `~`, +7, natural logarithms of magnitudes. */
const [FIRST, STEPS, DB_PER_STEP] = [33, 93, ((14 / 93) * 20) / Math.LN10];
const TICKS = [125, 500, 1000, 2000, 4000, 7500];

const mel = (hz) => 1127 * Math.log(1 + hz / 700);
const [LOWEST, HIGHEST] = [mel(125), mel(7500)];

/** A spectrogram that grows to the right. */
export function spectrogram() {
  // One byte for each point; 255 is no sound.
  const values = new Uint8Array(WIDTH * BANDS).fill(255);
  let [column, filled, quietest, loudest] = [new Uint8Array(BANDS), 0, 0, LEAST_RANGE];
  const picture = document.createElement('canvas');
  Object.assign(picture, { width: WIDTH, height: BANDS });
  const { element, redraw } = canvas(t('now.spectrogram.label'), 'spectrogram', draw);

  /** The colours cover what is shown. */
  function scale() {
    [quietest, loudest] = [STEPS, 0];
    for (const value of values) {
      if (value === 255) continue;
      if (value < quietest) quietest = value;
      if (value > loudest) loudest = value;
    }
    loudest = Math.max(loudest, LEAST_RANGE);
    quietest = Math.min(quietest, loudest - LEAST_RANGE);
  }

  function paint() {
    scale();
    const context = picture.getContext('2d');
    const image = context.createImageData(WIDTH, BANDS);
    const gap = style('--gap');
    const grey = [1, 3, 5].map((at) => parseInt(gap.slice(at, at + 2), 16));
    for (let x = 0; x < WIDTH; x++) {
      for (let band = 0; band < BANDS; band++) {
        const value = values[x * BANDS + band];
        const at = ((BANDS - 1 - band) * WIDTH + x) * 4;
        if (value === 255) image.data.set([...grey, 90], at);
        else {
          const shade = Math.min(255, Math.round(((value - quietest) / (loudest - quietest)) * 255)) * 4;
          image.data.set(HEAT.subarray(shade, shade + 4), at);
        }
      }
    }
    context.putImageData(image, 0, 0);
  }

  function draw(context, width, height) {
    paint();
    const [left, bottom, right] = [44, 18, 12];
    const [w, h] = [width - left - right, height - bottom - 6];
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, left, 6, w, h);
    context.fillStyle = style('--soft');
    context.strokeStyle = style('--strong-line');
    context.strokeRect(left - 0.5, 5.5, w + 1, h + 1);
    context.font = '12px system-ui, sans-serif';
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const hz of TICKS) {
      const y = 6 + h * (1 - (mel(hz) - LOWEST) / (HIGHEST - LOWEST));
      context.fillText(hz < 1000 ? `${hz}` : `${hz / 1000} k`, left - 6, Math.min(Math.max(y, 11), h + 1));
    }
    context.textBaseline = 'alphabetic';
    for (let seconds = SECONDS; seconds >= 0; seconds -= width < 500 ? 30 : 15) {
      context.textAlign = seconds === SECONDS ? 'left' : seconds === 0 ? 'right' : 'center';
      context.fillText(seconds ? `-${seconds} s` : '0 s', left + w * (1 - seconds / SECONDS), height - 3);
    }
    context.textAlign = 'left';
    context.fillText('Hz', 2, height - 3);
  }

  function add(next) {
    values.copyWithin(0, BANDS);
    values.set(next, (WIDTH - 1) * BANDS);
  }

  return {
    element,
    redraw,
    /** Appends columns, 64 characters each. */
    append(text) {
      for (let at = 0; at + BANDS <= text.length; at += BANDS) {
        for (let band = 0; band < BANDS; band++) {
          const value = text.charCodeAt(at + band) - FIRST;
          column[band] = Math.max(column[band], Math.min(value, STEPS));
        }
        if (++filled >= STEP) {
          add(column);
          [column, filled] = [new Uint8Array(BANDS), 0];
        }
      }
      redraw();
    },
    /** Leaves a grey gap of so many seconds. */
    gap(seconds) {
      const columns = Math.min(Math.round((seconds * PER_SECOND) / STEP), WIDTH);
      for (let i = 0; i < columns; i++) add(new Uint8Array(BANDS).fill(255));
      redraw();
    },
    /** The range of the colours in dB. */
    range: () => Math.round((loudest - quietest) * DB_PER_STEP),
  };
}
