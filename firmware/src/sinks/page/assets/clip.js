// One clip: player, picture and whether it is kept.
import * as api from './api.js';
import { canvas, h, fill, style } from './dom.js';
import { picture } from './picture.js';
import { number, t } from './words.js';

/** The view of a clip; `onKept` receives whether it is kept from now on. */
export function clipView(name, onKept) {
  const address = `clips/${encodeURIComponent(name)}`;
  // Sound is for those who operate: people may be heard in it.
  if (!api.mayOperate()) return { element: h('p', { class: 'small' }, h('a', { href: '#login' }, t('clip.login'))), show: () => {}, leave: () => {} };
  const player = h('audio', { controls: true, preload: 'none', src: address, 'aria-label': t('clip.play', name) });
  const keep = h('button', { type: 'button', onclick: toggle, 'aria-pressed': 'false' });
  const show = h('button', { type: 'button', onclick: draw, 'aria-expanded': 'false' }, t('clip.picture'));
  const problem = h('span', { role: 'alert' });
  const place = h('div');
  let kept = false;

  async function toggle() {
    keep.disabled = true;
    try {
      await api.post('api/keep', { clip: name, keep: !kept });
      view.show(!kept);
      onKept(kept);
      fill(problem);
    } catch (error) {
      fill(problem, error.status === 409 ? t('clip.full') : error.status ? t('error.request', error.message) : t('error.network'));
    }
    keep.disabled = false;
  }

  async function draw() {
    if (place.childElementCount) {
      place.replaceChildren();
      show.setAttribute('aria-expanded', 'false');
      return;
    }
    show.disabled = true;
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(response.statusText);
      const made = picture(await response.arrayBuffer());
      const label = t('clip.picture.label', number(made.seconds, 1), Math.round(made.highest));
      place.replaceChildren(canvas(label, 'spectrogram', (context, width, height) => axes(context, width, height, made)).element, h('p', { class: 'soft small' }, t('clip.range', made.range)));
      show.setAttribute('aria-expanded', 'true');
      fill(problem);
    } catch {
      fill(problem, t('clip.unreadable'));
    }
    show.disabled = false;
  }

  const view = {
    element: h('div', { class: 'clip' }, player, h('div', { class: 'row' }, show, keep, h('a', { href: address, download: name, class: 'small' }, t('clip.save')), problem), place),
    /** Shows whether it is kept. */
    show(value) {
      kept = value;
      keep.setAttribute('aria-pressed', String(kept));
      fill(keep, t(kept ? 'clip.kept' : 'clip.keep'));
    },
    leave: () => player.pause(),
  };
  return view;
}

/** The picture with its axes in seconds and Hz. */
function axes(context, width, height, { image, seconds, lowest, highest }) {
  const [left, bottom, right] = [48, 18, 14];
  const [w, h] = [width - left - right, height - bottom - 6];
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
