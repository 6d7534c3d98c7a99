// A small curve over the last ten minutes, with its levels as labelled lines.
import { canvas, style } from './dom.js';
import { t } from './words.js';

const SPAN_MS = 600_000;
/** Points further apart are not connected: there was no value between them. */
const JOIN_MS = 3000;

/** A level as a dashed line at `y` with its name above it, or `below`. */
export function levelLine(context, left, right, y, { colour, name, dash, below }) {
  context.strokeStyle = style(`--plot-${colour}`);
  context.fillStyle = style(`--${colour}`);
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(right, y);
  context.stroke();
  context.setLineDash([]);
  context.fillText(name, left + 2, y + (below ? 13 : -3));
}

/** A curve. `range(values)` gives its least and largest value, `text(value)` their texts. */
export function curve(what, { range, text }) {
  let [points, levels, end] = [[], [], 0];
  const { element, redraw } = canvas(t('now.curve.empty', what), 'curve', draw);

  function draw(context, width, height) {
    const values = points.map(([, value]) => value);
    const [least, most] = range(values);
    const [left, top, bottom] = [2, 8, height - 18];
    const x = (ms) => left + (width - left - 4) * (1 - (end - ms) / SPAN_MS);
    const y = (value) => bottom - ((bottom - top) * (value - least)) / (most - least || 1);
    context.font = '12px system-ui, sans-serif';
    context.strokeStyle = style('--line');
    context.beginPath();
    context.moveTo(left, bottom + 0.5);
    context.lineTo(width, bottom + 0.5);
    context.stroke();
    for (const { value, colour, name, dash, below } of levels) {
      if (value < least || value > most) continue;
      levelLine(context, left, width, y(value), { colour, name, dash, below });
    }
    context.strokeStyle = style('--plot-line');
    context.lineWidth = 2;
    context.lineJoin = 'round';
    context.beginPath();
    points.forEach(([ms, value], i) => {
      const joined = i > 0 && ms - points[i - 1][0] < JOIN_MS;
      context[joined ? 'lineTo' : 'moveTo'](x(ms), y(Math.min(Math.max(value, least), most)));
      if (!joined) context.lineTo(x(ms) + 1, y(Math.min(Math.max(value, least), most)));
    });
    context.stroke();
    context.lineWidth = 1;
    context.fillStyle = style('--soft');
    context.fillText(t('now.minutes'), left, height - 4);
  }

  return {
    element,
    /** Shows points `[ms, value]`, of which `endMs` is now, and levels `{ value, colour, name, dash, below }`. */
    show(newPoints, endMs, newLevels = []) {
      [points, levels, end] = [newPoints.filter(([ms, value]) => value !== null && ms > endMs - SPAN_MS), newLevels, endMs];
      const values = points.map(([, value]) => value);
      const label = values.length ? t('now.curve', what, text(Math.min(...values)), text(Math.max(...values))) : t('now.curve.empty', what);
      element.setAttribute('aria-label', label);
      redraw();
    },
  };
}
