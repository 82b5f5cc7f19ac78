// For the proof that a page judges as the checker does: the page's Python, without a browser.
// node judge.mjs SITE/playground STEP; reads a check a line, and answers a verdict a line.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { loadPyodide } from "pyodide";

import { start } from "./runtime.js";

const [folder, step] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf-8"));
const archives = manifest.steps[step].files.map(({ file }) => new Uint8Array(readFileSync(`${folder}/${file}`)));
const library = manifest.runtime.find(({ name }) => name === "python_stdlib.zip").file;
const options = {
  stdLibURL: `${folder}/${library}`,
  stdout: () => {}, // what the app prints is no answer
  stderr: () => {},
};
const python = await start(loadPyodide, options, archives);
const course = python.pyimport("checker.learn.in_page").open_step(step);
for await (const line of createInterface({ input: process.stdin })) {
  const { exercise, files, seed } = JSON.parse(line);
  const told = course.check.callKwargs(exercise, JSON.stringify(files), "{}", 80, { seed });
  process.stdout.write(`${JSON.stringify(JSON.parse(told).verdict)}\n`);
}
