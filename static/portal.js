// The theme, and copying an id. Loaded in the head, so that a dark page never flashes white.
"use strict";

const THEME = "culvert-theme";

function chosenTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  return localStorage.getItem(THEME) || (dark ? "dark" : "light");
}

function showTheme(theme) {
  document.documentElement.dataset.bsTheme = theme;
}

function copy(button) {
  navigator.clipboard.writeText(button.dataset.copy).then(() => {
    button.dataset.copied = "yes";
    setTimeout(() => delete button.dataset.copied, 1500);
  });
}

showTheme(chosenTheme());

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-toggle], [data-copy], [data-dialog]");
  if (!button) return;
  if ("themeToggle" in button.dataset) {
    const theme = chosenTheme() === "dark" ? "light" : "dark";
    localStorage.setItem(THEME, theme);
    showTheme(theme);
  } else if ("copy" in button.dataset) {
    copy(button);
  } else {
    // A question before a deed: <button data-dialog="id"> opens <dialog id="id">.
    document.getElementById(button.dataset.dialog)?.showModal();
  }
});

// What a page asks for again may be gone meanwhile: a run that changed nothing is not kept.
document.addEventListener("htmx:responseError", (event) => {
  const away = event.detail.elt.dataset.ifGone;
  if (away && event.detail.xhr.status === 404) location.assign(away);
});
