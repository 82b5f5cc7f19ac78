// The page's Python, away from the page: a loop without end stops this, and only this.
//
// The page sends {id, do, ...}; the answer is {id, result} or {id, error}. In between come
// {progress} while it loads, and {id, event} while it checks.

import { start } from "./runtime.js";
import { unpacked } from "./unpack.js";

let course;

self.onmessage = async ({ data: { id, do: name, ...rest } }) => {
  try {
    self.postMessage({ id, result: await DO[name](rest, id) });
  } catch (error) {
    self.postMessage({ id, error: String(error.message ?? error).trim() });
  }
};

const DO = {
  async start({ base, step, runtime, files }) {
    const sizes = [...runtime, ...files].reduce((sum, file) => sum + file.size, 0);
    const counted = counter(sizes);
    const fetched = Object.fromEntries(
      runtime.map(({ name, size, file }) => [name, counted(new URL(file, base), size)]),
    );
    const archives = files.map(({ file, size }) => counted(new URL(file, base), size).then(whole));
    // Pyodide asks for its files itself, unpacked.
    const original = self.fetch;
    self.fetch = (address, init) => {
      const name = String(address.url ?? address).split("/").pop();
      return fetched[name] ?? original(address, init);
    };
    const { loadPyodide } = await import(new URL("pyodide/pyodide.mjs", base));
    const main = await (await fetched["pyodide.asm.mjs"]).blob();
    const mainURL = URL.createObjectURL(new Blob([main], { type: "text/javascript" }));
    const options = {
      indexURL: new URL("pyodide/", base).href,
      createPyodideModule: (await import(mainURL)).default,
    };
    const python = await start(loadPyodide, options, archives);
    URL.revokeObjectURL(mainURL);
    self.fetch = original;
    self.postMessage({ progress: { done: sizes, of: sizes, at: "python" } });
    course = python.pyimport("checker.learn.in_page").open_step(step);
    return JSON.parse(course.about());
  },

  check({ exercise, files, entry, width }, id) {
    const tell = (event) => self.postMessage({ id, event: JSON.parse(event) });
    return JSON.parse(course.check(exercise, JSON.stringify(files), JSON.stringify(entry), width, tell));
  },

  serve({ files }) {
    return JSON.parse(course.serve(JSON.stringify(files)));
  },

  ask({ method, path, headers, body }) {
    return JSON.parse(course.ask(method, path, JSON.stringify(headers), body));
  },
};

// A fetch that says how far all fetches together have come.
function counter(total) {
  let done = 0;
  return async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}`);
    const count = new TransformStream({
      transform(chunk, controller) {
        done += chunk.byteLength;
        self.postMessage({ progress: { done: Math.min(done, total), of: total, at: "fetch" } });
        controller.enqueue(chunk);
      },
    });
    const got = new Response(answer.body.pipeThrough(count));
    if (!address.pathname.endsWith(".xz") || address.pathname.endsWith(".tar.xz")) return got;
    const type = address.pathname.includes(".wasm.") ? "application/wasm" : "text/javascript";
    return new Response(await unpacked(await got.blob()), { headers: { "Content-Type": type } });
  };
}

const whole = async (answer) => new Uint8Array(await answer.arrayBuffer());
