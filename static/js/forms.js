/* Small comforts; every page works without them. */
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});
/* On a narrow screen the menu starts closed; without scripts it stays open and works as well. */
if (window.matchMedia("(max-width: 56rem)").matches) document.querySelector(".side details")?.removeAttribute("open");
