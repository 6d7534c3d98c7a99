// Recordings: what a model finds in them.
import { canvas, fill, h, style } from './dom.js';
import { HEAT, fillState, stateMark, zoneMark } from './marks.js';
import { palette } from './palette.js';
import { duration, number, percent, t } from './words.js';

const BANDS = 64;
const [FIRST, STEPS, DB_PER_STEP] = [33, 93, ((14 / 93) * 20) / Math.LN10];
const LEAST_RANGE = 40;
const TICKS = [125, 500, 1000, 2000, 4000, 7500];
const [LEFT, RIGHT, BOTTOM] = [48, 14, 18];
const mel = (hz) => 1127 * Math.log(1 + hz / 700);
const [LOWEST, HIGHEST] = [mel(125), mel(7500)];
/** Sound that is played before and after an alarm, in seconds. */
const AROUND = 8;

/** Draws seconds below a picture. */
function times(context, width, height, seconds) {
  const w = width - LEFT - RIGHT;
  context.fillStyle = style('--soft');
  context.font = '12px system-ui, sans-serif';
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].find((each) => (seconds / each) * 60 < w) || 7200;
  for (let at = 0; at <= seconds; at += step) {
    context.textAlign = at === 0 ? 'left' : at + step / 2 > seconds ? 'right' : 'center';
    context.fillText(at === 0 ? '0 s' : step < 60 ? `${at}` : `${at / 60} min`, LEFT + (w * at) / seconds, height - 3);
  }
}

function spectrogram({ columns, seconds }) {
  const values = columns.map((column) => Uint8Array.from(column, (character) => character.charCodeAt(0) - FIRST));
  let [quietest, loudest] = [STEPS, 0];
  for (const column of values) for (const value of column) [quietest, loudest] = [Math.min(quietest, value), Math.max(loudest, value)];
  loudest = Math.max(loudest, LEAST_RANGE);
  quietest = Math.min(quietest, loudest - LEAST_RANGE);
  const picture = document.createElement('canvas');
  Object.assign(picture, { width: Math.max(values.length, 1), height: BANDS });
  const context = picture.getContext('2d');
  const image = context.createImageData(picture.width, BANDS);
  values.forEach((column, x) => column.forEach((value, band) => {
    const shade = Math.max(0, Math.min(255, Math.round(((value - quietest) / (loudest - quietest)) * 255))) * 4;
    image.data.set(HEAT.subarray(shade, shade + 4), ((BANDS - 1 - band) * picture.width + x) * 4);
  }));
  context.putImageData(image, 0, 0);
  const range = Math.round((loudest - quietest) * DB_PER_STEP);
  const draw = (to, width, height) => {
    const [w, high] = [width - LEFT - RIGHT, height - BOTTOM - 6];
    to.imageSmoothingEnabled = false;
    to.drawImage(picture, LEFT, 6, w, high);
    to.strokeStyle = style('--strong-line');
    to.strokeRect(LEFT - 0.5, 5.5, w + 1, high + 1);
    times(to, width, height, seconds);
    to.textAlign = 'right';
    to.textBaseline = 'middle';
    for (const hz of TICKS) to.fillText(hz < 1000 ? `${hz}` : `${hz / 1000} k`, LEFT - 6, Math.min(Math.max(6 + high * (1 - (mel(hz) - LOWEST) / (HIGHEST - LOWEST)), 11), high + 1));
    to.textBaseline = 'alphabetic';
    to.textAlign = 'left';
    to.fillText('Hz', 2, height - 3);
  };
  return { element: canvas(t('rec.spectrogram.label', number(seconds, 1)), 'spectrogram', draw).element, range };
}

function strip({ parts, seconds, classes }) {
  const text = parts.map(({ from_s, state }) => `${number(from_s, 1)} s ${classes[state] ?? t('state.unknown')}`).slice(0, 50).join(', ');
  return canvas(t('rec.states.label', text), 'strip', (context, width, height) => {
    const w = width - LEFT - RIGHT;
    const x = (second) => LEFT + (w * second) / seconds;
    for (const { from_s, to_s, state } of parts) fillState(context, state, x(from_s), 0, Math.max(x(to_s) - x(from_s), 1), height);
  }).element;
}

function curve({ points, seconds }, place, label, lines) {
  const values = points.map((point) => [point[0], point[place]]).filter(([, value]) => value !== null);
  const all = [...values.map(([, value]) => value), ...lines.map(([value]) => value)];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const spread = Math.max(most - least, 1e-3);
  return canvas(t('rec.curve', label, number(least, 2), number(most, 2)), 'curve', (context, width, height) => {
    const [w, high] = [width - LEFT - RIGHT, height - BOTTOM - 10];
    const at = ([second, value]) => [LEFT + (w * second) / seconds, 6 + high * (1 - (value - least) / spread)];
    context.strokeStyle = style('--strong-line');
    context.strokeRect(LEFT - 0.5, 5.5, w + 1, high + 1);
    times(context, width, height, seconds);
    context.textAlign = 'right';
    context.fillText(number(most, 1), LEFT - 6, 14);
    context.fillText(number(least, 1), LEFT - 6, 6 + high);
    for (const [value, colour] of lines) {
      context.strokeStyle = colour;
      context.setLineDash([6, 4]);
      context.beginPath();
      context.moveTo(...at([0, value]));
      context.lineTo(...at([seconds, value]));
      context.stroke();
    }
    context.setLineDash([]);
    context.strokeStyle = style('--plot-line');
    context.lineWidth = 1.5;
    context.beginPath();
    values.forEach((value, place) => (place ? context.lineTo(...at(value)) : context.moveTo(...at(value))));
    context.stroke();
  }).element;
}

/** Time in each state, the longest first. */
function shares({ parts, classes, seconds }) {
  const sums = new Map();
  for (const { from_s, to_s, state } of parts) sums.set(state, (sums.get(state) || 0) + to_s - from_s);
  const rows = [...sums].sort((a, b) => b[1] - a[1]).map(([state, sum]) => h('tr', {},
    h('th', { scope: 'row' }, h('span', { class: 'key' }, stateMark(state), classes[state] ?? t('state.unknown'))), h('td', {}, duration(sum)), h('td', {}, percent(sum / seconds))));
  return h('table', {}, h('thead', {}, h('tr', {}, ['rec.state', 'rec.time', 'rec.share'].map((key) => h('th', { scope: 'col' }, t(key))))), h('tbody', {}, rows));
}

function alarms({ alarms: found, seconds }, place) {
  if (!found) return h('p', {}, t('rec.no_score'));
  const raised = [...found.at_s.map((at) => ['alarm', at]), ...found.warnings_at_s.map((at) => ['warning', at])].sort((a, b) => a[1] - b[1]);
  if (!raised.length) return h('p', {}, t('rec.no_alarm', found.highest_score === null ? '-' : number(found.highest_score, 2)));
  return h('ol', { class: 'plain' }, raised.map(([kind, at]) => {
    const why = found.explanations.find((one) => one.at_s === at && one.alarm === (kind === 'alarm'));
    const [from, to] = [Math.max(0, at - AROUND), Math.min(seconds, at + AROUND)];
    const address = `api/sound/${place}?from_s=${from}&to_s=${to}`;
    return h('li', { class: 'clip' }, h('div', { class: 'title' }, zoneMark(kind), t(`rec.${kind}`, number(at, 1))), why ? h('p', {}, t('rec.moved', why.text)) : null,
      h('audio', { controls: true, preload: 'none', src: address, 'aria-label': t('rec.play', number(from, 1), number(to, 1)) }));
  }));
}

export async function recordings(main, get) {
  const names = await get('api/recordings');
  const note = h('div', { role: 'status', 'aria-live': 'polite' });
  const place = h('div', { class: 'stack' });
  const picker = h('select', { id: 'recording', class: 'picker', onchange: () => show(Number(picker.value)) }, names.map((name, number_) => h('option', { value: number_ }, name)));
  main.replaceChildren(h('div', { class: 'row' }, h('label', { for: 'recording' }, t('rec.recording')), picker), note, place);
  let wanted = 0;

  async function show(number_) {
    wanted = number_;
    place.replaceChildren();
    note.replaceChildren(h('p', { class: 'soft' }, t('rec.working')));
    try {
      const found = await get(`api/recording/${number_}`);
      if (wanted !== number_) return;
      const picture = spectrogram(found);
      const card = (title, ...content) => h('section', { class: 'card' }, h('h2', {}, title), ...content);
      place.replaceChildren(
        card(t('rec.over_time'), strip(found), picture.element, h('p', { class: 'soft small' }, t('rec.range', picture.range)),
          found.alarms ? h('h3', { class: 'small' }, t('rec.score')) : null, found.alarms ? curve(found, 1, t('rec.score'), [[1, palette.alarm]]) : null,
          h('h3', { class: 'small' }, t('rec.level')), curve(found, 2, t('rec.level'), [])),
        card(t('rec.states'), shares(found)),
        card(t('rec.alarms'), alarms(found, number_)),
        ...(found.remarks.length ? [card(t('rec.remarks'), h('ul', {}, found.remarks.map((remark) => h('li', {}, remark))))] : []));
      note.replaceChildren();
    } catch (error) {
      if (wanted === number_) fill(note, h('p', { class: 'card notice', role: 'alert' }, error.message));
    }
  }
  await show(0);
}
