/* The mapper works without this; it filters long lists and shows a field's sample while typing. */
(() => {
  const textOf = (row) => {
    const typed = [...row.querySelectorAll("input:not([type=hidden]), textarea")].map((field) => field.value);
    return `${row.textContent} ${typed.join(" ")}`.toLowerCase();
  };

  const filter = (input) => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(`${input.dataset.filters} tbody tr, ${input.dataset.filters} > li`)) {
      row.hidden = row.dataset.leftOut !== undefined || (wanted !== "" && !textOf(row).includes(wanted));
    }
  };

  for (const input of document.querySelectorAll("[data-filters]")) {
    input.closest("label").hidden = false;
    input.addEventListener("input", () => filter(input));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  /* What the list says of a field or a target, below the place where it is typed. */
  document.addEventListener("input", (event) => {
    const hint = event.target.list && event.target.parentElement.querySelector(".hint");
    if (!hint) return;
    const option = [...event.target.list.options].find((each) => each.value === event.target.value);
    hint.textContent = option ? option.textContent : "";
  });
})();
