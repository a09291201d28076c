/* The mapper works without this; it filters long lists while typing. */
(() => {
  const filter = (input) => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(`${input.dataset.filters} tbody tr, ${input.dataset.filters} > li`)) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    }
  };

  for (const input of document.querySelectorAll("[data-filters]")) {
    input.closest("label").hidden = false;
    input.addEventListener("input", () => filter(input));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
})();
