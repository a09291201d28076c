/* The mapper works without this. It filters long lists, shows a field's sample while typing, and completes expressions. */
(() => {
  /* --- lists that are searched while typing --- */
  const textOf = (row) => {
    const typed = [...row.querySelectorAll("input:not([type=hidden]), textarea")].map((field) => field.value);
    return `${row.textContent} ${typed.join(" ")}`.toLowerCase();
  };

  const filter = (input) => {
    const wanted = input.value.trim().toLowerCase();
    const list = document.querySelector(input.dataset.filters);
    for (const row of list.querySelectorAll("tbody > tr, li")) {
      row.hidden = row.dataset.leftOut !== undefined || (wanted !== "" && !textOf(row).includes(wanted));
    }
    const nothing = document.querySelector(`[data-nothing-in="${input.dataset.filters}"]`);
    if (nothing) nothing.hidden = list.querySelector("tbody > tr:not([hidden]), li:not([hidden])") !== null;
    for (const group of list.querySelectorAll("details")) {
      group.hidden = group.querySelector("li:not([hidden])") === null;
      group.open = wanted !== "" && !group.hidden;
    }
  };

  for (const input of document.querySelectorAll("[data-filters]")) {
    input.closest("label").hidden = false;
    input.addEventListener("input", (event) => {
      event.stopPropagation();
      filter(input);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  /* --- a link to a row that a search hides shows it --- */
  document.addEventListener("click", (event) => {
    const wanted = event.target.closest?.("#remarks a, #question a")?.hash;
    const row = wanted && document.querySelector(wanted)?.closest("tr");
    if (row) row.hidden = false;
  });

  /* --- which field somebody types in: the column of its row comes first, and Enter comes back to it --- */
  document.addEventListener("focusin", (event) => {
    const name = event.target.name ?? "";
    if (/^(?:source|destination|name|description)-\d+$/.test(name)) document.getElementById("typed").value = name;
  });

  /* --- what is wrong after something was typed --- */
  document.addEventListener("htmx:afterSettle", () => {
    for (const row of document.querySelectorAll("#mapping-rows tr[id]")) {
      const wrong = row.querySelector(".problem") !== null;
      for (const field of row.querySelectorAll("[name^=source], [name^=destination]")) {
        if (wrong) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    }
  });

  /* --- what the list says of a field or a target, below the place where it is typed --- */
  document.addEventListener("input", (event) => {
    const hint = event.target.list && event.target.parentElement.querySelector(".hint");
    if (!hint) return;
    const option = [...event.target.list.options].find((each) => each.value === event.target.value);
    hint.textContent = option ? option.textContent : "";
  });

  /* --- putting something into the expression that is open --- */
  const editor = document.querySelector(".opened [data-expression]");
  /* The address names the row, and going there takes the focus away: it is given afterwards. */
  const focus = () => {
    if (document.querySelector("[autofocus]") || /^#(?:source|destination|summary)/.test(window.location.hash)) return;
    document.querySelector(".opened [name^=source]")?.focus({ preventScroll: true });
  };
  window.addEventListener("load", () => window.setTimeout(focus, 0));

  const insert = (area, text, from = area.selectionStart) => {
    area.focus();
    area.setRangeText(text, from, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  for (const button of document.querySelectorAll("[data-insert]")) {
    button.hidden = !editor;
    button.addEventListener("click", () => insert(editor, button.dataset.insert));
  }
  for (const input of document.querySelectorAll("[data-insert-field]")) {
    input.closest("label").hidden = !editor;
    input.addEventListener("input", (event) => event.stopPropagation());
    input.addEventListener("change", () => {
      if (input.value) insert(editor, input.value);
      input.value = "";
    });
  }

  /* --- completing what is typed: functions by their beginning, fields by any part of them --- */
  const MOST_OFFERS = 12;
  const words = JSON.parse(document.getElementById("vocabulary")?.textContent ?? "[]");
  const fields = () =>
    [...(document.getElementById("source-fields")?.options ?? [])].map((option) => ({
      insert: option.value,
      label: option.value,
      help: option.textContent,
    }));

  const offersFor = (token) => {
    const wanted = token.toLowerCase();
    const begins = words.filter((word) => word.insert.replace(".", "").toLowerCase().startsWith(wanted));
    const contains = fields().filter((field) => field.label.toLowerCase().includes(wanted) && field.label !== token);
    return [...begins, ...contains].slice(0, MOST_OFFERS);
  };

  const complete = (area) => {
    const list = document.createElement("ul");
    list.className = "offers";
    list.id = `offers-${area.name}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", area.getAttribute("aria-label"));
    list.hidden = true;
    const anchor = document.createElement("div");
    anchor.className = "offers-anchor";
    anchor.append(list);
    area.after(anchor);
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", list.id);
    let offers = [];
    let chosen = -1;

    const tokenOf = () => /[\w$.]*$/.exec(area.value.slice(0, area.selectionStart))[0];
    const close = () => {
      list.hidden = true;
      area.removeAttribute("aria-activedescendant");
    };
    const choose = (index) => {
      chosen = (index + offers.length) % offers.length;
      for (const [at, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(at === chosen));
      area.setAttribute("aria-activedescendant", list.children[chosen].id);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    };
    const accept = (offer) => {
      insert(area, offer.insert, area.selectionStart - tokenOf().length);
      close();
    };
    const item = (offer, index) => {
      const line = document.createElement("li");
      line.id = `${list.id}-${index}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      const help = document.createElement("span");
      help.className = "small-soft";
      help.textContent = offer.help;
      const code = document.createElement("code");
      code.textContent = offer.label;
      line.append(code, help);
      line.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        accept(offer);
      });
      return line;
    };

    area.addEventListener("input", (event) => {
      if (!event.isTrusted) return;
      const token = tokenOf();
      offers = token.length < 2 ? [] : offersFor(token);
      chosen = -1;
      list.replaceChildren(...offers.map(item));
      list.hidden = offers.length === 0;
      area.removeAttribute("aria-activedescendant");
    });
    area.addEventListener("blur", close);
    area.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1));
      else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) accept(offers[chosen]);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
  };
  for (const area of document.querySelectorAll("[data-expression]")) complete(area);
})();
