// From the records of the event log to occurrences: an alarm or a warning with its end, its acknowledgement and its clips.

/** Fields of a record that are shown elsewhere, or are of no use to people. */
const KNOWN = ['number', 'unix_ms', 'synchronised', 'up_ms', 'event', 'state', 'active', 'cause', 'unacknowledged', 'time_ms', 'clock'];
/** A clip is written at most so long after its alarm. */
const CLIP_MS = 5 * 60_000;

/** What else a record states, as `[name, text]`: words of what was unusual, where the program gives them. */
function details(record) {
  const text = (value) => (Array.isArray(value) ? value.map(text).join(', ') : value && typeof value === 'object' ? Object.entries(value).map(([key, inner]) => `${key} ${text(inner)}`).join(', ') : String(value));
  return Object.entries(record).filter(([name, value]) => !KNOWN.includes(name) && value !== null && value !== '').map(([name, value]) => [name, text(value)]);
}

/** The occurrences, newest first. Clips without an alarm in the log are occurrences of their own. */
export function occurrences(records, clips) {
  const all = [];
  const open = new Map();
  const last = new Map();
  const named = new Set();
  for (const record of records) {
    if (record.event === 'start') open.clear();
    else if (record.event === 'alarm' || record.event === 'warning') {
      const key = `${record.event} ${record.cause}`;
      const one = open.get(key);
      if (record.active) {
        const raised = { kind: record.event, cause: record.cause, state: record.state, raised: record, ended: null, acknowledged: null, clips: [], details: details(record), isLast: false };
        all.push(raised);
        open.set(key, raised);
        last.set(key, raised);
      } else if (one) {
        one.ended = record;
        open.delete(key);
      }
    } else if (record.event === 'acknowledged') {
      for (const cause of (record.causes || '').split(' ')) {
        const one = last.get(`alarm ${cause}`);
        if (one && !one.acknowledged) one.acknowledged = record;
      }
    } else if (record.event === 'clip') {
      named.add(record.clip);
      const one = last.get(`alarm ${record.cause}`);
      if (one && record.up_ms - one.raised.up_ms < CLIP_MS && record.up_ms >= one.raised.up_ms) one.clips.push(record.clip);
      else all.push(alone(record.clip, record.cause));
    }
  }
  last.forEach((one) => { one.isLast = true; });
  const older = clips.filter((clip) => !named.has(clip.name)).map((clip) => alone(clip.name, clip.name.split('_')[1]));
  return [...older, ...all].reverse();
}

const alone = (clip, cause) => ({ kind: 'sound', cause, state: null, raised: null, ended: null, acknowledged: null, clips: [clip], details: [], isLast: false });
