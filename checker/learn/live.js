// What `checker docs` adds to a page: how each exercise stands in work/, as it stands right now.

const address = document.querySelector("meta[name=course-progress]").content;
const cards = [...document.querySelectorAll(".card[data-exercise]")];
const EVERY = 1000; // milliseconds

const said = new Map(cards.map((card) => [card.dataset.exercise, added(card)]));
let shown = "";

function added(card) {
  const line = document.createElement("p");
  line.className = "card__live";
  line.hidden = true;
  card.querySelector(".card__title").after(line);
  return line;
}

function sentence({ state, passed, total, hints, folder }) {
  const seen = hints && state !== "solved" ? `, ${hints} of 3 hints seen` : "";
  if (state === "solved") return `✓ Solved in ${folder}`;
  if (state === "not_yet") return `Not yet: ${passed} of ${total} tests pass in ${folder}${seen}`;
  if (state === "does_not_load") return `Does not start: ${folder}${seen}`;
  return `Open in ${folder}${seen}`;
}

function show({ steps }) {
  for (const step of steps) {
    for (const exercise of step.exercises) {
      const line = said.get(exercise.id);
      if (!line) continue;
      line.hidden = !step.started;
      line.dataset.state = exercise.state;
      const text = sentence(exercise);
      if (line.textContent !== text) line.textContent = text;
      line.setAttribute("role", "status"); // what changes from now on is read out
    }
  }
}

// A page in the background rests; one whose server has gone says so, and asks no more.
async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(address);
      const text = await answer.text();
      if (text !== shown) show(JSON.parse(text));
      shown = text;
    } catch {
      for (const line of said.values()) line.textContent += " (as it was when checker docs ended)";
      return;
    }
  }
  setTimeout(look, EVERY);
}

if (cards.length) look();
