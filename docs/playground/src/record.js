// What the reader has done, kept in this browser: `checker import` and `checker export` know the
// same form; see checker/learn/record.py.

const KEY = "build-secure-ship.record";
const VERSION = 1;
const EMPTY = { version: VERSION, progress: { version: 1, current: null, exercises: {} }, files: {}, answers: {} };
const OPEN = { state: "open", passed: [], total: 0, solved_at: null, hints: 0, solution_seen: false };

let unkept = null; // the record, since the browser would not keep it: as long as the page is open

export function read() {
  let text = unkept;
  try {
    text ??= localStorage.getItem(KEY);
  } catch {
    // Forbidden by a setting: nothing has been written yet.
  }
  return text ? check(JSON.parse(text)) : structuredClone(EMPTY);
}

// Changes the record as it is now: another page may have written since.
export function update(change) {
  const record = read();
  change(record);
  write(JSON.stringify(record));
  return record;
}

function write(text) {
  try {
    localStorage.setItem(KEY, text);
    unkept = null;
  } catch {
    unkept = text; // full or forbidden; the page says so by `isKept`
  }
}

export const isKept = () => unkept === null;

export const entryOf = (exercise) => read().progress.exercises[exercise] ?? { ...OPEN };

// Takes in what somebody saved; what was here before is kept beside it, under its own name.
export function load(text) {
  const record = check(JSON.parse(text));
  const before = JSON.stringify(read());
  try {
    localStorage.setItem(`${KEY}.before-${new Date().toISOString()}`, before);
  } catch {
    throw new Error("this browser keeps nothing: what is here now could not be saved beforehand");
  }
  const now = read();
  Object.assign(now.files, record.files);
  Object.assign(now.answers, record.answers);
  for (const [name, entry] of Object.entries(record.progress.exercises)) {
    now.progress.exercises[name] = { ...OPEN, ...entry };
  }
  write(JSON.stringify(now));
  return now;
}

function check(record) {
  const { version, progress, files, answers } = record ?? {};
  if (version > VERSION) throw new Error("it was saved by a newer course than this site");
  const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isRecord =
    version === VERSION && isTable(progress?.exercises) && isTable(files) && isTable(answers);
  if (!isRecord) throw new Error("this is no record of the course");
  return record;
}
