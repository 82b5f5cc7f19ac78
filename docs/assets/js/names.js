// Material leaves a few parts of the page without a name, or two of them with the same one.
// A screen reader lists them by name.
const search = document.querySelector(".md-search");
if (search) search.setAttribute("aria-label", "Search");

for (const nav of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {
  const title = nav.querySelector(".md-nav__title");
  nav.removeAttribute("aria-labelledby");
  nav.setAttribute("aria-label", `Section: ${title.textContent.trim()}`);
}

const contents = document.querySelectorAll("nav.md-nav--secondary[aria-label]");
if (contents.length > 1) contents[0].setAttribute("aria-label", "Table of contents, in the menu");

for (const nav of document.querySelectorAll("nav.md-nav--primary nav.md-nav--secondary nav")) {
  nav.setAttribute("aria-label", `${nav.getAttribute("aria-label")}, in the menu`);
}

// A label opens the menu, and another one the search. Whoever has no mouse needs a button.
for (const [toggle, name] of [["__drawer", "Menu"], ["__search", "Open the search"]]) {
  const label = document.querySelector(`.md-header label.md-header__button[for=${toggle}]`);
  if (!label) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "header-button";
  button.setAttribute("aria-label", name);
  button.append(...label.childNodes);
  button.addEventListener("click", () => document.getElementById(toggle).click());
  label.append(button);
}

// What it says for a moment ("Copied to clipboard") is read out, too.
document.querySelector(".md-dialog")?.setAttribute("role", "status");

// Material builds these as they come into view: the box around a copy button is no landmark,
// and what scrolls sideways must be reached by the keyboard.
const article = document.querySelector("article");

function amend() {
  for (const box of article.querySelectorAll("nav.md-code__nav:not([role])")) {
    box.setAttribute("role", "none");
  }
  for (const box of article.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    box.tabIndex = 0;
  }
}

if (article) {
  amend();
  new MutationObserver(amend).observe(article, { childList: true, subtree: true });
}
