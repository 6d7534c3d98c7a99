// Texts in the language of the browser, or the one that was chosen; numbers and times in its form.
import { en } from './en.js';
import { de } from './de.js';

const LANGUAGES = { en, de };
const KEY = 'monitor-language';

const stored = () => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
};

const wanted = [stored(), ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());

/** The language: `en` or `de`. */
export const language = wanted.find((tag) => tag in LANGUAGES) || 'en';

/** All languages with their own names. */
export const languages = Object.entries(LANGUAGES).map(([tag, words]) => [tag, words.language]);

/** Chooses another language, and loads the page anew. */
export function choose(tag) {
  try {
    localStorage.setItem(KEY, tag);
  } catch {
    // Without storage the browser's language stays.
  }
  location.reload();
}

/** A text by its key; functions receive the arguments. A key without a text is shown as it is. */
export function t(key, ...values) {
  const text = LANGUAGES[language][key] ?? en[key];
  if (text === undefined) return key;
  return typeof text === 'function' ? text(...values) : text;
}

/** The text of a value of the device, e.g. `t2('cause', 'anomaly')`; the value itself where there is none. */
export function named(kind, value) {
  const key = `${kind}.${value}`;
  const text = t(key);
  return text === key ? String(value) : text;
}

/** A number with so many decimals. */
export function number(value, decimals = 0) {
  return value.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** A share as a percentage. */
export function percent(share) {
  return share.toLocaleString(language, { style: 'percent' });
}

/** A duration in seconds, in its two largest units. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const units = [[86400, 'unit.d'], [3600, 'unit.h'], [60, 'unit.min'], [1, 'unit.s']];
  const first = units.findIndex(([size]) => whole >= size);
  if (first < 0) return `0 ${t('unit.s')}`;
  let left = whole;
  return units
    .slice(first, first + 2)
    .map(([size, unit]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count ? `${count} ${t(unit)}` : '';
    })
    .filter(Boolean)
    .join(' ');
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A time of day in local time. */
export function clockTime(ms) {
  return new Date(ms).toLocaleTimeString(language, CLOCK);
}

/** Date and time in local time with its zone; marked where the device's clock was not set. */
export function dateTime(ms, clock) {
  const text = new Date(ms).toLocaleString(language, { ...CLOCK, year: 'numeric', month: 'short', day: 'numeric', timeZoneName: 'short' });
  return clock === 'unsynchronised' ? `${text} (${t('time.unsynchronised')})` : text;
}

/** The name of the zone that times are in. */
export const zoneName = zone;
