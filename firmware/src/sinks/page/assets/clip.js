// One clip of an alarm: its sound, or the picture in place of sound in which somebody spoke, and whether it is kept.
import * as api from './api.js';
import { fill, h, pressed } from './dom.js';
import { sound } from './sound.js';
import { t } from './words.js';

/** The view of a clip; `onKept` receives whether it is kept from now on. */
export function clipView(name, onKept) {
  // Sound is for those who operate: people may be heard in it.
  if (!api.mayOperate()) return { element: h('p', { class: 'small' }, h('a', { href: '#login' }, t('clip.login'))), show: () => {}, leave: () => {} };
  const keep = h('button', { type: 'button', onclick: pressed(toggle), 'aria-pressed': 'false' });
  const address = `clips/${encodeURIComponent(name)}`;
  const { element, problem, leave } = name.endsWith('.png') ? withheld(address, name, keep) : sound(address, name, keep);
  let kept = false;

  async function toggle() {
    try {
      await api.post('api/keep', { clip: name, keep: !kept });
      view.show(!kept);
      onKept(kept);
      fill(problem);
    } catch (error) {
      fill(problem, error.status === 409 ? t('clip.full') : error.status ? t('error.request', error.message) : t('error.network'));
    }
  }

  const view = {
    element,
    /** Shows whether it is kept. */
    show(value) {
      kept = value;
      keep.setAttribute('aria-pressed', String(kept));
      fill(keep, t(kept ? 'clip.kept' : 'clip.keep'));
    },
    leave,
  };
  return view;
}

/** The picture of a clip without its sound. */
function withheld(address, name, ...more) {
  const problem = h('span', { role: 'alert' });
  const picture = h('img', { class: 'spectrogram', src: address, alt: t('clip.withheld.label'), loading: 'lazy' });
  const save = h('a', { href: address, download: name, class: 'small' }, t('clip.withheld.save'));
  return { element: h('div', { class: 'clip' }, h('p', {}, t('clip.withheld')), picture, h('div', { class: 'row' }, ...more, save, problem)), problem, leave: () => {} };
}
