// The page's side of the worker.

export class Stopped extends Error {}

export class Python {
  constructor(base, manifest, step, hear) {
    this.base = base;
    this.manifest = manifest;
    this.step = step;
    this.hear = (news) => {
      this.news = news;
      hear(news); // told of progress and of each change of state
    };
    this.news = null;
    this.waiting = new Map();
    this.last = 0;
    this.starting = null;
  }

  // Starts it, the first time; afterwards the same promise.
  start() {
    this.starting ??= this.begin();
    return this.starting;
  }

  async begin() {
    this.hear({ state: "starting" });
    const url = new URL(this.manifest.scripts.worker, this.base);
    try {
      this.worker = new Worker(url, { type: "module", name: "python" });
      this.worker.onmessage = ({ data }) => this.take(data);
      this.worker.onerror = (event) => {
        event.preventDefault();
        this.end(new Error(event.message || "the worker could not be started"));
      };
      const { files } = this.manifest.steps[this.step];
      const { runtime } = this.manifest;
      const about = await this.post("start", { base: this.base.href, step: this.step, runtime, files });
      this.hear({ state: "ready" });
      return about;
    } catch (error) {
      this.starting = null;
      if (!(error instanceof Stopped)) this.hear({ state: "failed", error });
      throw error;
    }
  }

  async call(name, rest, onEvent) {
    await this.start();
    return this.post(name, rest, onEvent);
  }

  post(name, rest, onEvent) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onEvent });
      this.worker.postMessage({ id, do: name, ...rest });
    });
  }

  take({ id, result, error, event, progress }) {
    if (progress) return this.hear({ state: "starting", progress });
    const { resolve, reject, onEvent } = this.waiting.get(id) ?? {};
    if (event) return onEvent?.(event);
    this.waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error));
  }

  // Ends what runs, whatever it is, at once; Python is started anew, the files come from the page.
  stop() {
    this.end(new Stopped("stopped"));
    this.start().catch(() => {});
  }

  end(error) {
    this.worker?.terminate();
    this.worker = null;
    this.starting = null;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
