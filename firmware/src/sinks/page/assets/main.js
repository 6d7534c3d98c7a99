// The frame of the page: session, screens, connection.
import * as api from './api.js';
import { alarms } from './alarms.js';
import { h, fill } from './dom.js';
import { history } from './history.js';
import { listen } from './listen.js';
import { loginForm } from './login.js';
import { models } from './models.js';
import { now } from './now.js';
import { settings } from './settings.js';
import { zoneMark } from './marks.js';
import { teach } from './teach.js';
import { choose, language, languages, t, zoneName } from './words.js';

/** The screens by the address after `#`. Each is made when it is shown, and returns its element and how to leave it. */
const SCREENS = { now, history, alarms, teach, listen, settings, models };
/** The screens that this device has. */
const screens = () => Object.keys(SCREENS).filter((name) => name !== 'listen' || api.session.live_sound);

const root = { main: null, account: null, nav: null, notice: null, listeners: null, host: null };
let leave = () => {};

function frame() {
  document.documentElement.lang = language;
  document.title = t('app.title');
  root.main = h('main', { id: 'main', tabIndex: -1 });
  root.nav = h('nav', { 'aria-label': t('nav.label') });
  root.account = h('div', { class: 'account' });
  root.notice = h('div', { role: 'status', 'aria-live': 'polite' });
  root.listeners = h('div', { role: 'status', 'aria-live': 'polite' });
  root.host = h('h1', {}, t('app.title'));
  const skip = h('a', { class: 'skip', href: '#', onclick: (event) => { event.preventDefault(); root.main.focus(); } }, t('app.skip'));
  const brand = h('div', { class: 'brand' }, h('img', { src: 'assets/icon.svg', alt: '' }), root.host);
  const picker = h('select', { id: 'language', onchange: () => choose(picker.value) }, languages.map(([tag, name]) => h('option', { value: tag, selected: tag === language, lang: tag }, name)));
  const foot = h('footer', {}, h('span', { class: 'row' }, h('label', { for: 'language' }, t('foot.language')), picker), h('span', {}, t('foot.zone', zoneName)));
  document.body.replaceChildren(skip, h('header', { class: 'top' }, h('div', { class: 'bar' }, brand, root.nav, root.account)), root.main, foot);
}

/** Shows the account's button: log in to operate, or log out. */
function account() {
  const operate = h('button', { type: 'button', onclick: () => { location.hash = '#login'; } }, t('login.operate'));
  const out = h('button', { type: 'button', onclick: () => api.logout().catch(() => {}).finally(show) }, t('login.out'));
  fill(root.account, ...(api.mayOperate() ? [out] : api.mayLook() ? [operate] : []));
}

/** Shows the screen of the address. */
function show() {
  leave();
  leave = () => {};
  const wanted = location.hash.slice(1).split('?')[0] || 'now';
  account();
  if (!api.mayLook() || (wanted === 'login' && !api.mayOperate())) {
    fill(root.nav);
    fill(root.main, loginForm(() => { if (wanted === 'login') location.hash = '#now'; else show(); }));
    return;
  }
  const name = screens().includes(wanted) ? wanted : 'now';
  fill(root.nav, ...screens().map((screen) => h('a', { href: `#${screen}`, 'aria-current': screen === name ? 'page' : null }, t(`nav.${screen}`))));
  const screen = SCREENS[name]({ onNow: state, onLink: link });
  fill(root.main, root.notice, root.listeners, screen.element);
  leave = screen.leave;
}

/** Shows what every screen shows: the device's name, and whether somebody listens. */
function state({ host, page }) {
  fill(root.host, host || t('app.title'));
  const text = page.listeners ? t('listen.banner', page.listeners) : '';
  if (root.listeners.textContent === text) return;
  fill(root.listeners, ...(text ? [h('p', { class: 'badge watch' }, zoneMark('watch'), text)] : []));
}

/** Shows whether the device is there; when it has refused, the session may have ended. */
function link(connected, closed) {
  fill(root.notice, ...(connected ? [] : [h('p', { class: 'card notice' }, t('link.lost'))]));
  if (closed) setTimeout(() => api.refresh().then(show).catch(() => link(false, true)), 2000);
}

frame();
window.addEventListener('hashchange', show);
api.refresh().then(show).catch(() => fill(root.main, h('p', { class: 'card notice', role: 'alert' }, t('error.network'))));
