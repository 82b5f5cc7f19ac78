// Requests to the step's app, which runs in the page.

import { button, h } from "./dom.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const NO_BODY = new Set(["GET", "DELETE"]);
let count = 0;

export function ask({ python, files, say, screenOf }) {
  const id = `ask-${++count}`;
  const label = (text, control) => h("label", { class: "try__field" }, h("span", {}, text), control);
  const method = h("select", { onchange: () => shape() }, ...METHODS.map((name) => h("option", {}, name)));
  const routes = h("datalist", { id: `${id}-routes` });
  const path = h("input", {
    value: "/api/v1/books", list: routes.id, spellcheck: "false", autocapitalize: "off", autocomplete: "off",
  });
  const body = h("textarea", { rows: "5", spellcheck: "false" });
  body.value = "{\n  \n}";
  const bodyField = label("Body, as JSON", body);
  const token = h("input", { spellcheck: "false", autocomplete: "off", placeholder: "none" });
  const tokenField = label("Token", token);
  const send = h("button", { class: "md-button try__send" }, "Send");
  const login = button("Log in as an admin", () => logIn(), { class: "try__small" });
  const answer = h("div", { class: "try__answer" });
  const history = h("ol", { class: "try__history", reversed: true });
  const past = h("details", { class: "try__past", hidden: true }, h("summary", {}, "Asked before"), history);
  const form = h(
    "form",
    { class: "try__form", onsubmit: (event) => { event.preventDefault(); submit(); } },
    label("Method", method), label("Path", path), send, bodyField,
    h("div", { class: "try__token" }, tokenField, login), routes,
  );
  let served = null; // the files that the app was built from
  let account = null;

  function shape() {
    bodyField.hidden = NO_BODY.has(method.value);
  }
  shape();
  login.hidden = true;

  // The app as the editor has it now: built again when a file has changed since.
  async function serve() {
    const now = JSON.stringify(files());
    if (now === served) return true;
    say(served === null ? "starting the app" : "starting the app anew, with your files");
    const told = await python.call("serve", { files: files() });
    if (told.lines) {
      answer.replaceChildren(screenOf(told.lines));
      say("the app does not start");
      return false;
    }
    served = now;
    account = told.account;
    login.hidden = !(account && loginPath(told.routes));
    login.dataset.path = loginPath(told.routes) ?? "";
    routes.replaceChildren(...told.routes.map((route) => h("option", { value: route.path })));
    answer.replaceChildren(...told.said.map((text) => h("p", { class: "try__note" }, text)));
    return true;
  }

  async function submit() {
    await request({ method: method.value, path: path.value.trim(), body: NO_BODY.has(method.value) ? "" : body.value });
  }

  async function logIn() {
    if (!(await serve())) return;
    const got = await request({ method: "POST", path: login.dataset.path, body: JSON.stringify(account, null, 2) });
    if (got && !token.value) say("no token came: the answer says why");
  }

  async function request(asked) {
    send.disabled = true;
    try {
      if (!(await serve())) return null;
      const headers = { Accept: "application/json" };
      if (asked.body) headers["Content-Type"] = "application/json";
      if (token.value.trim()) headers.Authorization = `Bearer ${token.value.trim()}`;
      const path_ = asked.path.startsWith("/") ? asked.path : `/${asked.path}`;
      const got = await python.call("ask", { ...asked, path: path_, headers });
      show(asked, got);
      return got;
    } catch (error) {
      say(error.message === "stopped" ? "stopped" : `the request failed: ${error.message}`);
      return null;
    } finally {
      send.disabled = false;
    }
  }

  function show(asked, got) {
    const found = parsed(got.body);
    if (typeof found?.access_token === "string") token.value = found.access_token;
    const text = found === undefined ? got.body : JSON.stringify(found, null, 2);
    const head = [`HTTP/1.1 ${got.status}`, ...got.headers.map(([name, value]) => `${name}: ${value}`)];
    const parts = [h("pre", { class: "try__screen", tabindex: "0", "aria-label": "The answer" }, `${head.join("\n")}\n\n${text}`)];
    if (got.printed.trim()) {
      const log = h("pre", { class: "try__log", tabindex: "0", "aria-label": "What the app printed" }, got.printed.trim());
      parts.push(h("details", { class: "try__past" }, h("summary", {}, "What the app printed"), log));
    }
    answer.replaceChildren(...parts);
    say(`${asked.method} ${asked.path} answered ${got.status}`);
    past.hidden = false;
    const again = button(`${asked.method} ${asked.path}`, () => {
      method.value = asked.method;
      path.value = asked.path;
      if (asked.body) body.value = asked.body;
      shape();
      path.focus();
    }, { class: "try__again" });
    history.prepend(h("li", {}, again, ` ${got.status}`));
    while (history.children.length > 20) history.lastChild.remove();
  }

  return h("div", { class: "try__ask" }, form, answer, past);
}

const loginPath = (routes) =>
  routes.find(({ path, methods }) => path.endsWith("/login") && methods.includes("POST"))?.path;

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
