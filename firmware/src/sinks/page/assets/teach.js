// The screen *Teach*: sound that the device was unsure of or called unusual, to be labelled by people.
import * as api from './api.js';
import { arrange, h, fill } from './dom.js';
import { question } from './question.js';
import { refit } from './refit.js';
import { t } from './words.js';

const PROGRESS = ['waiting', 'labelled', 'skipped'];

const failed = (error) => h('p', { class: 'card notice', role: 'alert' }, error.status ? t('error.request', error.message) : t('error.network'));

export function teach({ onLink, onNow }) {
  const [note, counts, list] = [h('div'), h('p', { class: 'soft small', role: 'status' }), h('ol', { class: 'plain' })];
  const only = h('select', { id: 'only', onchange: () => draw() }, PROGRESS.map((value) => h('option', { value }, t(`teach.only.${value}`))));
  const archive = h('a', { href: 'api/teach.tar', download: 'teach.tar', hidden: true }, t('teach.archive'));
  let [queue, changes] = [{ states: [], new_states: [], clips: [] }, null];
  // Open views stay open over a new list, so that what plays goes on.
  const views = new Map();

  async function load() {
    try {
      queue = await api.get('api/teach');
      fill(note, ...(queue.has_folder ? [] : [h('p', { class: 'card notice' }, t('teach.off'))]));
      draw();
    } catch (error) {
      fill(note, failed(error));
    }
  }

  function draw() {
    const count = (progress) => queue.clips.filter((clip) => clip.progress === progress).length;
    fill(counts, t('teach.counts', count('waiting'), count('labelled')));
    archive.hidden = !api.mayOperate() || !count('labelled');
    const wanted = queue.clips.filter((clip) => clip.progress === only.value).reverse();
    const none = !wanted.length && queue.has_folder;
    arrange(list, none ? [h('li', { class: 'card' }, t(`teach.none.${only.value}`))] : wanted.map(view));
  }

  function view(clip) {
    if (!views.has(clip.clip)) views.set(clip.clip, question(clip.clip, send));
    const one = views.get(clip.clip);
    one.show(clip, queue);
    return one.element;
  }

  /** Sends the labels of a clip; the next clip has the focus where this one leaves the list. */
  async function send(clip, parts) {
    await api.post('api/label', { clip, parts });
    const before = [...list.children].findIndex((item) => item.contains(document.activeElement));
    await load();
    const next = list.children[Math.min(before, list.children.length - 1)];
    if (before >= 0 && !list.contains(document.activeElement)) (next?.querySelector('h3') || only).focus();
  }

  const fitting = refit();
  const stop = api.follow({
    now(state) {
      onNow(state);
      if (changes !== null && changes !== state.teach.changes) load();
      changes = state.teach.changes;
    },
  }, onLink);
  load();

  const head = h('div', { class: 'row apart' }, h('h2', {}, t('teach.title')), h('span', { class: 'row' }, h('label', { for: 'only' }, t('alarms.show')), only));
  const element = h('div', { class: 'stack' }, head, h('p', { class: 'soft' }, t('teach.hint')), note, h('div', { class: 'row apart' }, counts, archive), list, fitting.element);
  return { element, leave: () => { stop(); fitting.leave(); views.forEach((one) => one.leave()); } };
}
