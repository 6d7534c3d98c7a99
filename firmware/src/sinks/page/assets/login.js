// The form for the password.
import * as api from './api.js';
import { h, fill, pressed } from './dom.js';
import { t } from './words.js';

/** The form; calls `done` when the password was right. */
export function loginForm(done) {
  const problem = h('p', { role: 'alert' });
  const password = h('input', { id: 'password', type: 'password', autocomplete: 'current-password', required: true, 'aria-describedby': 'hint' });
  const go = h('button', { class: 'main', type: 'submit' }, t('login.go'));
  async function submit() {
    try {
      await api.login(password.value);
      done();
    } catch (error) {
      const text = error.status === 401 ? t('login.wrong') : error.status === 429 ? t('login.wait', error.wait) : error.status ? t('error.request', error.message) : t('error.network');
      fill(problem, text);
      password.select();
    }
  }
  const form = h('form', { onsubmit: pressed(submit) }, h('label', { for: 'password' }, t('login.password')), password, h('p', { id: 'hint', class: 'soft small' }, t('login.hint')), problem, go);
  setTimeout(() => password.focus());
  return h('section', { class: 'card login' }, h('h2', {}, t('login.title')), form);
}
