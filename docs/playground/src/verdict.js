// A verdict's lines, as the checker wrote them, on the page's own screen.

import { button, h } from "./dom.js";

const PLACE = /^([\w./-]+):(\d+)(?=,|$)/;

export function screen(lines, go) {
  const shown = h("pre", { class: "try__screen", tabindex: "0", "aria-label": "What the checker says" });
  for (const line of lines) {
    const isPlace = line.some(([text]) => text.trim() === "where");
    for (const [text, style] of line) {
      const place = isPlace && text.match(PLACE);
      if (place && go) {
        const jump = button(place[0], () => go(place[1], Number(place[2])), { class: "try__place" });
        shown.append(jump, text.slice(place[0].length));
      } else {
        shown.append(style ? h("span", { class: `try__${style}` }, text) : text);
      }
    }
    shown.append("\n");
  }
  return shown;
}

// How many signs of the screen's type fit into a width. A long row of them would be wrapped.
export function signs(parent) {
  const probe = h("pre", { class: "try__screen", "aria-hidden": "true" }, h("span", {}, "0".repeat(10)));
  parent.append(probe);
  const style = getComputedStyle(probe);
  const room = probe.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const sign = probe.firstChild.getBoundingClientRect().width / 10;
  probe.remove();
  return Math.max(30, Math.min(96, Math.floor(room / sign)));
}
