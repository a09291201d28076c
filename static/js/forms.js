/* Small comforts; every page works without them. */
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});
/* A log-in in another tab changes the token of forms: what was entered here before it can still be sent. */
const currentToken = () => document.cookie.match(/(?:^|; )tributary_csrf=([^;]+)/)?.[1];
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("input[name=csrfmiddlewaretoken]");
  if (field && currentToken()) field.value = currentToken();
}, true);
document.addEventListener("htmx:configRequest", (event) => {
  const values = event.detail.parameters;
  if (values.csrfmiddlewaretoken && currentToken()) values.csrfmiddlewaretoken = currentToken();
});
/* What htmx asks for is refused once the session has ended; it says so until an answer comes again. */
const sessionNotice = () => document.querySelector("#content [data-session-ended]");
document.addEventListener("htmx:responseError", (event) => {
  if (![401, 403].includes(event.detail.xhr.status) || sessionNotice()) return;
  const notice = document.getElementById("session-ended");
  if (notice) document.getElementById("content").prepend(notice.content.cloneNode(true));
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) sessionNotice()?.remove();
});
/* On a narrow screen the menu starts closed; without scripts it stays open and works as well. */
if (window.matchMedia("(max-width: 56rem)").matches) document.querySelector(".side details")?.removeAttribute("open");
