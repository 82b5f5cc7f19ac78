// Material fetches the worker of its search, and the index of every page, along with each page:
// more than all the rest of it. Here both wait until somebody turns to the search.

(() => {
  const { Worker: Started, XMLHttpRequest: Request } = window;
  const send = Request.prototype.send;
  const open = Request.prototype.open;
  const index = /\/search\/search_index\.json$/;
  const worker = /\/workers\/search\.[^/]*\.js$/;

  const wanted = new Promise((resolve) => {
    const search = document.querySelector(".md-search");
    const asked = new URLSearchParams(location.search).has("q");
    if (!search || asked) resolve();
    for (const sign of ["focusin", "pointerenter"]) search?.addEventListener(sign, resolve, { once: true });
    document.getElementById("__search")?.addEventListener("change", resolve, { once: true });
  });

  Request.prototype.open = function (method, address, ...rest) {
    this.isLater = index.test(new URL(address, location.href).pathname);
    return open.call(this, method, address, ...rest);
  };
  Request.prototype.send = function (...body) {
    if (!this.isLater) return send.apply(this, body);
    wanted.then(() => send.apply(this, body));
  };

  // What is sent to it before it runs is kept; what it answers is passed on.
  class Later extends EventTarget {
    constructor(address) {
      super();
      this.begun = wanted.then(() => {
        const real = new Started(address);
        for (const kind of ["message", "error"]) {
          real.addEventListener(kind, (event) => this.dispatchEvent(new event.constructor(kind, event)));
        }
        return real;
      });
    }

    postMessage(...message) {
      this.begun.then((real) => real.postMessage(...message));
    }

    terminate() {
      this.begun.then((real) => real.terminate());
    }
  }

  window.Worker = new Proxy(Started, {
    construct(target, [address, ...rest]) {
      const isSearch = worker.test(new URL(address, location.href).pathname);
      return isSearch ? new Later(address) : new target(address, ...rest);
    },
  });
})();
