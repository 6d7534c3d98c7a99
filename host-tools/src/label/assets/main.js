// The page: one stretch at a time, its sound, and what it is.
import { fill, h, keepFocus } from './dom.js';
import { stateMark } from './marks.js';
import { sound } from './sound.js';
import { choose, duration, language, languages, number, percent, t } from './words.js';

let work = null;
const player = sound();
const root = { title: null, progress: null, part: null, labels: null, proposal: null, note: null, manifest: null, undo: null, main: null };

/** Asks the program; `body` makes it a step. */
async function ask(path, body) {
  const options = body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : { cache: 'no-store' };
  const response = await fetch(path, options).catch(() => { throw new Error(t('error.network')); });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(t('error.request', answer.error || response.statusText));
  return answer;
}

/** Takes a step, says what was done, and shows what follows. */
async function step(path, body, said) {
  try {
    show(await ask(path, body));
    fill(root.note, said);
  } catch (error) {
    fill(root.note, error.message);
  }
}

const give = (label) => work.stretch && label && step('api/label', { id: work.stretch.id, label }, t('said.label', label));
const skip = () => work.stretch && step('api/skip', { id: work.stretch.id }, t('said.skip'));
const undo = () => work.can_undo && step('api/undo', {}, t('said.undo'));
const cut = () => work.stretch && step('api/cut', { id: work.stretch.id, at_s: work.stretch.from_s + player.line() }, t('said.cut'));

function button(text, key, onclick) {
  return h('button', { type: 'button', onclick, 'aria-keyshortcuts': key }, text, ' ', h('kbd', { 'aria-hidden': 'true' }, key));
}

function frame() {
  document.documentElement.lang = language;
  document.title = t('app.title');
  root.main = h('main', { id: 'main', tabIndex: -1, class: 'stack' });
  root.progress = h('span', { class: 'soft' });
  root.note = h('p', { role: 'status', 'aria-live': 'polite' });
  root.undo = button(t('sound.undo'), 'U', undo);
  root.manifest = h('span', {});
  const skipLink = h('a', { class: 'skip', href: '#', onclick: (event) => { event.preventDefault(); root.main.focus(); } }, t('app.skip'));
  const brand = h('div', { class: 'brand' }, h('img', { src: 'assets/icon.svg', alt: '' }), h('h1', {}, t('app.title')));
  const picker = h('select', { id: 'language', onchange: () => choose(picker.value) }, languages.map(([tag, name]) => h('option', { value: tag, selected: tag === language, lang: tag }, name)));
  const foot = h('footer', {}, h('span', { class: 'row' }, h('label', { for: 'language' }, t('foot.language')), picker), root.manifest);
  document.body.replaceChildren(skipLink, h('header', { class: 'top' }, h('div', { class: 'bar' }, brand, root.progress, h('div', { class: 'account' }, root.undo))), root.main, foot);
  root.title = h('h2', { tabIndex: -1 });
  root.part = h('span', { class: 'soft' });
  root.proposal = h('p', {});
  root.labels = h('div', { class: 'labels' });
  root.done = h('div', { class: 'card', tabIndex: -1, hidden: true });
  const toggle = button(t('sound.play'), t('key.space'), player.toggle);
  const controls = h('div', { class: 'row' }, toggle, button(t('sound.cut'), 'C', cut), button(t('sound.skip'), 'S', skip));
  root.stretch = h('div', { class: 'card' }, h('div', { class: 'row apart' }, root.title, root.part), player.element, controls);
  const name = h('input', { id: 'new', maxLength: 64, autocomplete: 'off' });
  const add = h('form', { class: 'row', onsubmit: (event) => { event.preventDefault(); give(name.value.trim()); name.value = ''; name.blur(); } }, h('label', { for: 'new' }, t('label.new')), name, h('button', {}, t('label.add')));
  root.what = h('div', { class: 'card' }, h('h2', {}, t('label.title')), root.proposal, root.labels, add);
  root.main.replaceChildren(root.note, root.done, root.stretch, root.what);
}

/** Shows the work. */
function show(next) {
  const before = work?.stretch;
  work = next;
  const { stretch, labels, labelled, labelled_s, skipped, left, can_undo, manifest } = work;
  fill(root.progress, t('progress', labelled, duration(labelled_s), skipped, left));
  fill(root.manifest, t('foot.manifest', manifest));
  // A disabled button would lose the focus.
  root.undo.setAttribute('aria-disabled', String(!can_undo));
  root.done.hidden = Boolean(stretch);
  if (!stretch && root.main.contains(document.activeElement)) root.done.focus();
  root.stretch.hidden = root.what.hidden = !stretch;
  if (!stretch) {
    player.load(null);
    fill(root.done, h('p', { class: 'done' }, t('done.title')), h('p', {}, t('done.next')), h('p', {}, manifest));
    return;
  }
  fill(root.title, stretch.file);
  fill(root.part, t('part', number(stretch.from_s, 1), number(stretch.to_s, 1), number(stretch.of_s, 1)));
  const { proposal } = stretch;
  const unusual = proposal?.anomaly >= 1 ? ` ${t('label.unusual', number(proposal.anomaly, 1))}` : '';
  const text = proposal ? t('label.proposed', proposal.label, percent(proposal.confidence)) + unusual : labels.length ? t('label.none') : t('label.first');
  fill(root.proposal, text);
  const buttons = labels.map(({ label, stretches, seconds }, place) => {
    const proposed = label === proposal?.label;
    const key = place < 9 ? `${place + 1}` : '';
    return h('button', { type: 'button', class: proposed ? 'proposed' : '', onclick: () => give(label), 'aria-keyshortcuts': proposed ? `${key} Enter`.trim() : key || null },
      stateMark(place), h('span', {}, label), h('span', { class: 'soft small' }, t('label.count', stretches, duration(seconds))),
      key ? h('kbd', { 'aria-hidden': 'true' }, proposed ? `${key} ${t('key.enter')}` : key) : null);
  });
  keepFocus(root.labels, () => root.labels.replaceChildren(...buttons), () => root.title);
  if (stretch.id !== before?.id) player.load(`api/sound/${stretch.id}`);
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select, audio')) return;
  // A button that has the focus takes these keys itself.
  if (event.target.matches('button, a') && ['Enter', ' '].includes(event.key)) return;
  const key = event.key.toLowerCase();
  const digit = '123456789'.indexOf(key);
  if (digit >= 0 && key.length === 1) give(work?.labels[digit]?.label);
  else if (key === 'enter') give(work?.stretch?.proposal?.label);
  else if (key === ' ') player.toggle();
  else if (key === 'c') cut();
  else if (key === 's') skip();
  else if (key === 'u') undo();
  else if (key === 'arrowleft') player.move(event.shiftKey ? -1 : -0.1);
  else if (key === 'arrowright') player.move(event.shiftKey ? 1 : 0.1);
  else return;
  event.preventDefault();
});

frame();
ask('api/work').then(show).catch((error) => fill(root.note, error.message));
