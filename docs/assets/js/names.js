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
