// The device: requests, the session, and what it sends live. All addresses are relative, so that a proxy may serve the page
// under any path.

/** The role of this browser (`anonymous`, `look`, `operate`) and the token for requests that change something. */
export let session = { role: 'anonymous', form_token: null, look_is_open: false };

/** An answer that is no success. */
export class Refused extends Error {
  constructor(status, message, wait) {
    super(message);
    Object.assign(this, { status, wait });
  }
}

async function answer(response) {
  const body = (response.headers.get('content-type') || '').startsWith('application/json') ? await response.json() : null;
  if (response.ok) return body;
  throw new Refused(response.status, body?.error || response.statusText, Number(response.headers.get('retry-after')) || 0);
}

/** The JSON at an address. */
export async function get(path) {
  return answer(await fetch(path, { cache: 'no-store' }));
}

/** Sends JSON to an address. */
export async function post(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  if (session.form_token) headers['x-form-token'] = session.form_token;
  return answer(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

/** Asks for the session anew. */
export async function refresh() {
  session = await get('api/session');
  return session;
}

export async function login(password) {
  session = await post('api/login', { password });
}

export async function logout() {
  session = await post('api/logout');
}

export const mayLook = () => session.role !== 'anonymous';
export const mayOperate = () => session.role === 'operate';

/** Follows what the device sends: `handlers` by event, `onConnection(true or false)`. Returns how to stop. */
export function follow(handlers, onConnection) {
  const source = new EventSource(`api/live${'columns' in handlers ? '?columns' : ''}`);
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(name === 'columns' ? event.data : JSON.parse(event.data)));
  }
  source.addEventListener('open', () => onConnection(true));
  source.addEventListener('error', () => onConnection(false, source.readyState === EventSource.CLOSED));
  return () => source.close();
}
