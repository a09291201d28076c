/* The wizard works without this; it hides what does not apply, filters lists and shows the plan while typing. */
(() => {
  const form = document.getElementById("step");
  if (!form) return;

  const valueOf = (name) => {
    const field = form.elements[name];
    if (!field) return "";
    return field.type === "checkbox" ? (field.checked ? "on" : "") : field.value;
  };

  const show = () => {
    for (const part of form.querySelectorAll("[data-shown-for]")) {
      const [name, values] = part.dataset.shownFor.split(":");
      const wrong = part.querySelector(".is-invalid") !== null;
      part.hidden = !wrong && !values.split(" ").includes(valueOf(name));
    }
  };

  const prefillZone = (event) => {
    const zones = document.getElementById("project-zones");
    if (event.target.name !== "project" || !zones) return;
    form.elements.timezone.value = JSON.parse(zones.textContent)[event.target.value] ?? "";
  };

  const plan = (event) => {
    if (!event.target.closest("[data-plan]")) return;
    const place = form.querySelector("[data-plan]");
    const values = { ...Object.fromEntries(new FormData(form)), action: "plan" };
    window.htmx.ajax("POST", place.dataset.plan, { target: "#plan", select: "#plan", swap: "outerHTML", values });
  };

  const filter = (input) => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(`${input.dataset.filters} tbody tr, ${input.dataset.filters} > li`)) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    }
  };

  form.addEventListener("change", (event) => {
    prefillZone(event);
    show();
    plan(event);
  });
  for (const input of document.querySelectorAll("[data-filters]")) {
    input.closest("label").hidden = false;
    input.addEventListener("input", () => filter(input));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
  show();
})();
