// The frame of the pages.
import { fill, h } from './dom.js';
import { fleet } from './fleet.js';
import { recordings } from './recordings.js';
import { choose, language, languages, t, zoneName } from './words.js';

const SCREENS = { fleet, recordings };

/** The JSON at an address. */
async function get(path) {
  const response = await fetch(path, { cache: 'no-store' }).catch(() => { throw new Error(t('error.network')); });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(t('error.request', answer.error || response.statusText));
  return answer;
}

document.documentElement.lang = language;
document.title = t('app.title');
const main = h('main', { id: 'main', tabIndex: -1, class: 'stack' });
const title = h('h1', {}, t('app.title'));
const skip = h('a', { class: 'skip', href: '#', onclick: (event) => { event.preventDefault(); main.focus(); } }, t('app.skip'));
const picker = h('select', { id: 'language', onchange: () => choose(picker.value) }, languages.map(([tag, name]) => h('option', { value: tag, selected: tag === language, lang: tag }, name)));
const foot = h('footer', {}, h('span', { class: 'row' }, h('label', { for: 'language' }, t('foot.language')), picker), h('span', {}, t('foot.zone', zoneName)));
const brand = h('div', { class: 'brand' }, h('img', { src: 'assets/icon.svg', alt: '' }), title);
document.body.replaceChildren(skip, h('header', { class: 'top' }, h('div', { class: 'bar' }, brand)), main, foot);
get('api/about').then(({ kind }) => SCREENS[kind](main, get)).catch((error) => fill(main, h('p', { class: 'card notice', role: 'alert' }, error.message)));
