// "Try it here": an exercise's files, the checker, and the app, within the exercise's card.

import { ask } from "./ask.js";
import { button, h } from "./dom.js";
import { edit } from "./editor.js";
import { Python, Stopped } from "./python.js";
import * as record from "./record.js";
import { screen, signs } from "./verdict.js";

const SLOW = 12_000;
let python = null;
let starter = null;
const open = []; // every widget of this page

export async function mount({ place, exercise, step, base, manifest, why }) {
  const facts = manifest.steps[step].exercises[exercise];
  if (!facts) throw new Error(`this copy of the site has no exercise ${exercise} for the page`);
  python ??= new Python(base, manifest, step, (news) => open.forEach((each) => each.hear(news)));
  starter ??= await texts(new URL(manifest.steps[step].starter, base));
  const widget = new Widget({ exercise, step, facts, edited: edited(manifest), why });
  const is = python.news;
  open.push(widget);
  place.replaceWith(widget.element);
  widget.build();
  if (is) widget.hear(is);
  python.start().catch(() => {});
  widget.editors.values().next().value.focus();
}

async function texts(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}`);
  return answer.json();
}

// The files of each exercise that a page can run, by the names that the record has for them.
function edited({ steps }) {
  const all = Object.entries(steps).flatMap(([step, { exercises }]) =>
    Object.entries(exercises).map(([exercise, { edit }]) => [exercise, edit.map((name) => `${step}/${name}`)]),
  );
  return Object.fromEntries(all);
}

// The reader's files of the whole step: exercises build on each other.
function files(step) {
  const prefix = `${step}/`;
  const mine = Object.entries(record.read().files).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(mine.map(([name, text]) => [name.slice(prefix.length), text]));
}

// What the record holds now, in every editor and on every card.
function refill() {
  const { files, progress } = record.read();
  for (const widget of open) {
    for (const [name, editor] of widget.editors) {
      editor.replace(files[`${widget.step}/${name}`] ?? starter[name]);
    }
  }
  for (const card of document.querySelectorAll(".card[data-exercise]")) {
    const { state } = progress.exercises[card.dataset.exercise] ?? {};
    card.classList.toggle("card--solved", state === "solved");
  }
}

class Widget {
  constructor(facts) {
    Object.assign(this, facts);
    this.editors = new Map();
    this.status = h("p", { class: "try__status", role: "status" });
    this.bar = h("progress", { class: "try__bar", "aria-label": "Loading Python", max: "100" });
    this.result = h("div", { class: "try__result" });
    this.check = button("Check", () => this.judge(), { class: "md-button md-button--primary try__check" });
    this.stop = button("Stop", () => this.halt(), { class: "md-button", disabled: true });
    this.reset = button("Reset", () => this.startOver(), { class: "md-button" });
    this.undo = button("Undo the reset", () => this.takeBack(), { class: "md-button", hidden: true });
    this.element = h("section", { class: "try", "aria-label": `Try exercise ${this.exercise} here` });
  }

  build() {
    const names = this.facts.edit;
    const panels = names.map((name, place) => this.panel(name, place));
    const parts = names.length > 1 ? [this.tabs(names, panels)] : [];
    const served = h("div");
    const asking = h(
      "details",
      { class: "try__fold", ontoggle: () => served.firstChild ?? served.append(this.console()) },
      h("summary", {}, "Send requests to the app"),
      served,
    );
    this.element.append(
      ...parts,
      ...panels,
      h("div", { class: "try__bar-row" }, this.check, this.stop, this.reset, this.undo),
      h("div", { class: "try__news" }, this.status, this.bar),
      this.result,
      asking,
      this.keeping(),
    );
    const hints = this.element.closest(".card").querySelectorAll("details.hint");
    hints.forEach((hint, at) => hint.addEventListener("toggle", () => hint.open && this.seen(at + 1)));
    this.say(`Python ${record.entryOf(this.exercise).state === "solved" ? "is on its way; this one is solved" : "is on its way"}`);
  }

  panel(name, place) {
    const panel = h("div", { class: "try__panel", id: this.id("file", place), hidden: place > 0 });
    if (this.facts.edit.length > 1) {
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", this.id("tab", place));
    } else {
      panel.append(h("p", { class: "try__file" }, name));
    }
    const key = `${this.step}/${name}`;
    const text = record.read().files[key] ?? starter[name];
    this.editors.set(name, edit(panel, name, text, (now) => this.keep(key, name, now)));
    return panel;
  }

  tabs(names, panels) {
    const all = names.map((name, place) =>
      button(name, () => choose(place), {
        role: "tab",
        id: this.id("tab", place),
        "aria-controls": this.id("file", place),
        "aria-selected": String(place === 0),
        tabindex: place === 0 ? "0" : "-1",
      }),
    );
    const choose = (place) => {
      all.forEach((tab, at) => {
        tab.setAttribute("aria-selected", String(at === place));
        tab.tabIndex = at === place ? 0 : -1;
        panels[at].hidden = at !== place;
      });
      all[place].focus();
    };
    this.choose = (name) => choose(names.indexOf(name));
    const step = { ArrowRight: 1, ArrowLeft: -1 };
    return h(
      "div",
      {
        class: "try__tabs",
        role: "tablist",
        "aria-label": "Files to edit",
        onkeydown: (event) => {
          const move = step[event.key];
          if (move) choose((all.indexOf(event.target) + move + all.length) % all.length);
        },
      },
      ...all,
    );
  }

  console() {
    return ask({
      python,
      files: () => files(this.step),
      say: (text) => this.say(text),
      screenOf: (lines) => screen(lines, (name, line) => this.go(name, line)),
    });
  }

  keeping() {
    const choose = h("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => this.take(choose) });
    this.unload = button("Undo the loading", () => this.giveBack(), { class: "try__small", hidden: true });
    return h(
      "p",
      { class: "try__keeping" },
      record.aside() && h("strong", { role: "alert" }, record.aside(), " "),
      "Your work stays in this browser. ",
      button("Save it as a file", () => this.save(), { class: "try__small" }),
      " ",
      button("Load a file", () => choose.click(), { class: "try__small" }),
      choose,
      " ",
      this.unload,
      " On your own machine, ",
      h("code", {}, "checker import FILE"),
      " goes on from there.",
    );
  }

  id = (what, place) => `try-${this.exercise.replace(".", "-")}-${what}-${place}`;

  say(text) {
    this.status.textContent = text;
  }

  // Checking

  async judge() {
    this.busy(true);
    const width = signs(this.element);
    let done = 0;
    let tests = 0;
    this.say("checking");
    const slow = setTimeout(() => this.say("still checking: a loop without end? Stop ends it, and keeps your edits"), SLOW);
    const hear = (event) => {
      if (event.tests) tests = event.tests;
      else this.say(`checking, ${++done} of ${tests}`);
    };
    try {
      const entry = record.entryOf(this.exercise);
      const told = await python.call("check", { exercise: this.exercise, files: files(this.step), entry, width }, hear);
      record.update((now) => { now.progress.exercises[this.exercise] = told.entry; });
      this.result.replaceChildren(screen(told.lines, (name, line) => this.go(name, line)));
      this.result.dataset.state = told.verdict.state;
      this.element.closest(".card")?.classList.toggle("card--solved", told.entry.state === "solved");
      const { passed, total } = { passed: told.entry.passed.length, total: told.verdict.tests.length };
      this.say(told.verdict.state === "solved" ? "solved" : `not yet: ${passed} of ${total} tests pass`);
    } catch (error) {
      this.say(error instanceof Stopped ? "stopped; your edits are as they were" : `the check could not run: ${error.message}`);
    } finally {
      clearTimeout(slow);
      this.busy(false);
    }
  }

  halt() {
    this.wasStopped = true; // that stays to be read until Python is back
    python.stop();
  }

  busy(is) {
    this.check.disabled = is;
    this.stop.disabled = !is;
    if (is) this.stop.focus({ preventScroll: true });
    else if (document.activeElement === document.body) this.check.focus({ preventScroll: true });
  }

  // Python's own news

  hear({ state, progress, error }) {
    this.bar.hidden = state !== "starting";
    if (state === "failed") return this.fail(error);
    if (state === "ready") {
      if (!this.check.disabled) this.say(this.wasStopped ? "stopped; ready again" : "ready");
      this.wasStopped = false;
      return;
    }
    if (!progress) return this.bar.removeAttribute("value");
    const { done, of, at } = progress;
    this.bar.value = (100 * done) / of;
    if (this.wasStopped) return;
    const mega = (size) => (size / 1e6).toFixed(1);
    this.say(at === "python" || done >= of ? "starting Python" : `loading Python: ${mega(done)} of ${mega(of)} MB`);
  }

  fail(error) {
    this.result.replaceChildren(this.why(error));
    this.say("Python did not start here");
  }

  go(name, line) {
    if (!this.editors.has(name)) return;
    this.choose?.(name);
    this.editors.get(name).go(line);
  }

  // As `checker hint` counts.
  seen(number) {
    const entry = record.entryOf(this.exercise);
    entry.hints = Math.max(entry.hints, number);
    record.update((now) => { now.progress.exercises[this.exercise] = entry; });
  }

  // Files

  keep(key, name, text) {
    record.update((now) => {
      if (text === starter[name]) delete now.files[key];
      else now.files[key] = text;
    });
    if (!record.isKept()) this.say("this browser keeps nothing: save your work as a file before you leave");
  }

  startOver() {
    this.before = [...this.editors].map(([name, editor]) => [name, editor.text]);
    for (const [name, editor] of this.editors) editor.replace(starter[name]);
    this.undo.hidden = false;
    this.say("the starter is back; your version is one click away");
  }

  takeBack() {
    for (const [name, text] of this.before) this.editors.get(name).replace(text);
    this.undo.hidden = true;
    this.reset.focus();
    this.say("your version is back");
  }

  save() {
    const text = `${JSON.stringify(record.read(), null, 1)}\n`;
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    h("a", { href: address, download: "build-secure-ship.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    this.say("saved as build-secure-ship.json");
  }

  async take(input) {
    const [file] = input.files;
    if (!file) return;
    try {
      record.load(await file.text(), this.edited);
      refill();
      this.unload.hidden = false;
      this.say("loaded; what was here before is one click away");
    } catch (error) {
      this.say(`${file.name} was not loaded, and nothing has changed: ${error.message}`);
    }
    input.value = "";
  }

  giveBack() {
    record.unload();
    refill();
    this.unload.hidden = true;
    this.say("what was here before is back");
  }
}
