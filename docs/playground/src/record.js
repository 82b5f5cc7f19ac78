// What the reader has done, kept in this browser: `checker import` and `checker export` know the
// same form; see checker/learn/record.py.

const KEY = "build-secure-ship.record";
const VERSION = 1;
const EMPTY = { version: VERSION, progress: { version: 1, current: null, exercises: {} }, files: {}, answers: {} };
const OPEN = { state: "open", passed: [], total: 0, solved_at: null, hints: 0, solution_seen: false };

let unkept = null; // the record, since the browser would not keep it: as long as the page is open
let before = null; // the record as it was when a file was loaded
let setAside = "";

export function read() {
  let text = unkept;
  try {
    text ??= localStorage.getItem(KEY);
  } catch {
    // Forbidden by a setting: nothing has been written yet.
  }
  if (!text) return structuredClone(EMPTY);
  try {
    return parsed(text);
  } catch (error) {
    keepAside(text, error);
    return structuredClone(EMPTY);
  }
}

// What cannot be read is never written over.
function keepAside(text, { message }) {
  const name = `${KEY}.aside-${new Date().toISOString()}`;
  setAside = `What this browser had kept is set aside, under the name ${name}: ${message}.`;
  try {
    localStorage.setItem(name, text);
    localStorage.removeItem(KEY);
  } catch {
    unkept = JSON.stringify(EMPTY);
  }
}

// What was set aside, as a sentence, or nothing.
export const aside = () => setAside;

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

// Takes in what somebody saved. `edited` has the files of each exercise: where none of them comes,
// the verdict on those that are here stays. What was here before is kept, under its own name.
export function load(text, edited) {
  const record = parsed(text);
  const now = read();
  const isBegun = (name) => !edited[name] || edited[name].some((file) => file in record.files);
  before = keepCopy();
  Object.assign(now.files, record.files);
  Object.assign(now.answers, record.answers);
  for (const [name, theirs] of Object.entries(record.progress.exercises)) {
    const mine = now.progress.exercises[name] ?? OPEN;
    now.progress.exercises[name] = {
      ...(isBegun(name) ? { ...OPEN, ...theirs } : mine),
      hints: Math.max(mine.hints, theirs.hints ?? 0),
      solution_seen: mine.solution_seen || (theirs.solution_seen ?? false),
    };
  }
  write(JSON.stringify(now));
}

export function unload() {
  keepCopy();
  write(before);
}

function keepCopy() {
  const text = JSON.stringify(read());
  try {
    localStorage.setItem(`${KEY}.before-${new Date().toISOString()}`, text);
  } catch {
    throw new Error("this browser keeps nothing: what is here now could not be saved beforehand");
  }
  return text;
}

const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const ENTRY = {
  state: isText,
  passed: (value) => Array.isArray(value) && value.every(isText),
  total: Number.isInteger,
  solved_at: (value) => value === null || isText(value),
  hints: Number.isInteger,
  solution_seen: (value) => typeof value === "boolean",
};
const isEntry = (entry) =>
  isTable(entry) && Object.entries(entry).every(([name, value]) => ENTRY[name]?.(value));

function parsed(text) {
  let record = null;
  try {
    record = JSON.parse(text);
  } catch {
    // It is no JSON: no record either.
  }
  const { version, progress, files, answers } = record ?? {};
  const newest = Math.max(...[version, progress?.version].filter(Number.isInteger));
  if (newest > VERSION) {
    throw new Error(`it was saved by a newer course (version ${newest}, this site knows ${VERSION})`);
  }
  const isRecord =
    version === VERSION &&
    progress?.version === VERSION &&
    isTable(progress.exercises) &&
    Object.values(progress.exercises).every(isEntry) &&
    isTable(files) &&
    Object.values(files).every(isText) &&
    isTable(answers);
  if (!isRecord) throw new Error("it holds no record of the course, or is damaged");
  return record;
}
