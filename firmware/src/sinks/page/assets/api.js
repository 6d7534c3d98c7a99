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

/** Sends a file with further headers; `onProgress` receives the share that was sent. */
export function upload(path, file, headers, onProgress) {
  // fetch reports no progress of what it sends.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [name, value] of Object.entries({ ...headers, 'x-form-token': session.form_token })) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new Error());
    request.onload = () => {
      const body = (() => { try { return JSON.parse(request.responseText); } catch { return null; } })();
      if (request.status === 200) resolve(body);
      else reject(new Refused(request.status, body?.error || request.statusText, 0));
    };
    request.send(file);
  });
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
