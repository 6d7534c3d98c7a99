// Elements from code. Texts are always text nodes: nothing of the device is ever read as HTML.

/** An element. Properties beginning with `on` are listeners, `class` and names with `-` attributes, others properties. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class' || name === 'role' || name === 'for' || name.includes('-')) element.setAttribute(name, value === true ? '' : value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replaces the content of an element, where it differs: a screen reader reads only what has changed. */
export function fill(element, ...children) {
  const text = children.every((child) => typeof child === 'string') ? children.join('') : null;
  if (text !== null && element.childElementCount === 0 && element.textContent === text) return;
  element.replaceChildren(...children);
}

/** Makes `children` the content of an element. Those that stay are not moved where they can stay: what has the focus keeps it. */
export function arrange(element, children) {
  [...element.children].filter((child) => !children.includes(child)).forEach((child) => child.remove());
  children.forEach((child, at) => {
    if (element.children[at] !== child) element.insertBefore(child, element.children[at] ?? null);
  });
}

/** Draws anew; where that takes what had the focus out of `element`, `place(what had it)` gets the focus. */
export function keepFocus(element, draw, place) {
  const before = element.contains(document.activeElement) ? document.activeElement : null;
  draw();
  if (before && document.activeElement !== before) (before.isConnected ? before : place(before))?.focus();
}

/**
 * A listener for a button, or for the form that a button sends: `action`, which is not begun again before it is done. The button
 * is marked and not disabled, because a disabled button loses the focus.
 */
export function pressed(action) {
  let runs = false;
  return async (event) => {
    // The browser itself sends no form.
    event.preventDefault();
    if (runs) return;
    const button = event.submitter ?? event.currentTarget;
    runs = true;
    button.setAttribute('aria-disabled', 'true');
    try {
      await action();
    } finally {
      button.removeAttribute('aria-disabled');
      runs = false;
    }
  };
}

/** The value of a custom property of the style sheet. */
export function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A canvas as large as its place, in pixels of the screen; calls `draw(context, width, height)` at each change of size. */
export function canvas(label, className, draw) {
  const element = h('canvas', { class: className, role: 'img', 'aria-label': label });
  const redraw = () => {
    const box = element.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(box.width * scale), Math.round(box.height * scale)];
    if (!width || !height) return;
    if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
    const context = element.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    draw(context, box.width, box.height);
  };
  new ResizeObserver(redraw).observe(element);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  return { element, redraw };
}
