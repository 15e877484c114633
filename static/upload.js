// Shows how much of a file has gone up. Without this script the browser sends the same form itself, with the same result.
"use strict";
(() => {
  function watch(form) {
    const going = form.querySelector(".going"), bar = going.querySelector("progress"), said = going.querySelector("[role=status]");
    const button = form.querySelector("button.main"), wrong = form.querySelector("#file-wrong");
    const stop = (message) => {
      going.hidden = true;
      button.disabled = false;
      wrong.textContent = message;
      form.elements.file.focus();
    };
    form.addEventListener("submit", (event) => {
      const file = form.elements.file.files[0];
      if (!file) return;
      event.preventDefault();
      if (file.size > Number(form.dataset.limit)) return stop(form.dataset.large);
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (step) => {
        if (!step.lengthComputable) return;
        const share = step.loaded / step.total;
        bar.value = share;
        const tenths = Math.floor(share * 10) * 10; // a screen reader is told ten times, not a thousand
        const words = share < 1 ? `${form.dataset.sending} ${tenths}\u202f%` : form.dataset.sent;
        if (said.textContent !== words) said.textContent = words;
      });
      request.addEventListener("error", () => stop(form.dataset.broken));
      request.addEventListener("load", () => {
        if (request.status === 200) return window.location.assign(request.responseURL);
        const answer = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
        if (!answer) return stop(form.dataset.broken);
        document.querySelector("main").replaceWith(answer);
        const again = answer.querySelector("form[data-upload]");
        if (again) watch(again);
        answer.focus();
      });
      wrong.textContent = "";
      going.hidden = false;
      button.disabled = true;
      request.open("POST", form.action);
      request.send(new FormData(form));
    });
  }
  const form = document.querySelector("form[data-upload]");
  if (form) watch(form);
})();
