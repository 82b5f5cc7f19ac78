// A step's API to explore: Swagger UI, whose requests go to the app in the page's worker.

import { button, h } from "./dom.js";
import { Python } from "./python.js";
import { unpacked } from "./unpack.js";

// What Swagger UI shows as the address, in its curl commands too: where `flask run` answers.
const SERVER = "http://localhost:5000";
const NO_CONTENT = new Set([204, 205, 304]);

export async function mount({ place, step, base, manifest, why }) {
  const { solved } = manifest.steps[step];
  if (!solved) throw new Error(`this copy of the site has no app of step ${Number(step.slice(0, 2))} to explore`);
  const explorer = new Explorer({ step, base, manifest, why });
  place.replaceWith(explorer.element);
  await explorer.open();
  return explorer;
}

class Explorer {
  constructor(facts) {
    Object.assign(this, facts);
    this.status = h("p", { class: "try__status", role: "status" });
    this.bar = h("progress", { class: "try__bar", "aria-label": "Loading Python", max: "100" });
    this.login = button("Sign in as an admin", () => this.logIn(), { class: "md-button", disabled: true });
    this.logout = button("Sign out", () => this.logOut(), { class: "md-button", hidden: true });
    this.paper = h("div", { class: "explorer__paper" });
    this.element = h(
      "section",
      { class: "try explorer", "aria-label": "Explore the API" },
      h("div", { class: "try__news" }, this.status, this.bar),
      h("div", { class: "try__bar-row" }, this.login, this.logout),
      this.paper,
    );
    this.python = new Python(this.base, this.manifest, this.step, (news) => this.hear(news));
  }

  async open() {
    try {
      const { swagger, steps } = this.manifest;
      const [solved, style] = await Promise.all([
        this.got(steps[this.step].solved).then((answer) => answer.json()),
        this.got(swagger.style).then(async (answer) => new TextDecoder().decode(await unpacked(await answer.blob()))),
        this.got(swagger.script).then((answer) => this.run(answer)),
      ]);
      const told = await this.python.call("serve", { files: solved });
      if (told.lines) throw new Error("the app does not start");
      this.account = told.account;
      const { body } = await this.python.call("ask", { method: "GET", path: "/openapi.json", headers: {}, body: "" });
      this.draw({ ...JSON.parse(body), servers: [{ url: SERVER, description: "answered within this page" }] }, style);
      this.say("ready: what you send is answered by the app within this page");
      this.login.disabled = false;
      this.login.focus({ preventScroll: true });
    } catch (error) {
      this.paper.replaceWith(this.why(error));
      this.say("The app did not start here");
    } finally {
      this.bar.hidden = true;
    }
  }

  async got(name) {
    const address = new URL(name, this.base);
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}`);
    return answer;
  }

  // Swagger UI is an ordinary script, not a module: it leaves its name in the window.
  async run(answer) {
    const code = new Blob([await unpacked(await answer.blob())], { type: "text/javascript" });
    const script = h("script", { src: URL.createObjectURL(code) });
    const ran = new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("Swagger UI could not be loaded"));
    });
    document.head.append(script);
    await ran;
    URL.revokeObjectURL(script.src);
    script.remove();
  }

  // In a tree of its own: the page's styles and those of Swagger UI leave each other alone.
  draw(spec, style) {
    const root = this.paper.attachShadow({ mode: "open" });
    const room = h("div");
    const follow = () => this.paper.classList.toggle("dark-mode", document.body.dataset.mdColorScheme === "slate");
    new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    follow();
    new MutationObserver(() => this.amend(room)).observe(room, { childList: true, subtree: true });
    root.append(h("style", {}, style), h("link", { rel: "stylesheet", href: this.fitting() }), room);
    this.drawn = globalThis.SwaggerUIBundle({
      domNode: room,
      spec,
      docExpansion: "list",
      defaultModelsExpandDepth: -1, // the tables below show them
      validatorUrl: null,
      requestInterceptor: (request) => Object.assign(request, { userFetch: (url, init) => this.fetch(url, init) }),
    });
  }

  // What Swagger UI leaves without a name, and what scrolls but cannot be reached by the keyboard.
  amend(room) {
    for (const code of room.querySelectorAll("pre.microlight:not([tabindex])")) code.tabIndex = 0;
    room.querySelector("#servers")?.setAttribute("aria-label", "Server");
    room.querySelector(".close-modal")?.setAttribute("aria-label", "Close");
    for (const text of room.querySelectorAll("textarea.body-param__text")) text.ariaLabel = "Request body";
    for (const row of room.querySelectorAll("[data-param-name]")) {
      for (const choice of row.querySelectorAll("select")) choice.ariaLabel = row.dataset.paramName;
    }
    for (const table of room.querySelectorAll("table.responses-table[id]")) {
      table.ariaLabel = table.id.replaceAll("_", " "); // many of a kind: each has a name of its own
    }
    // Whoever speaks to the page says what is written there.
    for (const each of room.querySelectorAll(".auth-btn-wrapper button[aria-label]")) {
      const shown = each.textContent.trim();
      if (!each.ariaLabel.includes(shown)) each.ariaLabel = `${shown}: ${each.ariaLabel}`;
    }
    for (const heading of room.querySelectorAll("h3, h4, h5, h6")) {
      heading.ariaLevel = String(Math.min(heading.tagName[1] - 1, 4)); // above them is an h1, and no h5 above an h6
    }
  }

  fitting = () => new URL("../assets/css/explorer.css", this.base).href;

  // As the network's `fetch`, but the app in the worker answers, whatever host is asked.
  async fetch(url, { method, headers, body }) {
    const { pathname, search } = new URL(url, SERVER);
    const got = await this.python.call("ask", {
      method: method ?? "GET",
      path: pathname + search,
      headers: { ...headers },
      body: body ?? "",
    });
    const status = Number.parseInt(got.status, 10);
    const answer = new Response(NO_CONTENT.has(status) ? null : got.body, {
      status,
      statusText: got.status.replace(/^\d+ /, ""),
      headers: got.headers.filter(([name]) => name !== "Set-Cookie"),
    });
    this.say(`${method} ${pathname} answered ${got.status}`);
    return answer;
  }

  async logIn() {
    const request = {
      method: "POST",
      path: "/api/v1/auth/login",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(this.account),
    };
    const { status, body } = await this.python.call("ask", request);
    const token = status.startsWith("200") && JSON.parse(body).access_token;
    if (!token) return this.say(`POST ${request.path} answered ${status}`);
    this.drawn.preauthorizeApiKey("bearer", token);
    this.signed(true);
    this.say(`signed in as ${this.account.email}: requests carry a token, good for fifteen minutes`);
  }

  logOut() {
    this.drawn.authActions.logout(["bearer"]);
    this.signed(false);
    this.say("signed out");
  }

  signed(is) {
    this.login.hidden = is;
    this.logout.hidden = !is;
    (is ? this.logout : this.login).focus();
  }

  say(text) {
    this.status.textContent = text;
  }

  hear({ state, progress }) {
    if (state !== "starting") return;
    if (!progress) return this.say("Python is on its way");
    const { done, of, at } = progress;
    this.bar.value = (100 * done) / of;
    const mega = (size) => (size / 1e6).toFixed(1);
    this.say(at === "python" || done >= of ? "starting the app" : `loading Python: ${mega(done)} of ${mega(of)} MB`);
  }
}
