// Shows the API's document in the page, from our own server only. The plain list stays until the document is there.
document.addEventListener("DOMContentLoaded", () => {
  const list = document.getElementById("api-docs");
  const shown = list.cloneNode(false);
  shown.hidden = true;
  list.after(shown);
  window.SwaggerUIBundle({
    url: list.dataset.document,
    domNode: shown,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    supportedSubmitMethods: [],
    validatorUrl: null,
    onComplete: () => {
      list.remove();
      shown.hidden = false;
    },
  });
});
