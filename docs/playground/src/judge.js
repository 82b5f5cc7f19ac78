// For the proof that a page judges as the checker does: the page's Python, without a browser.
// node judge.mjs SITE/playground STEP; reads a check a line, and answers a verdict a line. A line
// without an exercise asks for the app to be served, and its answer is that of `serve`.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { loadPyodide } from "pyodide";

import { start } from "./runtime.js";
import { unpacked } from "./unpack.js";

const [folder, step] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf-8"));
const archives = manifest.steps[step].files.map(({ file }) => new Uint8Array(readFileSync(`${folder}/${file}`)));
const library = manifest.runtime.find(({ name }) => name === "python_stdlib.zip").file;
const scratch = mkdtempSync(join(tmpdir(), "course-"));
const stdLibURL = join(scratch, "python_stdlib.zip"); // Pyodide reads it as a file
writeFileSync(stdLibURL, new Uint8Array(await unpacked(new Blob([readFileSync(`${folder}/${library}`)]))));
const options = {
  stdLibURL,
  stdout: () => {}, // what the app prints is no answer
  stderr: () => {},
};
const python = await start(loadPyodide, options, archives);
rmSync(scratch, { recursive: true });
const course = python.pyimport("checker.learn.in_page").open_step(step);
for await (const line of createInterface({ input: process.stdin })) {
  const { exercise, files, seed } = JSON.parse(line);
  const mine = JSON.stringify(files);
  const told = exercise
    ? JSON.parse(course.check.callKwargs(exercise, mine, "{}", 80, { seed })).verdict
    : JSON.parse(course.serve(mine));
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
