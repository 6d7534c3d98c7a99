// One clip: player, picture and whether it is kept.
import * as api from './api.js';
import { canvas, h, fill } from './dom.js';
import { axes, picture } from './picture.js';
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
