// "Try it here" on the exercises' cards, and "Explore it here" on the pages of the API. Nothing but
// this file is loaded before a click.

const base = new URL("../../playground/", import.meta.url);

const solved = new Set();
try {
  const { progress } = JSON.parse(localStorage.getItem("build-secure-ship.record"));
  for (const [name, { state }] of Object.entries(progress.exercises)) if (state === "solved") solved.add(name);
} catch {
  // Nothing is kept here yet, or nothing may be.
}
for (const card of document.querySelectorAll(".card[data-exercise]")) {
  card.classList.toggle("card--solved", solved.has(card.dataset.exercise));
}

for (const place of document.querySelectorAll(".card__try")) {
  const open = place.querySelector("button");
  place.hidden = false;
  open.addEventListener("click", () => start(place, open), { once: true });
}

async function start(place, open) {
  const { exercise, step } = place.dataset;
  const instead = (error) => why(error, step, exercise);
  open.disabled = true;
  open.textContent = "Opening …";
  try {
    const lacking = missing();
    if (lacking) throw new Error(lacking);
    const manifest = await json(new URL("manifest.json", base));
    const script = exercise ? manifest.scripts.widget : manifest.scripts.explorer;
    const { mount } = await import(new URL(script, base));
    await mount({ place, exercise, step, base, manifest, why: instead });
  } catch (error) {
    place.replaceChildren(instead(error));
  }
}

async function json(address) {
  const answer = await fetch(address);
  if (answer.status === 404) throw new Error("this copy of the site was built without it");
  if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}`);
  return answer.json();
}

// What this browser lacks, as a sentence, or nothing.
function missing() {
  if (location.protocol === "file:") return "a page that is opened as a file may start no Python; serve the folder";
  const needs = { WebAssembly: "WebAssembly", Worker: "workers", TransformStream: "TransformStream" };
  const lacks = Object.keys(needs).filter((name) => !(name in globalThis)).map((name) => needs[name]);
  return lacks.length ? `this browser has no ${lacks.join(" and no ")}` : "";
}

// Why it does not work here, and how to go on.
function why(error, step, exercise) {
  const box = document.createElement("div");
  box.className = "try__why";
  box.setAttribute("role", "alert");
  const said = document.createElement("p");
  const same = exercise
    ? "all that is on this page works the same"
    : "once exercise 4.2 is solved, /docs/ of the running app is what would be here";
  said.textContent = `Python does not run in this page: ${error.message || error}. On your own machine it takes two commands, and ${same}:`;
  const commands = document.createElement("pre");
  const number = Number(step.slice(0, 2));
  commands.textContent = `python3 start.py\nchecker start ${number}`;
  box.append(said, commands);
  return box;
}
