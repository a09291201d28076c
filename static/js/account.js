// Comforts of the account form: a legacy project secret has no user name, and connecting takes a moment.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-busy]");
  const username = form.elements.username;
  const follow = () => {
    const kind = form.elements.auth_kind.value;
    username.closest("[id^=div_id_]").hidden = kind === "project_secret";
  };
  form.addEventListener("change", follow);
  follow();
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.setAttribute("aria-busy", "true");
    button.textContent = form.dataset.busy;
    button.disabled = true;
  });
  // A page that comes back from the browser's cache must be usable again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
});
